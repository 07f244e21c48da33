"""Before the differences call a gradient wrong, their own bound is questioned: by rounding, and by kinks close by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from . import tolerance
from .court import Court, Direction, implied, size
from .inputs import Case, own_size
from .sources import differences
from .sources.differences import COMPLEX, Slope
from .sources.handwritten import Answer
from .spec import Stream

NEIGHBOURS = 32  # at most, of a point where something may be otherwise than beside it
CLOSEST, CLOSE, FAR = 2.0**-40, 2.0**-24, 2.0**-4  # how far these are, in units of each entry's own size
STAYS = 1e-3  # of an error: by how little that of a mistake changes from a point to its neighbours


def weigh(court: Court, slope: Slope, direction: Direction, answers: list[Answer]) -> tuple[Slope, list[float]]:
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
    # A complex step is judged where no kink is near: kinks that cancel hide here that it misses them.
    complex_safe = not slope.kinked and court.slope(direction, _neighbour(court.case, 0, FAR)).source == COMPLEX
    for number in range(NEIGHBOURS):
        there = _piece(court, slope, direction, number, complex_safe)
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


def _piece(court: Court, slope: Slope, direction: Direction, number: int, complex_safe: bool) -> Slope:
    """The slope beside a point; where there is no kink along the direction, only if it is certainly another."""
    if slope.kinked:
        return court.slope(direction, _neighbour(court.case, number, CLOSE))
    # Nearer than any kink beside the point: it must not excuse who takes the wrong side.
    moved = _neighbour(court.case, number, CLOSEST)
    return differences.piece(court.ray(direction, moved), CLOSEST / 8, slope, complex_safe)


def _neighbour(case: Case, number: int, distance: float) -> dict[str, Any]:
    moved = dict(case.arguments)
    for name in case.differentiable:
        part = Stream(number, f"neighbour {name}").uniform(moved[name].shape) - 0.5
        moved[name] = np.asarray(moved[name] + part * own_size(moved[name]) * distance)
    return moved
