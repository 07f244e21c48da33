"""What a person reads: the table of throughputs, and what is to be known of it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .meter import Result

HEADINGS = ("ms/step", "quartiles", "per second", "peak MB", "limit ms", "reached")


def show(results: Sequence[Result], failed: Sequence[tuple[str, str]]) -> None:
    """The table, the failures, the limits and the doubts."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    if results:
        console.print(table(results))
    for line in notes(results):
        console.print(escape(line), soft_wrap=True)
    for name, message in failed:
        console.print(f"[red]{escape(name)}[/]: {escape(message)}", soft_wrap=True)


def table(results: Sequence[Result]) -> Table:
    """One row for each workload and backend."""
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column("workload")
    grid.add_column("backend")
    for heading in HEADINGS:
        grid.add_column(heading, justify="right")
    before = ""
    for one in results:
        time = one.timing
        grid.add_row(
            one.workload.name if one.workload.name != before else "",
            one.backend.name + (" *" if time.contended else ""),
            f"{time.ms:.4g}",
            f"{time.q1:.4g} – {time.q3:.4g}",
            f"{one.throughput:,.0f} {one.workload.unit}",
            "" if one.peak_mb is None else f"{one.peak_mb:,.0f}",
            f"{one.floor:.3g}",
            f"{one.reached:.0%}",
        )
        before = one.workload.name
    return grid


def notes(results: Sequence[Result]) -> list[str]:
    """The limits that were measured, and whether the machine was busy."""
    limits = {(one.backend.device, one.backend.precision): one.limit for one in results}
    said = [
        f"limit of {device} in {precision}: products {limit.rate / 1e9:,.0f} GFLOP/s, copies "
        f"{limit.bandwidth / 1e9:,.0f} GB/s"
        for (device, precision), limit in limits.items()
    ]
    if any(one.timing.contended for one in results):
        said.append("* other processes were busy all the time: the machine can do better than this")
    slowest = max((max(one.reference) / min(one.reference) for one in results), default=1.0)
    if slowest > 1.2:
        said.append(f"a fixed product beside each workload took up to {slowest:.2f} times its time: no calm machine")
    return said
