"""Who stands alone: the sources are compared, and where two differ the differences decide between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import tolerance
from .inputs import NUDGE, Case, own_size
from .sources import autograd, differences, handwritten
from .sources.differences import Ray, Slope
from .sources.handwritten import Answer
from .spec import Array, Stream
from .verdict import Kind, Verdict

MOST_ENTRIES = 24  # asked one by one at a kink
NEIGHBOURS = 32  # at most, of a point where something may be otherwise than beside it
CLOSE, CLOSEST = 2.0**-24, 2.0**-40  # how far these are, in units of each entry's own size
STAYS = 1e-3  # of an error: by how little that of a mistake changes from a point to its neighbours
KINKED = ("ties", "zeros", "kink")  # the profiles that put a case where a function may not be smooth
Direction = Mapping[str, Array]


@dataclass
class Court:
    """One case with all that was said about it, and the means to ask again."""

    case: Case
    hand: Answer
    twin: Answer | None
    cotangents: tuple[Array, ...]
    _slopes: dict[tuple[Any, ...], Slope] = field(default_factory=dict, init=False, repr=False)

    def slope(self, direction: Direction, arguments: Mapping[str, Any] | None = None) -> Slope:
        """The derivative along a direction by differences, at this point, where it is kept, or at another."""
        if arguments is not None:
            return differences.slope(self.ray(direction, arguments))
        key = tuple((name, u.tobytes()) for name, u in direction.items())
        if key not in self._slopes:
            self._slopes[key] = differences.slope(self.ray(direction))
        return self._slopes[key]

    def ray(self, direction: Direction, arguments: Mapping[str, Any] | None = None) -> Ray:
        """The function along a direction, from this point or from another."""
        at, outputs = (self.case.arguments, self.hand.outputs) if arguments is None else (arguments, None)
        outputs = self._forward(at) if outputs is None else outputs

        def reach() -> float:
            products = [self.hand.gradients[name] * at[name] for name in direction]
            squares = sum(float(np.vdot(product, product)) for product in products)
            return math.sqrt(squares) if math.isfinite(squares) else 0.0

        return Ray(self._forward, at, direction, self.cotangents, outputs, reach)

    def _forward(self, arguments: Mapping[str, Any]) -> tuple[Array, ...]:
        return handwritten.again(self.case, arguments, self.hand.outputs)[0]

    def scale(self, direction: Direction) -> float:
        """The natural size of phi and of its slope when every entry moves by its own size."""
        outputs = zip(self.cotangents, self.hand.outputs, strict=False)
        return size(self.hand, direction) + sum(float(abs(v * y).sum()) for v, y in outputs)

    def unseen(self, direction: Direction) -> float:
        """How large the slope would be, were nothing to cancel and nothing to be in common."""
        return sum(self.natural(name) * math.sqrt(float(np.square(u).sum())) for name, u in direction.items())

    def natural(self, key: int | str) -> float:
        """How large an output (by its number) or a gradient (by its argument) would be, were nothing to cancel."""
        output = max((float(abs(y).max(initial=0.0)) for y in self.hand.outputs if y.dtype.kind == "f"), default=0.0)
        real = [value for value in self.case.arguments.values() if isinstance(value, np.ndarray)]
        entry = max((float(abs(x).max(initial=0.0)) for x in real if x.dtype.kind == "f"), default=0.0)
        if isinstance(key, int):
            return max(output, entry)
        cotangent = max((float(abs(v).max(initial=0.0)) for v in self.cotangents), default=0.0)
        own = float(abs(self.case.arguments[key]).max(initial=0.0))
        if self.case.spec.order == 2:  # a first derivative may have cancelled before the second is taken
            output = max(output, entry / min(own or 1.0, 1.0))
        return cotangent * max(1.0, output / own if own else 0.0)

    def again(self, arguments: Mapping[str, Any]) -> tuple[Answer, Answer | None]:
        """Both answers at another point, with the same cotangents."""
        outputs, pullback = handwritten.again(self.case, arguments, self.hand.outputs)
        hand = Answer(outputs, handwritten.back(self.case, pullback, self.cotangents))
        if self.twin is None or self.case.spec.twin is None:
            return hand, None
        return hand, autograd.run(self.case.spec.twin, arguments, self.case.differentiable, self.cotangents)


def implied(answer: Answer, direction: Direction) -> float:
    """The derivative along a direction that a gradient implies."""
    return float(sum([np.vdot(answer.gradients[name], u) for name, u in direction.items()]))


def size(answer: Answer, direction: Direction) -> float:
    """Sum of |gradient × direction|: what the rounding of `implied` is measured against."""
    return float(sum(np.vdot(abs(answer.gradients[name]), abs(u)) for name, u in direction.items()))


def judge(court: Court) -> Verdict:
    """Compare the sources, and say which of them stands alone."""
    twin = court.twin
    worst = _apart(court.hand, twin) if twin else 0.0
    if twin and worst > 1:
        differs = _compare(court, twin, lambda answer: dict(enumerate(answer.outputs)))
        worst = max(differs.values(), default=0.0)
        if worst > 1:
            return _another_function(court, twin, differs)
        differs = _compare(court, twin, lambda answer: answer.gradients)
        worst = max(worst, *differs.values(), 0.0)
        wrong = tuple(str(name) for name, error in differs.items() if error > 1)
        if wrong:
            return _arbitrate(court, twin, wrong, differs)
    return _confirm(court, worst)


def _apart(hand: Answer, twin: Answer) -> float:
    """The largest error of all outputs and gradients; which one it is, and what noise explains, is asked above 1."""
    pairs = [*zip(hand.outputs, twin.outputs, strict=False)]
    pairs += [(got, twin.gradients[name]) for name, got in hand.gradients.items() if name in twin.gradients]
    return max([tolerance.worst(got, want) for got, want in pairs], default=0.0)


def _compare(court: Court, twin: Answer, pick: Callable[[Answer], Mapping[Any, Array]]) -> dict[Any, float]:
    """The largest error of each array, hand-written against autograd; the noise is measured only on suspicion."""
    got, want = pick(court.hand), pick(twin)
    errors = {key: tolerance.worst(got[key], want[key]) for key in got if key in want}
    if max(errors.values(), default=0.0) <= 1 or not all(math.isfinite(error) for error in errors.values()):
        return errors
    natural = {key: court.natural(key) for key in errors}
    noise: dict[Any, Array | float] = {key: tolerance.EPS * natural[key] for key in errors}
    for number in range(tolerance.JITTERS):
        hand, again = court.again(tolerance.jittered(court.case.arguments, number))
        for key in errors:
            change = tolerance.noise(got[key], pick(hand)[key], natural[key])
            if again is not None:
                change = np.maximum(change, tolerance.noise(want[key], pick(again)[key], natural[key]))
            noise[key] = np.maximum(noise[key], change)
    errors = {key: tolerance.worst(got[key], want[key], noise[key]) for key in errors}
    if max(errors.values()) <= 1:
        return errors
    turning = _turning(court, twin, pick, errors)
    return {key: tolerance.worst(got[key], want[key], np.maximum(noise[key], turning[key])) for key in errors}


def _turning(
    court: Court, twin: Answer, pick: Callable[[Answer], Mapping[Any, Array]], keys: Iterable[Any]
) -> dict[Any, Array | float]:
    """By how much two sources differ where they do so now to the one side and now to the other.

    Rounding may be large beside every size that shows from outside: behind a softmax of scores of 1e15, where the
    gradient is 0. But a few ulps away it has another sign, and a mistake stays or, at a tie, is gone.
    """

    def apart(hand: Answer, twin: Answer | None) -> dict[Any, Array]:
        return {key: pick(hand)[key] - pick(twin)[key] for key in keys} if twin else {}

    off = apart(court.hand, twin)
    found: dict[Any, Array | float] = dict.fromkeys(off, 0.0)
    same = apart(*court.again(court.case.arguments))
    if not all(tolerance.same(there, off[key]) for key, there in same.items()):
        return found  # what is drawn anew with every call turns as well
    for number in range(tolerance.TURNS):
        for key, there in apart(*court.again(tolerance.jittered(court.case.arguments, number))).items():
            turned = np.where(np.sign(there) * np.sign(off[key]) < 0, np.minimum(abs(there), abs(off[key])), 0.0)
            found[key] = np.maximum(found[key], turned)
    return found


def _another_function(court: Court, twin: Answer, differs: Mapping[int, float]) -> Verdict:
    """The outputs differ; the pullback may still be the right derivative of the function as it is."""
    at = max(differs, key=lambda position: differs[position])
    own = _confirm(replace(court, twin=None), 0.0)  # torch speaks of another function
    of_its_own = {
        True: "the pullback is the right derivative of the function as it stands",
        False: "and the pullback is not the derivative of the function as it stands either",
    }
    note = of_its_own[own.kind.passed] if own.kind is not Kind.INCONCLUSIVE else ""
    name = "output" if len(twin.outputs) == 1 else f"output {at}"
    got, want = court.hand.outputs[at], twin.outputs[at]
    return Verdict(Kind.FORWARD, court.case, note, name, "", own.source_used, differs[at], got, want)


def _arbitrate(court: Court, twin: Answer, wrong: tuple[str, ...], differs: Mapping[str, float]) -> Verdict:
    """Hand-written and autograd differ: ask along their difference, where the two claims lie furthest apart."""
    case, name = court.case, wrong[0]  # always the first: shrinking must not wander from one argument to another
    got, want = court.hand.gradients[name], twin.gradients[name]
    if not np.isfinite(got).all():
        return Verdict(Kind.HANDWRITTEN, case, "", name, "not finite", "autograd", math.inf, got, want)
    apart = {name: court.hand.gradients[name] - twin.gradients[name] for name in wrong}
    if not all(np.isfinite(u).all() for u in apart.values()):
        return Verdict(Kind.AUTOGRAD, case, "", name, "not finite", "hand-written", math.inf, want, got)
    reach = max(float((abs(u) / own_size(case.arguments[key])).max()) for key, u in apart.items())
    direction = {key: u / reach for key, u in apart.items()}
    slope = court.slope(direction)
    slope, errors = _weigh(court, slope, direction, [court.hand, twin])
    hand, torch = errors
    if hand <= 1 and torch <= 1:
        # They differ by less than the differences can tell; which is enough where that is less than was asked.
        if slope.kinked and (outside := _outside(court)):
            name = outside
            return Verdict(
                Kind.HANDWRITTEN,
                case,
                "",
                name,
                "",
                slope.source,
                differs[name],
                court.hand.gradients[name],
                twin.gradients[name],
            )
        kind = Kind.KINK if slope.kinked else _precise(court, slope, direction)
        note = "hand-written and autograd differ by less than the differences can tell"
        return Verdict(kind, case, "" if kind.passed else note, name, "", slope.source, max(errors), got, want)
    if hand > 1:
        note = "" if torch <= 1 else "autograd is wrong as well, in another way"
        return Verdict(
            Kind.HANDWRITTEN, case, note, name, "", slope.source, differs[name], got, want if not note else None
        )
    outputs = {i: tolerance.worst(a, b) for i, (a, b) in enumerate(zip(court.hand.outputs, twin.outputs, strict=False))}
    if max(outputs.values()) > 1:  # what was taken for noise is another function, of which torch's gradient is right
        return _another_function(court, twin, outputs)
    return Verdict(Kind.AUTOGRAD, case, "", name, "", slope.source, differs[name], want, got)


def _confirm(court: Court, worst: float) -> Verdict:
    """Hold a gradient, on which hand-written and autograd agree or which has no twin, against the differences."""
    case = court.case
    if not case.nudge:
        return Verdict(Kind.AGREE, case, source_used="forward", error=worst)
    claim = implied(court.hand, case.nudge)
    if not math.isfinite(claim):
        name = next(name for name in case.nudge if not np.isfinite(court.hand.gradients[name]).all())
        if court.twin is None and all(np.isfinite(y).all() for y in court.hand.outputs):
            got = court.hand.gradients[name]
            return Verdict(Kind.HANDWRITTEN, case, "", name, "not finite", "differences", math.inf, got)
        return Verdict(Kind.INCONCLUSIVE, case, f"the gradient of {name} is not finite here", name, error=worst)
    if court.twin is not None and not case.thorough:  # cheap sources first
        sides = (1, -1) if case.profile in KINKED else (1,)
        if court.ray(case.nudge).confirms(claim, tolerance.PRECISION, sides):
            return Verdict(Kind.AGREE, case, source_used="central", error=worst)
        if court.ray(case.direction).confirms_at_kink(claim / NUDGE):
            return Verdict(Kind.KINK, case, source_used="one-sided", error=worst)
    direction = case.direction
    slope = court.slope(direction)
    slope, (error,) = _weigh(court, slope, direction, [court.hand])
    if error > 1 and court.twin is not None:
        # Two sources that do not know of each other agree to eleven digits: the differences are the odd one out.
        note = "hand-written and autograd agree, but the differences do not: several kinks at once, or all is rounding"
        return Verdict(Kind.INCONCLUSIVE, case, note, source_used=slope.source, error=worst)
    if error <= 1 and slope.kinked and court.twin is None and (name := _outside(court)):
        return Verdict(Kind.HANDWRITTEN, case, "", name, "", slope.source, error, court.hand.gradients[name])
    if error > 1:
        name = _most_suspect(court)
        return Verdict(Kind.HANDWRITTEN, case, "", name, "", slope.source, error, court.hand.gradients[name])
    kind = Kind.KINK if slope.kinked else _precise(court, slope, direction)
    note = "" if kind.passed else f"the derivative is known to within {slope.bound:.1g} only"
    return Verdict(kind, case, note, source_used=slope.source, error=max(worst, error))


def _outside(court: Court) -> str:
    """At a kink: the argument whose gradient lies outside of what the two sides allow; "" where all are inside.

    In a sum over many kinks one that is outside hides behind the others, so a few entries are asked one by one; and
    all together, since each may be inside and the whole not.
    """
    case = court.case
    if court.twin is not None and _weigh(court, court.slope(case.direction), case.direction, [court.hand])[1][0] > 1:
        return next(iter(case.direction))
    entries = [(name, i) for name, u in case.direction.items() for i in range(u.size)]
    for number in Stream(case.seed, "entries").permutation(len(entries))[:MOST_ENTRIES]:
        name, i = entries[number]
        direction = {name: np.zeros(case.arguments[name].shape)}
        direction[name].flat[i] = own_size(case.arguments[name]).flat[i]
        if _weigh(court, court.slope(direction), direction, [court.hand])[1][0] > 1:
            return name
    return ""


def _precise(court: Court, slope: Slope, direction: Direction) -> Kind:
    """Whether the differences are as precise as was asked, or as two gradients are that count as the same."""
    asked = tolerance.PRECISION * abs(slope.value)
    if slope.bound > asked:
        rounding = tolerance.NOISE * tolerance.EPS * court.unseen(direction)  # as in `_compare`, and in `_with_noise`
        asked += tolerance.PRECISION * court.scale(direction) + rounding
    return Kind.AGREE if slope.bound <= asked else Kind.INCONCLUSIVE


def _weigh(court: Court, slope: Slope, direction: Direction, answers: list[Answer]) -> tuple[Slope, list[float]]:
    """The error of each answer in units of the bound; before one is called wrong, the bound itself is questioned."""

    def errors(slope: Slope) -> list[float]:
        wider = [replace(slope, bound=slope.bound + _claimed(court, answer, direction)) for answer in answers]
        return [s.excess(implied(answer, direction)) for s, answer in zip(wider, answers, strict=True)]

    found = [slope.excess(implied(answer, direction)) for answer in answers]
    if max(found) > 1:
        found = errors(slope)
    if max(found) <= 1:
        return slope, found
    if not slope.kinked:
        at_most = errors(replace(slope, bound=slope.bound + _most_noise(court, direction)))
        if any(now > 1 >= then for now, then in zip(found, at_most, strict=True)):  # noise might excuse it
            slope = _with_noise(court, slope, direction)
            found = errors(slope)
        if max(found) <= 1 or court.twin is not None or _stays(court, slope, direction):
            return slope, found
    wider = slope
    for wider in _close_by(court, slope, direction):
        found = errors(wider)
        if max(found) <= 1:
            break
    return wider, found


def _claimed(court: Court, answer: Answer, direction: Direction) -> float:
    """What rounding in a gradient itself explains of its derivative along a direction."""
    squares = sum(float(np.square(answer.gradients[name] * u).sum()) for name, u in direction.items())
    alone = tolerance.CLAIMED[court.case.spec.order] * math.sqrt(squares)
    return tolerance.EPS * (alone + tolerance.IN_COMMON * size(answer, direction))


def _most_noise(court: Court, direction: Direction) -> float:
    """What `_with_noise` widens a bound by at most."""
    return tolerance.NOISE * max(tolerance.EPS * court.unseen(direction), tolerance.PRECISION * court.scale(direction))


def _with_noise(court: Court, slope: Slope, direction: Direction) -> Slope:
    """The bound widened by what a few ulps in the inputs change: an ill-conditioned point."""
    spread = tolerance.EPS * court.unseen(direction)
    for number in range(tolerance.JITTERS):
        moved = tolerance.jittered(court.case.arguments, number)
        hand, _ = court.again(moved)
        there = court.slope(direction, moved)
        if not there.kinked:
            change = (there.value - slope.value) - (implied(hand, direction) - implied(court.hand, direction))
            alone = max(abs(change), abs(there.value - slope.value))
            spread = max(spread, alone if alone <= tolerance.PRECISION * court.scale(direction) else 0.0)
    return Slope(slope.value, slope.bound + tolerance.NOISE * spread, slope.source)


def _stays(court: Court, slope: Slope, direction: Direction) -> bool:
    """Whether a gradient is off by as much at two points close by: as by a mistake, not by rounding or at a kink."""
    again, _ = court.again(court.case.arguments)
    if any(not tolerance.same(again.gradients[name], court.hand.gradients[name]) for name in direction):
        return True  # what is drawn anew with every call is off by other amounts, and no less wrong
    off = implied(court.hand, direction) - slope.value
    for number in range(2):
        moved = _neighbour(court.case, number, CLOSE)
        there = implied(court.again(moved)[0], direction) - court.slope(direction, moved).value
        if abs(there - off) > STAYS * abs(off):
            return False
    return True


def _close_by(court: Court, slope: Slope, direction: Direction) -> Iterator[Slope]:
    """The slope in doubt, ever wider by what is found at points so close that only what is here alone differs there.

    The limits of nearby gradients span Clarke's generalised gradient: where several kinks meet, two sides do not show
    all of them, and none where they cancel along the direction, as those of |a| - |b| do along a = b. Where the
    function is smooth, a difference that has another sign there is rounding.
    """
    low, high = (slope.low, slope.high) if slope.kinked else (slope.value, slope.value)
    off, noise = implied(court.hand, direction) - slope.value, 0.0
    for number in range(NEIGHBOURS):
        there = _piece(court, slope, direction, number)
        below, above = (there.low, there.high) if there.kinked else (there.value, there.value)
        low, high = min(low, below), max(high, above)
        nearby = 2.0**-20 * (abs(low) + abs(high) + size(court.hand, direction))
        if slope.kinked or high - low > nearby:
            yield Slope(slope.value, slope.bound + nearby, slope.source, low, high)
            continue
        moved = _neighbour(court.case, number, CLOSE)
        there = court.slope(direction, moved)
        error = implied(court.again(moved)[0], direction) - there.value
        if error * off < 0 and abs(there.value - slope.value) <= nearby:
            noise = max(noise, min(abs(error), abs(off)))
        yield replace(slope, bound=slope.bound + tolerance.NOISE * noise)


def _piece(court: Court, slope: Slope, direction: Direction, number: int) -> Slope:
    """The slope beside a point; where there is no kink along the direction, only if it is certainly another."""
    if slope.kinked:
        return court.slope(direction, _neighbour(court.case, number, CLOSE))
    # Nearer than any kink beside the point: it must not excuse who takes the wrong side.
    moved = _neighbour(court.case, number, CLOSEST)
    there = differences.piece(court.ray(direction, moved), CLOSEST / 8)
    return there if abs(there.value - slope.value) > there.bound else slope


def _neighbour(case: Case, number: int, distance: float) -> dict[str, Any]:
    moved = dict(case.arguments)
    for name in case.differentiable:
        part = Stream(number, f"neighbour {name}").uniform(moved[name].shape) - 0.5
        moved[name] = np.asarray(moved[name] + part * own_size(moved[name]) * distance)
    return moved


def _most_suspect(court: Court) -> str:
    """The first argument whose gradient alone is wrong; else the one that is furthest off."""
    errors = {}
    for name, u in court.case.direction.items():
        errors[name] = court.slope({name: u}).excess(implied(court.hand, {name: u}))
        if errors[name] > 1:
            return name
    return max(errors, key=lambda name: errors[name])
