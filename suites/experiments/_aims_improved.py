"""Document 000, its future work on the perceptron: dropout, batch and layer norm, Adam and weight decay.

A layer is affine map, norm, relu, dropout. Where it trains, batch norm has the batch's mean and variance, and dropout
the masks that come with the batch. Where it is scored, dropout does nothing, and batch norm has the mean and variance
of pictures from the training set: the population's, as in algorithm 2 of Ioffe & Szegedy 2015, and not running means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Figure
from harness.reproduce.net import Array, Net, Parameters
from reference_impls import batch_norm, dropout, init, layer_norm, linear, relu
from reference_impls.loss_classification import cross_entropy
from reference_impls.models import mlp_parameters

from ._aims_train import (
    DEPTH,
    MOMENTUM,
    WIDTH,
    Numbers,
    between,
    fit,
    gathered,
    logarithmic,
    percent,
    pictures,
    rate,
    rounds,
    spread,
)
from ._nets import RULES

POPULATION = 1000  # pictures of the training set


# Ours.


def forward(
    parameters: Parameters, input: Array, norm: str = "", p: float = 0.0, masks: Sequence[Array] | None = None
) -> tuple[Array, Any]:
    """Scores (N, C), and their pullback to the parameters: as in training, by the statistics of these rows.

    `norm` is "", "batch" or "layer"; `masks` (N, H), True for what dropout keeps, or none for no dropout.
    """
    depth = sum(name.startswith("layers.") and name.endswith("weight") for name in parameters)
    pullbacks: list[tuple[str, Any]] = []

    def apply(prefix: str, made: tuple[Any, Any]) -> Array:
        pullbacks.append((prefix, made[1]))
        return made[0]

    rows = input
    for place in range(depth):
        own = {kind: parameters[f"layers.{place}.{kind}"] for kind in ("weight", "bias")}
        rows = apply(f"layers.{place}", linear(rows, **own))
        if place == depth - 1:
            break
        if norm:
            scale = {kind: parameters[f"norms.{place}.{kind}"] for kind in ("weight", "bias")}
            normed = (
                batch_norm(rows, None, None, **scale, training=True)
                if norm == "batch"
                else layer_norm(rows, rows.shape[1:], **scale)
            )
            rows = apply(f"norms.{place}", normed)
        rows = apply("", relu(rows))
        if masks is not None:
            rows = apply("", dropout(rows, p, mask=masks[place]))

    def pullback(d_rows: Array) -> Parameters:
        grads: Parameters = {}
        for prefix, back in reversed(pullbacks):
            own = back(d_rows)
            d_rows = own["input"]
            grads |= {f"{prefix}.{kind}": one for kind, one in own.items() if kind != "input"}
        return grads

    return rows, pullback


def scores(norm: str, population: Array, parameters: Parameters, input: Array) -> Array:
    """As it is judged: batch norm by the statistics of the population at each layer, no dropout."""
    if norm != "batch":
        return forward(parameters, input, norm)[0]
    depth = sum(name.startswith("norms.") and name.endswith("weight") for name in parameters)
    rows, others = input, population.astype(input.dtype, copy=False)
    for place in range(depth):
        rows, others = (linear(one, **_part(parameters, f"layers.{place}."))[0] for one in (rows, others))
        of = others.mean(0), others.var(0)
        rows, others = (
            relu(batch_norm(one, *of, **_part(parameters, f"norms.{place}."))[0][0])[0] for one in (rows, others)
        )
    return linear(rows, **_part(parameters, f"layers.{depth}."))[0]


def _part(parameters: Parameters, prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): array for name, array in parameters.items() if name.startswith(prefix)}


def loss(
    norm: str, p: float, parameters: Parameters, input: Array, classes: Array, *masks: Array
) -> tuple[float, Parameters]:
    """The mean cross-entropy, and its gradients."""
    output, pullback = forward(parameters, input, norm, p, masks or None)
    value, loss_pullback = cross_entropy(output, classes)
    return float(value), pullback(loss_pullback(np.ones_like(value))["input"])


# torch's.


class Twin(torch.nn.Module):
    """The same of torch's layers."""

    def __init__(self, sizes: Sequence[int], norm: str, p: float, population: Array) -> None:
        super().__init__()
        nn: Any = torch.nn
        place: dict[str, Any] = {"dtype": torch.float64}
        self.layers = nn.ModuleList(nn.Linear(*pair, **place) for pair in pairwise(sizes))
        made = {"batch": partial(nn.BatchNorm1d, track_running_stats=False), "layer": nn.LayerNorm}
        self.norms = nn.ModuleList(made[norm](size, **place) for size in sizes[1:-1]) if norm else None
        self.norm, self.p = norm, p
        self.register_buffer("population", torch.from_numpy(population.astype(np.float64)))

    def training_scores(self, rows: torch.Tensor, masks: Sequence[torch.Tensor]) -> torch.Tensor:
        """By the statistics of these rows, and with these masks."""
        for place, layer in enumerate(self.layers):
            rows = layer(rows)
            if place < len(self.layers) - 1:
                rows = torch.relu(self.norms[place](rows) if self.norms else rows)
                rows = rows * masks[place] / (1 - self.p) if masks else rows
        return rows

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """By the statistics of the population; no dropout."""
        if self.norm != "batch" or self.norms is None:
            return self.training_scores(rows, ())
        others = self.get_buffer("population")
        for layer, norm in zip(self.layers, self.norms, strict=False):
            rows, others = layer(rows), layer(others)
            of = others.mean(0), others.var(0, unbiased=False)
            scale = norm.weight, norm.bias
            rows, others = (torch.relu(F.batch_norm(one, *of, *scale)) for one in (rows, others))
        return self.layers[-1](rows)


