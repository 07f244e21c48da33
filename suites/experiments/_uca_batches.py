"""Document 004's full batch beside mini-batches, and its curves as it draws them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim

from ._uca_nets import Numbers, band, below, fit, net, pictures, seeded, values

LONGER = 5  # times as many epochs for the full batch, which makes one step in each: for its curve against steps


def numbers(context: Context) -> Numbers:
    """All pictures in one step, and batches of 128 and of 16."""
    images = pictures(context)

    def run(size: int, seed: int) -> Numbers:
        made = net(context, images, seed, lr=0.1)
        return fit(context, images, made, batch=size, seed=seed, times=LONGER if size == len(images.train) else 1)

    jobs = {name: partial(run, size) for name, size in (("full", len(images.train)), ("128", 128), ("16", 16))}
    return seeded(context, jobs)


def as_done(one: Numbers, what: str) -> list[float]:
    """What the document plots."""
    return one["as done"][what]


def claims(numbers: Numbers) -> list[Claim]:
    """Slower for each epoch, not for each step; and what is wrong with the document's curve."""
    full, middle, small = numbers.values()
    epochs = len(middle[0]["train"]) - 1
    last = [values(one, "train")[:, epochs] for one in (full, middle, small)]
    rough, smooth = (float(np.mean([np.abs(np.diff(curve(one))).mean() for one in small]))
                     for curve in (lambda one: as_done(one, "train"), lambda one: one["train"][1:]))  # fmt: skip
    # Where the full batch has made as many steps as the small ones in their first epochs.
    epoch = min(epochs, max(1, (len(full[0]["train"]) - 1) // middle[0]["steps"]))
    step = epoch * middle[0]["steps"]
    reached = step < len(full[0]["train"])
    same = [values(full, "train")[:, step], values(middle, "train")[:, epoch]] if reached else None
    found = [
        Claim("Full batch is slower for each epoch than batches of 128, with every seed", below(last[1], last[0]),
              f"training loss {last[1].mean():.3f} against {last[0].mean():.3f}"),
        Claim("Batches of 16 are faster still, with every seed", below(last[2], last[1]),
              f"{last[2].mean():.3f} against {last[1].mean():.3f}"),
        Claim("In batches of 16 the document's training curve, the last batch's loss, is rougher than the set's",
              rough > smooth, f"{rough:.3f} against {smooth:.3f} from epoch to epoch"),
    ]  # fmt: skip
    if same is not None:
        off = np.abs(same[0] - same[1]).max()
        found.append(Claim("For each step full batch is as fast as batches of 128, to 10% of the loss, with every seed",
                           bool(off < 0.1 * same[0].mean()),
                           f"after {step} steps {same[0].mean():.3f} against {same[1].mean():.3f}"))  # fmt: skip
    return found


def draw(canvas: Any, numbers: Numbers) -> None:
    """Against epochs, against steps, and the document's curves beside ours."""
    by_epoch, by_step, done = canvas.subplots(1, 3)
    for number, (name, one) in enumerate(numbers.items()):
        label = f"batches of {name}" if name != "full" else "full batch"
        band(by_epoch, one, "train", f"C{number}", label)
        found = values(one, "train")
        by_step.plot(np.arange(found.shape[1]) * one[0]["steps"], found.mean(0), color=f"C{number}", label=label)
    by_epoch.set(xlim=(0, len(numbers["16"][0]["train"])))
    by_step.set(xscale="symlog", xlabel="step")
    by_epoch.set(xlabel="epoch", ylabel="training loss")
    by_step.legend(loc="lower left")
    one = numbers["16"][0]
    for colour, what in (("C0", "train"), ("C1", "test")):
        epoch = range(1, len(one[what]))
        done.plot(epoch, as_done(one, what), color=colour, lw=0.8, ls="--", label=f"{what}, as done")
        done.plot(epoch, one[what][1:], color=colour, label=what)
    done.set(xlabel="epoch", ylabel="loss, batches of 16, one run", yscale="log")
    done.legend()


def caption(numbers: Numbers) -> str:
    """What was done, and what is seen."""
    gap = max(abs(a - b) for way in numbers.values() for one in way
              for a, b in zip(as_done(one, "test"), one["test"][1:], strict=True))  # fmt: skip
    return (
        f"SGD at rate 0.1. In an epoch the full batch makes 1 step, batches of 128 make {numbers['128'][0]['steps']}, "
        f"those of 16 make {numbers['16'][0]['steps']}: against epochs (left) the full batch looks slow, against steps "
        "(middle) one sees what a step of each is worth. Right, dashed, as done: the document plots the loss of the "
        "epoch's last batch for the training set, and for the test set a mean of batch means in which the last, "
        f"smaller batch counts as much as the others (here up to {gap:.2g} off). Full lines: the losses themselves."
    )
