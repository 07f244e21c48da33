"""What change detectors find in curves whose changes are known: `python -m harness.dashboard.simulated`.

With apache-otava installed (`pip install apache-otava`) it stands beside ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from .changes import LEAST, changes

Detector = Callable[[Sequence[float]], list[int]]
SEED = 12345  # not one that the detector was made with: on that one it looks better than it is
NEAR = 2  # commits: a change counts as found if it is placed within so many


@dataclass(frozen=True)
class Curve:
    """Commits, relative noise, and the factor of the new level from the commit `at` on, up to `until`."""

    says: str
    count: int = 20
    noise: float = 0.05
    factor: float = 1.0
    at: int = 10
    until: int = 10**9
    kind: str = "Gaussian"


CURVES = (
    Curve("flat, noise 2 %", noise=0.02),
    Curve("flat, noise 5 %"),
    Curve("flat, noise 15 %", noise=0.15),
    Curve("flat, 60 commits", count=60),
    Curve("flat, heavy tails (t, 3 degrees)", kind="t3"),
    Curve("flat, busy at one commit in ten", kind="busy"),
    Curve("5 % slower, noise 2 %", noise=0.02, factor=0.95),
    Curve("10 % slower, noise 5 %", factor=0.9),
    Curve("20 % slower, noise 5 %", factor=0.8),
    Curve("30 % slower, noise 15 %", noise=0.15, factor=0.7),
    Curve("10 % slower, 60 commits", count=60, factor=0.9, at=30),
    Curve("20 % slower, busy at one in ten", factor=0.8, kind="busy"),
    Curve("10 % slower in the newest 4", factor=0.9, at=16),
    Curve("20 % slower in the newest 3", factor=0.8, at=17),
    Curve("30 % slower in the newest 2", factor=0.7, at=18),
    Curve("20 % slower for 6 commits, then as before", factor=0.8, at=7, until=13),
)


def drawn(curve: Curve, random: np.random.Generator) -> list[float]:
    """Throughputs."""
    noise = random.standard_normal(curve.count) * curve.noise
    if curve.kind == "t3":
        noise = random.standard_t(3, curve.count) * curve.noise / np.sqrt(3)
    if curve.kind == "busy":
        noise -= (random.random(curve.count) < 0.1) * random.uniform(0.2, 0.5, curve.count)
    level = np.ones(curve.count)
    level[curve.at : curve.until] = curve.factor
    return (1e4 * level * np.exp(noise)).tolist()


def ours(values: Sequence[float]) -> list[int]:
    """As the dashboard does."""
    return [one.at for one in changes(values)]


def asv(values: Sequence[float]) -> list[int]:
    """asv's steps, of which those of 5 % and more count; it is asked about time, since it takes more for worse."""
    from asv import step_detect  # noqa: PLC0415  # pyright: ignore[reportMissingImports]

    steps: Any = step_detect.detect_steps([1e4 / value for value in values])
    return [
        after[0] for before, after in itertools.pairwise(steps) if abs(np.log(after[2] / before[2])) >= np.log1p(LEAST)
    ]


def otava(values: Sequence[float]) -> list[int]:
    """Apache Otava with its own settings (0.001), of which changes of 5 % and more count."""
    from otava.analysis import compute_change_points  # noqa: PLC0415  # pyright: ignore[reportMissingImports]

    found: Any = compute_change_points(list(values))[0]  # with an array it fails above 50 commits
    return [int(one.index) for one in found if one.stats.change_magnitude() >= LEAST]


def share(detector: Detector, curve: Curve, times: int, seed: int = SEED) -> float:
    """Of the curves: a flat one with any change in it is a false alarm; else the first change has to be found."""
    random = np.random.default_rng(seed)
    hits = 0
    for _ in range(times):
        found = detector(drawn(curve, random))
        hits += bool(found) if curve.factor == 1 else any(abs(at - curve.at) <= NEAR for at in found)
    return hits / times


def available() -> dict[str, Detector]:
    """Those that are installed."""
    here: dict[str, Detector] = {"backprove": ours}
    here |= {"asv": asv} if find_spec("asv") else {}
    return here | ({"otava": otava} if find_spec("otava") else {})


def table(times: int = 200) -> str:
    """In Markdown; flat curves twice as many, for false alarms are rare."""
    detectors = available()
    rows = [f"| curve | {' | '.join(detectors)} |", "| --- |" + " ---: |" * len(detectors)]
    for curve in CURVES:
        count = 2 * times if curve.factor == 1 else times
        shares = [f"{100 * share(detector, curve, count):.1f} %" for detector in detectors.values()]
        rows.append(f"| {curve.says} | {' | '.join(shares)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    import sys

    _ = sys.stdout.write(table() + "\n")
