"""Every reference agrees with torch and with the differences of its own forward."""

import pytest

from harness import registry
from harness.search import examine
from harness.spec import Spec


@pytest.mark.parametrize("spec", registry.specs().values(), ids=lambda spec: spec.name)
def test_gradient_is_right(spec: Spec) -> None:
    """No case is wrong, and hardly any is undecided."""
    result = examine(spec, examples=60)
    assert result.passed, result.message
    assert result.inconclusive <= 0.02 * result.cases
