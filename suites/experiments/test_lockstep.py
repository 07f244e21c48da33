"""NumPy and torch beside each other: what agrees is reported, what does not fails the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.reproduce.context import Context
from harness.reproduce.lockstep import OutOfStep
from harness.reproduce.net import Net, TorchTrainer, difference
from reference_impls import models, optim
from suites.experiments._nets import characters, perceptron
from suites.experiments.conftest import Run, curve, net, small


def scaled(name: str, by: float) -> Net:
    """One gradient too large."""
    right = net()

    def loss(*batch: Any) -> Any:
        value, grads = right.loss(*batch)
        return value, grads | {name: by * grads[name]}

    return replace(right, loss=loss)


def other_loss(by: float) -> Net:
    """Right gradients of a loss that says something else."""
    right = net()

    def loss(*batch: Any) -> Any:
        value, grads = right.loss(*batch)
        return value + by, grads

    return replace(right, loss=loss)


WRONG: dict[str, Callable[[], Net]] = {
    "a gradient of another sign": lambda: scaled("layers.0.weight", -1),
    "a bias by one in a million": lambda: scaled("layers.1.bias", 1 + 1e-6),
    "the loss": lambda: other_loss(1e-7),
    "no gradient": lambda: scaled("layers.0.bias", 0),
    "not a number": lambda: scaled("layers.0.bias", float("nan")),
    "another momentum": lambda: replace(net(), twin_optimizer=partial(torch.optim.SGD, lr=0.1, momentum=0.50001)),
    "Adam's eps": lambda: replace(
        net(), optimizer=partial(optim.Adam, eps=1e-6), twin_optimizer=torch.optim.Adam
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_planted_mistake_is_noticed(context: Context, name: str) -> None:
    """At one of the first twenty steps, with what it is in."""
    with pytest.raises(OutOfStep, match=r"NumPy and torch differ by .* but should by 1e-08 or less"):
        _ = curve(context, WRONG[name], "a")


def test_the_command_fails_and_the_other_figures_are_made(run: Run, tmp_path: Path) -> None:
    """Status 1, one line, and a report that says so."""
    made = iter([net(), net(), net(), WRONG["a bias by one in a million"]()])
    result = run("--out", tmp_path, only=small(lambda: next(made)))
    assert result.exit_code == 1
    lines = [line for line in result.output.splitlines() if line.startswith("999-two: ")]
    assert "NumPy and torch differ by" in lines[-1]
    assert "Traceback" not in result.output
    page = (tmp_path / "report.html").read_text()
    assert "NumPy and torch differ by" in page
    assert page.count("data:image/png;base64,") == 1
    assert not json.loads((tmp_path / "999-one.json").read_text())["failed"]


def test_nets_of_the_experiments_agree(context: Context) -> None:
    """Perceptrons and character models, with each rule, and a rate that changes on the way."""
    rng = np.random.default_rng(0)
    sure = partial(np.random.default_rng, 3)
    text = rng.integers(5, size=(31, 7, 4))
    for rule, options in (("SGD", {"lr": 0.1, "momentum": 0.8}), ("Adam", {"lr": 0.01}), ("RMSprop", {"lr": 0.01})):
        nets = [
            (perceptron((3, 6, 4), "gaussian", rng=sure, rule=rule, options=options, reg=0.05), None),
            *(
                (
                    characters(
                        layer, 5, 6, start=lambda layer=layer: models.char_parameters(layer, 5, 6, rng=sure()),
                        rule=rule, options=options,
                    ),
                    text,
                )
                for layer in ("rnn", "lstm")
            ),
        ]  # fmt: skip
        for one, characters_ in nets:
            trainer = context.trainer(one)
            for step in range(30):
                if characters_ is None:
                    _ = trainer.step(rng.standard_normal((8, 3)), rng.integers(4, size=8))
                else:
                    _ = trainer.step(characters_[step, :-1], characters_[step, 1:])
                trainer.lr *= 0.99
    assert len(context.locksteps) == 9
    for record in context.locksteps:
        assert record["steps"] == 20
        assert record["difference"] < 1e-11
        assert record["moved"] > 1e-3


def test_both_libraries_train_alike(context: Context) -> None:
    """The trainers themselves: the same losses, scores and gradients, on torch as in NumPy."""
    rng = np.random.default_rng(0)
    ours, theirs = context.trainer(net(), lockstep=False), context.trainer(net(), library="torch", lockstep=False)
    assert isinstance(theirs, TorchTrainer)
    batches = [(rng.standard_normal((8, 2)), rng.integers(2, size=8)) for _ in range(40)]
    for batch in batches:
        assert ours.step(*batch) == pytest.approx(theirs.step(*batch), abs=1e-12)
    assert difference(ours.gradients(*batches[0])[1], theirs.gradients(*batches[0])[1])[0] < 1e-12
    assert np.abs(ours.scores(batches[0][0]) - theirs.scores(batches[0][0])).max() < 1e-12


def test_differences() -> None:
    """The worst array is named; what is infinite has to be so in both."""
    a, b = np.array([1.0, np.inf]), np.array([np.nan, 3.0])
    assert difference({"a": a, "b": b}, {"a": a, "b": b})[0] == 0
    assert difference({"a": a, "b": b}, {"a": a, "b": b + 0.3}) == (pytest.approx(0.3 / 3.3), "b")
    assert difference({"a": a}, {"a": -a}) == (np.inf, "a")
    assert difference({"a": b}, {"a": np.zeros(2)}) == (np.inf, "a")
    assert difference({"a": np.zeros(1)}, {"a": np.zeros(2)}) == (np.inf, "a")
