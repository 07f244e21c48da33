"""What judging one drawn case costs, beside gradcheck on the same function at the same case, and what drawing costs.

The sides take turns, a block of calls each, as each would run by itself; processor time of one thread, medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..draw import drawn
from ..inputs import Case
from ..spec import Spec
from . import peers, sizes

SIZES = (100, 1000, 10_000)
BLOCK, ROUNDS = 4, 3


def measure(spec: Spec, wanted: tuple[int, ...] = SIZES) -> Iterator[dict[str, Any]]:
    """One record for each size that the function can be brought to: milliseconds for one case."""
    usual = sizes.usual(spec)
    for size in wanted:
        case = usual and sizes.grown(usual, size)
        if case is not None:
            cases = [replace(case, seed=seed) for seed in range(BLOCK)]
            ours, fast = _in_turn(cases, {"backprove": peers.backprove, "fast": peers.gradcheck_fast}).values()
            record = {"function": spec.name, "size": sizes.entries(case), "backprove": ours, "gradcheck fast": fast}
            if sizes.jacobian(case) <= sizes.MOST_JACOBIAN:
                start = time.process_time()
                _ = peers.passes(peers.gradcheck, cases[0])
                record["gradcheck slow"] = 1e3 * (time.process_time() - start)
            yield record


def drawing(spec: Spec, examples: int = 50) -> float:
    """Milliseconds to draw a case and to fill its arrays."""
    start = time.process_time()
    for case in drawn(spec, examples):
        _ = case.arguments, case.direction
    return 1e3 * (time.process_time() - start) / examples


def _in_turn(cases: list[Case], sides: dict[str, Callable[[Case], Any]]) -> dict[str, float]:
    """The median of each side; the first block of each only warms up."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(ROUNDS + 1):
        for name, side in sides.items():
            for case in cases:
                start = time.process_time()
                _ = peers.passes(side, case)
                if turn:
                    times[name].append(1e3 * (time.process_time() - start))
    return {name: statistics.median(found) for name, found in times.items()}