def improved(
    sizes: Sequence[int], rng: Any, *, rule: str, options: Mapping[str, float], norm: str = "", p: float = 0.0,
    population: Array,
) -> Net:  # fmt: skip
    """A batch is (input, classes, a mask for each hidden layer if p is not 0); the start is the document's."""
    ours, theirs = RULES[rule]
    words = [
        f"mlp {'-'.join(map(str, sizes))}",
        *([f"{norm} norm"] if norm else []),
        *([f"dropout {p:g}"] if p else []),
    ]

    def start() -> Parameters:
        norms = {f"norms.{place}": size for place, size in enumerate(sizes[1:-1])} if norm else {}
        scales = {f"{name}.weight": init.ones((size,)) for name, size in norms.items()}
        shifts = {f"{name}.bias": init.zeros((size,)) for name, size in norms.items()}
        return mlp_parameters(sizes, rng=rng()) | scales | shifts

    return Net(
        name=f"{', '.join(words)}, {rule} {' '.join(f'{name} {value:g}' for name, value in options.items())}",
        start=start,
        loss=partial(loss, norm, p),
        scores=partial(scores, norm, population),
        optimizer=partial(ours, **options),
        twin=lambda: Twin(sizes, norm, p, population),
        twin_loss=lambda module, input, classes, *masks: F.cross_entropy(module.training_scores(input, masks), classes),
        twin_optimizer=partial(theirs, **options),
    )


# The figure.

BASE = "the document's: momentum 0.8"
WAYS: dict[str, dict[str, Any]] = {
    BASE: {},
    "dropout 0.5": {"p": 0.5},
    "batch norm": {"norm": "batch"},
    "layer norm": {"norm": "layer"},
    "weight decay 0.001": {"weight_decay": 1e-3},
    "Adam": {"rule": "Adam"},
}


def numbers(context: Context) -> Numbers:
    """A unit for each way and seed: the same net, start, batches and number of steps."""
    images, seeds = pictures(context), 3
    sizes = (images.size, *[WIDTH] * DEPTH, images.classes)

    def run(way: str, seed: int) -> Numbers:
        given = dict(WAYS[way])
        rule = given.pop("rule", "SGD")
        options = {"lr": 1e-3} if rule == "Adam" else {"lr": rate(context), "momentum": MOMENTUM}
        options |= {"weight_decay": given.pop("weight_decay")} if "weight_decay" in given else {}
        made = improved(
            sizes,
            lambda: context.rng("start", seed),
            rule=rule,
            options=options,
            population=images.train[:POPULATION],
            **given,
        )
        draw = context.rng("masks", seed)
        p = given.get("p", 0.0)

        def masks(rows: int) -> list[Array]:
            return [draw.random((rows, WIDTH)) >= p for _ in range(DEPTH)] if p else []

        trainer = context.trainer(made, dtype="float32", lockstep=seed == 0)
        return fit(context, images, trainer, seed, extra=masks)

    found = context.units({f"{way}, seed {seed}": partial(run, way, seed) for way in WAYS for seed in range(seeds)})
    curves = {way: gathered(found[f"{way}, seed {seed}"] for seed in range(seeds)) for way in WAYS}
    return {"epochs": rounds(context), "curves": curves}


def claims(found: Numbers) -> list[Claim]:
    """Better on the test set than the document's; not every way has to be, and this says which are."""
    base, *others = ((way, one["test"]) for way, one in found["curves"].items())
    return [
        Claim(f"{way}: more right on the test set, in the mean, than {base[0]}", bool(np.mean(test) > np.mean(base[1])),
              f"{percent(test)} ({between(test, '.1%')}) against {percent(base[1])} ({between(base[1], '.1%')})")
        for way, test in others
    ]  # fmt: skip


def caption(found: Numbers) -> str:
    """Who is first, in both."""
    tests = {way: float(np.mean(one["test"])) for way, one in found["curves"].items()}
    last = {way: float(np.mean(one["last"])) for way, one in found["curves"].items()}
    best, lowest = max(tests, key=lambda way: tests[way]), min(last, key=lambda way: last[way])
    return (
        f"The net of figure 3 with one thing changed at a time, {found['epochs']} epochs on the same batches, three "
        f"seeds. Best on the test set: {best} with {tests[best]:.1%} ({BASE} {tests[BASE]:.1%}); lowest training "
        f"loss: {lowest} with {last[lowest]:.3f} ({last[BASE]:.3f}). Dropout's training loss is that of the thinned "
        "net. Adam has its own rate, 0.001; the others have the document's, none was tuned."
    )


def draw(canvas: Any, found: Numbers) -> None:
    """Training loss; and the accuracy on the test set of each seed."""
    left, right = canvas.subplots(1, 2, width_ratios=(3, 2))
    for place, (way, one) in enumerate(found["curves"].items()):
        spread(left, found["epochs"], one["losses"], way, ls="--" if "decay" in way else "-")
        right.plot(one["test"], [place] * len(one["test"]), "o", ms=4, alpha=0.6)
        right.plot([np.mean(one["test"])], [place], "|", ms=16, mew=2, color=f"C{place}")
    left.set(xlabel="epoch", ylabel="training loss")
    logarithmic(left)
    right.set(
        xlabel="test accuracy, each seed and the mean",
        yticks=range(len(found["curves"])),
        yticklabels=list(found["curves"]),
    )
    right.invert_yaxis()
    right.grid(axis="x", alpha=0.3)
    right.locator_params(axis="x", nbins=5)
    right.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    for place, label in enumerate(right.get_yticklabels()):
        label.set_color(f"C{place}")


FIGURE = Figure(
    "future-mlp", "Future work: dropout, norms, weight decay, Adam", numbers, caption, draw=draw, claims=claims,
    size=(9.5, 4.2), weight=22,
)  # fmt: skip
