"""What a wrong gradient looks like: the common mistakes, fitted to the wrong and the right values.

Each pattern is a small function that yields what it recognises as (key, words). The key stays the same from case to
case ("times N"), the words hold the numbers ("every entry is N = 4 times the right value"). A mistake is named only by
a pattern that explains every failing case at hand.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from . import tolerance
from .inputs import Case
from .spec import Array, Choice, Gradients

MOST_PARTS = 8  # entries along an axis that are asked for one by one
RESIDUAL = 1e-7  # of each entry: what a fitted pattern may leave over
SMALL = 1e-5  # of the largest entry: what is smaller is fitted as if it were so large

# The right gradients for other arguments or cotangents; {} where there are none.
Oracle = Callable[[Mapping[str, Any], tuple[Array, ...]], Gradients]


@dataclass(frozen=True)
class Evidence:
    """A wrong array beside the right one, and what else the patterns want to know.

    others   the right gradients of the other arguments
    outputs  of the function, at this case
    right    asks for the right gradients of another call; None where nobody knows them
    left     what the fits so far have left over, relative to the largest entry
    """

    case: Case
    argument: str
    got: Array
    want: Array
    others: dict[str, Array]
    cotangents: tuple[Array, ...] = ()
    outputs: tuple[Array, ...] = ()
    right: Oracle | None = None
    left: list[float] = field(default_factory=list)

    def fits(self, candidate: Array) -> bool:
        """Whether `candidate` is what was got, entry by entry, and much more nearly than the right gradient is."""
        scale = _largest(self.got) or _largest(self.want) or 1.0
        if candidate.shape != self.got.shape or not math.isfinite(scale):
            return False
        off = abs(candidate - self.got)
        close = off <= RESIDUAL * np.maximum(abs(self.got), SMALL * scale)  # NaN is close to nothing
        if not close.all() or not _largest(off) <= 1e-2 * _largest(self.got - self.want):
            return False
        self.left.append(_largest(off) / scale)
        return True

    def factor(self, candidate: Array) -> float:
        """The number by which `candidate` must be multiplied to be what was got; 0 where there is none."""
        if candidate.shape != self.got.shape or not candidate.any():
            return 0.0
        if candidate.size == 1:  # any number is a multiple of another: that says nothing
            return float(self.fits(candidate))
        if _parallel(candidate, self.want):  # a ratio, or the right gradient itself
            return 0.0
        factor = float((self.got * candidate).sum() / (candidate * candidate).sum())
        return factor if math.isfinite(factor) and abs(factor) > 1e-3 and self.fits(factor * candidate) else 0.0

    def multiple(self, candidate: Array) -> float:
        """The same; 1 where it fits as it is, even if it is a multiple of the right gradient."""
        return 1.0 if self.fits(candidate) else self.factor(candidate)

    def instead(self, cotangents: tuple[Array, ...] | None, /, **arguments: Any) -> Array | None:
        """The right gradient of another call; None where nobody knows it."""
        if self.right is None:
            return None
        given = self.cotangents if cotangents is None else cotangents
        return self.right({**self.case.arguments, **arguments}, given).get(self.argument)

    @property
    def wrong(self) -> Array:
        """Which entries are wrong."""
        return tolerance.excess(self.got, self.want) > 1

    @property
    def tells(self) -> bool:
        """Whether there are entries enough that a pattern cannot fit by chance."""
        return self.several and len(np.unique(abs(self.want))) > 2

    @property
    def several(self) -> bool:
        """Whether more than one entry is wrong."""
        return self.wrong.sum() > 1

    @property
    def residual(self) -> float:
        """|got - want|, largest entry relative to the largest of want."""
        return _largest(self.got - self.want) / (_largest(self.want) or 1.0)


def _parallel(a: Array, b: Array) -> bool:
    """Whether one is a multiple of the other."""
    product, squares = float(np.vdot(a, b)), math.sqrt(float(np.vdot(a, a)) * float(np.vdot(b, b)))
    return abs(abs(product) - squares) <= 1e-12 * squares


def _largest(x: Array) -> float:
    return float(abs(x).max(initial=0.0))


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


def transposed(e: Evidence) -> Found:
    ndim = e.want.ndim
    for axes in itertools.permutations(range(ndim)) if ndim <= 4 else ():
        moved = [axis - ndim for place, axis in enumerate(axes) if axis != place]
        if moved and (factor := e.factor(e.want.transpose(axes))):
            yield (
                f"transposed {moved}",
                "looks transposed" + ("" if e.want.ndim == 2 else f", axes {axes}") + _by(factor),
            )


def _by(factor: float) -> str:
    """The second half of a mistake made of two."""
    return "" if math.isclose(factor, 1.0, rel_tol=1e-6) else f", and is {factor:.6g} times as large"


def ignores_cotangent(e: Evidence) -> Found:
    ones = e.instead(tuple(np.ones(v.shape) for v in e.cotangents))
    if ones is not None and e.fits(ones):
        yield "cotangent ignored", "the cotangent is ignored: this is the gradient for a cotangent of ones"


def one_output(e: Evidence) -> Found:
    for k in range(len(e.cotangents)) if len(e.cotangents) > 1 else ():
        without = e.instead(tuple(0 * v if i == k else v for i, v in enumerate(e.cotangents)))
        if without is not None and e.fits(without):
            yield f"output {k}", f"what comes back through output {k} is missing"


def option_ignored(e: Evidence) -> Found:
    for name, value in e.case.arguments.items():
        if name == e.argument:
            continue
        for other in _others(e, name, value):
            instead = e.instead(None, **{name: other})
            if instead is not None and e.fits(instead):
                yield f"{name} ignored", f"{name} is ignored: this is the gradient for {name}={other!r}"
                break


def _others(e: Evidence, name: str, value: Any) -> list[Any]:
    """What an option might be taken for: its default, another of its choices, nothing."""
    if isinstance(value, bool):
        return [not value]
    if name not in e.case.spec.defaults:
        return []
    if isinstance(value, np.ndarray):
        return [None] if e.case.spec.defaults[name] is None else []
    kind, choices = e.case.kinds.get(name), []
    if isinstance(kind, Choice) and isinstance(kind.values, Sequence) and not isinstance(value, float):
        choices = list(kind.values)
    usual = [0.0] if isinstance(value, float) else ["none", "mean", "sum", "max"] if isinstance(value, str) else []
    tried = [e.case.spec.defaults[name], *choices, *usual]
    return [other for i, other in enumerate(tried) if other != value and other not in tried[:i]]


def swapped(e: Evidence) -> Found:
    for name, gradient in e.others.items():
        if gradient.any() and e.fits(gradient):
            yield f"swapped {name}", f"this is the gradient of {name}"


def added(e: Evidence) -> Found:
    for name, gradient in e.others.items():
        for sign in (1, -1):
            if gradient.shape == e.want.shape and gradient.any() and e.fits(e.want + sign * gradient):
                yield (
                    f"added {sign} {name}",
                    f"the gradient of {name} is {'added' if sign > 0 else 'subtracted'} as well",
                )


def diagonal(e: Evidence) -> Found:
    """Each entry has only what comes back through its own output: the rest of the Jacobian is missing."""
    if len(e.cotangents) != 1 or e.cotangents[0].shape != e.want.shape:
        return
    (v,) = e.cotangents
    for axis, length in enumerate(e.want.shape):
        index = np.arange(length).reshape([-1 if k == axis else 1 for k in range(v.ndim)])
        parts = [e.instead((np.where(index == i, v, 0.0),)) for i in range(length)] if 1 < length <= MOST_PARTS else []
        known = [part for part in parts if part is not None]
        if known and len(known) == length:
            own = sum(np.where(index == i, part, 0.0) for i, part in enumerate(known))
            if e.fits(np.asarray(own)):
                yield (
                    "diagonal",
                    f"only the diagonal along axis {axis} is there: what each entry does to the others is missing",
                )


def branches(e: Evidence) -> Found:
    """Every entry off by one factor, up or down: the two branches are exchanged."""
    for name, value in e.case.arguments.items():
        if not isinstance(value, float) or abs(value) == 1:
            continue
        up = abs(e.got - e.want * value) <= abs(e.got * value - e.want)
        exchanged = np.where(up, e.want * value, e.want / (value or 1.0))
        if e.fits(exchanged) if value else any(inverted(e)):
            yield (
                f"branches {name}",
                f"the branches are exchanged: {name} where it should not be, and the other way round",
            )


def residual(e: Evidence) -> Found:
    for sign, v in itertools.product((1, -1), e.cotangents):
        if v.shape == e.want.shape and e.fits(e.want + sign * v):
            yield (
                f"residual {sign}",
                "the cotangent itself is " + ("there once too often" if sign > 0 else "missing once"),
            )


def is_cotangent(e: Evidence) -> Found:
    if any(e.factor(v) for v in e.cotangents):
        yield "cotangent", "this is the cotangent itself: the function's own derivative is missing"


def flipped(e: Evidence) -> Found:
    for axis in range(e.want.ndim):
        if factor := e.factor(np.flip(e.want, axis)):
            yield "flipped", f"looks reversed along axis {axis}" + _by(factor)


def shifted(e: Evidence) -> Found:
    for axis, step in itertools.product(range(e.want.ndim), (1, -1)):
        if e.want.shape[axis] > 2 and e.fits(np.roll(e.want, step, axis)):
            yield f"shifted {step}", f"looks shifted by {step} along axis {axis}"


def permuted(e: Evidence) -> Found:
    """Two, three or four equal blocks along an axis in another order: gates."""
    for axis, count in itertools.product(range(e.want.ndim), (2, 3, 4)):
        if e.want.shape[axis] % count or not e.want.size:
            continue
        blocks = np.split(e.want, count, axis)
        for order in itertools.permutations(range(count)):
            if order != tuple(range(count)) and e.fits(np.concatenate([blocks[i] for i in order], axis)):
                yield (
                    f"permuted {order}",
                    f"the {count} blocks along axis {axis} are in the order {order}: gates?",
                )


def ends(e: Evidence) -> Iterator[tuple[int, int, str, Array]]:
    """The first and the last index along each axis, with a mask of its entries."""
    for axis, length in enumerate(e.want.shape):
        index = np.arange(length).reshape([-1 if k == axis else 1 for k in range(e.want.ndim)])
        for at, which in ((length - 1, "last"), (0, "first")):
            yield axis, length, which, np.broadcast_to(index == at, e.want.shape)


def partly(e: Evidence) -> Found:
    for axis, length, which, there in ends(e):
        if e.fits(np.where(there, 0, e.want)):
            yield f"{which} missing", f"the {which} of {length} along axis {axis} is missing (zero)"


def alone(e: Evidence) -> Found:
    for axis, length, which, there in ends(e):
        if length > 1 and e.fits(np.where(there, e.want, 0)):
            words = f"only the {which} of {length} along axis {axis} is there: overwritten, not summed?"
            yield f"only {which}", words


def path(e: Evidence) -> Found:
    """Right from one end of an axis up to somewhere, and wrong from there on."""
    wrong = e.wrong
    for axis, length in enumerate(e.want.shape):
        bad = np.atleast_1d(wrong.any(tuple(k for k in range(wrong.ndim) if k != axis)))
        changes = np.flatnonzero(np.diff(bad))
        if length > 2 and len(changes) == 1 and bad.sum() > 1:
            which, many = ("first", changes[0] + 1) if bad[-1] else ("last", length - changes[0] - 1)
            words = (
                f"right only at the {which} {many} of {length} along axis {axis}: the path through the others is wrong?"
            )
            yield f"path {which}", words


def summed(e: Evidence) -> Found:
    for axis, length in enumerate(e.want.shape):
        for how, total in (("summed", e.want.sum(axis, keepdims=True)), ("averaged", e.want.mean(axis, keepdims=True))):
            if length > 1 and e.fits(np.broadcast_to(total, e.want.shape)):
                yield how, f"{how} over axis {axis}, along which it should differ"


def constant(e: Evidence) -> Found:
    if e.got.size > 2 and e.got.any() and np.ptp(e.got) == 0 and np.ptp(e.want) > 0:
        yield "constant", f"every entry is {e.got.flat[0]:.6g}"


def clipped(e: Evidence) -> Found:
    limit = _largest(e.got)
    if 0 < limit < _largest(e.want) and (abs(e.want) < limit).any() and e.fits(np.clip(e.want, -limit, limit)):
        yield "clipped", f"cut off at ±{limit:.6g}"


def single(e: Evidence) -> Found:
    for dtype in (np.float32, np.float16):
        close = _largest(e.got - e.want) <= 64 * float(np.finfo(dtype).eps) * _largest(e.want)
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
                yield f"times {what}", f"{what} is a factor too much" + _by(factor)
            if by.all() and (factor := e.multiple(e.want / by)):
                yield f"over {what}", f"{what} is missing as a factor, or divides" + _by(factor)


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


def inverted(e: Evidence) -> Found:
    got, want = e.got != 0, e.want != 0
    if want.any() and got.any() and not (got & want).any():
        yield "inverted", "zero where it should not be, and the other way round: a mask is inverted?"


def missing(e: Evidence) -> Found:
    if not e.got[e.wrong].any():
        yield "missing", "right, but for entries that are zero and should not be"


def spurious(e: Evidence) -> Found:
    got, want = e.got[e.wrong], e.want[e.wrong]
    if not want.any() and e.want.any():
        yield "spurious", "right, but for entries that should be zero: a mask is missing?"
    elif e.want.any() and not want.all() and not (got * want).any():
        yield "spurious", "right, but for entries that should be zero, and others that should not: another mask?"


def unsigned(e: Evidence) -> Found:
    if (e.want < 0).any() and (e.want > 0).any() and e.fits(abs(e.want)):
        yield "absolute", "every entry has lost its sign"


def signs(e: Evidence) -> Found:
    if e.fits(np.where(e.wrong, -e.want, e.want)):
        yield "signs", "right but for the sign of some entries"


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


def misplaced(e: Evidence) -> Found:
    if len(np.unique(e.want)) > 2 and np.isfinite(e.got).all():
        got, want = np.sort(e.got, None), np.sort(e.want, None)
        if np.allclose(got, want, rtol=1e-9, atol=1e-14 * _largest(want)):
            yield "misplaced", "the right values, at the wrong places"
            return
    (v,) = e.cotangents if len(e.cotangents) == 1 else (np.zeros(()),)
    total, few = float(v.sum()), 1e-9 * float(abs(v).sum())
    if v.size > 1 and abs(total) > few and max(abs(e.got.sum() - total), abs(e.want.sum() - total)) <= few:
        yield "misplaced", "all that comes back arrives, at the wrong places"


def nearly(e: Evidence) -> Found:
    if e.residual < 1e-3:
        yield "nearly", f"right to within {e.residual:.1g} of the largest entry: a term is approximate?"


def one_entry(e: Evidence) -> Found:
    if e.want.size > 1 and (abs(e.got - e.want) > 1e-12 * _largest(e.want)).sum() == 1:
        yield "one entry", "a single entry is wrong"


def border(e: Evidence) -> Found:
    edges = np.zeros(e.want.shape, bool)
    for _, length, _, there in ends(e):
        if length > 2:
            edges |= there
    if not edges.all() and e.wrong[edges].any() and not e.wrong[~edges].any():
        yield "border", "only entries at the border are wrong"


# From the most particular to the most general: the first that explains every failing case is named.
PATTERNS: tuple[Callable[[Evidence], Found], ...] = (
    not_finite,
    zero,
    opposite,
    ratio,
    single,
    ignores_cotangent,
    is_cotangent,
    one_output,
    option_ignored,
    residual,
    unsigned,
    diagonal,
    branches,
    transposed,
    flipped,
    shifted,
    permuted,
    swapped,
    added,
    partly,
    alone,
    summed,
    constant,
    multiplied,
    clipped,
    one_entry,
    misplaced,
    inverted,
    missing,
    spurious,
    signs,
    nearly,
    offset,
    projection,
    factors,
    path,
    border,
)


# These say where a gradient is wrong rather than how: coincidences are common.
LOOSE = (one_entry, inverted, missing, spurious, signs, nearly, factors, misplaced, path, border)


# What the first says of one case, these say of a small one more particularly.
SPECIAL: Mapping[Callable[[Evidence], Found], tuple[Callable[[Evidence], Found], ...]] = {
    factors: (ratio,),
    missing: (zero, partly, alone),
    misplaced: (transposed, flipped, shifted, permuted),
    ratio: (opposite,),
    signs: (opposite,),
    inverted: (zero, missing, spurious),
    spurious: (zero, missing),
}


OTHERWISE = ("times a number",)  # another number in each case: nothing, unless it is so in all


class Name(NamedTuple):
    """What a mistake is called: the pattern that recognised it, and the words for a person. Both "" where none did."""

    pattern: str = ""
    words: str = ""


def name(evidence: list[Evidence]) -> Name:
    """The mistake that explains the failing cases, in the words of the first that it explains.

    A pattern that explains all of them comes before one that explains most. Cases with too few entries to tell are
    asked only where there are no others.
    """
    if not evidence or any(e.got.shape != e.want.shape for e in evidence):
        return Name()
    several = [e for e in evidence if e.several]
    groups = ([e for e in evidence if e.tells], [e for e in several if e.want.any()], several, evidence)
    telling = next((group for group in groups if len(group) > 1), evidence)
    with np.errstate(all="ignore"):
        found = {pattern: [_told(pattern, e) for e in telling] for pattern in PATTERNS}
    most = -(-2 * len(telling) // 3) if len(telling) > 2 else len(telling)
    for needed in (len(telling), most):
        for pattern, told in found.items():
            if needed < len(telling) and pattern in LOOSE:
                continue
            forms = [found[one] for one in (pattern, *SPECIAL.get(pattern, ()))]
            explained = [any(form[case] for form in forms) for case in range(len(telling))]
            keys = Counter(key for one in told for key in one if needed == len(telling) or key not in OTHERWISE)
            if not keys:
                continue
            key, count = keys.most_common(1)[0]
            if count >= needed or (pattern in SPECIAL and count > 1 and all(explained)):
                return Name(pattern.__name__, next(one[key] for one in told if key in one))
    return Name()


def _told(pattern: Callable[[Evidence], Found], e: Evidence) -> dict[str, str]:
    """What a pattern recognises in one case, with the residual of its fit."""
    e.left.clear()
    found = dict(pattern(e))
    left = f" (residual {max(e.left):.1g})" if e.left else ""
    return {key: words + left for key, words in found.items()}


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
