"""Document 004: nets for MNIST in torch (UCA, advanced deep learning 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from matplotlib import colormaps

from harness.reproduce.context import Context
from harness.reproduce.data import Images
from harness.reproduce.experiment import Claim, Experiment, Figure, Table
from harness.reproduce.lockstep import STEPS
from harness.reproduce.net import difference
from reference_impls import models
from suites.specs.models import MLP

from . import _uca_batches as batches
from . import _uca_stream as stream
from . import _uca_zero as zero
from ._uca_nets import SEEDS, SURE, Numbers, band, below, curves, ends, fit, net, pictures, seeded, values
from ._uca_nets import batches as batches_of

PUBLISHED = {(300,): 238_510, (10, 10): 8_070, (20, 20): 16_330}
PIXELS, DIGITS = 784, 10  # of MNIST, for which the numbers of parameters were published
RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
BATCH = 128
DEEP = 4  # times as many epochs for the three nets: the deep ones take long to leave the plateau


def named(sizes: Sequence[int]) -> str:
    """784-300-10."""
    return "-".join(map(str, sizes))


# Three nets.


def counts(context: Context) -> Numbers:
    """Their parameters, and their training."""
    images = pictures(context)
    rng = np.random.default_rng()
    sizes = [(PIXELS, *hidden, DIGITS) for hidden in PUBLISHED]
    ours = {named(one): sum(p.size for p in models.mlp_parameters(one, rng=rng).values()) for one in sizes}
    theirs = {named(one): sum(p.numel() for p in MLP(one).parameters()) for one in sizes}

    def run(hidden: tuple[int, ...], seed: int) -> Numbers:
        return fit(context, images, net(context, images, seed, hidden), batch=BATCH, seed=seed, times=DEEP)

    jobs = {named((images.size, *hidden, images.classes)): partial(run, hidden) for hidden in PUBLISHED}
    return {"ours": ours, "torch": theirs, "runs": seeded(context, jobs)}


def counts_claims(numbers: Numbers) -> list[Claim]:
    """The published numbers; and who is best."""
    found = [
        Claim(f"{name} has {count:,} parameters", ours == theirs == count, f"{ours:,}, torch {theirs:,}", exact=True)
        for (name, ours), theirs, count in zip(
            numbers["ours"].items(), numbers["torch"].values(), PUBLISHED.values(), strict=True
        )
    ]
    wide, small, middle = (ends(one) for one in numbers["runs"].values())
    seen = f"{wide.mean():.3f} against {small.mean():.3f} and {middle.mean():.3f}"
    return [*found, Claim("The net with 300 units ends with the lowest test loss of the three, with every seed",
                          below(wide, small) and below(wide, middle), seen)]  # fmt: skip


def counts_table(numbers: Numbers) -> Table:
    """One row each."""
    rows = [[name, f"{numbers['ours'][name]:,}", f"{numbers['torch'][name]:,}", f"{count:,}"]
            for name, count in zip(numbers["ours"], PUBLISHED.values(), strict=True)]  # fmt: skip
    return Table(["net", "parameters", "torch's", "published"], rows)


def counts_draw(canvas: Any, numbers: Numbers) -> None:
    """Their training."""
    _ = curves(canvas, numbers["runs"])


# Nine learning rates.


def rates(context: Context) -> Numbers:
    """The net with 300 units at each. The largest may diverge: their first steps are in lockstep all the same."""
    images = pictures(context)

    def run(rate: float, seed: int) -> Numbers:
        made = net(context, images, seed, lr=rate)
        return fit(context, images, made, batch=BATCH, seed=seed)

    return seeded(context, {f"{rate:g}": partial(run, rate) for rate in RATES})


def rates_claims(numbers: Numbers) -> list[Claim]:
    """Neither end of the scale is best."""
    last = {rate: ends(one) for rate, one in numbers.items()}
    means = {rate: float(one.mean()) for rate, one in last.items()}
    lowest = best(numbers, "")
    small, large = last[f"{RATES[0]:g}"], last[f"{RATES[-1]:g}"]
    seen = f"{small.mean():.3f}, {means[lowest]:.3f} and {large.mean():.3f}"
    return [
        Claim(f"The smallest rate has hardly learnt, with every seed: {lowest} is better",
              below(last[lowest], small), seen),
        Claim(f"The largest rate is too large, with every seed: {lowest} is better", below(last[lowest], large), seen),
    ]  # fmt: skip


def rates_draw(canvas: Any, numbers: Numbers) -> None:
    """Training loss against epochs, and both losses at the end against the rate."""
    left, right = canvas.subplots(1, 2)
    shades = np.linspace(0, 0.85, len(numbers))
    for shade, (rate, one) in zip(shades, numbers.items(), strict=True):
        band(left, one, "train", colormaps["viridis"](shade), rate)
    left.set(xlabel="epoch", ylabel="training loss", yscale="log")
    left.legend(title="rate", loc="center left", bbox_to_anchor=(1, 0.5))
    for colour, what in (("C0", "train"), ("C1", "test")):
        last = np.array([ends(one, what) for one in numbers.values()])
        right.plot([float(rate) for rate in numbers], last.mean(1), color=colour, marker="o", ms=3, label=what)
        right.fill_between([float(rate) for rate in numbers], last.min(1), last.max(1), color=colour, alpha=0.15, lw=0)
    right.set(xlabel="rate", xscale="log", yscale="log", ylabel="loss after the last epoch")
    right.legend()


# SGD and Adam.


SLOW = 0.0005  # the document's rate for Adam
WILD = 0.5  # from this rate on Adam makes rounding grow
EPSILON = 2.0**-52
ADAM_RATES = [SLOW, 0.005, 0.05, 0.5, 1.0]


def rules(context: Context) -> Numbers:
    """Both at five rates; and how rounding grows at the largest, by ours alone."""
    images = pictures(context)

    def run(rule: str, rate: float, seed: int) -> Numbers:
        made = net(context, images, seed, lr=rate, rule=rule)
        return fit(context, images, made, batch=BATCH, seed=seed, wild=rule == "Adam" and rate >= WILD)

    pairs = product(("SGD", "Adam"), ADAM_RATES)
    found = seeded(context, {f"{rule} {rate:g}": partial(run, rule, rate) for rule, rate in pairs})
    return {"runs": found, "apart": [growth(context, images, seed) for seed in range(SEEDS)]}


def growth(context: Context, images: Images, seed: int) -> list[float]:
    """After each of twenty steps of Adam at rate 1: how far ours is from ours with a start that differs by rounding."""
    made, rng = net(context, images, seed, lr=1.0, rule="Adam"), context.rng("nudge", seed)
    begun = made.start()
    nudged = {name: one * (1 + EPSILON * rng.choice([-1, 1], one.shape)) for name, one in begun.items()}
    # In lockstep neither: this is what makes a lockstep of twenty steps impossible.
    both = [context.trainer(replace(made, start=lambda p=p: {n: one.copy() for n, one in p.items()}), dtype="float64",
                            lockstep=False) for p in (begun, nudged)]  # fmt: skip
    order, found = context.rng("batches", seed), []
    while len(found) < STEPS:
        for rows in batches_of(order, images.train_classes, BATCH)[: STEPS - len(found)]:
            for one in both:
                _ = one.step(images.train[rows], images.train_classes[rows])
            found.append(difference(*(one.parameters() for one in both))[0])
    return found


def best(numbers: Numbers, rule: str) -> str:
    """The rate with the lowest test loss."""
    return min((name for name in numbers if name.startswith(rule)), key=lambda name: float(ends(numbers[name]).mean()))


def rules_claims(found: Numbers) -> list[Claim]:
    """Each has its own scale of rates."""
    numbers = found["runs"]
    slow, adam = ends(numbers[f"SGD {SLOW:g}"]), ends(numbers[f"Adam {SLOW:g}"])
    fast, sgd = ends(numbers["Adam 1"]), ends(numbers["SGD 1"])
    adam_right, sgd_right = (ends(numbers[f"{rule} 1"], "accuracy") for rule in ("Adam", "SGD"))
    left, right = (values(numbers[best(numbers, rule)], "train").mean(1) for rule in ("Adam", "SGD"))
    return [
        Claim(f"At rate {SLOW:g} Adam learns faster than SGD, with every seed", below(adam, slow),
              f"test loss {adam.mean():.3f} against {slow.mean():.3f}"),
        Claim(f"At rate 1 Adam is poor: a higher test loss than at {SLOW:g}, with every seed", below(adam, fast),
              f"{fast.mean():.3f} against {adam.mean():.3f}"),
        Claim("At rate 1 SGD is better than Adam, with every seed", below(sgd, fast),
              f"{sgd.mean():.3f} against {fast.mean():.3f}, "
              f"accuracy {sgd_right.mean():.1%} against {adam_right.mean():.1%}"),
        Claim("Each at its best rate, Adam learns faster than SGD, with every seed", below(left, right),
              f"training loss over all epochs {left.mean():.3f} against {right.mean():.3f} "
              f"({best(numbers, 'Adam')}, {best(numbers, 'SGD')})"),
    ]  # fmt: skip


def rules_caption(found: Numbers) -> str:
    """What was done, and why some of it is in lockstep for fewer steps."""
    sgd, adam = (best(found["runs"], rule) for rule in ("SGD", "Adam"))
    apart = np.array(found["apart"], float)
    return (
        f"One hidden layer of 300 units, batches of {BATCH}. The lowest test losses at the end are those of {sgd} and "
        f"{adam}: Adam divides the gradient by its size, so its rate is the length of a step, and means something else "
        f"than SGD's. Adam at {WILD:g} and above is in lockstep for {SURE} steps instead of {STEPS}: at rate 1 ours is "
        f"{apart[:, SURE - 1].max():.0e} apart after {SURE} steps, and {apart[:, -1].max():.0e} after {STEPS} at most, "
        "from ours with a start that differs in the last bit."
    )


def rules_draw(canvas: Any, found: Numbers) -> None:
    """The curves of some, and the end of all against the rate."""
    numbers = found["runs"]
    left, right = canvas.subplots(1, 2)
    shown = dict.fromkeys([f"SGD {SLOW:g}", best(numbers, "SGD"), f"Adam {SLOW:g}", best(numbers, "Adam"), "Adam 1"])
    for number, name in enumerate(shown):
        band(left, numbers[name], "train", f"C{number}", name)
    left.set(xlabel="epoch", ylabel="training loss", yscale="log")
    left.legend()
    for colour, rule in (("C0", "SGD"), ("C3", "Adam")):
        last = np.array([ends(numbers[f"{rule} {rate:g}"]) for rate in ADAM_RATES])
        right.plot(ADAM_RATES, last.mean(1), color=colour, marker="o", ms=3, label=rule)
        right.fill_between(ADAM_RATES, last.min(1), last.max(1), color=colour, alpha=0.15, lw=0)
    right.set(xlabel="rate", ylabel="test loss after the last epoch", xscale="log", yscale="log")
    right.legend()


EXPERIMENT = Experiment(
    number="004",
    name="uca",
    title="UCA: nets for MNIST",
    about="Nets with sigmoid between linear layers: how large they are, how fast to step, how much to look at before a "
    "step, where to start, in which order to look, and by which rule to step. Bands go from the lowest to the highest "
    f"of {SEEDS} runs, lines are their mean.",
    figures=(
        Figure(
            "nets", "Three nets", counts, weight=20, draw=counts_draw, table=counts_table, claims=counts_claims,
            size=(9, 3.8),
            caption=lambda n: f"The table counts for MNIST's {PIXELS} pixels; the curves are of nets for the pictures "
            f"that this was made with ({', '.join(n['runs'])}), by SGD at rate 0.5 in batches of {BATCH}.",
        ),
        Figure(
            "rates", "Nine learning rates", rates, weight=30, draw=rates_draw, claims=rates_claims, size=(9, 3.8),
            caption=lambda n: f"One hidden layer of 300 units, SGD, batches of {BATCH}. The lowest test loss at the "
            f"end is that of rate {best(n, '')}. The nine are ours: the document's own are not in its script.",
        ),
        Figure(
            "batches", "Full batch and mini-batch", batches.numbers, weight=25, draw=batches.draw,
            claims=batches.claims, caption=batches.caption, size=(11, 3.8),
        ),
        Figure(
            "zero", "Zero start and symmetry", zero.numbers, weight=20, draw=zero.draw, claims=zero.claims,
            caption=zero.caption, size=(9, 5.6),
        ),
        Figure(
            "stream", "Stratified stream and shuffled", stream.numbers, weight=15, draw=stream.draw,
            claims=stream.claims, caption=stream.caption, size=(9, 6.5),
        ),
        Figure(
            "adam", "SGD and Adam", rules, weight=30, draw=rules_draw, claims=rules_claims, size=(9, 3.8),
            caption=rules_caption,
        ),
    ),
)  # fmt: skip
