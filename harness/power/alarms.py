"""How often a right function is accused, and how near to its bound a right gradient comes.

In float64 the references are judged as always. In lower precision torch is judged, and the references are the truth.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..check import check
from ..draw import drawn
from ..precision import Backend
from ..spec import Spec
from ..verdict import Kind, Nothing
from . import sizes

DTYPES = ("float64", "float32", "bfloat16")
LEVELS = (0.5, 0.9, 0.99, 0.999, 1.0)


@dataclass
class Calm:
    """What came of right functions in one precision. A comparison is one entry of one gradient against its bound."""

    dtype: str
    cases: int = 0
    comparisons: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    errors: dict[str, list[float]] = field(default_factory=dict)  # of the cases that passed, by profile
    accused: list[str] = field(default_factory=list)

    def look(self, spec: Spec, examples: int, seed: int = 0) -> None:
        """Judge some cases of one function."""
        judge = check if self.dtype == "float64" else Backend(self.dtype).check
        for case in drawn(spec, examples, seed):
            try:
                verdict = judge(case)
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
        return Calm(self.dtype, cases, comparisons, kinds, errors, accused)

    def quantiles(self) -> dict[str, list[float]]:
        """Error over bound: the median, 90 %, 99 %, 99.9 % and the largest; by profile and for all."""
        everything = [error for errors in self.errors.values() for error in errors]
        rows = {**self.errors, "all": everything} if everything else {}
        return {profile: [float(q) for q in np.quantile(errors, LEVELS)] for profile, errors in rows.items()}
