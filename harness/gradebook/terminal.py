"""A class in the terminal: scores, checks, diagnoses, what is alike, what is left."""

from __future__ import annotations

from statistics import mean, median

import click
from rich.markup import escape
from rich.table import Table

from ..report import grades
from .page import tones
from .store import Store
from .view import Class

WIDTH, MOST = 40, 10


def show(found: Class, store: Store) -> None:
    """To stdout."""
    scores = [row.score for row in found.graded]
    attempts = sum(row.attempts for row in found.rows)
    click.echo(f"{found.title}: {len(found.rows)} students, {attempts} hand-ins, {len(scores)} students graded")
    if scores:
        click.echo(f"median {median(scores):g}, mean {mean(scores):.3g} of {found.max_score:g}\n")
        high = max(found.bins) or 1
        for at, count in enumerate(found.bins):
            start = f"{found.max_score * at / len(found.bins):.3g}"
            click.echo(f"{start:>6}  {'█' * round(WIDTH * count / high)} {count or ''}".rstrip())
        click.echo()
        grades.write(_checks(found))
    for title, rows in (
        ("Diagnoses", [f"{count:>5}  {pattern}" for pattern, count in found.patterns]),
        ("Alike, for whatever reason", [f"the same {one.by}: {_some(one.students)}" for one in found.same]),
        ("The grader failed at", [row.student for row in found.graded if row.infra]),
        ("Handed in nothing", [row.student for row in found.rows if row.attempt is None]),
        ("On no roster", store.unlisted()),
        ("Left out", [f"{place}: {why}" for place, why in store.problems()]),
    ):
        if rows:
            more = [f"… {len(rows) - MOST} more"] if len(rows) > MOST else []
            click.echo("\n".join(["", f"{title}:", *(f"  {row}" for row in [*rows[:MOST], *more])]))
    if found.waiting:
        click.echo(f"\n{found.waiting} hand-ins are not graded yet: backprove gradebook regrade {store.path.parent}")


def _some(students: list[str]) -> str:
    """The first few of them."""
    return ", ".join(students[:MOST]) + (f", … {len(students) - MOST} more" if len(students) > MOST else "")


def _checks(found: Class) -> Table:
    """The one that fails most first."""
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("check", "not right", "how it ended"):
        grid.add_column(heading, justify="right" if heading == "not right" else "left", overflow="fold")
    for check in sorted(found.checks, key=lambda check: -check.wrong):
        ended = ", ".join(f"{status.word} {count}" for status, count, _ in tones(check.statuses))
        grid.add_row(escape(check.id), f"{check.wrong} of {check.statuses.total()}", ended)
    return grid
