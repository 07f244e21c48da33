"""What judging one drawn case costs, beside gradcheck on the same function at the same case, and what drawing costs.

The sides take turns of a twentieth of a second or more: in the first calls after the other side's nothing is in the
processor's caches, and nobody judges one case at a time. Processor time of one thread, medians.
"""

from __future__ import annotations

import itertools
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
CASES, ROUNDS = 16, 3
LEAST, SECONDS = 4, 0.05  # calls, and time, of a turn


def measure(spec: Spec, wanted: tuple[int, ...] = SIZES) -> Iterator[dict[str, Any]]:
    """One record for each size that the function can be brought to: milliseconds for one case."""
    usual = sizes.usual(spec)
    for size in wanted:
        case = usual and sizes.grown(usual, size)
        if case is not None:
            cases = [replace(case, seed=seed) for seed in range(CASES)]
            _ = [peers.passes(peers.backprove, one) for one in cases]  # their arrays are filled: see `drawing`
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
        _ = case.arguments, case.nudge
    return 1e3 * (time.process_time() - start) / examples


def _in_turn(cases: list[Case], sides: dict[str, Callable[[Case], Any]]) -> dict[str, float]:
    """The median of each side; the first turn of each only warms up."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    following = {name: itertools.cycle(cases) for name in sides}
    with peers.quiet():
        for turn, (name, side) in itertools.product(range(ROUNDS + 1), sides.items()):
            took: list[float] = []
            while len(took) < LEAST or sum(took) < SECONDS:
                case = next(following[name])
                start = time.process_time()
                _ = peers.asked(side, case)
                took.append(time.process_time() - start)
            times[name] += took if turn else []
    return {name: 1e3 * statistics.median(found) for name, found in times.items()}
