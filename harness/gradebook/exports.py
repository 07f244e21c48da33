"""A gradebook in the forms that others read. All are views of the records: the same records give the same bytes."""

from __future__ import annotations

import csv
import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..report import graders, machine
from .cells import table
from .view import Row

COMMENT = 2000  # letters for Moodle's feedback
CANVAS, MOODLE = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section"), ("Identifier", "Full name")
# where a site's own table has who it is of; the first of them that is there and known is believed
CANVAS_KEYS, MOODLE_KEYS = (
    ("ID", "SIS User ID", "SIS Login ID", "Student"),
    ("Identifier", "Email address", "Full name"),
)


class BadTable(Exception):
    """A site's own table cannot be filled; the message says in one line why."""


def as_csv(rows: Sequence[Row]) -> str:
    """One row for each student, one column for each check."""
    ids = list(dict.fromkeys(check["id"] for row in rows if row.record for check in row.record["checks"]))
    head = ["student", "name", "attempt", "attempts", "state", "score", "max_score", *ids]
    body = [head]
    for row in rows:
        points = {check["id"]: check["points"] for check in row.record["checks"]} if row.record else {}
        most = row.record["max_score"] if row.record else None
        number = row.attempt.number if row.attempt else None
        first = [row.student, row.name, number, row.attempts, state(row), row.score if row.record else None, most]
        body.append([*first, *(points.get(id) for id in ids)])
    return table(body)


def state(row: Row) -> str:
    """In one word."""
    if row.record is None:
        return "waiting" if row.attempt else "missing"
    return "infra" if row.infra else "empty" if row.attempt and row.attempt.empty else "graded"


def as_junit(rows: Sequence[Row]) -> str:
    """One suite for each student."""
    return graders.junit(row.record for row in rows if row.record)


def as_canvas(rows: Sequence[Row], site: Path | None, column: str) -> str:
    """Canvas's table with one column filled: its own export, or a plain one where none is given. Raises BadTable."""
    if site is None:
        most = max((row.record["max_score"] for row in rows if row.record), default=0.0)
        body = [[row.name or row.student, row.student, None, None, None, row.score] for row in rows if _counts(row)]
        return table([[*CANVAS, column], ["Points Possible", None, None, None, None, most], *body])
    return _filled(site, CANVAS_KEYS, rows, {column: lambda row: row.score})


def as_moodle(rows: Sequence[Row], site: Path | None) -> str:
    """Moodle's grading worksheet with grades and comments filled. Raises BadTable."""
    filled: dict[str, Callable[[Row], object]] = {"Grade": lambda row: row.score, "Feedback comments": comment}
    if site is None:
        most = max((row.record["max_score"] for row in rows if row.record), default=0.0)
        body = [[f"Participant {row.student}", row.name, row.score, most, comment(row)] for row in rows if _counts(row)]
        return table([[*MOODLE, "Grade", "Maximum grade", "Feedback comments"], *body])
    return _filled(site, MOODLE_KEYS, rows, filled)


def _counts(row: Row) -> bool:
    """What the grader failed at, and what waits, gets no grade: a 0 would be one."""
    return row.record is not None and not row.infra


def _filled(site: Path, keys: Sequence[str], rows: Sequence[Row], filled: Mapping[str, Callable[[Row], object]]) -> str:
    by_key = {key.casefold(): row for row in rows if _counts(row) for key in (row.name, row.email, row.student) if key}
    try:
        with site.open(encoding="utf-8-sig", newline="") as file:
            given = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadTable(f"{site} is no CSV in UTF-8, but should be: {error}") from error
    head = given[0] if given else []
    first = next(iter(filled))
    body: list[list[object]] = [list(line) for line in given]
    if first not in head:
        raise BadTable(f"{site} has no column {first!r}, but should; it has {', '.join(head)[:300] or 'none'}")
    known = [head.index(key) for key in keys if key in head]
    if not known:
        raise BadTable(f"{site} has no column of who it is, but should have one of {', '.join(keys)}")
    for line in body[1:]:
        cells = [str(line[at]).strip().removeprefix("Participant ").casefold() for at in known if at < len(line)]
        row = next((by_key[cell] for cell in cells if cell in by_key), None)
        if row is not None:
            line.extend([""] * (len(head) - len(line)))
            for name, value in filled.items():
                if name in head:
                    line[head.index(name)] = value(row)
    return table(body)


def comment(row: Row) -> str:
    """For a site that shows it as HTML: nothing in it is."""
    text = html.escape(message(row))
    return (text if len(text) <= COMMENT else text[:COMMENT].rsplit("&", 1)[0] + "…").replace("\n", "<br>")


def message(row: Row) -> str:
    """What there is to tell a student, in text: the points, and of each check that is not right why."""
    if row.record is None:
        return "Nothing was handed in." if row.attempt is None else "Not graded yet."
    record = row.record
    lines = [f"{record['title']}: {record['score']:g} of {record['max_score']:g} points"]
    if record["message"]:
        return "\n".join([*lines, "", record["message"]])
    told: dict[str, list[str]] = {}
    for check in record["checks"]:
        if check["status"] not in ("pass", "skipped"):
            told.setdefault(check["message"] or check["status"], []).append(f"{check['id']} ({check['target']})")
    for said, checks in told.items():
        lines += ["", ", ".join(checks), machine.printable(said)]
    return "\n".join(lines)


def each(rows: Sequence[Row], folder: Path, suffix: str, text: Callable[[Mapping[str, Any]], str]) -> None:
    """A file for each student that has a record. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        if row.record:
            machine.write(folder / f"{file_name(row.student)}{suffix}", text(row.record))


def file_name(student: str) -> str:
    """A name that any disk can have, and no two students share."""
    plain = re.sub(r"[^\w.@-]", "_", student)[:80].lstrip(".")
    if plain == student and plain == plain.lower():
        return plain
    return f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:8]}"
