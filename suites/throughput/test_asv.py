"""The asv benchmarks: today's workloads and meter beside any commit's library, the same parameters everywhere."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks.imported
from benchmarks import _tree, bench_training, beside_torch
from harness import registry
from harness.training import truth
from harness.training.backend import BACKENDS, Backend
from suites.throughput.small import MLP
from suites.throughput.workloads import WORKLOADS

ROOT = Path(__file__).parent.parent.parent


def negative(*arguments: Any) -> Any:
    """Uphill."""
    loss, grads = MLP.gradients(*arguments)
    return loss, {name: -grad for name, grad in grads.items()}


WRONG = replace(MLP, gradients=negative)


def test_parameters_are_all_there_is() -> None:
    """They are written out in the benchmark, since they may not depend on a commit or on a machine."""
    assert list(BACKENDS) == bench_training.BACKENDS
    assert list(WORKLOADS) == bench_training.WORKLOADS


def found_twice(package: Any) -> list[str]:
    """Classes that asv would take for benchmarks of a module that only imports them."""
    names = [f"{package.__name__}.{one.name}" for one in pkgutil.iter_modules(package.__path__)]
    classes = [(place, one) for place in names for one in vars(importlib.import_module(place)).values()]
    return [
        f"{place}.{one.__name__}"
        for place, one in classes
        if isinstance(one, type)
        and one.__module__ != place
        and any(re.match("time_|track_", name) for name in dir(one))
    ]


def test_nothing_is_run_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """An imported class would be, for hours."""
    assert found_twice(benchmarks) == []
    monkeypatch.setattr(benchmarks.imported, "Training", bench_training.Training, raising=False)
    assert found_twice(benchmarks) == ["benchmarks.imported.Training"]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A library with a package that another tree has too, in another version."""
    for place, said in (("site", "old"), ("tree", "new")):
        package = tmp_path / place / "planted_library" / "meter"
        package.mkdir(parents=True)
        _ = (package.parent / "__init__.py").write_text(f"said = {said!r}\n")
        _ = (package / "__init__.py").write_text("")
        _ = (package / "clock.py").write_text(f"from planted_library import said as library\nsaid = {said!r}\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("planted_library")]:
        del sys.modules[name]


def test_the_meter_is_of_the_tree_and_the_rest_of_the_commit(library: Path) -> None:
    """Without it both are the commit's."""
    clock = importlib.import_module("planted_library.meter.clock")
    assert (clock.said, clock.library) == ("old", "old")
    _ = _tree.from_tree("planted_library.meter", library / "tree")
    clock = importlib.import_module("planted_library.meter.clock")
    assert (clock.said, clock.library) == ("new", "old")


OLD = """
import sys, types
import benchmarks
sys.modules["reference_impls.models"] = None  # as if this commit had none
from benchmarks.bench_training import Training
try:
    Training().setup(".", "numpy", "mlp-784-400-400-10-b100")
except NotImplementedError as reason:
    print(reason)
"""


def test_a_commit_without_models_is_skipped() -> None:
    """The file is imported all the same, and says why."""
    found = subprocess.run([sys.executable, "-c", OLD], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.startswith("this commit cannot train: ")


@pytest.mark.parametrize("track", ["track_ms_per_step", "track_throughput", "track_reached", "track_peak_memory"])
def test_a_wrong_step_fails_instead_of_being_timed(track: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And a right one has a number."""
    monkeypatch.setattr(bench_training, "QUICK", True)
    monkeypatch.setattr(bench_training, "workload_named", {"right": MLP, "wrong": WRONG}.__getitem__)
    for name in ("right", "wrong"):
        one = bench_training.Training()
        one.setup(str(tmp_path), "numpy", name)
        with pytest.raises(truth.Wrong) if name == "wrong" else nullcontext():
            assert getattr(one, track)(str(tmp_path), "numpy", name) >= 0


def test_one_measurement_for_all_tracks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first track measures; the others say what it found, and do not even load the workload."""
    monkeypatch.setattr(bench_training, "QUICK", True)
    monkeypatch.setattr(bench_training, "workload_named", {"right": MLP}.__getitem__)
    first, second = bench_training.Training(), bench_training.Training()
    first.setup(str(tmp_path), "numpy", "right")
    ms = first.track_ms_per_step()
    monkeypatch.setattr(bench_training, "workload_named", lambda _: pytest.fail("it was loaded"))
    second.setup(str(tmp_path), "numpy", "right")
    assert second.track_throughput() == pytest.approx(1e3 * MLP.units / ms)
    assert second.track_ms_per_step() == ms
    assert second.track_reached() > 0


def test_what_is_not_here_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CUDA where there is none, and what is too large for a CPU."""
    monkeypatch.setattr(Backend, "missing", lambda self: "none here" if self.device == "cuda" else "")
    for backend, workload, reason in (
        ("torch-cuda-eager-tf32", "mlp-784-400-400-10-b100", "none here"),
        ("numpy", "char-lstm-v96-h1024-t64-b256", "too large"),
    ):
        with pytest.raises(NotImplementedError, match=reason):
            bench_training.Training().setup(str(tmp_path), backend, workload)


@pytest.mark.parametrize(
    ("dtype", "every", "times", "seen"),
    [
        ("float64", False, 1.01, True),
        ("float64", True, 1.01, True),
        ("float32", False, 1.01, False),
        ("float32", False, 1000, True),
        ("float32", True, 1.01, True),
    ],
)
def test_references_are_held_against_torch_before_they_are_timed(
    dtype: str, every: bool, times: float, seen: bool
) -> None:
    """One wrong entry is seen in float64; in float32, where it may lie beyond a kink, only if it is far off."""
    spec = registry.spec("linear")

    def spoiled(**arguments: Any) -> Any:
        output, pullback = spec.reference(**arguments)

        def back(*cotangents: Any) -> Any:
            gradients = pullback(*cotangents)
            wrong = gradients["weight"] = np.array(gradients["weight"])
            if wrong.dtype == dtype:
                wrong[abs(wrong) >= (0 if every else abs(wrong).max())] *= wrong.dtype.type(times)
            return gradients

        return output, back

    arguments = beside_torch.WORKLOADS["linear"]()
    beside_torch.Workload(spec, arguments).agree()
    with pytest.raises(AssertionError, match=r"linear: d_weight") if seen else nullcontext():
        beside_torch.Workload(replace(spec, reference=spoiled), arguments).agree()
