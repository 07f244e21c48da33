"""The third source: differences of the forward alone, the sharpest that works.

Along a direction u the function is phi(t) = <cotangent, f(x + t u)>, and what is asked for is phi'(0). The ladder:

    complex step              Im f(x + i h u) / h, one call, exact to rounding (Squire & Trapp 1998)
    Richardson, longdouble    six calls, where longdouble is wider than double
    Richardson, double        four calls at each of a few steps
    central                   the same calls, where halving the step does not help

Every rung says how far off it may be: truncation, seen by halving the step, plus rounding, the noise of phi over the
step. A complex step is silently wrong where the forward casts to float or takes a modulus, so it counts only if it
agrees with a plain difference within that one's own bound.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..inputs import NUDGE
from ..spec import Array
from .handwritten import follows

COMPLEX = "complex step"
COMPLEX_STEP = 1e-100  # so small that its own error, of order h², is below the smallest number that matters
GUARD_STEP = 2.0**-14  # in units of each entry's own size; the difference is then good to about 1e-10
# For steep functions, and kinks that lie near but not here.
CLOSER_STEPS = (2.0**-20, 2.0**-26, 2.0**-32, 2.0**-38, 2.0**-44)
WIDER_STEP = 2.0**-8  # for noisy functions
NOISE_STEPS = (2.0**-42, 2.0**-30, 2.0**-24, 2.0**-14)
LONG_STEP = 2.0**-9
SLACK = 4.0  # a modelled error may be exceeded a few times over
EPS = float(np.finfo(np.float64).eps)
EPS_LONG = float(np.finfo(np.longdouble).eps)


@dataclass(frozen=True)
class Slope:
    """A derivative along one direction: within `bound` of `value`; at a kink, of some value from `low` to `high`."""

    value: float
    bound: float
    source: str
    low: float = math.nan
    high: float = math.nan

    @property
    def kinked(self) -> bool:
        """Whether the two sides of the point have different slopes."""
        return not math.isnan(self.low)

    def excess(self, claim: float) -> float:
        """How far `claim` is from what is possible, in units of the bound: above 1 it is wrong."""
        if not math.isfinite(claim):
            return math.inf
        low, high = (self.low, self.high) if self.kinked else (self.value, self.value)
        return max(low - claim, claim - high, 0.0) / (self.bound + COMPLEX_STEP)

    def resembles(self, other: Slope) -> bool:
        """Whether two intervals are the same but for errors: steps of a staircase are not."""
        apart = max(abs(self.low - other.low), abs(self.high - other.high))
        return apart <= self.bound + other.bound + 1e-3 * (abs(self.low) + abs(self.high))


class Ray:
    """phi along one direction.

    function    forward alone: arguments by name to a tuple of outputs
    arguments   the point, options included
    direction   for each argument that moves its direction; a step of 1 moves an entry by about its own size
    cotangents  one for each output that takes one
    outputs     f at the point itself
    reach       tells |gradient × argument| as claimed: how much the rounding of the arguments shows in phi
    """

    def __init__(
        self,
        function: Callable[[Mapping[str, Any]], Sequence[Array]],
        arguments: Mapping[str, Any],
        direction: Mapping[str, Array],
        cotangents: Sequence[Array],
        outputs: Sequence[Array],
        reach: Callable[[], float] = float,
    ) -> None:
        self.function, self.arguments, self.direction = function, arguments, direction
        self.cotangents, self.outputs = cotangents, outputs[: len(cotangents)]
        self.reach = reach

    @cached_property
    def size(self) -> float:
        """How large the rounding errors of phi are, in units of eps."""
        return self.spread(self.outputs) + self.reach()

    def at(self, step: complex, dtype: type = np.float64) -> list[Array]:
        """The outputs at x + step u, computed in `dtype`. Raises Refused where the function does not follow that dtype.

        They may be gone with the next call: a function may keep an array for its outputs.
        """
        moved = dict(self.arguments)
        if dtype is not np.float64:
            floating = {n: x for n, x in moved.items() if isinstance(x, np.ndarray) and x.dtype.kind == "f"}
            moved |= {n: x.astype(dtype) for n, x in floating.items() if n not in self.direction}
        for name, u in self.direction.items():
            moved[name] = np.asarray(self.arguments[name] + (u if step == 1 else step * u))
        outputs = [*self.function(moved)[: len(self.cotangents)]]
        for output in outputs:
            follows(output, dtype)
        return outputs

    def both(self, h: Any, dtype: type = np.float64) -> tuple[list[Array], list[Array]]:
        """Copies of the outputs a step ahead and a step behind."""
        return [np.array(y) for y in self.at(h, dtype)], [np.array(y) for y in self.at(-h, dtype)]

    def total(self, outputs: Sequence[Array], weights: Sequence[Array] | None = None) -> Any:
        """<cotangent, outputs>."""
        pairs = zip(self.cotangents if weights is None else weights, outputs, strict=True)
        return sum([np.vdot(v, y) for v, y in pairs])

    def spread(self, outputs: Sequence[Array]) -> float:
        """How large the rounding errors of <cotangent, outputs> are, in units of eps: they add up at random."""
        return math.sqrt(sum(_square(v * y) for v, y in zip(self.cotangents, outputs, strict=True)))

    def confirms(self, value: float, precision: float, sides: Sequence[int]) -> bool:
        """Whether phi changes by `value` over a nudge, as two other sources agree: the cheapest look."""
        for side in sides:
            pairs = zip(self.cotangents, self.at(side), self.outputs, strict=True)
            off = abs(side * float(sum([np.vdot(v, y - y0) for v, y, y0 in pairs])) - value)
            if not (off <= precision * abs(value) or off <= precision * (abs(value) + NUDGE * self.size)):
                return False
        return True

    def confirms_at_kink(self, value: float) -> bool:
        """Whether there is a kink here, with `value` between its sides: the next cheapest look."""
        kinked = Central(self, 4 * NUDGE, 4 * EPS * self.size).kinked
        return kinked is not None and kinked.excess(value) <= 1

    def complex_step(self) -> Slope | None:
        """The first rung; None where the function cannot be called with complex numbers."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                imaginary = [y.imag / COMPLEX_STEP for y in self.at(COMPLEX_STEP * 1j, np.complex128)]
        except Exception:  # noqa: BLE001  # whatever goes wrong, there are other rungs
            return None
        return Slope(float(self.total(imaginary)), 64 * EPS * (self.spread(imaginary) + self.size), COMPLEX)

    def noise(self) -> float:
        """How much phi jumps about between points that are all but equal: third differences over tiny steps.

        The difference table of Hamming; see Moré & Wild 2011, "Estimating computational noise". A forward that rounds
        coarsely is a staircase: flat over the smallest steps, and from some step on as rough as over any wider one. At
        a kink the differences grow with the step.
        """
        values = [[float(self.total(self.at(step * h))) for step in range(-4, 5)] for h in NOISE_STEPS]
        rough = [float(abs(np.diff(one, 3)).max()) for one in values]
        stairs = [fine for fine, wide in itertools.pairwise(rough) if wide < 16 * fine]
        flat = all(min(one) == max(one) for one in values[:-1])
        return max(rough[0], *stairs, rough[-1] if flat else 0.0) + EPS * self.size


