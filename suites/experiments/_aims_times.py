"""Document 000, figures 1 and 2: loss against time, the same training by NumPy, torch on the CPU and torch on CUDA."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Figure
from harness.reproduce.lockstep import STEPS
from harness.reproduce.net import Net, NumPyTrainer, TorchTrainer, Trainer
from harness.training.backend import Backend

from ._aims_train import BATCH, Numbers, binned, net, pictures, rounds
from ._nets import epochs

SIZES = {"small": (400, 2), "larger": (800, 4)}  # units and hidden layers
# In float32 a hidden unit within rounding of 0 may be on in one library and off in the other, and from that step on the
# two are a little apart, by some 1e-4 here: no fault of either, so this is no exact claim. The lockstep is, in float64.
SAME = 1e-2
WAYS: dict[str, Callable[[Net, str], Trainer]] = {
    "NumPy": NumPyTrainer,
    "torch, CPU": TorchTrainer,
    "torch, CUDA": partial(TorchTrainer, device="cuda"),
}


def numbers(context: Context, size: str) -> Numbers:
    """A unit for each library and device that is there, in float32 as the document's; and one for the lockstep."""
    width, depth = SIZES[size]
    images = pictures(context)
    made = net(context, images, width=width, depth=depth, momentum=0.0, lr=context.choose(0.05, 0.001))
    walk = list(epochs(context.rng("batches", 0), len(images.train), BATCH, context.choose(4, rounds(context))))
    batches = [(images.train[one], images.train_classes[one]) for epoch in walk for one in epoch]

    def lockstep() -> Numbers:
        trainer = context.trainer(made)
        return {"losses": [trainer.step(*batch) for batch in batches[:STEPS]]}

    def curve(way: str) -> Numbers:
        _ = WAYS[way](made, "float32").step(*batches[0])  # what a library does once is not counted
        trainer, losses, seconds = WAYS[way](made, "float32"), [], []
        for batch in batches:
            begin = time.perf_counter()
            losses.append(trainer.step(*batch))
            seconds.append(time.perf_counter() - begin)
        return {
            "losses": binned(losses),
            "seconds": {
                "at": binned(np.cumsum(seconds).tolist()),
                "total": sum(seconds),
                "step": float(np.median(seconds)),
            },
        }

    ways = [way for way in WAYS if "CUDA" not in way or not Backend("torch", "cuda").missing()]
    _ = context.unit("lockstep", lockstep)
    curves = context.units({way: partial(curve, way) for way in ways})
    return {"net": made.name, "epochs": len(walk), "steps": len(batches), "curves": curves}


def claims(found: Numbers) -> list[Claim]:
    """One training, whoever does it."""
    gap = apart(found)
    return [Claim(f"Whatever trains, the curve is the same to {SAME}", gap < SAME, f"losses differ by up to {gap:.1e}")]


def apart(found: Numbers) -> float:
    """The largest difference between the losses of two curves."""
    losses = np.array([one["losses"] for one in found["curves"].values()], float)
    return float(np.ptp(losses, 0).max())


def caption(found: Numbers) -> str:
    """Who took how long."""
    took = ", ".join(
        f"{way} {one['seconds']['total']:.2f} s ({1e3 * one['seconds']['step']:.2f} ms a step)"
        for way, one in found["curves"].items()
    )
    cuda = "" if "torch, CUDA" in found["curves"] else " There is no CUDA device here."
    return (
        f"{found['net']}: {found['epochs']} epochs in batches of {BATCH}, {found['steps']} steps in float32; "
        f"measured here: {took}. The losses differ by {apart(found):.0e} at most: "
        f"each library rounds in its own way, and relu's kink can make more of that.{cuda}"
    )


def draw(canvas: Any, found: Numbers) -> None:
    """Loss against the seconds that the steps took."""
    axes = canvas.subplots()
    for way, one in found["curves"].items():
        label = f"{way}: {1e3 * one['seconds']['step']:.2f} ms a step"
        axes.plot(one["seconds"]["at"], np.array(one["losses"], float), marker="o", ms=3, label=label)
    axes.set(xlabel="training time (s)", ylabel="training loss")
    axes.set_xlim(0)
    axes.legend()


def figure(number: int, size: str, weight: float) -> Figure:
    """Of this net."""
    width, depth = SIZES[size]
    title = f"Figure {number}: loss against time, {size} net ({depth} layers of {width})"
    return Figure(f"fig{number}", title, partial(numbers, size=size), caption, draw=draw, claims=claims, weight=weight)
