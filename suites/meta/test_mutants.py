"""Every mutant of the catalogue is caught, whatever corner it hides in; and what it is called is true of it."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from harness import diagnosis, explain, registry
from harness.draw import drawn
from harness.inputs import Case
from harness.power import names
from suites import mutants
from suites.mutants import Mutant

CASES = 200
CATALOGUE = mutants.handwritten()
# Names that are given and are not true of the mutant.
UNTRUE = {
    # Where one entry is far larger than the rest, or alone along the axis, its softmax is 1: the mistake doubles it.
    "logsumexp: the largest entry is told of the shift as well": "ratio",
    # Without the projection, what is left of a short vector's gradient is the cotangent over eps.
    "normalize: the length is taken for a constant": "is_cotangent",
    # One weight for all entries is one factor for all of them.
    "binary_cross_entropy: one weight for many: the target's gradient has it twice": "ratio",
    # Errors of one size: one factor, which no option or size explains.
    "l1_loss: the sign is the error over its size plus 1e-3": "ratio",
    # Rows of an attention add up to one whatever the mask is: all that comes back arrives, elsewhere.
    "transformer_decoder_layer: both attentions share a mask": "misplaced",
}
FAMILIES = sorted({mutant.of for mutant in CATALOGUE})


@cache
def cases(name: str) -> list[Case]:
    """The same ones for every mutant of a function."""
    return drawn(registry.spec(name), CASES)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_mutant_is_caught_and_what_it_is_called_is_true(name: str) -> None:
    """Within 200 cases; the names that are not true are those that are known, and no other."""
    for number, mutant in enumerate(one for one in CATALOGUE if one.of == name):
        found = names.convicted(registry.spec(name), mutant, cases(name))
        assert found, f"missed: {mutant}"
        said = names.named(mutant, found)
        assert said is not None
        untrue = said.pattern if not said.right else ""
        assert untrue == UNTRUE.get(str(mutant), ""), said
        if number == 0:  # explained to a person, one of each function
            assert explain.explain(found[0], found[1:]).message.startswith(mutant.of)


@pytest.mark.parametrize(
    "mutant",
    [
        "scaled_dot_product_attention: the causal mask is forgotten",
        "poisson_nll_loss: Stirling's terms are left out",
        "transformer_encoder_layer: the mask is forgotten",
    ],
)
def test_an_option_that_is_ignored_is_named(mutant: str) -> None:
    """Also where torch has conventions of its own, and where the option cannot be left out alone."""
    (one,) = [one for one in CATALOGUE if str(one) == mutant]
    said = names.named(one, names.convicted(registry.spec(one.of), one, cases(one.of)))
    assert said is not None
    assert said.pattern == "option_ignored"


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
