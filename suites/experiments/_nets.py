"""Nets of the experiments, both ways: built of the references and of the torch twins of their specs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from harness.reproduce.net import Array, Net, Parameters
from reference_impls import init, models
from reference_impls.loss_classification import cross_entropy
from suites.specs.models import MLP, CharModel
from suites.specs.optim import OPTIMISERS

# By name: ours and torch's.
RULES = {one.ours.__name__: (one.ours, one.torch) for one in OPTIMISERS}


def perceptron(
    sizes: Sequence[int],
    activation: str = "relu",
    *,
    rng: Callable[[], np.random.Generator],
    rule: str = "SGD",
    options: Mapping[str, Any],
    weights: Callable[..., Array] = init.he_normal,
    biases: Callable[..., Array] = init.zeros,
    reg: float = 0.0,
) -> Net:
    """An mlp of these sizes with the mean cross-entropy, plus `reg` times the squares of its weights, biases free.

    A batch is (input (N, I), classes (N)). `rng` makes the same generator each time; `rule` and `options` name the
    optimiser as torch does.
    """
    start = partial(models.mlp_parameters, sizes, weights, biases)
    return Net(
        name=f"mlp {'-'.join(map(str, sizes))} {activation}, {rule} {_words(options)}{f', reg {reg}' * bool(reg)}",
        start=lambda: start(rng=rng()),
        loss=partial(_loss, partial(models.mlp, activation=activation, input_grad=False), reg),
        scores=lambda parameters, input: models.mlp(input, activation, **parameters)[0],
        twin=lambda: MLP(sizes, activation, dtype=torch.float64),
        twin_loss=partial(_twin_loss, reg),
        **_rules(rule, options),
    )


def characters(
    layer: str,
    vocabulary: int,
    hidden: int,
    *,
    start: Callable[[], Parameters],
    rule: str = "SGD",
    options: Mapping[str, Any],
    **model: Any,
) -> Net:
    """A char_rnn (layer "rnn") or char_lstm ("lstm"): a batch is (characters (T, N), those that follow (T, N)).

    `start` makes the parameters, as models.char_parameters does; `model` are options such as nonlinearity.
    """
    ours = partial({"rnn": models.char_rnn, "lstm": models.char_lstm}[layer], **model)
    return Net(
        name=f"{layer} {vocabulary}-{hidden}-{vocabulary} {_words(model)}, {rule} {_words(options)}",
        start=start,
        loss=partial(_loss, ours, 0.0),
        scores=lambda parameters, input: ours(input, **parameters)[0][0],
        twin=lambda: CharModel(layer, vocabulary, hidden, dtype=torch.float64, **model),
        twin_loss=partial(_twin_loss, 0.0),
        **_rules(rule, options),
    )


def _rules(rule: str, options: Mapping[str, Any]) -> dict[str, Any]:
    ours, theirs = RULES[rule]
    return {"optimizer": partial(ours, **options), "twin_optimizer": partial(theirs, **options)}


def _words(options: Mapping[str, Any]) -> str:
    short = {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in options.items()}
    return " ".join(f"{name} {value}" for name, value in short.items())


def _loss(
    model: Callable[..., Any], reg: float, parameters: Parameters, input: Array, classes: Array
) -> tuple[float, Parameters]:
    """The mean cross-entropy and the penalty, and their gradients."""
    output, model_pullback = model(input, **parameters)
    scores = output[0] if isinstance(output, tuple) else output
    loss, loss_pullback = cross_entropy(scores.reshape(-1, scores.shape[-1]), classes.reshape(-1))
    d_scores = loss_pullback(np.ones_like(loss))["input"]
    grads = model_pullback(d_scores.reshape(scores.shape))
    if reg:
        for name in (one for one in parameters if one.endswith("weight")):
            loss = loss + reg * (parameters[name] ** 2).sum()
            grads[name] = grads[name] + 2 * reg * parameters[name]
    return float(loss), grads


def _twin_loss(reg: float, module: Any, input: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    output = module(input)
    scores = output[0] if isinstance(output, tuple) else output
    loss = F.cross_entropy(scores.flatten(0, -2), classes.flatten())
    if reg:
        loss = loss + reg * sum((p**2).sum() for name, p in module.named_parameters() if name.endswith("weight"))
    return loss


def mean_loss(scores: Array, classes: Array) -> float:
    """The mean cross-entropy of these scores (*batch, C)."""
    return float(cross_entropy(scores.reshape(-1, scores.shape[-1]), classes.reshape(-1))[0])


def epochs(rng: np.random.Generator, count: int, size: int, times: int) -> Iterator[list[Array]]:
    """For each epoch its batches: `count` rows in a new order, cut into batches of `size`, the last one shorter."""
    for _ in range(times):
        order = rng.permutation(count)
        yield [order[first : first + size] for first in range(0, count, size)]
