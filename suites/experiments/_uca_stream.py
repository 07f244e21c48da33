"""Document 004's stream of digits in sorted order, beside a shuffled one."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim

from ._uca_nets import Numbers, batches, below, by_class, curves, ends, fit, net, pictures, seeded

EPOCHS_WITHIN = 10  # made before the one that is looked into


def numbers(context: Context) -> Numbers:
    """All zeros, then all ones, …, and shuffled; and for one run what is known of each digit during an epoch."""
    images = pictures(context)

    def run(stratified: bool, seed: int) -> Numbers:
        made = net(context, images, seed, lr=0.1)
        return fit(context, images, made, batch=64, seed=seed, stratified=stratified)

    def within(stratified: bool) -> Numbers:
        trainer = context.trainer(net(context, images, 0, lr=0.1), lockstep=False)  # as the first run of each
        rng, known, shares = context.rng("batches", 0), [], []
        for epoch in range(EPOCHS_WITHIN + 1):
            for rows in batches(rng, images.train_classes, 64, stratified):
                if epoch == EPOCHS_WITHIN:
                    known.append(by_class(trainer, images))
                    shares.append(np.bincount(images.train_classes[rows], minlength=images.classes) / len(rows))
                _ = trainer.step(images.train[rows], images.train_classes[rows])
        return {"known": known, "shares": shares}

    ways = {"shuffled": False, "stratified": True}
    found = seeded(context, {name: partial(run, one) for name, one in ways.items()})
    epoch = context.units({f"{name}, within an epoch": lambda w=one: within(w) for name, one in ways.items()})
    return {"runs": found, "within": {name: epoch[f"{name}, within an epoch"] for name in ways}}


def claims(numbers: Numbers) -> list[Claim]:
    """Worse, and by forgetting."""
    shuffled, stratified = numbers["runs"].values()
    losses, right = ([ends(one, what) for one in (shuffled, stratified)] for what in ("test", "accuracy"))
    kept, left = (sum(x > 0.5 for x in numbers["within"][name]["known"][-1]) for name in ("shuffled", "stratified"))
    once = int((np.array(numbers["within"]["stratified"]["known"], float) > 0.5).any(0).sum())
    return [
        Claim("The stratified stream ends with a higher test loss than the shuffled one, with every seed",
              below(*losses), f"{losses[1].mean():.3f} against {losses[0].mean():.3f}"),
        Claim("Its accuracy is lower, with every seed", bool((right[1] < right[0]).all()),
              f"{right[1].mean():.1%} against {right[0].mean():.1%}"),
        Claim("A stratified epoch forgets: of the digits known during it (half of their pictures right), fewer are "
              "left at its end than at that of a shuffled one", left < min(once, kept),
              f"{once} known at some time, {left} at the end, against {kept}"),
    ]  # fmt: skip


def draw(canvas: Any, numbers: Numbers) -> None:
    """Curves, and accuracy by digit during an epoch."""
    top, bottom = canvas.subfigures(2, 1)
    curves(top, numbers["runs"])
    panels = bottom.subplots(1, 2, sharey=True)
    for axes, (name, one) in zip(panels, numbers["within"].items(), strict=True):
        known = np.array(one["known"], float).T
        axes.imshow(known, aspect="auto", vmin=0, vmax=1, cmap="viridis", interpolation="nearest")
        steps, digits = np.nonzero(np.array(one["shares"], float) > 0.5)
        axes.plot(steps, digits, "o", ms=2.5, color="white", mec="black", mew=0.5)
        axes.set(
            title=f"{name}: accuracy by digit during an epoch", xlabel="step of the epoch", yticks=range(len(known))
        )
    panels[0].set(ylabel="digit")
    bottom.colorbar(panels[0].images[0], ax=panels, label="test accuracy")


def caption(numbers: Numbers) -> str:
    """What was done."""
    steps = len(numbers["within"]["stratified"]["known"])
    return (
        "SGD at rate 0.1, batches of 64. Stratified: all zeros first, then all ones, and so on, as they lie. Below, "
        f"one run: what the net knows of each digit at each of the {steps} steps of epoch {EPOCHS_WITHIN + 1}; the "
        "dots are the digit of which more than half of the batch is."
    )
