"""Document 000: how its perceptrons are trained, and how their curves are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.data import Images
from harness.reproduce.net import Array, Net, Trainer, accuracy

from ._nets import epochs, perceptron

Numbers = dict[str, Any]
MOMENTUM, BATCH, WIDTH, DEPTH = 0.8, 64, 400, 2
POINTS = 24  # of a drawn curve: each the mean of as many steps


def pictures(context: Context) -> Images:
    """MNIST or what stands for it, as rows; the quick budget takes the first of them."""
    return context.images("mnist").flat.first(*context.choose((2000, 500), (60000, 10000)))


def rate(context: Context) -> float:
    """The document's 0.001, for its five epochs of 60,000; ten times that where there are far fewer steps."""
    return context.choose(0.01, 0.001)


def rounds(context: Context) -> int:
    """Epochs."""
    return context.choose(6, 5)


def net(
    context: Context,
    images: Images,
    seed: int = 0,
    *,
    width: int = WIDTH,
    depth: int = DEPTH,
    activation: str = "relu",
    **options: float,
) -> Net:
    """As the document's Mlp: weights N(0, √(2 / inputs)), biases 0, by momentum 0.8 unless told otherwise."""
    return perceptron(
        (images.size, *[width] * depth, images.classes),
        activation,
        rng=lambda: context.rng("start", seed),
        options={"lr": rate(context), "momentum": MOMENTUM, **options},
    )


def fit(
    context: Context,
    images: Images,
    trainer: Trainer,
    seed: int,
    size: int = BATCH,
    extra: Callable[[int], Sequence[Array]] = lambda rows: (),
) -> Numbers:
    """Train: the losses of the batches as a curve, their mean over the last epoch, and the accuracy on the test set.

    The batches depend on the seed and their size alone. `extra` makes what else a batch of so many rows holds.
    """
    losses, last = [], []
    for batches in epochs(context.rng("batches", seed), len(images.train), size, rounds(context)):
        last = [trainer.step(images.train[one], images.train_classes[one], *extra(len(one))) for one in batches]
        losses += last
    return {
        "losses": binned(losses),
        "last": float(np.mean(last)),
        "test": accuracy(trainer, images.test, images.test_classes),
    }


def binned(losses: Sequence[float], points: int = POINTS) -> list[float]:
    """As so many means, one after the other."""
    return [float(np.mean(part)) for part in np.array_split(np.array(losses), min(points, len(losses)))]


def middles(points: int, end: float) -> Array:
    """Where the means of a run that goes from 0 to `end` lie."""
    return (np.arange(points) + 0.5) * end / points


def gathered(runs: Iterable[Mapping[str, Any]]) -> Numbers:
    """The same numbers of several seeds, each as a list over them."""
    found = list(runs)
    return {name: [run[name] for run in found] for name in found[0]}


def spread(axes: Any, end: float, runs: Sequence[Sequence[float | None]], label: str, **style: Any) -> None:
    """The mean of several runs that go from 0 to `end`, and from the lowest to the highest of them behind it."""
    values = np.array(runs, float)  # None, where a loss was not finite, leaves a gap
    places = middles(values.shape[1], end)
    (line,) = axes.plot(places, values.mean(0), label=label, **style)
    if len(values) > 1:
        axes.fill_between(places, values.min(0), values.max(0), color=line.get_color(), alpha=0.15, lw=0)


def logarithmic(axes: Any) -> None:
    """An axis of losses, with plain numbers at 1, 2 and 5 times each power of ten."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")


def percent(values: Sequence[float]) -> str:
    """Of several seeds, the mean."""
    return f"{np.mean(values):.1%}"


def between(values: Sequence[float], form: str = ".3f") -> str:
    """From the lowest to the highest."""
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"
