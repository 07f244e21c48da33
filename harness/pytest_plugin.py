"""For pytest: two Hypothesis profiles, and in the header what a result depends on.

pytest --hypothesis-profile=backprove-ci        the same cases every time, no clock
pytest --hypothesis-profile=backprove-explore   other cases every time, twenty times as many
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from hypothesis import HealthCheck, settings

SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile(
    "backprove-ci", derandomize=True, deadline=None, database=None, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "backprove-explore", max_examples=2000, derandomize=False, deadline=None, suppress_health_check=SLOW_IS_FINE
)


def pytest_report_header() -> str:
    """One line of versions."""
    found = []
    for name in ("backprove", "numpy", "torch", "hypothesis"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return "gradients: " + ", ".join(found)
