"""Training steps under pytest-benchmark: the same workloads as asv and `backprove bench` have.

pytest suites/throughput/test_throughput.py --benchmark-only     timed, at full size
pytest suites/throughput/test_throughput.py                      each step once at a small size: is it right?
"""

from importlib.util import find_spec
from typing import Any

import pytest

from harness.training import step, truth
from harness.training.backend import BACKENDS
from harness.training.workload import Workload
from suites.throughput.conftest import asked
from suites.throughput.small import SMALL
from suites.throughput.workloads import WORKLOADS

pytestmark = pytest.mark.skipif(not find_spec("pytest_benchmark"), reason="pytest-benchmark is not installed")
STEPS = 10


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Small workloads, unless times are asked for."""
    chosen = WORKLOADS if asked(metafunc.config) else SMALL
    metafunc.parametrize("workload", list(chosen.values()), ids=list(chosen))


@pytest.mark.parametrize("name", BACKENDS)
def test_step(benchmark: Any, workload: Workload, name: str) -> None:
    """The first step is float64's, and at the end the loss has fallen."""
    backend = BACKENDS[name]
    if reason := backend.missing():
        pytest.skip(reason)
    if workload.large and backend.device == "cpu":
        pytest.skip("too large for a CPU")
    with backend.products():
        one = step.make(workload, backend)
        _ = truth.check(one, workload, backend)

        def run() -> None:
            for _ in range(STEPS):
                one()
            one.wait()

        benchmark.group = workload.name
        benchmark.extra_info.update(backend=name, steps=STEPS, units=STEPS * workload.units, unit=workload.unit)
        _ = benchmark.pedantic(run, rounds=9, iterations=1, warmup_rounds=1)
        assert one.loss() < truth.truth(workload).loss
        if benchmark.stats:
            median = benchmark.stats.stats.median
            benchmark.extra_info.update(per_second=STEPS * workload.units / median)
