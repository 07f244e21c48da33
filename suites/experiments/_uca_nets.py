"""Document 004's nets, and one training of a net: the losses as the document takes them, and as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.data import Images
from harness.reproduce.lockstep import Lockstep
from harness.reproduce.net import Array, Net, Trainer
from reference_impls import cross_entropy

from ._nets import mean_loss, perceptron
from ._uva_nets import started_as_torch

Numbers = dict[str, Any]
SEEDS = 3
LARGE = 100  # pixels: a step with MNIST's is ten times as long as one with the digits of 8 × 8
SURE = 5  # steps of a wild training in lockstep
PARTS = 16  # the test set comes in batches so many times as large as the training's


def pictures(context: Context) -> Images:
    """MNIST, or what stands in for it, as rows; a part of it at the quick budget."""
    return context.images("mnist").first(*context.choose((2_000, 500), (60_000, 10_000))).flat


def net(
    context: Context, images: Images, seed: int, hidden: Sequence[int] = (300,), *, lr: float = 0.5, rule: str = "SGD",
    activation: str = "sigmoid",
) -> Net:  # fmt: skip
    """784-300-10 with the sigmoid, or another, from torch's own start; the input is as wide as the pictures."""
    sizes = (images.size, *hidden, images.classes)
    rng = lambda: context.rng("start", seed)  # noqa: E731
    return started_as_torch(perceptron(sizes, activation, rng=rng, rule=rule, options={"lr": lr}), rng)


def epochs(context: Context, images: Images) -> int:
    """The document made 101; at the quick budget fewer, and fewest of larger pictures."""
    return context.choose(30 if images.size < LARGE else 15, 101)


def batches(rng: np.random.Generator, classes: Array, size: int, stratified: bool = False) -> list[Array]:
    """The rows of each batch of an epoch: in a new order, or all zeros, then all ones, …, each as they lie."""
    order = np.argsort(classes, kind="stable") if stratified else rng.permutation(len(classes))
    return [order[first : first + size] for first in range(0, len(order), size)]


def fit(
    context: Context, images: Images, made: Net, *, batch: int, seed: int, stratified: bool = False,
    times: int = 1, wild: bool = False,
) -> Numbers:  # fmt: skip
    """Before training and after each epoch: the mean loss on both sets, and the accuracy on the test's.

    `as done` has what the document plots after each epoch: the loss of the last batch for the training set's, and the
    mean of the means of the batches, of which the last may be smaller, for the test set's. In float32, as the document;
    `times` as many epochs as the others. A `wild` training, in which rounding grows by itself, is in lockstep for its
    first SURE steps alone.
    """
    trainer, rng = context.trainer(made, dtype="float32", lockstep=not wild), context.rng("batches", seed)
    beside = Lockstep(made, context.device) if wild else None
    if beside:
        context.locksteps.append(beside.record)
    found: Numbers = {"train": [], "test": [], "accuracy": [], "as done": {"train": [], "test": []}}
    found["steps"] = -(-len(images.train) // batch)
    for epoch in range(times * epochs(context, images) + 1):
        if epoch:
            last = 0.0
            for rows in batches(rng, images.train_classes, batch, stratified):
                batch_of = images.train[rows], images.train_classes[rows]
                if beside and beside.record["steps"] < SURE:
                    beside.step(trainer.lr, *batch_of)
                last = trainer.step(*batch_of)
            found["as done"]["train"].append(last)
        losses, right = judged(trainer, images)
        if epoch:
            found["as done"]["test"].append(mean_of_means(losses, PARTS * batch))
        found["test"].append(float(losses.mean()))
        found["accuracy"].append(float(right.mean()))
        found["train"].append(mean_loss(trainer.scores(images.train).astype(float), images.train_classes))
    return found


def judged(trainer: Trainer, images: Images) -> tuple[Array, Array]:
    """Of each test picture the loss, and whether it is right."""
    scores = trainer.scores(images.test).astype(float)
    return cross_entropy(scores, images.test_classes, reduction="none")[0], scores.argmax(1) == images.test_classes


def mean_of_means(losses: Array, size: int) -> float:
    """Over batches of this size, each counting the same."""
    return float(np.mean([losses[first : first + size].mean() for first in range(0, len(losses), size)]))


def by_class(trainer: Trainer, images: Images) -> list[float]:
    """The accuracy on the test pictures of each class."""
    _, right = judged(trainer, images)
    return [float(right[images.test_classes == one].mean()) for one in range(images.classes)]


# What is read off several runs.


def values(runs: Sequence[Numbers], what: str) -> Array:
    """(runs, epochs + 1); what was not finite is NaN."""
    return np.array([one[what] for one in runs], float)


def ends(runs: Sequence[Numbers], what: str = "test") -> Array:
    """The last of each run."""
    return values(runs, what)[:, -1]


def below(low: Array, high: Array) -> bool:
    """Of each seed; what is not finite is above everything."""
    return bool((np.nan_to_num(low, nan=np.inf) < np.nan_to_num(high, nan=np.inf)).all())


Job = Callable[[int], Numbers]


def seeded(context: Context, jobs: Mapping[str, Job]) -> Numbers:
    """Each with every seed, a unit for each of them."""
    every = {f"{name}, seed {seed}": partial(job, seed) for name, job in jobs.items() for seed in range(SEEDS)}
    found = context.units(every)
    return {name: [found[f"{name}, seed {seed}"] for seed in range(SEEDS)] for name in jobs}


def curves(canvas: Any, found: Numbers) -> Any:
    """Test loss and accuracy of each, against epochs."""
    left, right = canvas.subplots(1, 2)
    for number, (name, one) in enumerate(found.items()):
        band(left, one, "test", f"C{number}", name)
        band(right, one, "accuracy", f"C{number}", f"{name}: {ends(one, 'accuracy').mean():.1%}")
    left.set(xlabel="epoch", ylabel="test loss")
    right.set(xlabel="epoch", ylabel="test accuracy")
    right.legend()
    return left, right


def band(axes: Any, runs: Sequence[Numbers], what: str, colour: str, label: str, **more: Any) -> None:
    """The mean over the seeds, and from the lowest to the highest."""
    found = values(runs, what)
    axes.plot(found.mean(0), color=colour, label=label, **more)
    axes.fill_between(range(found.shape[1]), found.min(0), found.max(0), color=colour, alpha=0.15, lw=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
