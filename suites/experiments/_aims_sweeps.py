"""Document 000, figures 3a to 3e: one setting is varied, all else stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Figure

from ._aims_train import BATCH, Numbers, between, fit, gathered, logarithmic, net, percent, pictures, rounds, spread


@dataclass(frozen=True)
class Sweep:
    """What is varied, and what should come of it.

    values   in the order of the legend
    options  a value as options of `net`
    size     a value as the size of a batch
    expects  the claims, from the numbers
    seeds    at the quick budget
    """

    letter: str
    what: str
    values: tuple[Any, ...]
    expects: Callable[[Numbers], Sequence[Claim]]
    options: Callable[[Any], dict[str, Any]] = lambda value: {}
    size: Callable[[Any], int] = lambda value: BATCH
    seeds: int = 3
    weight: float = 5.0


def numbers(context: Context, sweep: Sweep) -> Numbers:
    """A unit for each value and seed."""
    images, seeds = pictures(context), context.choose(sweep.seeds, 3)

    def run(value: Any, seed: int) -> Numbers:
        # Other seeds have other starts and batches of the same net: one of them in lockstep tells as much.
        trainer = context.trainer(
            net(context, images, seed, **sweep.options(value)), dtype="float32", lockstep=seed == 0
        )
        return fit(context, images, trainer, seed, sweep.size(value))

    jobs = {f"{value}, seed {seed}": partial(run, value, seed) for value in sweep.values for seed in range(seeds)}
    found = context.units(jobs)
    curves = {str(value): gathered(found[f"{value}, seed {seed}"] for seed in range(seeds)) for value in sweep.values}
    return {"net": net(context, images).name, "epochs": rounds(context), "curves": curves}


def falls(found: Numbers, says: str, turn: bool = False) -> Claim:
    """That the loss of the last epoch falls from each value to the next (or rises, by `turn`), with every seed."""
    last = np.array([one["last"] for one in found["curves"].values()], float)  # values × seeds
    last = last[::-1] if turn else last
    holds = bool(all((after < before).all() for before, after in pairwise(last)))
    means = ", ".join(f"{value}: {np.mean(one['last']):.3f}" for value, one in found["curves"].items())
    return Claim(says, holds, f"loss of the last epoch, mean of {last.shape[1]} seeds: {means}")


def below(found: Numbers, says: str, lower: str, higher: str, what: str = "last") -> Claim:
    """That one value's numbers are below another's, with every seed."""
    left, right = (np.array(found["curves"][value][what], float) for value in (lower, higher))
    return Claim(
        says, bool((left < right).all()), f"{lower}: {between(left.tolist())}; {higher}: {between(right.tolist())}"
    )


def caption(found: Numbers, sweep: Sweep) -> str:
    """The best, and what was done."""
    curves = found["curves"]
    means = {value: float(np.mean(one["test"])) for value, one in curves.items()}
    best, worst = max(means, key=lambda value: means[value]), min(means, key=lambda value: means[value])
    seeds = len(next(iter(curves.values()))["test"])
    return (
        f"{found['epochs']} epochs, {seeds} start{'s' * (seeds > 1)} for each value"
        f"{': their mean, and from the lowest to the highest' * (seeds > 1)}. The rest as in {found['net']}, in "
        f"batches of {BATCH}. On the test set the {sweep.what} {best} is best with {means[best]:.1%}, {worst} worst "
        f"with {means[worst]:.1%}."
    )


def draw(canvas: Any, found: Numbers, sweep: Sweep) -> None:
    """Training loss against epochs, the test accuracy in the legend."""
    axes = canvas.subplots()
    for value, one in found["curves"].items():
        spread(axes, found["epochs"], one["losses"], f"{value}: {percent(one['test'])}")
    axes.set(xlabel="epoch", ylabel="training loss")
    logarithmic(axes)
    axes.legend(title=f"{sweep.what}: test accuracy", fontsize=8)


SWEEPS = (
    Sweep(
        "a", "momentum", (0.0, 0.2, 0.4, 0.6, 0.8), options=lambda value: {"momentum": value}, weight=8,
        expects=lambda found: [falls(found, "The larger the momentum, the faster it converges")],
    ),
    Sweep(
        "b", "batch size", (16, 32, 64, 128, 256), size=lambda value: value, weight=10,
        expects=lambda found: [
            falls(found, "The larger the batch, the slower it converges epoch by epoch", turn=True)
        ],
    ),
    Sweep(
        "c", "number of hidden layers", (0, 1, 2, 3, 4, 5), options=lambda value: {"depth": value}, seeds=2,
        weight=12,
        expects=lambda found: [below(found, "A hidden layer lowers the loss", "1", "0"),
                               falls(found, "Each further layer lowers it")],
    ),
    Sweep(
        "d", "number of hidden units", (100, 200, 400, 800, 1600), options=lambda value: {"width": value}, seeds=1,
        weight=14,
        expects=lambda found: [falls(found, "The wider the layers, the faster it converges")],
    ),
    Sweep(
        "e", "activation", ("relu", "sigmoid", "gaussian", "cauchy", "linear"),
        options=lambda value: {"activation": value}, weight=10,
        expects=lambda found: [
            below(found, "relu learns faster than sigmoid", "relu", "sigmoid"),
            below(found, "relu learns faster than no activation at all", "relu", "linear"),
        ],
    ),
)  # fmt: skip


def figure(sweep: Sweep) -> Figure:
    """Of this setting."""
    return Figure(
        f"fig3{sweep.letter}",
        f"Figure 3{sweep.letter}: {sweep.what}",
        partial(numbers, sweep=sweep),
        partial(caption, sweep=sweep),
        draw=partial(draw, sweep=sweep),
        claims=sweep.expects,
        weight=sweep.weight,
    )
