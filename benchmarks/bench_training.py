"""asv: milliseconds for a step of training, which is what is watched; beside it throughput and peak memory.

The step's loss, gradients and update are held against float64 first, and a wrong one fails instead of being timed. asv
takes a larger number for a worse one, so asv.conf.json must leave `throughput` out of regressions. For a smoke test,
BACKPROVE_BENCH=quick runs one step of everything but the large workloads.

asv calls every track by itself, but one measurement holds what three of them say: the first that is asked writes it
down in the folder that asv gives the class, and the others read it there.

To change a workload or the meter is to give a new version here, for the old numbers are then of something else.
"""

import importlib
import json
import os
from pathlib import Path
from typing import Any

from ._tree import from_tree

QUICK = os.environ.get("BACKPROVE_BENCH") == "quick"
CUDA = [f"torch-cuda-{how}-{kind}" for how in ("eager", "compile", "graph") for kind in ("float32", "tf32", "bfloat16")]
BACKENDS = ["numpy", "torch-cpu", *CUDA]  # the same on every machine and at every commit, or curves would not line up
WORKLOADS = [
    "mlp-784-400-400-10-b100",
    "mlp-784-400-400-10-b8192",
    "mlp-784-800x4-10-b100",
    "mlp-784-800x4-10-b8192",
    "char-lstm-v96-h256-t64-b32",
    "char-lstm-v96-h1024-t64-b256",
]


def workload_named(name: str) -> Any:
    """Of the working tree, with the models of the commit."""
    try:
        _ = from_tree("suites.throughput")
        return importlib.import_module("suites.throughput.workloads").WORKLOADS[name]
    except ImportError as error:
        raise NotImplementedError(f"this commit cannot train: {error}") from error


class Training:
    """One step: forward, loss, backward, update."""

    version = "2"
    param_names = ("backend", "workload")
    params = (BACKENDS, WORKLOADS)
    timeout = 600

    def setup_cache(self) -> str:
        """The folder; asv removes it after the last track."""
        return str(Path.cwd())

    def setup(self, folder: str, backend: str, workload: str) -> None:
        """NotImplementedError is asv's way to say: not here. Said before torch is imported, where that can be."""
        self.kept = Path(folder) / f"{workload} on {backend}.json"
        _ = from_tree("harness.training")
        self.backend = importlib.import_module("harness.training.backend").BACKENDS[backend]
        if reason := self.backend.missing():
            raise NotImplementedError(reason)
        if not self.kept.exists():
            self._load(workload)

    def _load(self, workload: str) -> None:
        """What takes seconds, since it imports torch: only where something is to be measured."""
        self.meter, self.clock = (importlib.import_module(f"harness.training.{name}") for name in ("meter", "clock"))
        self.workload = workload_named(workload)
        if self.backend.device == "cpu" and (self.workload.large or (QUICK and "b8192" in workload)):
            raise NotImplementedError("too large")

    def track_ms_per_step(self, *_: str) -> float:
        """The median of the blocks."""
        return self._measured("ms")

    def track_throughput(self, *_: str) -> float:
        """Samples, or tokens, in a second."""
        return self._measured("throughput")

    def track_reached(self, *_: str) -> float:
        """The fraction of the limit, which is measured in the same run."""
        return self._measured("reached")

    def track_peak_memory(self, _folder: str, _backend: str, workload: str) -> float:
        """Of CUDA's allocator, or of the process over what it held before."""
        self._load(workload)
        mb = self.meter.peak(self.workload, self.backend)
        return float("nan") if mb is None else mb

    def _measured(self, what: str) -> float:
        if not self.kept.exists():
            effort = self.clock.QUICK if QUICK else self.clock.FULL
            found = self.meter.measure(self.workload, self.backend, effort).record()
            _ = self.kept.write_text(json.dumps(found), encoding="utf-8")
        return json.loads(self.kept.read_text(encoding="utf-8"))[what]

    track_ms_per_step.unit = "ms"  # pyright: ignore[reportFunctionMemberAccess]
    track_throughput.unit = "1/s"  # pyright: ignore[reportFunctionMemberAccess]
    track_reached.unit = "of the limit"  # pyright: ignore[reportFunctionMemberAccess]
    track_peak_memory.unit = "MB"  # pyright: ignore[reportFunctionMemberAccess]
