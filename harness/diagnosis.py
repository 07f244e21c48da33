"""What a wrong gradient looks like: the common mistakes, fitted to the wrong and the right values.

Each pattern is a small function that yields what it recognises as (key, words). The key stays the same from case to
case ("times N"), the words hold the numbers ("every entry is N = 4 times the right value"). A mistake is named only by
a pattern that explains every failing case at hand.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .inputs import Case
from .spec import Array

RESIDUAL = 1e-7  # of the largest entry: what a fitted pattern may leave over


@dataclass(frozen=True)
class Evidence:
    """A wrong array beside the right one, and what else the patterns want to know."""

    case: Case
    argument: str
    got: Array
    want: Array
    others: dict[str, Array]  # the right gradients of the other arguments
    ones: Array | None = None  # the right gradient for a cotangent of ones
    cotangents: tuple[Array, ...] = ()

    def fits(self, candidate: Array) -> bool:
        """Whether `candidate` is what was got."""
        if candidate.shape != self.got.shape:
            return False
        scale = max(float(abs(self.want).max(initial=0.0)), float(abs(self.got).max(initial=0.0)))
        return (
            bool(np.isfinite(candidate).all()) and float(abs(candidate - self.got).max(initial=0.0)) <= RESIDUAL * scale
        )

    @property
    def residual(self) -> float:
        """|got - want|, largest entry relative to the largest of want."""
        return float(abs(self.got - self.want).max(initial=0.0) / (abs(self.want).max(initial=0.0) or 1.0))


Found = Iterator[tuple[str, str]]


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
    factor = float((e.got * e.want).sum() / (e.want * e.want).sum()) if e.want.any() else math.nan
    if not math.isfinite(factor) or min(abs(factor), abs(abs(factor) - 1)) < 1e-3 or not e.fits(factor * e.want):
        return
    known = [("2", 2.0), ("1/2", 0.5)]
    known += [(name, float(size)) for name, size in sizes(e.case).items() if size > 1]
    known += [(f"1/{name}", 1 / size) for name, size in sizes(e.case).items() if size > 1]
    named = [(name, value, sign) for name, value in known for sign in (1, -1) if math.isclose(factor, sign * value)]
    for name, value, sign in named:
        label = name if sign > 0 else f"-{name}"
        words = {"2": "twice", "1/2": "half"}.get(label, f"{label} = {sign * value:.6g} times")
        yield f"times {label}", f"every entry is {words} the right value"
    if not named:
        yield f"times {factor:.6g}", f"every entry is {factor:.6g} times the right value"


def transposed(e: Evidence) -> Found:
    for axes in itertools.permutations(range(e.want.ndim)) if e.want.ndim <= 4 else ():
        if axes != tuple(range(e.want.ndim)) and e.fits(e.want.transpose(axes)):
            yield f"transposed {axes}", "looks transposed" + ("" if e.want.ndim == 2 else f", axes {axes}")


def ignores_cotangent(e: Evidence) -> Found:
    if e.ones is not None and e.fits(e.ones):
        yield "cotangent ignored", "the cotangent is ignored: this is the gradient for a cotangent of ones"


def is_cotangent(e: Evidence) -> Found:
    if any(e.fits(v) for v in e.cotangents):
        yield "cotangent", "this is the cotangent itself: the function's own derivative is missing"


def swapped(e: Evidence) -> Found:
    for name, gradient in e.others.items():
        if gradient.any() and e.fits(gradient):
            yield f"swapped {name}", f"this is the gradient of {name}"


def flipped(e: Evidence) -> Found:
    for axis in range(e.want.ndim):
        if e.fits(np.flip(e.want, axis)):
            yield f"flipped {axis}", f"looks reversed along axis {axis}"


def shifted(e: Evidence) -> Found:
    for axis, step in itertools.product(range(e.want.ndim), (1, -1)):
        if e.want.shape[axis] > 2 and e.fits(np.roll(e.want, step, axis)):
            yield f"shifted {axis} {step}", f"looks shifted by {step} along axis {axis}"


def partly(e: Evidence) -> Found:
    """Zero for one index along an axis, or for all but one."""
    for axis in range(e.want.ndim):
        length = e.want.shape[axis]
        index = np.arange(length).reshape([-1 if k == axis else 1 for k in range(e.want.ndim)])
        for at, which in ((length - 1, "last"), (0, "first")):
            if length and e.fits(np.where(index == at, 0, e.want)):
                yield f"{which} missing {axis}", f"the {which} of {length} along axis {axis} is missing (zero)"
            if length > 1 and e.fits(np.where(index == at, e.want, 0)):
                yield (
                    f"only {which} {axis}",
                    f"only the {which} of {length} along axis {axis} is there: overwritten, not summed?",
                )


def offset(e: Evidence) -> Found:
    """Off by something that is constant along one axis: a mean that was not taken out."""
    off = e.got - e.want
    if e.want.size > 1 and e.fits(e.want + off.mean()):
        yield "offset", f"every entry is off by the same {off.mean():.6g}: a mean term is missing?"
    for axis in range(e.want.ndim):
        if 1 < e.want.shape[axis] < e.want.size and e.fits(e.want + off.mean(axis, keepdims=True)):
            yield f"offset {axis}", f"off by the same amount along axis {axis}: a mean term is missing?"


def inverted(e: Evidence) -> Found:
    got, want = e.got != 0, e.want != 0
    if want.any() and got.any() and not (got & want).any():
        yield "inverted", "zero where it should not be, and the other way round: a mask is inverted?"


def unsigned(e: Evidence) -> Found:
    if (e.want < 0).any() and e.fits(abs(e.want)):
        yield "absolute", "every entry has lost its sign"


def factors(e: Evidence) -> Found:
    """A factor of its own for each index along one axis."""
    for axis in range(e.want.ndim):
        rest = tuple(k for k in range(e.want.ndim) if k != axis)
        if e.want.shape[axis] < 2 or e.want.size == e.want.shape[axis]:
            continue
        with np.errstate(all="ignore"):
            factor = (e.got * e.want).sum(rest, keepdims=True) / (e.want * e.want).sum(rest, keepdims=True)
        if e.fits(np.nan_to_num(factor) * e.want):
            yield f"factor along {axis}", f"each index along axis {axis} has a factor of its own"


def nearly(e: Evidence) -> Found:
    if e.residual < 1e-3:
        yield "nearly", f"right to within {e.residual:.1g} of the largest entry: a term is approximate?"


def one_entry(e: Evidence) -> Found:
    if (abs(e.got - e.want) > 1e-12 * abs(e.want).max(initial=0.0)).sum() == 1:
        yield "one entry", "a single entry is wrong"


# From the most particular to the most general: the first that explains every failing case is named.
PATTERNS: tuple[Callable[[Evidence], Found], ...] = (
    not_finite,
    zero,
    opposite,
    ignores_cotangent,
    transposed,
    ratio,
    swapped,
    is_cotangent,
    flipped,
    shifted,
    partly,
    unsigned,
    one_entry,
    inverted,
    nearly,
    offset,
    factors,
)


def name(evidence: list[Evidence]) -> str:
    """The mistake that explains every failing case, in the words of the first; "" where there is none."""
    if not evidence or any(e.got.shape != e.want.shape for e in evidence):
        return ""
    with np.errstate(all="ignore"):
        for pattern in PATTERNS:
            first = dict(pattern(evidence[0]))
            for e in evidence[1:]:
                found = dict(pattern(e))
                first = {key: words for key, words in first.items() if key in found}
            if first:
                return next(iter(first.values()))
    return ""


def where(wrong: Array) -> str:
    """Which entries are wrong, in words: how many, and what they have in common."""
    count, shape = int(wrong.sum()), wrong.shape
    if count == wrong.size:
        return f"all {count} entries" if count > 1 else "its only entry"
    indices = np.argwhere(wrong)
    common = [(axis, set(indices[:, axis].tolist())) for axis in range(wrong.ndim)]
    names = {2: ("row", "column")}.get(wrong.ndim, tuple(f"axis {axis}, index" for axis in range(wrong.ndim)))
    words = []
    for axis, seen in common:
        if len(seen) == 1 and shape[axis] > 1:
            (only,) = seen
            last = " (the last)" if only == shape[axis] - 1 else ""
            words.append(f"{names[axis]} {only}{last}")
    edge = [axis for axis in range(wrong.ndim) if shape[axis] > 2]
    if not words and edge and all(any(i[a] in (0, shape[a] - 1) for a in edge) for i in indices):
        words.append("the border")
    listed = ", ".join(str(tuple(i)) for i in indices[:6].tolist()) + (", …" if count > 6 else "")
    return f"{count} of {wrong.size} entries, {'all in ' + ', '.join(words) if words else 'at ' + listed}"