def _square(x: Array) -> float:
    return float(np.vdot(x, x))


class Central:
    """Central differences at the steps h and h/2, and what the two say of each other."""

    def __init__(self, ray: Ray, h: float, noise: float) -> None:
        self.ray, self.h, self.noise = ray, h, noise
        self.sides = [ray.both(h), ray.both(h / 2)]

    @cached_property
    def _slopes(self) -> tuple[list[Array], list[Array]]:
        """For each output its slope at h and at h/2."""
        steps = zip(self.sides, (self.h, self.h / 2), strict=True)
        wide, narrow = ([(a - b) / (2 * h) for a, b in zip(*sides, strict=True)] for sides, h in steps)
        return wide, narrow

    @cached_property
    def slope(self) -> Slope:
        """Richardson's extrapolation of the two; off by no more than they differ, and by the noise over the step."""
        wide, narrow = (float(self.ray.total(slopes)) for slopes in self._slopes)
        return Slope((4 * narrow - wide) / 3, SLACK * (abs(narrow - wide) + 3 * self.noise / self.h), "central")

    @cached_property
    def converges(self) -> bool:
        """Whether halving the step changes little, so that what it changes tells the error."""
        wide, narrow = (float(self.ray.total(slopes)) for slopes in self._slopes)
        return abs(narrow - wide) <= max(0.1 * abs(narrow), 1e-4 * self.ray.size, 12 * self.noise / self.h)

    @property
    def bend(self) -> float:
        """By how much the slopes of the outputs differ between the two sides, all together."""
        outputs = zip(self.ray.cotangents, self.ray.outputs, *self.sides[1], strict=True)
        return 2 / self.h * sum(float(abs(v * (near - 2 * y + nearer)).sum()) for v, y, near, nearer in outputs)

    @cached_property
    def kinked(self) -> Slope | None:
        """The slope as an interval, if the function is not smooth within the step; else None.

        Halving the step quarters the bend f(h) - 2 f(0) + f(-h) of a smooth function, and halves that of a kink.
        Outputs are looked at one by one: the kink of one may not be hidden, nor widened, by the others.
        """
        low = high = 0.0
        found, doubt = False, 0.0
        for k, (v, y) in enumerate(zip(self.ray.cotangents, self.ray.outputs, strict=True)):
            (ahead, behind), (near, nearer) = ((a[k], b[k]) for a, b in self.sides)
            wide, narrow = ahead - 2 * y + behind, near - 2 * y + nearer
            kink = (abs(v * narrow) > 16 * self.noise) & ((wide * narrow < 0) | (abs(wide) < 3 * abs(narrow)))
            found = found or bool(kink.any())
            smooth = v * (4 * self._slopes[1][k] - self._slopes[0][k]) / 3
            # One-sided slopes, extrapolated to the point.
            right, left = v * (4 * near - ahead - 3 * y) / self.h, v * (3 * y + behind - 4 * nearer) / self.h
            low += float(np.where(kink, np.minimum(right, left), smooth).sum())
            high += float(np.where(kink, np.maximum(right, left), smooth).sum())
            doubt += float(np.where(kink, abs(right - 2 * v * (near - y) / self.h), 0.0).sum())
            doubt += float(np.where(kink, abs(left - 2 * v * (y - nearer) / self.h), 0.0).sum())
        if not found:
            return None
        return Slope((low + high) / 2, SLACK * (doubt + 8 * self.noise / self.h), "one-sided", low, high)


