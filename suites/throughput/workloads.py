"""What is trained: one definition for asv, for pytest-benchmark and for `backprove bench`.

A perceptron on images of 784 numbers and a character LSTM, each at the size of the source documents and at one that
fills a GPU. The names hold all sizes, and a name keeps its meaning for ever: results of years hang on it. asv loads
this file from the working tree, whatever commit it measures, so it asks little of the library: the two models, their
starts, SGD, and the twins of the specs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from harness.training.workload import Batch, Parameters, Workload
from reference_impls.loss_classification import cross_entropy
from reference_impls.models import char_lstm, char_parameters, mlp, mlp_parameters
from reference_impls.optim import SGD
from suites.specs.models import MLP, CharModel

SEED = 1


def perceptron(name: str, sizes: Sequence[int], batch: int, lr: float = 0.01) -> Workload:
    """Images of sizes[0] numbers, sizes[-1] classes, each class around a point of its own and hard to tell."""

    def draw(rng: np.random.Generator) -> Batch:
        centres = np.random.default_rng(SEED).standard_normal((sizes[-1], sizes[0]), dtype=np.float32)
        classes = rng.integers(sizes[-1], size=batch)
        return centres[classes] / 16 + rng.standard_normal((batch, sizes[0]), dtype=np.float32), classes

    # A weight is in three products: forward, d_input and d_weight. The images take no gradient.
    matrices = [rows * columns for columns, rows in pairwise(sizes)]
    return Workload(
        name=name,
        units=batch,
        unit="samples",
        start=lambda: mlp_parameters(sizes, rng=np.random.default_rng(SEED), dtype=np.float32),
        batch=draw,
        gradients=partial(gradients, partial(mlp, input_grad=False)),
        optimizer=SGD,
        twin=lambda: MLP(sizes),
        lr=lr,
        flop=2 * batch * (3 * sum(matrices) - matrices[0]),
        kept=batch * sum(sizes[1:-1]),
    )


def characters(
    name: str, vocabulary: int, hidden: int, length: int, batch: int, lr: float = 0.5, large: bool = False
) -> Workload:
    """Texts in which each character is followed by one of four others, and the one that follows is asked for."""

    def draw(rng: np.random.Generator) -> Batch:
        follow = np.random.default_rng(SEED).integers(vocabulary, size=(vocabulary, 4))
        text = np.empty((length + 1, batch), np.int64)
        text[0] = rng.integers(vocabulary, size=batch)
        for time in range(length):
            text[time + 1] = follow[text[time], rng.integers(4, size=batch)]
        return text[:-1], text[1:]

    # As above, at each time; the characters take no gradient, nor does the state before the first of them.
    enter, recur, leave = 4 * hidden * vocabulary, 4 * hidden * hidden, hidden * vocabulary
    products = length * (2 * enter + 3 * recur + 3 * leave) - recur
    start = partial(char_parameters, "lstm", vocabulary, hidden, dtype=np.float32)
    return Workload(
        name=name,
        units=length * batch,
        unit="tokens",
        start=lambda: start(rng=np.random.default_rng(SEED)),
        batch=draw,
        gradients=partial(gradients, char_lstm),
        optimizer=SGD,
        twin=lambda: CharModel("lstm", vocabulary, hidden),
        lr=lr,
        flop=2 * batch * products,
        kept=length * batch * 6 * hidden,  # four gates, the cell's state and what it says
        large=large,
    )


def gradients(model: Callable[..., Any], parameters: Mapping[str, Any], batch: Batch) -> tuple[float, Parameters]:
    """The mean cross-entropy of our model, and its gradients."""
    input, classes = batch
    output, model_pullback = model(input, **parameters)
    scores = output[0] if isinstance(output, tuple) else output
    loss, loss_pullback = cross_entropy(scores.reshape(-1, scores.shape[-1]), classes.reshape(-1))
    d_scores = loss_pullback(np.ones_like(loss))["input"]
    return float(loss), model_pullback(d_scores.reshape(scores.shape))


WORKLOADS = {
    one.name: one
    for one in (
        perceptron("mlp-784-400-400-10-b100", (784, 400, 400, 10), 100),
        perceptron("mlp-784-400-400-10-b8192", (784, 400, 400, 10), 8192),
        perceptron("mlp-784-800x4-10-b100", (784, *[800] * 4, 10), 100),
        perceptron("mlp-784-800x4-10-b8192", (784, *[800] * 4, 10), 8192),
        characters("char-lstm-v96-h256-t64-b32", 96, 256, 64, 32),
        characters("char-lstm-v96-h1024-t64-b256", 96, 1024, 64, 256, large=True),
    )
}
