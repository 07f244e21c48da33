"""Who stands alone: the sources are compared, and where two differ the differences decide between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from . import tolerance
from .court import Court, Direction, implied
from .doubt import weigh
from .inputs import NUDGE, own_size
from .sources.differences import Slope
from .sources.handwritten import Answer
from .spec import Array, Stream
from .verdict import Kind, Verdict

MOST_ENTRIES = 24  # asked one by one at a kink
KINKED = ("ties", "zeros", "kink")  # the profiles that put a case where a function may not be smooth


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
    slope, errors = weigh(court, slope, direction, [court.hand, twin])
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
    slope, (error,) = weigh(court, slope, direction, [court.hand])
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
    if court.twin is not None and weigh(court, court.slope(case.direction), case.direction, [court.hand])[1][0] > 1:
        return next(iter(case.direction))
    entries = [(name, i) for name, u in case.direction.items() for i in range(u.size)]
    for number in Stream(case.seed, "entries").permutation(len(entries))[:MOST_ENTRIES]:
        name, i = entries[number]
        direction = {name: np.zeros(case.arguments[name].shape)}
        direction[name].flat[i] = own_size(case.arguments[name]).flat[i]
        if weigh(court, court.slope(direction), direction, [court.hand])[1][0] > 1:
            return name
    return ""


def _precise(court: Court, slope: Slope, direction: Direction) -> Kind:
    """Whether the differences are as precise as was asked, or as two gradients are that count as the same."""
    asked = tolerance.PRECISION * abs(slope.value)
    if slope.bound > asked:
        rounding = tolerance.NOISE * tolerance.EPS * court.unseen(direction)  # as in `_compare`, and in `_with_noise`
        asked += tolerance.PRECISION * court.scale(direction) + rounding
    return Kind.AGREE if slope.bound <= asked else Kind.INCONCLUSIVE


def _most_suspect(court: Court) -> str:
    """The first argument whose gradient alone is wrong; else the one that is furthest off."""
    errors = {}
    for name, u in court.case.direction.items():
        errors[name] = court.slope({name: u}).excess(implied(court.hand, {name: u}))
        if errors[name] > 1:
            return name
    return max(errors, key=lambda name: errors[name])
