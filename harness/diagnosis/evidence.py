"""What a pattern is shown of a mistake: a wrong array beside the right one, and what may explain it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import tolerance
from ..inputs import Case
from ..spec import Array, Gradients

RESIDUAL = 1e-7  # of each entry: what a fitted pattern may leave over
SMALL = 1e-5  # of the largest entry: what is smaller is fitted as if it were so large

# The right gradients for other arguments or cotangents; {} where there are none.
Oracle = Callable[[Mapping[str, Any], tuple[Array, ...]], Gradients]
# A key, which stays the same from case to case ("times N"), and words, which hold the numbers.
Found = Iterator[tuple[str, str]]


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
        scale = largest(self.got) or largest(self.want) or 1.0
        if candidate.shape != self.got.shape or not math.isfinite(scale):
            return False
        off = abs(candidate - self.got)
        close = off <= RESIDUAL * np.maximum(abs(self.got), SMALL * scale)  # NaN is close to nothing
        if not close.all() or not largest(off) <= 1e-2 * largest(self.got - self.want):
            return False
        self.left.append(largest(off) / scale)
        return True

    def factor(self, candidate: Array) -> float:
        """The number by which `candidate` must be multiplied to be what was got; 0 where there is none."""
        if candidate.shape != self.got.shape or not candidate.any():
            return 0.0
        if candidate.size == 1:  # any number is a multiple of another: that says nothing
            return float(self.fits(candidate))
        if parallel(candidate, self.want):  # a ratio, or the right gradient itself
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
        return largest(self.got - self.want) / (largest(self.want) or 1.0)


def parallel(a: Array, b: Array) -> bool:
    """Whether one is a multiple of the other."""
    product, squares = float(np.vdot(a, b)), math.sqrt(float(np.vdot(a, a)) * float(np.vdot(b, b)))
    return abs(abs(product) - squares) <= 1e-12 * squares


def largest(x: Array) -> float:
    return float(abs(x).max(initial=0.0))
