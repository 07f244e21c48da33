"""A small experiment, found instead of the documents', and a context without a command around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from harness.checkpoints import Store
from harness.reproduce import command, experiment
from harness.reproduce.context import Context
from harness.reproduce.data import Source
from harness.reproduce.experiment import Claim, Experiment, Figure
from harness.reproduce.net import Net
from suites.experiments._nets import perceptron

Run = Callable[..., Result]


def net() -> Net:
    """Of two inputs, four units and two classes."""
    return perceptron((2, 4, 2), rng=lambda: np.random.default_rng(1), options={"lr": 0.1, "momentum": 0.5})


def curve(context: Context, made: Callable[[], Net], name: str) -> dict[str, Any]:
    """Thirty steps on points left and right of a line."""
    rng = context.rng("curve", name)
    trainer = context.trainer(made())
    input = rng.standard_normal((30, 8, 2))
    return {"losses": [trainer.step(one, (one[:, 0] > 0).astype(np.int64)) for one in input]}


def draw(canvas: Any, numbers: dict[str, Any]) -> None:
    """All curves."""
    axes = canvas.subplots()
    for one in numbers.values():
        _ = axes.plot(one["losses"])


def small(made: Callable[[], Net] = net, before: Callable[[str], None] = lambda _: None) -> Experiment:
    """Two figures of three curves each; `before` is told of each curve before it is run."""

    def numbers(context: Context, figure: str) -> dict[str, Any]:
        def one(name: str) -> dict[str, Any]:
            before(f"{figure} {name}")
            return curve(context, made, name)

        return context.units({name: lambda name=name: one(name) for name in "abc"})

    def claims(numbers: dict[str, Any]) -> list[Claim]:
        return [Claim("The loss falls", bool(numbers["a"]["losses"][-1] < numbers["a"]["losses"][0]), "curve a")]

    figures = [
        Figure(name, f"Figure {name}", lambda c, n=name: numbers(c, n), lambda _: "Three curves.", draw, claims=claims)
        for name in ("one", "two")
    ]
    return Experiment("999", "small", "A small experiment", "Nobody's.", tuple(figures))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, with the small experiment or another alone."""

    def call(*arguments: object, only: Experiment | None = None) -> Result:
        one = only or small()
        monkeypatch.setattr(experiment, "gathered", lambda: {one.name: one})
        return CliRunner().invoke(command.reproduce, [str(argument) for argument in arguments])

    return call


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Quick, on the CPU, on the embedded data; what is said is lost."""
    store = Store(tmp_path / "checkpoints", {}, "1", lambda _: None)
    return Context("quick", "cpu", 0, Source({}, None), store, lambda part, what: None)
