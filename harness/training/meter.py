"""READ FIRST: one measurement of one workload on one backend. It is checked, then timed, then set beside the limit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from . import limit, step, truth
from .backend import Backend
from .clock import FULL, Effort, Timing, timed
from .memory import Peak
from .workload import Workload


@dataclass(frozen=True)
class Result:
    """Everything that is known of it.

    off        how far the worst of loss, gradients and update is from float64's, of its size
    loss       after all steps, on the one batch
    peak_mb    None where it cannot be seen
    limit      of the device, in this precision
    reference  milliseconds of a fixed product, before and after
    """

    workload: Workload
    backend: Backend
    timing: Timing
    off: float
    loss: float
    peak_mb: float | None
    limit: limit.Limit
    reference: tuple[float, float]

    @property
    def throughput(self) -> float:
        """Samples, or tokens, in a second."""
        return 1e3 * self.workload.units / self.timing.ms

    @property
    def floor(self) -> float:
        """Milliseconds that a step takes at the least."""
        return self.limit.floor(self.workload, self.backend)

    @property
    def reached(self) -> float:
        """The fraction of the limit."""
        return self.floor / self.timing.ms

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "workload": self.workload.name,
            "backend": self.backend.name,
            **dataclasses.asdict(self.backend),
            **dataclasses.asdict(self.timing),
            "unit": self.workload.unit,
            "throughput": self.throughput,
            "peak_mb": self.peak_mb,
            "flop": self.workload.flop,
            "flop_per_second": 1e3 * self.workload.flop / self.timing.ms,
            "bytes": self.workload.moved(self.backend.number_size, self.backend.number_size),
            "limit": self.limit._asdict(),
            "floor_ms": self.floor,
            "reached": self.reached,
            "off": self.off,
            "loss": self.loss,
            "reference_ms": self.reference,
        }


def measure(workload: Workload, backend: Backend, effort: Effort = FULL) -> Result:
    """Check, then time. Raises truth.Wrong if the step is not right."""
    with backend.products():
        found = limit.measured(backend)
        _rehearse(workload, backend)
        before = limit.reference(backend.device)
        peak = Peak(backend.device)
        one = step.make(workload, backend)
        off = truth.check(one, workload, backend)
        peak.again()  # the check itself holds copies in float64
        timing = timed(one, effort)
        peak_mb = peak.mb()
        after = limit.reference(backend.device)
        return Result(workload, backend, timing, off, one.loss(), peak_mb, found, (before, after))


def _rehearse(workload: Workload, backend: Backend) -> None:
    """What takes memory once in a process takes it now, before it is counted: the truth, BLAS, torch's own modules."""
    _ = truth.truth(workload), limit.reference(backend.device)
    if backend.device == "cpu":
        step.make(workload, backend)()


def peak(workload: Workload, backend: Backend) -> float | None:
    """Only the memory: a few steps, checked too."""
    with backend.products():
        _rehearse(workload, backend)
        seen = Peak(backend.device)
        one = step.make(workload, backend)
        _ = truth.check(one, workload, backend)
        seen.again()
        for _ in range(3):
            one()
        one.wait()
        return seen.mb()
