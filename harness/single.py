"""float32 in, float32 out; and the same gradient, to the digits that float32 has.

What rounding does to a gradient differs from point to point; what a mistake does stays. So a gradient that is off by
more than a hundredth of its largest entry is asked for again at points a few float32 ulps away.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .court import Court
from .inputs import Case
from .sources import handwritten
from .sources.handwritten import Refused
from .spec import Array, Gradients, Stream

WIDE = ("huge", "tiny")  # the profiles at which the narrow range of a lower precision shows
OFF = 1e-2  # of the largest entry
ELSEWHERE = 8  # points
STEADY = 0.7  # of the largest deviation, at every point
EPS = float(np.finfo(np.float32).eps)
LARGE = 1e30  # float32 ends at 3e38, and what is on the way may be larger than what comes out


def look(court: Court) -> None:
    """Raise `Refused` where the function does not follow float32, or is wrong in float32 alone."""
    case = court.case
    given = {name: value.astype(np.float32) for name, value in case.arguments.items() if _double(value)}
    if not given:
        return
    cotangents = tuple(v.astype(np.float32) for v in court.cotangents)
    got = _single(court, given, cotangents)
    if case.spec.lower(case.arguments, EPS / 2):  # it is another function there
        return
    exact = all(np.array_equal(value, case.arguments[name]) for name, value in given.items())
    want = court.hand.gradients if exact else _double_there(case, given, cotangents)
    for name, gradient in got.items():
        deviation = _deviation(gradient, want[name])
        if abs(deviation).max(initial=0.0) <= OFF * _largest(want[name]):
            continue
        at = np.unravel_index(int(abs(deviation).argmax()), deviation.shape)
        if _stays(court, given, cotangents, name, at, float(deviation[at])):
            where = f"[{', '.join(map(str, at))}]" if at else ""
            said = f"{gradient[at]:.6g}, but should be {want[name][at]:.6g}"
            message = f"d_{name}{where} is {said}, in float32; in float64 it is right"
            raise Refused("HANDWRITTEN", message, name, "wrong in float32 alone")


def _stays(
    court: Court, given: Gradients, cotangents: tuple[Array, ...], name: str, at: tuple[Any, ...], first: float
) -> bool:
    """Whether the gradient is off by about as much, and to the same side, wherever the point is moved a little."""
    deviations = [first]
    for number in range(ELSEWHERE):
        moved = {
            n: (x * (1 + EPS * (Stream(number, n).integers(9, x.shape) - 4))).astype(np.float32)
            for n, x in given.items()
        }
        got, want = _single(court, moved, cotangents)[name], _double_there(court.case, moved, cotangents)[name]
        deviation = float(_deviation(got, want)[at])
        if abs(deviation) <= max(OFF * _largest(want), 64 * EPS * court.natural(name)):
            return False
        deviations.append(deviation)
    size = [abs(one) for one in deviations]
    return len({one > 0 for one in deviations}) == 1 and (max(size) == np.inf or min(size) >= STEADY * max(size))


def _single(court: Court, given: Gradients, cotangents: tuple[Array, ...]) -> Gradients:
    """The gradients in float32. Raises Refused where an output or a gradient is of another dtype."""
    outputs, pullback = handwritten.again(court.case, {**court.case.arguments, **given}, court.hand.outputs)
    for double, output in zip(court.hand.outputs, outputs, strict=True):
        if double.dtype == np.float64:
            handwritten.follows(output, np.float32)
    gradients = handwritten.back(court.case, pullback, cotangents)
    for name, gradient in gradients.items():
        if gradient.dtype != np.float32:
            message = f"d_{name} is {gradient.dtype}, but should be float32, as the arguments"
            raise Refused("IMPURE", message, name, "dtype")
    return gradients


def _double_there(case: Case, given: Gradients, cotangents: tuple[Array, ...]) -> Gradients:
    """The gradients in float64 at the rounded point."""
    arguments = {**case.arguments, **{name: x.astype(np.float64) for name, x in given.items()}}
    _, pullback = handwritten.forward(case.spec.reference, arguments)
    return handwritten.back(case, pullback, tuple(v.astype(np.float64) for v in cotangents))


def _deviation(got: Array, want: Array) -> Array:
    """got - want; infinite where float32 has no number and should have one."""
    lost = ~np.isfinite(got) & (abs(want) < LARGE)
    known = np.isfinite(got) & np.isfinite(want)
    return np.where(lost, np.inf, np.where(known, np.asarray(got, np.float64) - want, 0.0))


def _largest(x: Array) -> float:
    return float(abs(x[np.isfinite(x)]).max(initial=0.0))


def _double(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64
