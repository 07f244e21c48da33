"""A gradebook as people read it: a row for each student, and what the class as a whole did."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .store import Attempt, Grading, Store

Which = Literal["latest", "best"]
STEPS = 10  # of the distribution


@dataclass(frozen=True)
class Row:
    """One student: the attempt that counts, of how many, and its record; none of what is not graded, or not there."""

    student: str
    name: str
    email: str
    attempt: Attempt | None
    attempts: int
    record: Mapping[str, Any] | None
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """0 for who handed in nothing."""
        return self.record["score"] if self.record else 0.0

    @property
    def infra(self) -> bool:
        """Whether the grader failed at some check of it."""
        return bool(self.record) and any(check["status"] == "infra" for check in self.record["checks"])


@dataclass
class CheckRow:
    """One check over the class: how often it ended how, in what kind of mistake."""

    id: str
    max_points: float
    statuses: Counter[str] = field(default_factory=Counter)
    patterns: Counter[str] = field(default_factory=Counter)

    @property
    def wrong(self) -> int:
        """How often it was not right, of what was judged."""
        return self.statuses.total() - self.statuses["pass"] - self.statuses["infra"]


@dataclass(frozen=True)
class Same:
    """Students whose hand-ins are alike: by content, or by syntax tree."""

    by: str
    students: list[str]


@dataclass
class Class:
    """What the class did, by the attempts that count."""

    title: str
    max_score: float
    rows: list[Row]
    checks: list[CheckRow]
    same: list[Same]
    waiting: int  # hand-ins without a record

    @property
    def graded(self) -> list[Row]:
        """Those with a record."""
        return [row for row in self.rows if row.record]

    @property
    def bins(self) -> list[int]:
        """How many scores are in each tenth of the points, the last one with full marks."""
        counts = [0] * STEPS
        for row in self.graded:
            counts[min(STEPS - 1, int(STEPS * row.score / (self.max_score or 1)))] += 1
        return counts

    @property
    def patterns(self) -> list[tuple[str, int]]:
        """The commonest diagnoses, by how many students had each."""
        found: Counter[str] = Counter()
        for row in self.graded:
            patterns = {kind(check["pattern"]) for check in row.record["checks"]} if row.record else set()
            found.update(patterns - {""})
        return sorted(found.items(), key=lambda one: (-one[1], one[0]))


def kind(pattern: str) -> str:
    """A diagnosis without its numbers, so that the same mistake counts as the same."""
    return re.sub(r"\[[^]]*]", "[…]", re.sub(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", "…", pattern.partition("\n")[0]))


def rows(store: Store, grading: Grading, which: Which = "latest") -> list[Row]:
    """One for each student, in the order of their ids."""
    facts, own = store.facts(grading), defaultdict[str, list[Attempt]](list)
    for attempt in store.attempts():
        own[attempt.student].append(attempt)
    found = []
    for student, (name, email) in store.students().items():
        attempts = own[student]
        pairs = [(one, store.record(grading, one.hash)) for one in (attempts if which == "best" else attempts[-1:])]
        attempt, record = max(pairs, key=_worth) if pairs else (None, None)
        seconds = facts[attempt.hash][0] if attempt and record else 0.0
        found.append(Row(student, name, email, attempt, len(attempts), labelled(record, student), seconds))
    return found


def _worth(pair: tuple[Attempt, Mapping[str, Any] | None]) -> tuple[float, int]:
    """The best score; of equals the newest."""
    return (pair[1]["score"] if pair[1] else -1.0), pair[0].number


def labelled(record: Mapping[str, Any] | None, student: str) -> Mapping[str, Any] | None:
    """A record knows the content alone; two students may have handed in the same."""
    return {**record, "submission": student} if record else None


def whole(store: Store, grading: Grading, which: Which = "latest") -> Class:
    """All of it."""
    found = rows(store, grading, which)
    records = [row.record for row in found if row.record]
    checks: dict[str, CheckRow] = {}
    for record in records:
        for check in record["checks"]:
            row = checks.setdefault(check["id"], CheckRow(check["id"], check["max_points"]))
            row.statuses[check["status"]] += 1
            if check["pattern"]:
                row.patterns[kind(check["pattern"])] += 1
    return Class(
        title=grading.title,
        max_score=max((record["max_score"] for record in records), default=0.0),
        rows=found,
        checks=list(checks.values()),
        same=similar(store, grading, [row.attempt for row in found if row.attempt]),
        waiting=len(store.to_do(grading)),
    )


def similar(store: Store, grading: Grading, attempts: Sequence[Attempt]) -> list[Same]:
    """Groups of students with the same content, and groups with the same tree that are more than one of those."""
    facts, found = store.facts(grading), list[Same]()
    prints = {one.student: facts[one.hash][2:] for one in attempts if one.hash in facts}
    contents = _groups((content, student) for student, (content, _) in prints.items())
    for by, groups in (
        ("content", contents),
        ("syntax tree", _groups((tree, student) for student, (_, tree) in prints.items())),
    ):
        known = [one.students for one in found]
        found += [Same(by, group) for group in groups if group not in known]
    return found


def _groups(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Who shares a print, of two or more, the smallest first: what many have in common says the least."""
    by: dict[str, list[str]] = defaultdict(list)
    for key, student in pairs:
        if key:
            by[key].append(student)
    return sorted((sorted(group) for group in by.values() if len(group) > 1), key=lambda one: (len(one), one))
