"""Many cases of one function: Hypothesis draws them, the first that fails is shrunk, the outcome is one record."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from hypothesis import Phase
from hypothesis.errors import Flaky

from .check import check
from .draw import draw
from .explain import explain
from .inputs import Case
from .report import notebook
from .spec import Spec
from .verdict import Kind, Nothing, Verdict

SHARPEST = ("complex step", "Richardson, longdouble", "central", "one-sided", "forward")

SHRINK_SECONDS = 4.0  # a smaller example is welcome, but nobody waits for it
MORE_CASES = 20  # drawn after a failure, to see what the mistake has in common
DECIDED = 0.9  # of the cases; below that a function is INCONCLUSIVE, for hardly anything was shown


@dataclass
class Check:
    """What came out of judging one function.

    `case` and `message` belong to the smallest failing case. `nothing` says why there was nothing to judge.
    """

    name: str
    file: str = ""
    verdict: Kind = Kind.INCONCLUSIVE
    argument: str = ""
    pattern: str = ""
    cases: int = 0
    seconds: float = 0.0
    case: str = ""
    message: str = ""
    source_used: str = ""
    error: float = 0.0
    kinks: int = 0
    inconclusive: int = 0
    left_out: tuple[str, ...] = ()
    nothing: str = ""
    evidence: Verdict | None = field(default=None, repr=False)

    @property
    def passed(self) -> bool:
        """Shown to be right."""
        return self.verdict.passed

    def __bool__(self) -> bool:
        return self.passed

    def _repr_html_(self) -> str:
        return notebook.html(self)


Judge = Callable[[Case], Verdict]


class _Enough(BaseException):
    """Ends a search from inside: Hypothesis lets through what is no Exception."""


class _Found(Exception):
    """A case failed."""


def examine(spec: Spec, examples: int = 100, seed: int = 0, judge: Judge = check) -> Check:
    """Judge `examples` cases of a function; stop at the first mistake, and shrink it.

    A wrong gradient says more than an impure one: impurities are only pursued when there is nothing else.
    """
    start, threads = time.process_time(), torch.get_num_threads()
    torch.set_num_threads(1)  # the arrays are small: a second thread only waits
    try:
        search = _Search(spec, judge)
        search.run(examples, seed)
        if not search.failures and search.counts[Kind.IMPURE]:
            search = _Search(spec, judge, impure_as_well=True)
            search.run(examples, seed)
        if search.failures:
            search.more_failures(seed + 1)
        result = search.result()
    finally:
        torch.set_num_threads(threads)
    result.seconds = time.process_time() - start
    return result


class _Search:
    """Counts what the cases come to, and keeps the failing ones."""

    def __init__(self, spec: Spec, judge: Judge, impure_as_well: bool = False) -> None:
        self.spec, self.judge = spec, judge
        self.pursued = [kind for kind in Kind if kind.mistaken and (impure_as_well or kind is not Kind.IMPURE)]
        self.counts: Counter[Kind] = Counter()
        self.sources: set[str] = set()
        self.error = 0.0
        self.failures: list[Verdict] = []
        self.smallest: Verdict | None = None
        self.undecided: Verdict | None = None
        self.give_up = float("inf")
        self.nothing = ""

    def run(self, examples: int, seed: int) -> None:
        """Draw cases until one fails; then shrink it."""
        with contextlib.suppress(_Found, _Enough, Flaky):  # what failed is kept
            draw(self.spec, self.look, examples, seed, (Phase.generate, Phase.shrink))

    def more_failures(self, seed: int) -> None:
        """Other cases that fail in the same way: a mistake is named only if the name fits them too."""
        first = self.smallest = min(self.failures, key=lambda verdict: _size(verdict.case))

        def look(case: Case) -> None:
            with contextlib.suppress(Nothing):
                keep(self.judge(case))

        def keep(verdict: Verdict) -> None:
            if (verdict.kind, verdict.argument) == (first.kind, first.argument):
                self.failures.append(verdict)

        draw(self.spec, look, MORE_CASES, seed, (Phase.generate,))

    def look(self, case: Case) -> None:
        """Judge one case; raises when it fails as the first failure did, so that shrinking keeps to one mistake."""
        if time.monotonic() > self.give_up:
            raise _Enough
        try:
            verdict = self.judge(case)
        except Nothing as nothing:
            self.nothing = str(nothing)
            return
        if not self.failures:
            self.counts[verdict.kind] += 1
            self.sources.add(verdict.source_used)
            self.error = max(self.error, verdict.error)
        if verdict.kind is Kind.INCONCLUSIVE and not self.undecided:
            self.undecided = verdict
        if verdict.kind not in self.pursued and verdict.pattern != "random":  # then no other verdict says anything
            return
        if not self.failures:
            self.give_up = time.monotonic() + SHRINK_SECONDS
        elif (verdict.kind, verdict.argument) != (self.failures[0].kind, self.failures[0].argument):
            return
        self.failures.append(verdict)
        raise _Found

    def result(self) -> Check:
        counts, total = self.counts, sum(self.counts.values())
        result = Check(
            self.spec.name,
            cases=total,
            source_used=next((source for source in SHARPEST if source in self.sources), ""),
            error=self.error,
            kinks=counts[Kind.KINK],
            inconclusive=counts[Kind.INCONCLUSIVE],
            left_out=self.spec.left_out if self.spec.stands_for else (),
            nothing="" if total else self.nothing,
        )
        if self.smallest:
            return convicted(result, explain(self.smallest, self.failures))
        if counts[Kind.AGREE] + counts[Kind.KINK] >= DECIDED * total and total:
            result.verdict = Kind.AGREE if counts[Kind.AGREE] else Kind.KINK
        else:
            result.message = f"{counts[Kind.INCONCLUSIVE]} of {total} cases could not be decided"
            if self.undecided:
                first = explain(self.undecided)
                result.case, result.message = first.case.id, f"{first.message}\n  {result.message}"
        return result


def convicted(result: Check, verdict: Verdict) -> Check:
    """The record of a function that one explained verdict has found wrong."""
    return replace(
        result,
        verdict=verdict.kind,
        argument=verdict.argument,
        pattern=verdict.pattern,
        case=verdict.case.id,
        message=verdict.message,
        evidence=verdict,
    )


def _size(case: Case) -> tuple[Any, ...]:
    """Smaller first, but not empty: fewer numbers, then plainer values, then a shorter id."""
    sizes = [value.size for value in case.arguments.values() if isinstance(value, np.ndarray)]
    return 0 in sizes, sum(sizes), case.profile != "plain", case.layout != "C", len(case.id), case.seed
