"""What a student reads: one page for each hand-in, that needs no script, no network and nothing beside it.

Everything in a record may be a student's word, so all of it is cut and made printable here and escaped by the template.
Beside what DESIGN.md says of a record, a check may have a `hint` and a `counterexample` (Python to paste), and the
record a `title` of its pack and a `message` about the hand-in as a whole.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import jinja2

from .heatmap import Evidence, Picture, picture
from .untrusted import cut, number

TEMPLATE = "handin.html.jinja"
NAME, LINE, TEXT, CODE, MOST_CHECKS = 120, 400, 4000, 8000, 1000  # characters that are shown of each


@dataclass(frozen=True)
class Status:
    """How a status is said: a word, a sign that needs no colour, a tone of the page's style, and what it means."""

    word: str
    sign: str
    tone: str
    meaning: str = ""


STATUSES = {
    "pass": Status("right", "✓", "good"),
    "fail": Status("wrong", "✗", "bad"),
    "unstable": Status("unstable", "≈", "warn", "Right for ordinary numbers, wrong for extreme ones."),
    "mutation": Status("input changed", "↻", "warn", "The values are right, but an array passed in is changed."),
    "missing": Status("not written", "…", "idle", "Nothing to judge here yet."),
    "error": Status("raised", "!", "bad", "Your code stopped with an exception."),
    "timeout": Status("too slow", "∞", "bad", "No answer within the time: is there a loop that never ends?"),
    "died": Status("died", "†", "bad", "The process that ran your code ended before it answered."),
    "skipped": Status("skipped", "–", "idle", "This cannot be judged before something else works."),
    "infra": Status("not graded", "?", "idle", "The grader failed here, not your code. Ask for it to be graded again."),
}
UNKNOWN = Status("unknown", "?", "idle")
CARDS = ("fail", "error", "timeout", "died", "unstable", "mutation")  # each on its own; the others stand in lists
WAITING = {"missing": "Not written yet", "infra": "Not graded", "skipped": "Waiting for the ones above"}


@dataclass(frozen=True)
class Row:
    """One check in the student's own words, and its points."""

    anchor: str
    id: str
    file: str
    target: str
    points: float
    most: float
    status: Status
    weight: float  # of its part of the bar
    share: int  # of its points that are earned, in percent


@dataclass(frozen=True)
class Card:
    """What is said once about one check, or about several of which the same is true."""

    status: Status
    rows: list[Row]
    claim: str
    details: str
    pattern: str
    hint: str
    counterexample: str
    case: str
    picture: Picture | None

    @property
    def listed(self) -> list[Row]:
        """The rows; of several, those of one function as one."""
        if len(self.rows) == 1:
            return self.rows
        by_function: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            first = by_function.get((row.file, row.target))
            both = replace(row, id=row.target)
            if first is not None:
                both = replace(first, points=first.points + row.points, most=first.most + row.most)
            by_function[row.file, row.target] = both
        return list(by_function.values())


def html(record: Mapping[str, Any], evidence: Mapping[str, Evidence]) -> str:
    """The page. `evidence` is by the checks' ids, for those that have arrays to show."""
    checks: list[Mapping[str, Any]] = list(record.get("checks") or ())
    left_out = len(checks) - MOST_CHECKS
    rows = [_row(place, check) for place, check in enumerate(checks[:MOST_CHECKS])]
    both = list(zip(checks, rows, strict=False))

    def cards(*statuses: str) -> list[Card]:
        return _cards([pair for pair in both if pair[0].get("status") in statuses], evidence)

    known = {*CARDS, *WAITING, "pass"}
    odd = sorted({str(check.get("status")) for check, _ in both} - known)
    return _template().render(
        pack=cut(record.get("title") or record.get("pack"), NAME),
        submission=cut(PurePosixPath(cut(record.get("submission"), TEXT)).name, NAME),
        score=number(record.get("score")),
        most=number(record.get("max_score")),
        message=cut(record.get("message"), TEXT),
        summary=_summary(checks),
        rows=rows,
        wrong=cards(*CARDS, *odd),
        waiting=[(title, cards(status)) for status, title in WAITING.items()],
        right=cards("pass"),
        left_out=f"{left_out} more checks are not shown." if left_out > 0 else "",
        isolation=cut(record.get("isolation"), NAME),
        versions={cut(name, NAME): cut(value, NAME) for name, value in dict(record.get("versions") or {}).items()},
    )


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["points"] = lambda value: f"{round(value, 2):g}"
    return environment.get_template(TEMPLATE)


