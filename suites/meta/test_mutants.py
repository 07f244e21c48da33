"""Every mutant of the catalogue is caught, whatever corner it hides in; and what it is called is true of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from harness import diagnosis, explain, registry
from harness.check import check
from harness.inputs import Case
from harness.search import drawn
from harness.verdict import Verdict
from suites import mutants
from suites.mutants import Mutant

CASES, ENOUGH = 200, 6
CATALOGUE = mutants.handwritten()
FAMILIES = sorted({mutant.of for mutant in CATALOGUE})


@cache
def cases(name: str) -> list[Case]:
    """The same ones for every mutant of a function."""
    return drawn(registry.spec(name), CASES)


def convicted(mutant: Mutant) -> list[Verdict]:
    """The first cases that show the mistake, in the same argument."""
    spoiled = replace(registry.spec(mutant.of), reference=mutant.wrong)
    found: list[Verdict] = []
    for case in cases(mutant.of):
        verdict = check(replace(case, spec=spoiled))
        if verdict.kind.mistaken and (not found or verdict.argument == found[0].argument):
            found.append(verdict)
        if len(found) == ENOUGH:
            break
    return found


@pytest.mark.parametrize("name", FAMILIES)
def test_every_mutant_is_caught(name: str) -> None:
    """Within 200 cases; it can be explained, and where it is given a name, the name is true."""
    for mutant in (one for one in CATALOGUE if one.of == name):
        found = convicted(mutant)
        assert found, f"missed: {mutant}"
        assert explain.explain(found[0], found[1:]).message.startswith(name)
        assert explain.recognise(found[0], found[1:]).pattern in ("", *mutant.named), mutant


def test_mutants_are_told_apart_by_their_names() -> None:
    """Each is listed once, and says of itself only what a pattern can be called."""
    assert [name for name, count in Counter(map(str, CATALOGUE)).items() if count > 1] == []
    known = {pattern.__name__ for pattern in diagnosis.PATTERNS}
    assert {name for mutant in CATALOGUE for name in mutant.named} <= known


def test_a_mutant_that_is_none_is_not_caught() -> None:
    """The catalogue's own machinery changes nothing."""
    spec = registry.spec("layer_norm")
    right = mutants.spoiled(spec, lambda call: call.but())
    assert convicted(Mutant("layer_norm", "nothing", right)) == []
