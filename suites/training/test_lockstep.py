"""Whole models: after 50 steps in float64, NumPy's parameters are torch's to ten digits after the point."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from harness.spec import Array
from reference_impls import init, models, optim
from reference_impls.models import char_lstm, char_parameters, char_rnn, mlp, mlp_parameters
from suites.specs.models import MLP, CharModel
from suites.specs.optim import OPTIMISERS
from suites.training import Batch, Work, gradients, ours, same, theirs

DOUBLE = torch.float64


def images(rng: np.random.Generator) -> Batch:
    """Twenty pictures of three kinds, each kind with a bright half or none."""
    classes = rng.integers(3, size=20)
    bright = np.array([[2.0] * 6 + [0.0] * 6, [0.0] * 6 + [2.0] * 6, [0.0] * 12])
    return rng.standard_normal((20, 12)) + bright[classes], classes


def text(rng: np.random.Generator, steps: int = 9, batch: int = 4) -> Batch:
    """Characters of which each is mostly the one before plus one, and those that follow them."""
    start, slips = rng.integers(5, size=batch), rng.random((steps + 1, batch)) < 0.2
    characters = (start + np.arange(steps + 1)[:, None] + slips.cumsum(0)) % 5
    return characters[:-1], characters[1:]


def perceptron(sizes: tuple[int, ...] = (12, 8, 3), activation: str = "relu", **options: Any) -> Work:
    """Of any depth."""
    return Work(
        partial(mlp, activation=activation, **options),
        lambda: mlp_parameters(sizes, biases=init.normal, rng=np.random.default_rng(5)),
        lambda: MLP(sizes, activation, options.get("output_activation", "linear"), dtype=DOUBLE),
        images,
    )


def characters(layer: str, **options: Any) -> Work:
    """A model of text over an alphabet of five."""
    start = {name: value for name, value in options.items() if name in ("embedding_size", "num_layers")}
    call = {name: value for name, value in options.items() if name != "embedding_size"}

    def batch(rng: np.random.Generator) -> Batch:
        input, classes = text(rng)
        turned = options.get("batch_first", False)
        return (input.T.copy(), classes.T.copy()) if turned else (input, classes)

    return Work(
        partial({"rnn": char_rnn, "lstm": char_lstm}[layer], **call),
        lambda: char_parameters(layer, 5, 6, rng=np.random.default_rng(5), **start),
        lambda: CharModel(layer, 5, 6, dtype=DOUBLE, **options),
        batch,
    )


MODELS = {
    **{f"mlp {name}": perceptron(activation=name) for name in models.ACTIVATIONS},
    "mlp, no hidden layer": perceptron((12, 3)),
    "mlp, five layers": perceptron((12, 9, 8, 7, 6, 3)),
    "mlp, one unit": perceptron((12, 1, 3), "tanh"),
    "mlp, with an activation at the end": perceptron(output_activation="tanh"),
    "mlp, without its input's gradient": perceptron(input_grad=False),
    "rnn": characters("rnn"),
    "rnn relu": characters("rnn", nonlinearity="relu"),
    "rnn gaussian": characters("rnn", nonlinearity="gaussian"),
    "rnn, embedding, two layers": characters("rnn", embedding_size=3, num_layers=2, batch_first=True),
    "lstm": characters("lstm"),
    "lstm, embedding": characters("lstm", embedding_size=3),
    "lstm, two layers": characters("lstm", num_layers=2, batch_first=True),
}
MOMENTUM = {"lr": 0.1, "momentum": 0.8}


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str) -> None:
    """Every model, by momentum and by Adam."""
    work = MODELS[name]
    for make, twin, options in (
        (optim.SGD, torch.optim.SGD, MOMENTUM),
        (optim.Adam, torch.optim.Adam, {"lr": 0.01}),
    ):
        same(ours(work, make, options), theirs(work, twin, options))


@pytest.mark.parametrize(
    ("make", "twin", "options"),
    [
        pytest.param(one.ours, one.torch, options, id=f"{one.ours.__name__} {options}")
        for one in OPTIMISERS
        for options in one.options
    ],
)
def test_optimisers(make: Any, twin: Any, options: dict[str, Any]) -> None:
    """Every optimiser with every option, on a perceptron."""
    work = MODELS["mlp tanh"]
    same(ours(work, make, options), theirs(work, twin, options))


@pytest.mark.parametrize("name", ["mlp relu", "mlp gaussian", "rnn", "lstm", "lstm, embedding"])
def test_the_models_learn(name: str) -> None:
    """The loss on text or pictures not seen falls by a third or more: two wrong sides that agree would not do that."""
    work = MODELS[name]
    unseen = work.batch(np.random.default_rng(99))
    before, _ = gradients(work.model, work.start(), unseen)
    after, _ = gradients(work.model, ours(work, optim.Adam, {"lr": 0.05}, steps=100), unseen)
    assert after < before * 2 / 3


# Seen to fail.


class UncorrectedAdam(optim.Adam):
    """The means start at 0, and nothing makes up for it."""

    @property
    def steps(self) -> int:
        """So late that both corrections are 1."""
        return 10**9

    @steps.setter
    def steps(self, value: int) -> None:
        pass


class LateMomentum(optim.SGD):
    """The first gradient is already dampened."""

    def _move(self, parameter: Array, gradient: Array, memory: dict[str, Array]) -> None:
        _ = memory.setdefault("momentum", np.zeros_like(parameter))
        super()._move(parameter, gradient, memory)


class CoupledAdamW(optim.Adam):
    """Weight decay goes into the means."""


class HeavyBall(optim.SGD):
    """Nesterov is asked for and not done."""

    def _move(self, parameter: Array, gradient: Array, memory: dict[str, Array]) -> None:
        self.nesterov = False
        super()._move(parameter, gradient, memory)


class StaleSquare(optim.RMSprop):
    """Divides by the size that was known before this gradient: a copy of the class's rule with two lines exchanged."""

    def _move(self, parameter: Array, gradient: Array, memory: dict[str, Array]) -> None:
        size = memory.setdefault("square", np.zeros_like(parameter)).copy()
        memory["square"] = self.alpha * size + (1 - self.alpha) * gradient * gradient
        parameter -= self.lr * gradient / (np.sqrt(size) + self.eps)


