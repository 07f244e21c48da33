"""Document 002's grid: three rates × three nets × four batch sizes, each by five-fold cross-validation."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from matplotlib.colors import Normalize
from scipy.stats import spearmanr

from harness.reproduce.context import Context
from harness.reproduce.data import Images
from harness.reproduce.experiment import Claim, Table
from harness.reproduce.net import Array, Net, accuracy

from ._nets import perceptron
from ._uva_nets import started_as_torch
from ._uva_train import DONE, RIGHT, Numbers, calm

RATES, NETS, BATCHES = (0.1, 0.01, 0.001), ((100, 100), (1000,), (50, 30, 20)), (64, 128, 256, 512)
FOLDS, EPOCHS = 5, 10
# The document's mean accuracies on CIFAR-10, in percent: batch sizes down, rates across and nets within a rate.
PUBLISHED = (
    (11.2, 11.2, 11.9, 37.5, 25.5, 36.1, 37.2, 39.2, 37.3),
    (15.5, 14.6, 15.2, 41.3, 32.5, 38.2, 37.9, 35.0, 33.7),
    (22.3, 19.6, 32.5, 41.6, 35.9, 38.6, 32.6, 35.3, 29.1),
    (32.3, 23.8, 38.7, 40.4, 36.8, 36.5, 31.6, 31.2, 26.6),
)


def folds(classes: Array, count: int, rng: np.random.Generator | None = None) -> Array:
    """The fold of each row: every class is dealt out evenly, in blocks as the rows lie, or mixed by `rng`."""
    found = np.empty(len(classes), int)
    for one in np.unique(classes):
        rows = np.flatnonzero(classes == one)
        rows = rows if rng is None else rng.permutation(rows)
        found[rows] = np.arange(len(rows)) * count // len(rows)
    return found


def settings() -> dict[str, tuple[float, tuple[int, ...], int]]:
    """The 36, by name."""
    return {named(*one): one for one in product(RATES, NETS, BATCHES)}


def named(rate: float, hidden: tuple[int, ...], batch: int) -> str:
    """Of one setting."""
    return f"rate {rate:g}, {' '.join(map(str, hidden))}, batch {batch}"


def fit(context: Context, images: Images, way: str, setting: tuple[float, tuple[int, ...], int]) -> list[float]:
    """The accuracy on each fold, of a net trained on the others."""
    rate, hidden, batch = setting
    classes, right = images.train_classes, way == RIGHT
    fold = folds(classes, FOLDS, context.rng("grid folds") if right else None)
    found = []
    for number in range(FOLDS):
        held, kept = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        mean = images.train[kept].mean(0)
        spread = images.train[kept].std() if right else 1 / 255
        input = (images.train - mean) / spread
        if not right:  # skorch keeps a fifth for a validation of its own, and trains in the order it is given
            kept = kept[folds(classes[kept], FOLDS) != 0]
        net = made(context, (images.size, *hidden, images.classes), rate, number)
        # Folds differ in their rows alone, so one is in lockstep.
        together = number == 0 and calm(replace(images, train=input), rate)
        trainer, rng = context.trainer(net, dtype="float32", lockstep=together), context.rng("grid rows", number)
        with np.errstate(all="ignore"):  # of what diverges
            for _ in range(EPOCHS):
                order = rng.permutation(kept) if right else kept
                for first in range(0, len(order), batch):
                    rows = order[first : first + batch]
                    _ = trainer.step(input[rows], classes[rows])
            found.append(accuracy(trainer, input[held], classes[held]))
    return found


def made(context: Context, sizes: tuple[int, ...], rate: float, fold: int) -> Net:
    """From torch's start."""
    net = perceptron(sizes, rng=lambda: context.rng("unused"), options={"lr": rate})
    return started_as_torch(net, partial(context.rng, "grid start", sizes, fold))


def numbers(context: Context) -> Numbers:
    """All 36, both ways."""
    images = context.images("cifar10", "mnist").first(context.choose(1000, 50000), 1).flat
    jobs = {
        f"{way}: {name}": partial(fit, context, images, way, setting)
        for way in (DONE, RIGHT)
        for name, setting in settings().items()
    }
    found = context.units(jobs)
    scores = {way: {name: found[f"{way}: {name}"] for name in settings()} for way in (DONE, RIGHT)}
    return {"rows": len(images.train), "classes": images.classes, "data": images.name, "scores": scores}


def means(numbers: Numbers, way: str) -> Array:
    """(rates, nets, batches)."""
    scores = np.array(list(numbers["scores"][way].values()), float)
    return scores.mean(1).reshape(len(RATES), len(NETS), len(BATCHES))


def published() -> Array:
    """(rates, nets, batches), as fractions."""
    return np.array(PUBLISHED).reshape(len(BATCHES), len(RATES), len(NETS)).transpose(1, 2, 0) / 100


