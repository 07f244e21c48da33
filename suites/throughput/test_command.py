"""`backprove bench`: what it prints and writes, and what it refuses."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from harness.training import clock, command, curve, workload
from harness.training.backend import BACKENDS, Backend
from suites.throughput.small import LSTM, MLP, SMALL

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on small workloads, in no time."""
    monkeypatch.setattr(workload, "gathered", lambda: SMALL)
    monkeypatch.setattr(clock, "FULL", clock.QUICK)
    monkeypatch.setattr(curve, "SECONDS", 0.05)
    return lambda *arguments: CliRunner().invoke(command.bench, [str(one) for one in arguments])


def test_table_and_json_say_the_same(run: Run, tmp_path: Path) -> None:
    """One row and one record for each workload on each backend that is here."""
    path = tmp_path / "bench.json"
    result = run("--device", "cpu", "--json", path)
    assert result.exit_code == 0, result.output
    found = json.loads(path.read_text())
    assert [(one["workload"], one["backend"]) for one in found["results"]] == [
        (name, backend) for name in SMALL for backend in ("numpy", "torch-cpu")
    ]
    rows = [line for line in result.output.splitlines() if "samples" in line or "tokens" in line]
    assert len(rows) == 4
    for row, one in zip(rows, found["results"], strict=True):
        assert one["backend"] in row
        assert f"{one['ms']:.4g}" in row
        assert f"{one['throughput']:,.0f} {one['unit']}" in row
        assert f"{one['reached']:.0%}" in row
    assert "limit of cpu in float32: products" in result.output
    assert found["machine"]["threads"] >= 1
    assert found["failed"] == found["curves"] == []


def test_a_wrong_workload_fails_and_the_others_go_on(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Status 1, no row, and what is wrong with it."""

    def gradients(*arguments: Any) -> Any:
        loss, grads = MLP.gradients(*arguments)
        return loss, grads | {"layers.1.bias": -grads["layers.1.bias"]}

    monkeypatch.setattr(workload, "gathered", lambda: {MLP.name: replace(MLP, gradients=gradients), LSTM.name: LSTM})
    result = run("--backend", "numpy", "--json", tmp_path / "bench.json")
    assert result.exit_code == 1
    assert "mlp-12-8-8-3-b6 on numpy: the gradient of layers.1.bias is off by 2 of its size" in result.output
    found = json.loads((tmp_path / "bench.json").read_text())
    assert [one["workload"] for one in found["results"]] == [LSTM.name]
    assert len(found["failed"]) == 1


def test_a_crash_costs_one_row(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of memory, for one."""

    def start() -> Any:
        raise MemoryError("so much is not here")

    monkeypatch.setattr(workload, "gathered", lambda: {MLP.name: replace(MLP, start=start), LSTM.name: LSTM})
    result = run("--backend", "torch-cpu")
    assert result.exit_code == 1
    assert "mlp-12-8-8-3-b6 on torch-cpu: MemoryError: so much is not here" in result.output
    assert LSTM.name in result.output


def test_interrupted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done is shown, and what is missing is said."""

    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(workload, "gathered", lambda: {LSTM.name: LSTM, MLP.name: replace(MLP, gradients=stop)})
    result = run("--backend", "numpy")
    assert result.exit_code == 1
    assert LSTM.name in result.output
    assert "mlp-12-8-8-3-b6 on numpy: interrupted: this and what follows are missing, 1 in all" in result.output


def test_large_ones_run_on_a_cpu_only_when_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take minutes."""
    monkeypatch.setattr(workload, "gathered", lambda: {MLP.name: replace(MLP, large=True), LSTM.name: LSTM})
    assert MLP.name not in run("--device", "cpu").output
    assert MLP.name in run("--device", "cpu", "--workload", MLP.name).output


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_plot(run: Run, tmp_path: Path, ending: str) -> None:
    """A file, and the points of it in the JSON."""
    _ = pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    plot, path = tmp_path / f"loss.{ending}", tmp_path / "bench.json"
    result = run("--device", "cpu", "--plot", plot, "--json", path)
    assert result.exit_code == 0, result.output
    assert plot.stat().st_size > 10_000
    curves = json.loads(path.read_text())["curves"]
    assert len(curves) == 4
    assert all(len(one["points"]) > 1 for one in curves)


def test_curves_start_at_one_loss() -> None:
    """NumPy and torch train from the same start on the same batches, and time goes on."""
    for one in SMALL.values():
        ours, theirs = (curve.trained(one, BACKENDS[name], 0.2).points for name in ("numpy", "torch-cpu"))
        assert ours[0][1] == pytest.approx(theirs[0][1], rel=1e-5)
        for points in (ours, theirs):
            assert (np.diff([seconds for seconds, _ in points]) > 0).all()


def test_plot_without_matplotlib(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line, before any work."""
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    result = run("--plot", tmp_path / "loss.png")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "--plot needs matplotlib, which is not installed" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--workload", "mlp"), "no workload is called 'mlp': "),
        (("--workload", "char-lstm-v7-h6-t5"), "did you mean char-lstm-v7-h6-t5-b3?"),
        (("--backend", "jax"), "no backend is called 'jax': there are numpy, torch-cpu, "),
        (("--device", "cuda"), "no CUDA device: "),
        (("--backend", "torch-cuda-graph-tf32"), "no CUDA device: "),
        (("--device", "cuda", "--backend", "numpy"), "--device is cuda, but none of the backends given runs there."),
        (("--plot", "loss.doc"), "--plot is loss.doc, but should end in .png, .svg or .pdf."),
        (("--json", "no/such/folder.json"), "no/such/folder.json cannot be written: "),
    ],
)
def test_refused(run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str) -> None:
    """Status 2, and one line."""
    none = "no CUDA device: none here"
    monkeypatch.setattr(Backend, "missing", lambda self: none if self.device == "cuda" else "")
    result = run(*arguments)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert result.output.startswith("backprove: ")
    assert words in result.output


def test_list(run: Run) -> None:
    """Names to choose from."""
    assert run("--list").output.split() == [*SMALL, *BACKENDS]
