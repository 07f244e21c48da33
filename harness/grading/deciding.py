"""All cases, one check: its status, and the smallest case that shows it. Each check gets its own, whatever the others.

Checks with one spec and one call share their cases; what was not asked for by the task alone never costs a point
without saying so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..inputs import Case
from .asking import Asker, place_of
from .judge import Judge, Said
from .known import Known
from .pack import Check
from .runner import Runner

ENOUGH = 6  # ordinary cases that fail: more say nothing new
HOPELESS = 3  # cases that raise, where none is right
LOOKS, EACH_LOOKS = 450, 150  # cases that are looked at for smaller examples: for a hand-in, for one check
SECONDS = 2.0  # for that, where a call is slow


@dataclass
class Finding:
    """What became of a check: its status, and the cases that tell, the smallest first."""

    status: str
    shown: Said | None = None
    others: list[Said] = field(default_factory=list)
    message: str = ""


class Budget:
    """How many cases may be looked at for smaller examples, shared by all checks of a hand-in.

    Cases are counted, and not seconds, so that the same hand-in gets the same record on a busy machine.
    """

    def __init__(self, cases: int = LOOKS, seconds: float = SECONDS) -> None:
        self.cases, self.seconds = cases, seconds

    def share(self) -> int:
        """For one check: a part of what is left, so that the last has some too."""
        return min(EACH_LOOKS, self.cases // 3)


class Group:
    """All checks with one spec, one call and one set of options."""

    def __init__(self, checks: Sequence[Check], runner: Runner, known: Known, budget: Budget) -> None:
        self.checks, self.spec, self.known, self.budget = checks, checks[0].spec, known, budget
        self.backward = any(place_of(check) is None for check in checks)
        self.asker = Asker(checks[0], runner, known, self.backward)
        self.judge = Judge(self.asker)
        self.said: dict[str, list[Said]] = {check.id: [] for check in checks}
        self.small: list[Case] = []  # where another check was shrunk to

    def findings(self) -> dict[str, Finding]:
        """One for each check. Raises Broken."""
        cases = self.known.cases(self.spec)
        self.judge.misled = self.backward and self._misled(cases)
        for case in cases:
            left = [check for check in self.checks if not self.settled(check)]
            if not left:
                break
            for check in left:
                said = self.judge.at(check, case)
                if said is not None:
                    self.said[check.id].append(said)
        return {check.id: self.decided(check) for check in self.checks}

    def _misled(self, cases: Sequence[Case]) -> bool:
        """Whether the forward is another function at any ordinary case."""
        silent = 0
        for case in cases:
            differs = self.judge.differs(case)
            silent += differs is None
            if differs or silent >= HOPELESS:
                return bool(differs)
        return False

    def settled(self, check: Check) -> bool:
        """Whether more cases would say nothing new."""
        said = self.said[check.id]
        ordinary = [one for one in said if not one.extreme]
        if any(one.kind == "gone" for one in said) or sum(one.bad for one in ordinary) >= ENOUGH:
            return True
        return len(ordinary) >= HOPELESS and all(one.kind in ("error", "absent") for one in ordinary)

    def decided(self, check: Check) -> Finding:
        """The status, and the smallest case that shows it."""
        said = self.said[check.id]
        bad = [one for one in said if one.bad]
        right = [one for one in said if one.kind == "right"]
        if gone := [one for one in bad if one.kind == "gone"]:
            return Finding(gone[0].status, gone[0], message=gone[0].message)
        if not bad:
            return self.right(said, right)
        ordinary = [one for one in bad if not one.extreme] or self.tamed(check, bad)
        telling = [one for one in ordinary if one.kind == "wrong"] or ordinary or bad
        status = {"wrong": "fail", "error": "error", "absent": "missing"}[telling[0].kind]
        if not ordinary:
            status = "unstable"
        always = status in ("error", "missing") and not right  # whatever the inputs are, it raises
        shown = min(telling, key=_size) if always else self.shrunk(check, telling, status == "unstable")
        alike = [one for one in telling if one.kind == shown.kind and one.case.id != shown.case.id]
        return Finding(status, shown, alike)

    def right(self, said: list[Said], right: list[Said]) -> Finding:
        """Nothing is wrong; but was anything shown to be right?"""
        if 2 * len(right) < max(len(said), 1):
            reason = f"{len(said) - len(right)} of {len(said)} cases could not be decided" if said else "no case has it"
            if why := next((one.message for one in said if one.message), ""):
                reason += f": {why.partition(chr(10))[0]}"
            if self.judge.misled:
                return Finding("skipped", message=f"not judged: the forward is wrong, and {reason}")
            return Finding("infra", message=reason)
        changed = [one for one in right if one.mutated]
        follows = [one for one in right if one.follows]
        empty = [one for one in follows if one.empty and one.want is not None and one.want.any()]
        if empty and all(one.empty for one in right):  # the derivative of a constant: right, and no achievement
            return Finding("fail", replace(min(empty, key=_size), kind="wrong"))
        return Finding("mutation" if changed else "pass", min(changed or follows or right, key=_size))

    def tamed(self, check: Check, bad: list[Said]) -> list[Said]:
        """Failures at extreme values that stay when the same sizes and options have ordinary values."""
        found = []
        for one in bad[:ENOUGH]:
            for profile in ("ordinary", "plain"):
                said = self.judge.at(check, replace(one.case, profile=profile))
                if said is not None and said.bad:
                    found.append(said)
        return found

    def shrunk(self, check: Check, failures: list[Said], extreme: bool) -> Said:
        """The smallest case that Hypothesis finds in its time to fail in the same way."""
        from hypothesis import Phase  # noqa: PLC0415 - see spec.py
        from hypothesis.errors import Flaky  # noqa: PLC0415

        from ..draw import draw  # noqa: PLC0415

        kind, best = failures[0].kind, min(failures, key=_size)

        def fails(case: Case) -> Said | None:
            said = self.judge.at(check, case)
            return said if said and said.kind == kind and (extreme or not said.extreme) else None

        for case in self.small:
            if (said := fails(case)) is not None:
                return min(said, best, key=_size)
        start, left = time.monotonic(), self.budget.share()

        def look(case: Case) -> None:
            nonlocal best, left
            late = time.monotonic() - start > self.budget.seconds
            if left <= 0 or late or self.asker.gone or self.asker.forward_gone:
                raise _Enough
            left, self.budget.cases = left - 1, self.budget.cases - 1
            if (said := fails(case)) is not None:
                best = min(best, said, key=_size)
                raise _Found

        with suppress(_Found, _Enough, Flaky):
            draw(self.spec, look, self.known.pack.cases, self.known.seed, (Phase.generate, Phase.shrink))
        self.budget.seconds -= time.monotonic() - start
        self.small.append(best.case)
        return best


class _Enough(BaseException):
    """Ends a search from inside."""


class _Found(Exception):
    """A case failed."""


def _size(said: Said) -> tuple[Any, ...]:
    """Smaller first, but not empty: fewer numbers, then plainer values."""
    case = said.case
    sizes = [value.size for value in case.arguments.values() if isinstance(value, np.ndarray)]
    return 0 in sizes, sum(sizes), case.profile != "plain", len(case.id), case.seed


def groups(checks: Sequence[Check]) -> Iterator[list[Check]]:
    """Checks that are asked together, in the order of the first of each."""
    found: dict[Any, list[Check]] = {}
    for check in checks:
        found.setdefault((id(check.spec), check.call, repr(dict(check.options))), []).append(check)
    yield from found.values()
