"""What is different between two gradings of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .view import Row


@dataclass(frozen=True)
class Change:
    """One student's points before and after, and the checks that ended in another way."""

    student: str
    before: float | None
    after: float | None
    checks: list[str]

    @property
    def line(self) -> str:
        """As in "ada: 5 → 6  (affine.backward.w fail → pass)"."""
        said = f"  ({', '.join(self.checks[:6])}{', …' if len(self.checks) > 6 else ''})" if self.checks else ""
        return f"{self.student}: {_points(self.before)} → {_points(self.after)}{said}"

    @property
    def cells(self) -> list[object]:
        """For a table."""
        return [self.student, self.before, self.after, ", ".join(self.checks)]


def between(before: Sequence[Row], after: Sequence[Row]) -> list[Change]:
    """Of everybody whose points or checks are not the same, in the order of their ids."""
    one, two = ({row.student: row for row in rows} for rows in (before, after))
    found = []
    for student in sorted({*one, *two}):
        (first, was), (second, now) = _known(one.get(student)), _known(two.get(student))
        ids = sorted(id for id in {*was, *now} if was.get(id) != now.get(id))
        checks = [f"{id} {was.get(id, 'none')} → {now.get(id, 'none')}" for id in ids]
        if first != second or checks:
            found.append(Change(student, first, second, checks))
    return found


def _known(row: Row | None) -> tuple[float | None, dict[str, str]]:
    if row is None or row.record is None:
        return None, {}
    return row.score, {check["id"]: check["status"] for check in row.record["checks"]}


def _points(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