@pytest.mark.parametrize(
    ("make", "twin", "options"),
    [
        (UncorrectedAdam, torch.optim.Adam, {"lr": 0.01}),
        (UncorrectedAdam, torch.optim.Adam, {"lr": 0.01, "amsgrad": True}),
        (LateMomentum, torch.optim.SGD, {"lr": 0.05, "momentum": 0.8, "dampening": 0.3}),
        (CoupledAdamW, torch.optim.AdamW, {"weight_decay": 0.1}),
        (HeavyBall, torch.optim.SGD, {"lr": 0.05, "momentum": 0.8, "nesterov": True}),
        (StaleSquare, torch.optim.RMSprop, {"lr": 0.01}),
        (partial(optim.Adam, eps=1e-7), torch.optim.Adam, {}),
        (partial(optim.SGD, weight_decay=1e-9), torch.optim.SGD, {"lr": 0.1}),
    ],
)
def test_a_wrong_optimiser_is_noticed(make: Callable[..., Any], twin: Any, options: dict[str, Any]) -> None:
    """A planted mistake ends somewhere else."""
    work = MODELS["mlp tanh"]
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        same(ours(work, make, options), theirs(work, twin, options))


def swapped(model: Callable[..., Any]) -> Callable[..., Any]:
    """The gradients of two layers of one shape exchanged."""

    def wrong(input: Array, **parameters: Array) -> Any:
        output, pullback = model(input, **parameters)

        def wrong_pullback(d_output: Array) -> Any:
            grads = pullback(d_output)
            grads["layers.0.weight"], grads["layers.1.weight"] = grads["layers.1.weight"], grads["layers.0.weight"]
            return grads

        return output, wrong_pullback

    return wrong


def off(name: str, by: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """One gradient a little too large."""

    def spoil(model: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(input: Array, **parameters: Array) -> Any:
            output, pullback = model(input, **parameters)
            return output, lambda d_output: (grads := pullback(d_output)) | {name: grads[name] * (1 + by)}

        return wrong

    return spoil


@pytest.mark.parametrize(
    ("right", "spoil"),
    [
        (perceptron((12, 12, 12, 3)), swapped),
        (MODELS["mlp relu"], off("layers.1.bias", 1e-7)),
        (MODELS["lstm"], off("lstm.bias_hh_l0", 1e-6)),
        (MODELS["lstm, embedding"], off("embedding.weight", 1e-6)),
        (MODELS["rnn"], off("rnn.weight_hh_l0", 1e-6)),
    ],
)
def test_a_wrong_model_is_noticed(right: Work, spoil: Callable[..., Any]) -> None:
    """A planted mistake of one part in a million is one after 50 steps too."""
    wrong = Work(spoil(right.model), right.start, right.twin, right.batch)
    same(ours(right, optim.SGD, MOMENTUM), theirs(right, torch.optim.SGD, MOMENTUM))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        same(ours(wrong, optim.SGD, MOMENTUM), theirs(wrong, torch.optim.SGD, MOMENTUM))
