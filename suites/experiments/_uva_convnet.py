"""Document 002's ConvNet, and the one that the course draws."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Table

from ._uva_nets import convolutions, row, shapes
from ._uva_train import DONE, RIGHT, Numbers, band, centred, endless, spread, train, windows

# Its own test accuracies on CIFAR-10, every 500 steps.
PUBLISHED = (0.3045, 0.4086, 0.4603, 0.5066, 0.5791, 0.6097, 0.5933, 0.6267, 0.6271, 0.6422)


def numbers(context: Context) -> Numbers:
    """The document's, without anything between its convolutions, and with batch norm and ReLU there."""
    found = context.images("cifar10").first(*context.choose((1500, 500), (50000, 10000)))
    images = centred(found)
    if len(images.shape) == 2:
        images = replace(images, train=images.train[:, None], test=images.test[:, None])
    steps, every, size, divide = context.choose((120, 20, 64, 8), (5000, 500, 128, 1))
    ways = {DONE: False, RIGHT: True}

    def curve(way: str, seed: int) -> Numbers:
        layers = convolutions(images.shape[0], images.classes, divide=divide, normed=ways[way])
        name = f"ConvNet{' / 8' * (divide > 1)} {'with norm and ReLU' if ways[way] else 'as in the document'}"
        net = row(name, layers, rng=lambda: context.rng("conv start", seed), options={"lr": 1e-3})
        trainer = context.trainer(net, library="torch", dtype="float32", lockstep=seed == 0)
        return train(trainer, images, endless(context.rng("conv rows", seed), len(images.train), size), steps, every)

    seeds = range(context.choose(2, 1))
    done = context.units({f"{way}, seed {seed}": partial(curve, way, seed) for way in ways for seed in seeds})
    runs = {way: [done[f"{way}, seed {seed}"] for seed in seeds] for way in ways}
    counts = {way: parameters(3, 10, normed=normed) for way, normed in ways.items()}
    return {"every": every, "divide": divide, "data": images.name, "runs": runs, "parameters": counts}


def parameters(channels: int, classes: int, *, normed: bool) -> int:
    """How many numbers the ConvNet learns in full size."""
    return sum(math.prod(shape) for shape in shapes(convolutions(channels, classes, normed=normed)).values())


def claims(numbers: Numbers) -> list[Claim]:
    """Sizes, and whether what was left out matters."""
    ends = {way: [run["test"][-1] for run in runs] for way, runs in numbers["runs"].items()}
    counts, widths = numbers["parameters"], 64 + 128 + 2 * 256 + 4 * 512
    return [
        Claim("In full size, for CIFAR-10, the document's has 9,225,610 parameters", counts[DONE] == 9225610,
              f"{counts[DONE]:,}", exact=True),
        Claim("Batch norm puts two where a bias was, for each of the 2,752 channels",
              counts[RIGHT] - counts[DONE] == widths == 2752, f"{counts[RIGHT] - counts[DONE]:,} more", exact=True),
        Claim("With batch norm and ReLU it ends above the document's", bool(np.mean(ends[RIGHT]) > np.mean(ends[DONE])),
              f"{spread(ends[RIGHT])} and {spread(ends[DONE])}"),
        Claim("The document's learns, too: it ends above 30 %", min(ends[DONE]) > 0.3, spread(ends[DONE])),
    ]  # fmt: skip


def caption(numbers: Numbers) -> str:
    """What is left out."""
    last = {way: np.mean([run["test"][-1] for run in runs]) for way, runs in numbers["runs"].items()}
    small = f" Widths are divided by {numbers['divide']} here." if numbers["divide"] > 1 else ""
    return (
        "Eight convolutions and five poolings by Adam at 0.001. The document has nothing between its convolutions, so "
        f"that only the poolings are not linear ({last[DONE]:.1%} at the end here; its own, on CIFAR-10 and in full "
        f"size, {PUBLISHED[-1]:.1%} after 5000 steps). Done right, as the course draws it, each is followed by batch "
        f"norm and ReLU ({last[RIGHT]:.1%}); the norm has no running statistics and goes by the rows that are "
        f"scored.{small}"
    )


def draw(canvas: Any, numbers: Numbers) -> None:
    """Loss and accuracy; the document's own where the data are its."""
    left, right = canvas.subplots(1, 2)
    for colour, (way, runs) in zip(("C1", "C0"), numbers["runs"].items(), strict=True):
        steps = np.arange(1, len(runs[0]["test"]) + 1) * numbers["every"]
        label = f"{way}{': no norm, no ReLU' if way == DONE else ': batch norm and ReLU'}"
        band(left, steps, [windows(run["losses"], numbers["every"]) for run in runs], label, colour)
        band(right, steps, [run["test"] for run in runs], label, colour)
    if numbers["data"] == "cifar10" and numbers["divide"] == 1:
        right.plot(np.arange(1, 11) * 500, PUBLISHED, "o--", ms=3, color="#555", label="the document's own")
    left.set(xlabel="step", ylabel=f"mean training loss of {numbers['every']} steps", ylim=(0, None))
    right.set(xlabel="step", ylabel="test accuracy", ylim=(0, 1))
    left.legend(fontsize=7.5)
    right.legend(fontsize=7.5, loc="lower right")


def table(numbers: Numbers) -> Table:
    """Parameters in full size and accuracies."""
    rows = [
        [way, f"{numbers['parameters'][way]:,}", spread([run["test"][-1] for run in runs])]
        for way, runs in numbers["runs"].items()
    ]
    return Table(["ConvNet", "parameters in full size", "test accuracy here, at the end"], rows)
