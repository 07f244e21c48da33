"""How the suites run: the same cases every time, on one thread."""

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)  # the arrays are small: a second thread only waits


def pytest_configure(config: pytest.Config) -> None:
    """Deterministic, unless another profile is asked for."""
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("backprove-ci")
