"""Document 003's data and nets, and one training of a net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

import reference_impls as ref
from harness.reproduce.context import Context
from harness.reproduce.net import Array, Net, Parameters, Trainer
from reference_impls import init, models

from ._nets import perceptron

Numbers = dict[str, Any]
Q = np.array([[1.0, 0.5], [1.0, 0.2]])
LEVEL = 0.6
RATE, BATCH, MOMENTUM = 0.01, 128, 0.9  # of the summed loss
UNITS = 8  # in each hidden layer: four for each input


def synthetic(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Standard normal points (N, 2) and their classes: whether xᵀQx is above 0.6."""
    points = rng.standard_normal((count, 2))
    return points, inside(points)


def inside(points: Array) -> Array:
    """0 or 1 for each point (N, 2)."""
    return (np.einsum("ni,ij,nj->n", points, Q, points) > LEVEL).astype(np.int64)


def given_start(shape: tuple[int, ...], **how: Any) -> Array:
    """The library's: std 2 / (inputs + outputs), where Glorot has the root of it."""
    return init.normal(shape, 0.0, 2 / sum(shape), **how)


STARTS: dict[str, Callable[..., Array]] = {"std 2/(in + out)": given_start, "std √(2/(in + out))": init.xavier_normal}
GIVEN, GLOROT = STARTS
NETS: Numbers = {
    "sigmoid": {"activation": "sigmoid", "hidden": 1},
    "relu": {"activation": "relu", "hidden": 1},
    "three layers": {"activation": "sigmoid", "hidden": 2},
    "momentum": {"activation": "sigmoid", "hidden": 1, "momentum": MOMENTUM},
}


def summed(activation: str) -> Callable[..., tuple[float, Parameters]]:
    """The library's loss, added up over the batch."""

    def loss(parameters: Parameters, input: Array, classes: Array) -> tuple[float, Parameters]:
        scores, model_pullback = models.mlp(input, activation, input_grad=False, **parameters)
        total, loss_pullback = ref.cross_entropy(scores, classes, reduction="sum")
        return float(total), model_pullback(loss_pullback(np.ones_like(total))["input"])

    return loss


def twin_summed(module: Any, input: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """torch's."""
    return F.cross_entropy(module(input), classes, reduction="sum")


def net(
    rng: Callable[[], np.random.Generator], start: str, activation: str, hidden: int, momentum: float = 0.0,
    trained: int | None = None,
) -> Net:  # fmt: skip
    """One of NETS; with `trained`, the optimiser is given only so many parameters, from the first."""
    sizes, options = (2, *[UNITS] * hidden, 2), {"lr": RATE, "momentum": momentum}
    made = perceptron(sizes, activation, rng=rng, options=options, weights=STARTS[start], biases=init.zeros)
    words = f"{made.name}, summed loss, {start}" + ("" if trained is None else f", {trained} parameters trained")
    return replace(
        made, name=words, loss=summed(activation), twin_loss=twin_summed,
        optimizer=lambda arrays: made.optimizer(dict([*arrays.items()][:trained])),
        twin_optimizer=lambda parameters: made.twin_optimizer([*parameters][:trained]),
    )  # fmt: skip


def fit(context: Context, seed: int, kind: Numbers, start: str, grid: Array | None = None) -> Numbers:
    """Before training and after each epoch the mean loss and the accuracy on points that are not trained on.

    The batches come in the same order in each epoch, as in the document.
    """
    train, held, epochs = context.choose((12_800, 2_000, 24), (60_000, 10_000, 20))
    points, classes = synthetic(context.rng("points", seed), train)
    test, test_classes = synthetic(context.rng("held out", seed), held)
    made = net(lambda: context.rng("start", seed, kind["hidden"]), start, **kind)
    trainer = context.trainer(made)
    found: Numbers = {"loss": [], "accuracy": []}
    begun = trainer.parameters()
    for epoch in range(epochs + 1):
        loss, accuracy = evaluated(trainer, test, test_classes)
        found["loss"].append(loss)
        found["accuracy"].append(accuracy)
        for first in range(0, train if epoch < epochs else 0, BATCH):
            _ = trainer.step(points[first : first + BATCH], classes[first : first + BATCH])
    ended = trainer.parameters()
    found["steps"] = epochs * -(-train // BATCH)
    found["moved"] = {name: float(np.abs(ended[name] - begun[name]).max()) for name in begun}
    if grid is not None:
        found["grid"] = trainer.scores(grid).argmax(1)
    return found


def evaluated(trainer: Trainer, points: Array, classes: Array) -> tuple[float, float]:
    """Mean loss and accuracy."""
    scores = trainer.scores(points)
    return float(ref.cross_entropy(scores, classes)[0]), float((scores.argmax(1) == classes).mean())


SIDE, REACH = 81, 2.5


def grid() -> Array:
    """Points of a square, row by row from below."""
    ticks = np.linspace(-REACH, REACH, SIDE)
    return np.stack([one.ravel() for one in np.meshgrid(ticks, ticks)], 1)
