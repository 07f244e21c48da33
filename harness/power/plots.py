"""The plots of the page, as SVG: caught by checker, the smallest error seen against size, cost against size."""

from __future__ import annotations

import io
import math
import statistics
from collections import defaultdict
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from .measure import SHARES, shares

STYLE: Any = {"font.size": 9, "svg.hashsalt": "backprove", "svg.fonttype": "none", "axes.spines.top": False}
STYLE |= {"axes.spines.right": False, "figure.constrained_layout.use": True}
COLOURS = {"generic": "#c3cfe2", "hand-written": "#6f8fbf", "edge": "#274b7a"}
LABELS = {"generic": "generic", "hand-written": "realistic", "edge": "wrong in a corner only"}


def all_of(found: dict[str, Any]) -> dict[str, str]:
    """Each plot by its name."""
    with mpl.rc_context(STYLE):
        drawn = {"caught": caught(found), "smallest": smallest(found), "cost": cost(found)}
        return {name: _svg(figure) for name, figure in drawn.items()}


def caught(found: dict[str, Any]) -> Figure:
    """Kill rate by checker; peers at one case, and at ours."""
    by = shares(found["kills"])
    names = list(dict.fromkeys((checker, shapes) for checker, shapes, _ in by))[::-1]
    figure = Figure(figsize=(7, 0.42 * len(names) + 1))
    axes = figure.subplots()
    for number, group in enumerate(reversed(SHARES)):
        rates = [100 * by[(*name, group)].rate if (*name, group) in by else 0.0 for name in names]
        places = [row + 0.27 * (number - 1) for row in range(len(names))]
        _ = axes.barh(places, rates, 0.25, color=COLOURS[group], label=LABELS[group])
    _ = axes.set_yticks(range(len(names)), [f"{c}, {'our cases' if s == 'drawn' else 'one case'}" for c, s in names])
    _ = axes.set_xlabel("wrong backwards caught, %")
    _ = axes.set_xlim(0, 100)
    _ = figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def smallest(found: dict[str, Any]) -> Figure:
    """The median over the functions of the smallest relative error of one entry that is seen."""
    gathered: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in found["smallest"]:
        gathered[record["checker"]][record["size"]].append(record["error"])
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    for checker, by_size in gathered.items():
        points = [(size, min(statistics.median(errors), 1.0)) for size, errors in sorted(by_size.items())]
        ours = checker.startswith("backprove")
        _ = axes.plot(*zip(*points, strict=True), marker="o", ms=4, lw=2.2 if ours else 1.2, label=checker)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _ = axes.set_xlabel("entries that are differentiated")
    _ = axes.set_ylabel("smallest error of one entry that is seen\n(relative; 1 is: not even a wrong digit)")
    _ = figure.legend(loc="outside right upper", frameon=False)
    return figure


def cost(found: dict[str, Any]) -> Figure:
    """Milliseconds for one case, function by function."""
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    for side, colour in (("backprove", "#274b7a"), ("gradcheck fast", "#d08c3f"), ("gradcheck slow", "#a33b3b")):
        points = [(one["size"], one[side]) for one in found["cost"] if side in one and math.isfinite(one[side])]
        if points:
            _ = axes.scatter(*zip(*points, strict=True), s=9, alpha=0.6, color=colour, label=side, linewidths=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _ = axes.set_xlabel("entries that are differentiated")
    _ = axes.set_ylabel("ms of processor time for one case")
    _ = figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
