"""Completeness is computed: every class, and every option of every function."""

from dataclasses import replace

import pytest

from harness import coverage, registry
from harness.spec import Spec


def test_every_class_of_torch_nn_is_covered() -> None:
    """By a reference with a spec."""
    assert [name for name, by in coverage.classes().items() if not by] == []


@pytest.mark.parametrize("spec", registry.specs().values(), ids=lambda spec: spec.name)
def test_every_option_is_drawn(spec: Spec) -> None:
    """Or is left out for a reason that is written down."""
    assert [name for name, said in coverage.options(spec).items() if not said] == []


def test_an_option_that_is_never_drawn_is_noticed() -> None:
    """A spec that fixes an option is found out."""
    spec = registry.spec("leaky_relu")
    fixed = replace(spec, arguments={**spec.arguments, "negative_slope": 0.01})
    assert coverage.options(fixed) == {"negative_slope": ""}
