"""Every mutant of the catalogue is caught, whatever corner it hides in; and what it is called is true of it."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from harness import diagnosis, explain, registry
from harness.inputs import Case
from harness.power import names
from harness.power.names import Named
from harness.search import drawn
from suites import mutants
from suites.mutants import Mutant

CASES = 200
CATALOGUE = mutants.handwritten()
FAMILIES = sorted({mutant.of for mutant in CATALOGUE})


@cache
def cases(name: str) -> list[Case]:
    """The same ones for every mutant of a function."""
    return drawn(registry.spec(name), CASES)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_mutant_is_caught(name: str) -> None:
    """Within 200 cases."""
    for mutant in (one for one in CATALOGUE if one.of == name):
        assert names.convicted(registry.spec(name), mutant, cases(name), enough=1), f"missed: {mutant}"


def test_mutants_are_called_by_their_names() -> None:
    """Each of a sample can be explained, and hardly a name is not true of it; `backprove power` asks about all."""
    called: list[Named] = []
    for mutant in CATALOGUE[::10]:
        found = names.convicted(registry.spec(mutant.of), mutant, cases(mutant.of))
        assert explain.explain(found[0], found[1:]).message.startswith(mutant.of)
        called += [one for one in [names.named(mutant, found)] if one is not None and one.pattern]
    wrong = [one for one in called if not one.right]
    assert len(called) > 40
    assert len(wrong) <= 2, wrong


def test_mutants_are_told_apart_by_their_names() -> None:
    """Each is listed once, and says of itself only what a pattern can be called."""
    assert [name for name, count in Counter(map(str, CATALOGUE)).items() if count > 1] == []
    known = {pattern.__name__ for pattern in diagnosis.PATTERNS} | set(names.IN_THE_VERDICT.values())
    assert {name for mutant in CATALOGUE for name in mutant.named} <= known


def test_a_mutant_that_is_none_is_not_caught() -> None:
    """The catalogue's own machinery changes nothing."""
    spec = registry.spec("layer_norm")
    right = mutants.spoiled(spec, lambda call: call.but())
    assert names.convicted(spec, Mutant("layer_norm", "nothing", right), cases("layer_norm")) == []
