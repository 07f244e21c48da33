"""Document 002's loops: its pixels, its batches, its evaluations, and how runs of several seeds are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from harness.reproduce.data import Images
from harness.reproduce.net import Array, Trainer, accuracy

Numbers = dict[str, Any]
DONE, RIGHT = "as in the document", "done right"


def centred(images: Images) -> Images:
    """As the course's loader gives them: pixels from 0 to 255 less the mean picture of the training set."""
    mean = images.train.mean(0)
    return replace(images, train=255 * (images.train - mean), test=255 * (images.test - mean))


def endless(rng: np.random.Generator, count: int, size: int) -> Iterator[Array]:
    """Batches of `size` rows, or of all; a new order when those left are too few, as the course's loader does."""
    size = min(size, count)
    while True:
        order = rng.permutation(count)
        for first in range(0, count - size + 1, size):
            yield order[first : first + size]


def windows(losses: Sequence[float], every: int) -> list[float]:
    """Mean losses between one evaluation and the next; steps are counted from 0, so the first has one more."""
    cuts = [0, *range(every + 1, len(losses) + 1, every)]
    return [float(np.mean(losses[first:last])) for first, last in pairwise(cuts)]


def calm(images: Images, rate: float) -> bool:
    """Whether plain SGD at this rate takes steps by which rounding does not grow: rate × mean |x|² up to 500.

    Above that, as on pixels up to 255 at most rates of the grid, NumPy and torch come apart by chaos alone.
    """
    return rate * float((images.train.astype(float) ** 2).sum(1).mean()) <= 500


def train(
    trainer: Trainer, images: Images, rows: Iterator[Array], steps: int, every: int, validation: int = 0
) -> Numbers:
    """Losses of all steps, and each time the step's number is a multiple of `every` and not 0 the test accuracy.

    As the document's loops do, it makes steps + 1 of them. The rows of the training set from `validation` on, if
    that is not 0, are scored as well, and are for the caller to keep out of `rows`.
    """
    found: Numbers = {"losses": [], "test": [], "validation": []}
    for step in range(steps + 1):
        batch = next(rows)
        found["losses"].append(trainer.step(images.train[batch], images.train_classes[batch]))
        if step % every == 0 and step:
            found["test"].append(accuracy(trainer, images.test, images.test_classes))
            if validation:
                held = images.train[validation:], images.train_classes[validation:]
                found["validation"].append(accuracy(trainer, *held))
    return found


def band(axes: Any, x: Any, runs: Any, label: str, colour: str, line: str = "-") -> None:
    """The mean of runs, and all between the lowest and the highest."""
    values = np.array(runs, float)
    axes.plot(x, values.mean(0), line, color=colour, label=label)
    axes.fill_between(x, values.min(0), values.max(0), color=colour, alpha=0.18, lw=0)


def spread(values: Any) -> str:
    """Lowest to highest, in percent."""
    return f"{min(values):.1%} to {max(values):.1%}"
