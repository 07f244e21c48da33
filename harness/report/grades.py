"""What a teacher reads: a row for each check, a paragraph for each that is not right; for a class, a row for each."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

Record = Mapping[str, Any]
COLOURS = {"pass": "green", "unstable": "yellow", "mutation": "yellow", "skipped": "dim", "missing": "dim"}
ROOM = 50  # characters, for what is wrong
IN_FULL = 5  # hand-ins; of more, one row each


def with_progress(items: Sequence[Any], work: Callable[[Any], Any]) -> list[Any]:
    """Do the work one by one, with a bar on stderr where somebody is watching; on Ctrl-C what is done is kept."""
    console = Console(stderr=True)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    done: list[Any] = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(items))
        try:
            for item in items:
                bar.update(task, description=escape(Path(item).name))
                done.append(work(item))
                bar.advance(task)
        except KeyboardInterrupt:
            rest = f"{items[len(done)]} and what follows are not"
            console.print(f"Interrupted: {len(done)} of {len(items)} done, {rest}.", highlight=False, markup=False)
    return done


def show(records: Sequence[Record]) -> None:
    """A few in full, many in a table."""
    console = _console()
    for record in records if len(records) <= IN_FULL else ():
        _one(console, record)
    if len(records) > 1:
        console.print(table(records))
        middle = statistics.median(record["score"] for record in records)
        console.print(f"\n{len(records)} hand-ins, median {points(middle)}")


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)


def _one(console: Console, record: Record) -> None:
    """The score, the table, and then each message once, above the checks of which it is true."""
    console.print(f"[bold]{escape(record['title'])}[/]  {escape(record['submission'])}", soft_wrap=True)
    console.print()
    if record["message"]:  # it stands for all checks
        console.print(f"[red]{escape(record['message'])}[/]", soft_wrap=True)
    else:
        console.print(rows(record["checks"], console.width))
    told: dict[str, list[Record]] = {}
    for check in record["checks"]:
        empty = check["status"] == "missing" and "\n  at " not in check["message"]  # the table says it
        if check["status"] not in ("pass", "skipped") and check["message"] and not empty and not record["message"]:
            told.setdefault(check["message"], []).append(check)
    shown: dict[str, str] = {}  # the first check that each inputs were printed for
    for message, checks in told.items():
        console.print()
        for check in checks:
            place = f"{check['target']}, {check['file']}"
            console.print(f"[bold]{escape(check['id'])}[/]  {escape(place)}", soft_wrap=True)
        inputs, first = checks[0]["counterexample"], checks[0]["id"]
        if inputs and shown.setdefault(inputs, first) != first:
            message = message.replace(_indented(inputs), f"  inputs: those of {shown[inputs]}")  # noqa: PLW2901
        console.print(escape(message), soft_wrap=True, style=None)
    console.print()
    colour = "green" if record["score"] >= record["max_score"] else "red"
    score = f"[{colour}]{points(record['score'])} of {points(record['max_score'])} points[/]"
    console.print(f"{score}  (isolation {record['isolation']})\n")


def _indented(inputs: str) -> str:
    """As they stand in a message."""
    return "\n".join(f"  {line}" for line in inputs.splitlines())


def rows(checks: Sequence[Record], width: int) -> Table:
    """One row for each check. Where there is little room, what it is called by the student stands with its message."""
    widest = {key: max(6, *(len(check[key]) for check in checks)) for key in ("id", "target", "status")}
    earned = [f"{points(check['points'])} / {points(check['max_points'])}" for check in checks]
    room = width - widest["id"] - widest["status"] - max(map(len, earned)) - 8
    wrong = any(check["message"] for check in checks)
    wide = not wrong or room - widest["target"] >= ROOM
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column("check", no_wrap=True)
    if wide:
        grid.add_column("target", no_wrap=True)
    grid.add_column("status", no_wrap=True)
    grid.add_column("points", justify="right", no_wrap=True)
    if wrong:
        grid.add_column("what is wrong", no_wrap=True, max_width=max(20, room - (widest["target"] if wide else 0)))
    for check, own in zip(checks, earned, strict=True):
        colour = COLOURS.get(check["status"], "red")
        cells = [
            escape(check["id"]),
            *([escape(check["target"])] if wide else []),
            f"[{colour}]{check['status']}[/]",
            own,
            *([escape(check["message"].partition("\n")[0])] if wrong else []),
        ]
        grid.add_row(*cells)
    return grid


def table(records: Sequence[Record]) -> Table:
    """One row for each hand-in."""
    grid = Table(box=None, header_style="bold", pad_edge=False)
    grid.add_column("hand-in", overflow="fold")
    grid.add_column("score", justify="right", no_wrap=True)
    grid.add_column("not right", overflow="fold")
    for record in records:
        wrong = [f"{check['id']} {check['status']}" for check in record["checks"] if check["status"] != "pass"]
        said = record["message"] or ", ".join(wrong[:6]) + (f", … {len(wrong) - 6} more" if len(wrong) > 6 else "")
        colour = "green" if record["score"] >= record["max_score"] else "red"
        score = f"[{colour}]{points(record['score'])} / {points(record['max_score'])}[/]"
        grid.add_row(escape(record["submission"]), score, escape(said))
    return grid


def packs(rows: Sequence[tuple[str, str, int, float, bool]]) -> Table:
    """Name, title, number of checks, points, torch."""
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("pack", "title", "checks", "points", ""):
        grid.add_column(heading, justify="right" if heading in ("checks", "points") else "left")
    for name, title, checks, most, torch in rows:
        grid.add_row(escape(name), escape(title), str(checks), points(most), "torch" if torch else "")
    return grid


def differences(rows: Sequence[tuple[str, str, str, str]]) -> Table:
    """Example, what of it, what it should be, what it is."""
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("example", "what", "should be", "is"):
        grid.add_column(heading, overflow="fold")
    for row in rows:
        grid.add_row(*map(escape, row))
    return grid


def findings(rows: Sequence[tuple[str, bool | None, str, str]]) -> Table:
    """What was looked at, how it is, and below it what to do."""
    grid = Table(box=None, show_header=False, pad_edge=False)
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for what, good, how, advice in rows:
        sign = {True: "[green]✓[/]", False: "[red]✗[/]", None: " "}[good]
        grid.add_row(what, sign, escape(how) + (f"\n[dim]→[/] {escape(advice)}" if advice else ""))
    return grid


def write(table: Table) -> None:
    """To the terminal."""
    _console().print(table)


def points(value: float) -> str:
    """Without needless zeros."""
    return f"{round(value, 2):g}"
