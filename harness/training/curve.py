"""Loss against time: each backend trains from the same start on the same batches, and the clock runs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import step
from .backend import Backend
from .workload import SEED, Batch, Workload

SECONDS = 5.0  # of training, for each backend
BATCHES = 16  # drawn before the clock starts, then used in turn
POINTS = 60
COLOURS = {"numpy": "#d08c3f", "torch-cpu": "#274b7a", "eager": "#3f8f4f", "compile": "#a33b3b", "graph": "#6a4c93"}
LINES = {"float32": "-", "tf32": "--", "bfloat16": ":"}


@dataclass(frozen=True)
class Curve:
    """(seconds, loss) of some steps."""

    workload: str
    backend: Backend
    points: list[tuple[float, float]]

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {"workload": self.workload, "backend": self.backend.name, "points": self.points}


def trained(workload: Workload, backend: Backend, seconds: float) -> Curve:
    """Train for so long. The loss is read at times that grow by a factor, since to read it is to wait for it.

    That the step is right has been checked before, by the meter.
    """
    rng = np.random.default_rng(SEED + 1)
    batches = [workload.batch(rng) for _ in range(BATCHES)]
    with backend.products():
        one = step.make(workload, backend)
        one()  # whatever is set up at the first step
        one.wait()
        one.reset()
        return Curve(workload.name, backend, list(_points(one, batches, seconds)))


def _points(one: step.Step, batches: list[Batch], seconds: float) -> Iterator[tuple[float, float]]:
    """A step or more for each point, on the batches in turn."""
    done, start = 0, time.perf_counter()
    due = first = seconds * 1e-3
    while (now := time.perf_counter() - start) < seconds or not done:
        one.feed(batches[done % len(batches)])
        one()
        done += 1
        if now >= due or done == 1:
            loss = one.loss()
            yield time.perf_counter() - start, loss
            due = max(now, first) * (seconds / first) ** (1 / POINTS)


def draw(curves: list[Curve], path: Path) -> None:
    """One panel for each workload. Raises OSError."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    names = list(dict.fromkeys(curve.workload for curve in curves))
    columns = min(2, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(6 * columns, 3.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for name, axes in zip(names, panels, strict=False):
        for curve in (one for one in curves if one.workload == name):
            where = curve.backend
            style: dict[str, Any] = {"lw": 1.5, "label": where.name, "linestyle": LINES[where.precision]}
            style["color"] = COLOURS.get(where.name, COLOURS[where.variant])
            _ = axes.plot(*zip(*curve.points, strict=True), **style)
        axes.set(title=name, xscale="log", xlabel="seconds of training", ylabel="loss of the batch")
        _ = axes.legend(frameon=False)
    for axes in list(panels)[len(names) :]:
        axes.remove()
    figure.savefig(path, dpi=150)