def _row(place: int, check: Mapping[str, Any]) -> Row:
    return Row(
        anchor=f"check-{place}",
        id=cut(check.get("id"), NAME),
        file=cut(check.get("file"), NAME),
        target=cut(check.get("target") or check.get("id"), NAME),
        points=number(check.get("points")),
        most=number(check.get("max_points")),
        status=STATUSES.get(str(check.get("status")), UNKNOWN),
        weight=max(0.25, number(check.get("max_points"))),
        share=_share(check.get("points"), check.get("max_points")),
    )


def _cards(pairs: Iterable[tuple[Mapping[str, Any], Row]], evidence: Mapping[str, Evidence]) -> list[Card]:
    """Checks of which the same is said stand together: a file that does not load is one mistake and not twenty."""
    together: dict[Any, Card] = {}
    for check, row in pairs:
        card = _card(check, row, evidence.get(str(check.get("id"))))
        alone = card.picture is not None or bool(card.counterexample) or card.status.tone == "good"
        key = row.anchor if alone else (row.status, card.claim, card.details, card.pattern)
        if key in together:
            together[key].rows.append(row)
        else:
            together[key] = card
    return list(together.values())


def _card(check: Mapping[str, Any], row: Row, evidence: Evidence | None) -> Card:
    if check.get("status") in ("pass", "skipped"):  # nothing to be done there
        check, evidence = {**check, "hint": "", "counterexample": "", "case": ""}, None
    pattern, hint = cut(check.get("pattern"), LINE), cut(check.get("hint"), TEXT)
    message = cut(check.get("message"), TEXT).removeprefix(f"{row.id}: ").removeprefix(f"{row.target}: ")
    claim, _, rest = message.strip("\n").partition("\n")
    if len(claim) > LINE:
        claim, rest = claim[:LINE] + "…", f"…{claim[LINE:]}\n{rest}"
    said = {f"pattern: {pattern}", f"hint: {hint}"}  # each has its own place, and so has what can be pasted
    said |= {line.strip() for line in str(check.get("counterexample") or "").splitlines()}
    details = "\n".join(line for line in rest.splitlines() if line.strip() not in said)
    return Card(
        status=row.status,
        rows=[row],
        claim=claim.strip(),
        details=textwrap.dedent(details).rstrip(),
        pattern=pattern,
        hint=hint,
        counterexample=cut(check.get("counterexample"), CODE),
        case=cut(check.get("case"), LINE),
        picture=None if evidence is None else picture(evidence),
    )


def _summary(checks: list[Mapping[str, Any]]) -> str:
    """How many of what, and where to begin."""
    if not checks:
        return "Nothing was checked."
    counts: dict[Status, int] = {}
    for check in checks:
        status = STATUSES.get(str(check.get("status")), UNKNOWN)
        counts[status] = counts.get(status, 0) + 1
    right = counts.pop(STATUSES["pass"], 0)
    if not counts:
        return f"All {len(checks)} checks are right." if len(checks) > 1 else "The one check is right."
    others = ", ".join(f"{count} {status.word}" for status, count in counts.items())
    return f"{right} of {len(checks)} checks are right; {others}."


def _share(points: Any, most: Any) -> int:
    return round(100 * min(1.0, max(0.0, number(points) / (number(most) or 1.0))))
