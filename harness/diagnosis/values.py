"""The right entries at their places, but changed: another sign or size, a term too much or too little."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..inputs import Case
from ..spec import Array
from .evidence import RESIDUAL, Evidence, Found, largest


def not_finite(e: Evidence) -> Found:
    bad = ~np.isfinite(e.got)
    if bad.any() and np.isfinite(e.want).all():
        yield "not finite", f"{'every entry is' if bad.all() else 'some entries are'} NaN or infinite"


def zero(e: Evidence) -> Found:
    if not e.got.any() and e.want.any():
        yield "zero", "every entry is zero"


def opposite(e: Evidence) -> Found:
    if e.fits(-e.want):
        yield "sign", "every entry has the wrong sign"


def ratio(e: Evidence) -> Found:
    """One factor for every entry, or for all that are wrong."""
    wrong = e.wrong
    got, want = e.got[wrong], e.want[wrong]
    factor = float((got * want).sum() / (want * want).sum()) if want.any() else math.nan
    if not 1e-9 < abs(factor) < 1e9 or abs(abs(factor) - 1) < 1e-3:
        return
    every = e.fits(factor * e.want)
    if not every and (len(np.unique(abs(want))) < 2 or not e.fits(np.where(wrong, factor * e.want, e.want))):
        return
    which = "every entry is" if every else "the entries that are wrong are"
    named = [(label, value) for label, value in _numbers(e.case) if math.isclose(factor, value)]
    for label, value in named:
        words = {"2": "twice", "1/2": "half"}.get(label, f"{label} = {value:.6g} times")
        yield f"times {label}", f"{which} {words} the right value"
    if not named:
        yield f"times {factor:.6g}", f"{which} {factor:.6g} times the right value"
    if np.count_nonzero(want) > 1:
        yield "times a number", f"{which} {factor:.6g} times the right value; other cases, other factors"


def _numbers(case: Case) -> Iterator[tuple[str, float]]:
    """What a gradient may be too large by: sizes, numbers that were given, their roots and inverses, both signs."""
    known = [("2", 2.0), ("1/2", 0.5)]
    for name, value in case.arguments.items():
        if isinstance(value, float) and abs(value) not in (0.0, 1.0):
            known += [(name, value), (f"1/{name}", 1 / value)]
    for name, size in sizes(case).items():
        if size > 1:
            known += [(name, float(size)), (f"1/{name}", 1 / size)]
            known += [(f"√{name}", math.sqrt(size)), (f"1/√{name}", 1 / math.sqrt(size))]
            known += [(f"({name} - 1)/{name}", (size - 1) / size), (f"{name}/({name} - 1)", size / (size - 1))]
    for label, value in known:
        yield label, value
        yield f"-{label}", -value


def sizes(case: Case) -> dict[str, int]:
    """The named sizes of a case: each size word, and the product of each starred one."""
    numbers = {}
    for word, value in case.plan.items():
        if isinstance(value, bool):
            continue
        if isinstance(value, int):
            numbers[word] = value
        elif isinstance(value, tuple) and value and all(isinstance(size, int) for size in value):
            numbers[f"{word}.size"] = math.prod(value)
    shapes = [value.shape for value in case.arguments.values() if isinstance(value, np.ndarray)]
    if shapes:
        numbers["input.size"] = math.prod(shapes[0])
    return numbers


def scaled(factor: float) -> str:
    """The second half of a mistake made of two."""
    return "" if math.isclose(factor, 1.0, rel_tol=1e-6) else f", and is {factor:.6g} times as large"


def unsigned(e: Evidence) -> Found:
    if (e.want < 0).any() and (e.want > 0).any() and e.fits(abs(e.want)):
        yield "absolute", "every entry has lost its sign"


def signs(e: Evidence) -> Found:
    if e.fits(np.where(e.wrong, -e.want, e.want)):
        yield "signs", "right but for the sign of some entries"


def summed(e: Evidence) -> Found:
    for axis, length in enumerate(e.want.shape):
        for how, total in (("summed", e.want.sum(axis, keepdims=True)), ("averaged", e.want.mean(axis, keepdims=True))):
            if length > 1 and e.fits(np.broadcast_to(total, e.want.shape)):
                yield how, f"{how} over axis {axis}, along which it should differ"


def constant(e: Evidence) -> Found:
    if e.got.size > 2 and e.got.any() and np.ptp(e.got) == 0 and np.ptp(e.want) > 0:
        yield "constant", f"every entry is {e.got.flat[0]:.6g}"


def clipped(e: Evidence) -> Found:
    limit = largest(e.got)
    if 0 < limit < largest(e.want) and (abs(e.want) < limit).any() and e.fits(np.clip(e.want, -limit, limit)):
        yield "clipped", f"cut off at ±{limit:.6g}"


def single(e: Evidence) -> Found:
    for dtype in (np.float32, np.float16):
        close = largest(e.got - e.want) <= 64 * float(np.finfo(dtype).eps) * largest(e.want)
        if close and np.array_equal(e.got, e.got.astype(dtype)) and not np.array_equal(e.want, e.want.astype(dtype)):
            yield f"rounded {dtype.__name__}", f"computed in {dtype.__name__}"


def multiplied(e: Evidence) -> Found:
    """Times or divided by an array that went in or came out, or by its root, entry by entry."""
    arrays = {name: x for name, x in e.case.arguments.items() if isinstance(x, np.ndarray) and x.dtype.kind == "f"}
    arrays |= {"the output": e.outputs[0]} if e.outputs else {}
    arrays |= {"the cotangent": e.cotangents[0]} if e.cotangents else {}
    for name, x in arrays.items():
        if not x.size or not _spreads(x, e.want) or not x.any() or (abs(x) == 1).all():
            continue
        times = [(name, x)] + ([(f"the root of {name}", np.sqrt(x))] if (x > 0).all() else [])
        for what, by in times:
            if factor := e.multiple(e.want * by):
                yield f"times {what}", f"{what} is a factor too much" + scaled(factor)
            if by.all() and (factor := e.multiple(e.want / by)):
                yield f"over {what}", f"{what} is missing as a factor, or divides" + scaled(factor)


def _spreads(x: Array, over: Array) -> bool:
    """Whether one has an entry for each entry of the other, or for several together."""
    return x.ndim <= over.ndim and all(
        a in (1, b) for a, b in zip(x.shape, over.shape[over.ndim - x.ndim :], strict=True)
    )


def projection(e: Evidence) -> Found:
    """Off by a multiple, constant along some axes, of the output or of the centred input."""
    off = e.got - e.want
    argument = np.asarray(e.case.arguments.get(e.argument, e.got))
    ndim = e.want.ndim
    for axes in (*((k,) for k in range(ndim)), *(tuple(range(k, ndim)) for k in range(ndim - 1))):
        bases = {"its input": argument, "its centred input": argument - argument.mean(axes, keepdims=True)}
        if e.outputs and e.outputs[0].shape == off.shape:
            bases["the output"] = e.outputs[0]
        for name, base in bases.items():
            square = (base * base).sum(axes, keepdims=True)
            if base.size < 3 * square.size or not square.all():
                continue
            if e.fits(e.want + (off * base).sum(axes, keepdims=True) / square * base):
                along = f"axis {axes[0]}" if len(axes) == 1 else f"axes {axes}"
                yield f"projection {name}", f"off by a multiple of {name} along {along}: a sum is missing?"


def offset(e: Evidence) -> Found:
    """Off by something that is constant along one axis: a mean that was not taken out."""
    off = e.got - e.want
    if e.want.size > 1 and e.fits(e.want + off.mean()):
        yield "offset", f"every entry is off by the same {off.mean():.6g}: a mean term is missing?"
    for axis in range(e.want.ndim):
        if 1 < e.want.shape[axis] < e.want.size and e.fits(e.want + off.mean(axis, keepdims=True)):
            yield "offset", f"off by the same amount along axis {axis}: a mean term is missing?"


def factors(e: Evidence) -> Found:
    """A factor of its own for each index along one axis."""
    for axis in range(e.want.ndim):
        rest = tuple(k for k in range(e.want.ndim) if k != axis)
        if e.want.shape[axis] < 2 or e.want.size < 2 * e.want.shape[axis]:
            continue
        with np.errstate(all="ignore"):
            factor = (e.got * e.want).sum(rest, keepdims=True) / (e.want * e.want).sum(rest, keepdims=True)
        telling = (np.count_nonzero(e.want, rest) > 1) & (np.count_nonzero(e.wrong, rest) > 1)
        if telling.any() and np.ptp(np.nan_to_num(factor)) > RESIDUAL and e.fits(np.nan_to_num(factor) * e.want):
            yield "factors", f"each index along axis {axis} has a factor of its own"


def nearly(e: Evidence) -> Found:
    if e.residual < 1e-3:
        yield "nearly", f"right to within {e.residual:.1g} of the largest entry: a term is approximate?"
