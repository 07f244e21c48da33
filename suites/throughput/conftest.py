"""What pytest-benchmark writes down beside its numbers, and that it times only when asked to."""

from importlib.util import find_spec
from typing import Any

import pytest

from harness.training import limit
from harness.training.machine import about


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is measured on little: here nobody reads it."""
    monkeypatch.setattr(limit, "SIDE", {"cpu": 64, "cuda": 64})
    monkeypatch.setattr(limit, "COPIED", {"cpu": 2**20, "cuda": 2**20})


if find_spec("pytest_benchmark"):

    @pytest.fixture
    def benchmark(benchmark: Any, pytestconfig: pytest.Config) -> Any:
        """Each step once, as with --benchmark-disable, unless times are asked for."""
        benchmark.disabled = not asked(pytestconfig)
        return benchmark

    def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
        """Processor, threads, BLAS and GPU."""
        machine_info["backprove"] = about()


def asked(config: pytest.Config) -> bool:
    """Whether times are asked for."""
    return any(config.getoption(f"benchmark_{how}", False) for how in ("enable", "only"))