def best(grid: Array) -> str:
    """Its setting."""
    return list(settings())[int(grid.argmax())]


def claims(numbers: Numbers) -> list[Claim]:
    """What the document's table says."""
    ours, right, theirs = means(numbers, DONE), means(numbers, RIGHT), published()
    by_rate = {rate: float(ours[place].mean()) for place, rate in enumerate(RATES)}
    words = ", ".join(f"{mean:.1%} at {rate:g}" for rate, mean in by_rate.items())
    alike, chance = (float(one) for one in np.asarray(spearmanr(ours.ravel(), theirs.ravel())))
    return [
        Claim("There are 36 settings of five folds each", ours.size == right.size == 36
              and all(len(one) == FOLDS for both in numbers["scores"].values() for one in both.values()),
              f"{ours.size} and {right.size}", exact=True),
        Claim("The document's best of its table is rate 0.01, 100 100, batch 256",
              best(theirs) == named(0.01, (100, 100), 256), f"{best(theirs)}: {theirs.max():.1%}", exact=True),
        Claim("As in the document, rate 0.1 is the worst of the three in the mean over the others",
              by_rate[0.1] == min(by_rate.values()), words),
        Claim("At rate 0.1 larger batches are better, in the mean over the nets",
              bool((np.diff(ours[0].mean(0)) > 0).all()),
              ", ".join(f"{mean:.1%} at {size}" for size, mean in zip(BATCHES, ours[0].mean(0), strict=True))),
        Claim("The best setting is the document's", best(ours) == best(theirs), f"{best(ours)}: {ours.max():.1%}"),
        Claim("The settings rank like the document's, beyond chance (Spearman's rank correlation, p below 0.01)",
              alike > 0 and chance < 0.01, f"{alike:.2f}, p {chance:.1g}"),
        Claim("Done right, rate 0.1 is no longer the worst", right[0].mean() > min(right[1].mean(), right[2].mean()),
              ", ".join(f"{right[place].mean():.1%} at {rate:g}" for place, rate in enumerate(RATES))),
    ]  # fmt: skip


def caption(numbers: Numbers) -> str:
    """What was done, and what is best."""
    ours, right = means(numbers, DONE), means(numbers, RIGHT)
    return (
        "Mean accuracy on the held-out fold, in percent: the document's own table, on CIFAR-10; ours as in the "
        f"document, on {numbers['rows']:,} pictures: pixels from 0 to 255 less their mean, rows in one order, a fifth "
        "of the training part set aside unused; and done right: divided by their spread, shuffled, all of the training "
        f"part used. {EPOCHS} epochs of SGD each. The best as in the document: {best(ours)}, {ours.max():.1%}; done "
        f"right: {best(right)}, {right.max():.1%}. Pixels of spread 1 want larger rates than those up to 255."
    )


def table(numbers: Numbers) -> Table:
    """Setting by setting, with the spread over the folds."""
    theirs = published().ravel()
    rows = []
    for place, name in enumerate(settings()):
        cells = [np.array(numbers["scores"][way][name], float) for way in (DONE, RIGHT)]
        rows.append([name, f"{theirs[place]:.1%}", *(f"{one.mean():.1%} ± {one.std(ddof=1):.1%}" for one in cells)])
    return Table(["setting", "the document's, CIFAR-10", f"ours, {DONE}", f"ours, {RIGHT}"], rows)


def draw(canvas: Any, numbers: Numbers) -> None:
    """Three maps."""
    grids = {
        "the document's own table (CIFAR-10)": published(),
        f"ours, {DONE} ({numbers['data']})": means(numbers, DONE),
        f"ours, {RIGHT} ({numbers['data']})": means(numbers, RIGHT),
    }
    for panel, (title, grid) in zip(canvas.subplots(3, 1), grids.items(), strict=True):
        cells = 100 * grid.transpose(2, 0, 1).reshape(len(BATCHES), -1)
        colours = Normalize(100 / numbers["classes"], cells.max())
        panel.imshow(cells, cmap="viridis", norm=colours, aspect="auto")
        for (y, x), value in np.ndenumerate(cells):
            weight = "bold" if value == cells.max() else "normal"
            colour = "white" if colours(value) < 0.6 else "black"
            panel.text(x, y, f"{value:.1f}", ha="center", va="center", color=colour, fontweight=weight, fontsize=8)
        columns = [f"rate {rate:g}\n{' '.join(map(str, hidden))}" for rate, hidden in product(RATES, NETS)]
        panel.set_xticks(range(len(columns)), columns, fontsize=7.5)
        panel.set_yticks(range(len(BATCHES)), [f"{size}" for size in BATCHES])
        panel.set(ylabel="batch size", title=title)
        for x in (2.5, 5.5):
            panel.axvline(x, color="white", lw=2)
        panel.tick_params(length=0)
