"""How often a mistake is called by its name, and how often by another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..check import check
from ..explain import recognise
from ..inputs import Case
from ..spec import Spec
from ..verdict import Verdict

ENOUGH = 12  # failing cases, about as many as a search has
IN_THE_VERDICT = {  # patterns that need no fit
    "not finite": "not_finite",
    "wrong in float32 alone": "float32",
    "remembers": "remembers",
    "not linear in the cotangent": "not_linear",
}


@dataclass(frozen=True)
class Named:
    """What a mutant is called, beside what is true of it."""

    mutant: str
    pattern: str
    true: tuple[str, ...]
    held_out: bool

    @property
    def right(self) -> bool:
        """Whether the name is true."""
        return self.pattern in self.true


def convicted(spec: Spec, mutant: Any, cases: Sequence[Case], enough: int = ENOUGH) -> list[Verdict]:
    """The first cases that show a mistake, in the same argument."""
    spoiled = replace(spec, reference=mutant.wrong)
    found: list[Verdict] = []
    for case in cases:
        verdict = check(replace(case, spec=spoiled))
        if verdict.kind.mistaken and (not found or _alike(verdict, found[0])):
            found.append(verdict)
        if len(found) == enough:
            break
    return found


def _alike(one: Verdict, other: Verdict) -> bool:
    return (one.kind, one.argument) == (other.kind, other.argument)


def named(mutant: Any, found: Sequence[Verdict]) -> Named | None:
    """What the judge says of a convicted mutant; None where it was not convicted."""
    if not found:
        return None
    pattern = IN_THE_VERDICT.get(found[0].pattern) or recognise(found[0], found[1:]).pattern
    true = (*mutant.named, *(["float32"] if mutant.only == "float32" else []))
    return Named(str(mutant), pattern, true, mutant.held_out)
