"""How often a right function is accused, and how near to its bound a right gradient comes.

In float64 the references are judged as always, and by the differences alone. In lower precision torch is judged, and
the references are the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ..check import check
from ..draw import drawn
from ..inputs import Case
from ..precision import Backend
from ..spec import Spec
from ..verdict import Kind, Nothing, Verdict
from . import sizes


def without_twin(case: Case) -> Verdict:
    """The verdict where nobody has written the function for torch."""
    return check(replace(case, spec=replace(case.spec, twin=None)))


MODES: dict[str, Callable[[Case], Verdict]] = {
    "float64": check,
    "float64, no twin": without_twin,
    "float32": Backend("float32").check,
    "bfloat16": Backend("bfloat16").check,
}
LEVELS = (0.5, 0.9, 0.99, 0.999, 1.0)


@dataclass
class Calm:
    """What came of right functions in one mode. A comparison is one entry of one gradient against its bound."""

    mode: str
    cases: int = 0
    comparisons: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    errors: dict[str, list[float]] = field(default_factory=dict)  # of the cases that passed, by profile
    accused: list[str] = field(default_factory=list)

    def look(self, spec: Spec, examples: int, seed: int = 0) -> None:
        """Judge some cases of one function."""
        for case in drawn(spec, examples, seed):
            try:
                verdict = MODES[self.mode](case)
            except Nothing:
                continue
            self.cases += 1
            self.comparisons += sizes.entries(case)
            self.kinds[verdict.kind.value] += 1
            if verdict.kind.mistaken:
                self.accused.append(case.id)
            elif verdict.kind is Kind.AGREE:
                self.errors.setdefault(case.profile, []).append(verdict.error)

    def __add__(self, other: Calm) -> Calm:
        """What came of the functions of both."""
        errors = {p: self.errors.get(p, []) + other.errors.get(p, []) for p in (*self.errors, *other.errors)}
        cases, comparisons = self.cases + other.cases, self.comparisons + other.comparisons
        kinds, accused = self.kinds + other.kinds, self.accused + other.accused
        return Calm(self.mode, cases, comparisons, kinds, errors, accused)

    def quantiles(self) -> dict[str, list[float]]:
        """Error over bound: the median, 90 %, 99 %, 99.9 % and the largest; by profile and for all."""
        everything = [error for errors in self.errors.values() for error in errors]
        rows = {**self.errors, "all": everything} if everything else {}
        return {profile: [float(q) for q in np.quantile(errors, LEVELS)] for profile, errors in rows.items()}