def slope(ray: Ray) -> Slope:
    """phi'(0) along the ray, by the sharpest rung that its guard confirms."""
    sharp = ray.complex_step()
    if sharp and _confirmed(ray, sharp):
        return sharp
    # The differences disagree. Measure the noise instead of assuming it, and try other steps.
    noise = ray.noise()
    closer = [Central(ray, h, noise) for h in (GUARD_STEP, *CLOSER_STEPS)]
    wide = _kink_here(closer)
    if wide:
        return wide
    rungs = [one for one in (*closer, Central(ray, WIDER_STEP, noise)) if not one.kinked]
    known = [one.slope for one in rungs if one.converges]
    best = min(known, key=lambda slope: slope.bound, default=Slope(0.0, math.inf, "central"))
    # Rungs that contradict each other show noise that was not seen: a forward that rounds to single precision, say.
    apart = [(abs(one.value - best.value), one.bound) for one in known]
    conflict = max((off + bound for off, bound in apart if off > bound + best.bound), default=0.0)
    wider = replace(best, bound=max(best.bound, 2 * conflict))
    if sharp:
        off = abs(wider.value - sharp.value)
        closest = any(abs(one.slope.value - sharp.value) <= 1e-6 * (abs(sharp.value) + ray.size) for one in closer)
        if wider.excess(sharp.value) <= 1:
            confirmed = closest or best.excess(sharp.value) <= 1
            return sharp if confirmed else replace(sharp, bound=2 * off)
        if closest:
            # The smallest steps side with the complex step, the others do not: what lies so near may be anything.
            return replace(wider, bound=max(wider.bound, 2 * off))
    quiet = noise <= 64 * EPS * ray.size  # else more digits in the arithmetic say nothing
    long = _richardson(ray, np.longdouble) if EPS_LONG < EPS and quiet else None
    return long if long and wider.excess(long.value) <= 1 else wider


def piece(ray: Ray, h: float, expected: Slope, complex_safe: bool) -> Slope:
    """The slope of the smooth piece on which the point lies: what was expected, unless it is certainly another.

    A step that stays on so small a piece shows but a few digits; it is for where a complex step would be wrong.
    """
    sharp = ray.complex_step() if complex_safe else None
    found = sharp or Central(ray, h, ray.noise()).slope
    return expected if found.excess(expected.value) <= 1 else found


def _confirmed(ray: Ray, sharp: Slope) -> bool:
    """Whether a plain difference says the same; a closer one is asked where the first is too coarse to tell."""
    for h in (GUARD_STEP, CLOSER_STEPS[1]):
        guard = Central(ray, h, 4 * EPS * ray.size)
        if guard.slope.excess(sharp.value) > 1:
            return False
        if guard.converges:
            return True
    return True


def _kink_here(closer: Sequence[Central]) -> Slope | None:
    """The slope as an interval where the kink is at the point itself: one nearby is left behind by smaller steps."""
    wide, narrower, close = (one.kinked for one in closer[:3])
    if not (wide and narrower and close and wide.resembles(close)):
        return None
    for one in closer[3:]:
        visible = closer[0].bend * one.h > 64 * one.noise * sum(y.size for y in one.ray.outputs)
        if visible and one.bend < closer[0].bend / 2:
            return None
    return wide


def _richardson(ray: Ray, dtype: type) -> Slope | None:
    """Three central differences, extrapolated twice: error of order h⁶ (Richardson 1911)."""
    try:
        ahead_behind = [(*ray.both(dtype(h), dtype), h) for h in (LONG_STEP, LONG_STEP / 2, LONG_STEP / 4)]
    except Exception:  # noqa: BLE001  # as for the complex step
        return None
    in_double = all(np.array_equal(y, y.astype(np.float64)) for p, m, _ in ahead_behind for y in (*p, *m))
    eps = EPS if in_double else float(np.finfo(dtype).eps)
    d1, d2, d4 = (ray.total([(a - b) / (2 * h) for a, b in zip(p, m, strict=True)]) for p, m, h in ahead_behind)
    once, again = (4 * d2 - d1) / 3, (4 * d4 - d2) / 3
    twice = (16 * again - once) / 15
    rounding = 64 * eps * ray.size / LONG_STEP
    # Halving the step quarters the error where there are derivatives enough.
    if abs(d1 - d2 - 4 * (d2 - d4)) > 0.1 * abs(d1 - d2) + SLACK * rounding:
        return None
    return Slope(
        float(twice), SLACK * (abs(float(twice - again)) + rounding) + EPS * abs(float(twice)), "Richardson, longdouble"
    )
