"""The levels that this machine has."""

import pytest

from harness.grading import levels
from harness.grading.box import Level


@pytest.fixture(params=["A", "B"])
def level(request: pytest.FixtureRequest) -> Level:
    """Each in turn; where the machine lacks one, the reason is shown instead."""
    found = levels.found()[request.param]
    if not found:
        pytest.skip(f"level {found.level}: {found.reason}; {found.advice}")
    return found.level
