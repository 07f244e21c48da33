"""Every tolerance, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .spec import Array, Stream

EPS = float(np.finfo(np.float64).eps)

# Two float64 computations of one gradient differ by a few eps × n; an error of 1e-9 must be seen, so stay well below.
RELATIVE = 2.0**-36  # 1.5e-11 of the entry itself
FLOOR = 64 * EPS  # 1.4e-14 of the largest entry: what cancellation leaves in the small ones
NOISE = 16.0  # times the change that a few ulps in the inputs make: an ill-conditioned point, where both may be right
PRECISION = 1e-6  # asked of the differences; a case whose bound is wider is inconclusive
JITTERS = 3
TURNS = 16  # points at which a difference that is rounding, and no mistake, is waited for to change its sign
# eps by which the entries of a gradient, or of a gradient of a gradient, may be off along a direction: errors of one
# entry add up at random, and an error that all have in common is a few eps.
CLAIMED = {1: 64, 2: 1024}
IN_COMMON = 4
MANY = 4096  # entries, from which on copying their bytes takes longer than comparing them
VISIBLE = 2.0**-400  # the squares of what is much smaller underflow
TINY = float(np.finfo(np.float64).tiny)


def excess(got: Array, want: Array, noise: Array | float = 0.0) -> Array:
    """|got - want| entry by entry, in units of what rounding explains: above 1 an entry is wrong."""
    finite = np.isfinite(want)
    largest = float(abs(want[finite]).max(initial=0.0))
    off = abs(got - want) / _bound(abs(want) * 1.0, largest, noise)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    return np.where(same, 0.0, np.where(finite & np.isfinite(got), off, np.inf))


def worst(got: Array, want: Array, noise: Array | float = 0.0) -> float:
    """The largest `excess`; below a half perhaps only a number that it does not pass, in a third of the time.

    No entry is further off than all together, and the largest is no smaller than their root mean square.
    """
    if same(got, want) if want.size < MANY else (got == want).all():
        return 0.0
    off, allowed = got - want, 0.0
    if off.dtype.char == "d":
        allowed = FLOOR * math.sqrt(_squared(want) / (want.size or 1))
        together = math.sqrt(_squared(off))
        if together <= allowed / 2 and VISIBLE < allowed < math.inf:
            return together / allowed
    off = abs(off)
    most = largest_of(off)
    if not most:
        return 0.0
    if most <= allowed / 2 < math.inf:
        return most / allowed
    size = abs(want) * 1.0
    largest = largest_of(size)
    if math.isfinite(largest) and math.isfinite(most):
        return largest_of(np.divide(off, _bound(size, largest, noise)))
    return float(excess(got, want, noise).max(initial=0.0))


def _squared(x: Array) -> float:
    """The sum of squares, in whatever order they lie."""
    flat = x.ravel("K")
    return flat.dot(flat)


def largest_of(x: Array) -> float:
    """The largest entry, or 0; of a small array in a third of the time that `max` takes."""
    return float(x.item(x.argmax())) if x.size else 0.0


def same(a: Any, b: Any) -> bool:
    """Whether nothing has changed, to the last bit."""
    return a.tobytes() == b.tobytes() if isinstance(a, np.ndarray) else a == b


def _bound(size: Array, largest: float, noise: Array | float) -> Array:
    """What rounding explains of an entry of this size; overwrites `size`."""
    size *= RELATIVE
    size += FLOOR * largest + TINY
    return size if isinstance(noise, float) and not noise else size + NOISE * noise


def jittered(arguments: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The same arguments a few ulps away: what changes now is noise."""
    moved = dict(arguments)
    for name, value in arguments.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            ulps = Stream(number, name).integers(9, value.shape) - 4
            moved[name] = np.asarray(value * (1 + EPS * ulps))
            moved[name].setflags(write=False)
    return moved


def noise(base: Array, moved: Array, natural: float) -> Array:
    """The change between two nearby points, as noise; a jump, large beside the natural size, is a kink and no noise."""
    change = abs(moved - base)
    largest = max(float(abs(base).max(initial=0.0)), natural)
    return np.where(change <= PRECISION * largest, change, 0.0)
