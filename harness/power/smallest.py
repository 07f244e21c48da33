"""The smallest error in one single entry that a checker sees, against the size of the function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..inputs import Case
from ..sources import handwritten
from ..spec import Stream
from . import peers, sizes

FINEST = 13  # decades below 1 at which nothing is seen any more
STEPS = 2  # per decade
ENTRIES = 5  # entries tried, one after the other


def seen(case: Case, passes: Callable[[Case], bool | None]) -> float:
    """The median over a few entries of the smallest relative error that is seen; NaN where even a tenth is not."""
    return float(np.median([_smallest(case, number, passes) for number in range(ENTRIES)]))


def _smallest(case: Case, number: int, passes: Callable[[Case], bool | None]) -> float:
    """Bisection over powers of ten: errors that are larger are seen as well."""
    low, high = 0, FINEST * STEPS  # seen, not seen
    if passes(spoiled(case, number, 0.1)) is not False:
        return float("inf")
    while high - low > 1:
        middle = (low + high) // 2
        if passes(spoiled(case, number, 10.0 ** (-1 - middle / STEPS))) is False:
            low = middle
        else:
            high = middle
    return 10.0 ** (-1 - low / STEPS)


def spoiled(case: Case, number: int, error: float) -> Case:
    """The same case with one entry of one gradient off by `error`, relative to the entry itself."""
    right = case.spec.reference
    due = handwritten.run(case)[0].gradients
    name = next(name for name, gradient in due.items() if gradient.any())
    size = abs(due[name])
    there = np.flatnonzero(size >= np.sqrt((size**2).mean()))  # entries of at least the usual size
    at = there[Stream(number, "entry").integers(len(there), ())]

    @functools.wraps(right)
    def wrong(**arguments: Any) -> Any:
        output, pullback = right(**arguments)

        def off(*cotangents: Any) -> Any:
            grads = pullback(*cotangents)
            changed = np.array(grads[name])
            changed.flat[at] *= 1 + error
            return {**grads, name: changed}

        return output, off

    return replace(case, spec=replace(case.spec, reference=wrong))


def alone(case: Case) -> bool | None:
    """Our judge without a twin: the differences of the forward are all it has."""
    return peers.passes(peers.backprove, replace(case, spec=replace(case.spec, twin=None)))


def measure(case: Case, size: int) -> dict[str, float]:
    """By checker, at about this size; slow mode only where its Jacobian fits."""
    large = sizes.grown(case, size)
    if large is None:
        return {}
    found = {"backprove, no twin": seen(large, alone)}
    for name, peer in peers.installed().items():
        if peer is not peers.gradcheck or sizes.jacobian(large) <= sizes.MOST_JACOBIAN // 10:
            found[name] = seen(large, functools.partial(peers.passes, peer))
    return found
