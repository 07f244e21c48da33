"""What a person reads: a table, then a paragraph for each mistake, and a progress bar while there is work."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ..search import Check
from ..verdict import Kind

COLOURS = {Kind.AGREE: "green", Kind.KINK: "green", Kind.INCONCLUSIVE: "yellow"}


def with_progress(names: Sequence[str], work: Callable[[str], Check]) -> list[Check]:
    """Do the work name by name, with a bar on stderr where somebody is watching.

    On Ctrl-C what is done is handed back, and said to be incomplete.
    """
    console = Console(stderr=True)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    done: list[Check] = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(names))
        try:
            for name in names:
                bar.update(task, description=name)
                done.append(_survived(name, work))
                bar.advance(task)
        except KeyboardInterrupt:
            console.print(
                f"Interrupted: {len(done)} of {len(names)} done, {names[len(done)]} and what follows are missing."
            )
    return done


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for work in several parts: what is done now, how much of it, of how much."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("")
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)


def _survived(name: str, work: Callable[[str], Check]) -> Check:
    """A fault of backprove's own costs one result and not all the others."""
    try:
        return work(name)
    except Exception as error:  # noqa: BLE001
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename}:{last.lineno}: {last.line}"
        message = f"{name}: backprove itself failed here, please report it: {type(error).__name__}: {error}\n  {where}"
        return Check(name.rpartition(":")[2], verdict=Kind.ERROR, message=message)


def show(checks: Sequence[Check], replay: str = "") -> None:
    """The table, the mistakes, and one line that sums up."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)
    console.print(table(checks))
    for check in checks:
        if check.message:
            console.print()
            console.print(escape(check.message), soft_wrap=True, style=None)
        if check.case:
            console.print(escape(f"  replay: backprove replay '{check.case}'{replay}"), soft_wrap=True)
    console.print()
    console.print(summary(checks))


def table(checks: Sequence[Check]) -> Table:
    """One row for each function."""
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column("function")
    grid.add_column("verdict")
    for heading in ("cases", "kink", "unsure"):
        grid.add_column(heading, justify="right")
    grid.add_column("sharpest source")
    grid.add_column("worst error\n/ bound", justify="right")
    grid.add_column("seconds", justify="right")
    for check in checks:
        colour = COLOURS.get(check.verdict, "red")
        grid.add_row(
            escape(check.name),
            f"[{colour}]{check.verdict}[/]" + (f" {escape(check.argument)}" if check.argument else ""),
            str(check.cases),
            str(check.kinks or "·"),
            str(check.inconclusive or "·"),
            check.source_used,
            f"{check.error:.1g}" if check.verdict.passed else "",
            f"{check.seconds:.2f}",
        )
    return grid


def summary(checks: Sequence[Check]) -> str:
    """All in one line."""
    passed, cases = sum(check.passed for check in checks), sum(check.cases for check in checks)
    seconds = sum(check.seconds for check in checks)
    wrong = f"[red]{len(checks) - passed} wrong[/], " if passed < len(checks) else ""
    return f"{wrong}[green]{passed} of {len(checks)} right[/] in {cases} cases, {seconds:.0f} s"
