"""Document 003: a small autodiff library (VU, vugrad), its ops judged, and its nets on a synthetic data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Experiment, Figure
from harness.reproduce.net import Array

from . import _vu_judged as judged
from ._vu_nets import (
    BATCH,
    GIVEN,
    GLOROT,
    LEVEL,
    MOMENTUM,
    NETS,
    RATE,
    REACH,
    SIDE,
    STARTS,
    UNITS,
    fit,
    grid,
    inside,
    net,
    synthetic,
)  # fmt: skip

Numbers = dict[str, Any]
SEEDS = (3, 5)  # quick and full


# The nets.

THIRD = {"third layer never trained": 4, "all three trained": 6}  # parameters that the optimiser is given


def train_all(context: Context) -> Numbers:
    """Every net from both starts, with several seeds; and momentum against its equation."""
    seeds = range(context.choose(*SEEDS))

    def runs(name: str, start: str) -> list[Numbers]:
        return [fit(context, seed, NETS[name], start, grid() if seed == 0 else None) for seed in seeds]

    jobs = {f"{name}, {start}": lambda n=name, s=start: runs(n, s) for start in STARTS for name in NETS}
    found = context.units(jobs)
    return {
        "runs": {start: {name: found[f"{name}, {start}"] for name in NETS} for start in STARTS},
        "off the equation": equation(context),
        "largest class": float(np.bincount(synthetic(context.rng("points", 0), 100_000)[1]).max() / 100_000),
    }


def equation(context: Context) -> float:
    """The largest difference of twenty steps from v ← 0.9 v - lr g, w ← w + v, by the document's equation."""
    made = net(lambda: context.rng("start", 0, 1), GLOROT, **NETS["momentum"])
    points, classes = synthetic(context.rng("points", 0), BATCH)
    trainer = context.trainer(made, lockstep=False)  # the same net is in lockstep above
    w, v = trainer.parameters(), dict.fromkeys(trainer.parameters(), 0.0)
    worst = 0.0
    for _ in range(20):
        _, g = trainer.gradients(points, classes)
        v = {name: MOMENTUM * v[name] - RATE * g[name] for name in w}
        w = {name: w[name] + v[name] for name in w}
        _ = trainer.step(points, classes)
        worst = max(worst, *(float(np.abs(one - w[name]).max()) for name, one in trainer.parameters().items()))
    return worst


def ends(runs: list[Numbers], what: str) -> Array:
    """The last of each run."""
    return np.array([one[what][-1] for one in runs], float)


def sooner(fast: list[Numbers], slow: list[Numbers]) -> tuple[bool, str]:
    """Whether the mean loss over all epochs is lower for each seed."""
    left, right = (np.array([np.mean(one["loss"]) for one in runs], float) for runs in (fast, slow))
    return bool((left < right).all()), f"loss over all epochs {left.mean():.3f} against {right.mean():.3f}"


def train_claims(numbers: Numbers) -> list[Claim]:
    """Who learns faster, from each start."""
    found, precise = [], numbers["off the equation"]
    for start, runs in numbers["runs"].items():
        for fast, slow in (("momentum", "sigmoid"), ("relu", "sigmoid")):
            found.append(
                Claim(
                    f"{fast.capitalize()} learns faster than plain {slow} from {start}, with every seed",
                    *sooner(runs[fast], runs[slow]),
                )
            )
        three, two = (ends(runs[name], "accuracy") for name in ("three layers", "sigmoid"))
        found.append(
            Claim(
                f"The third layer raises the accuracy from {start}, with every seed",
                bool((three > two).all()),
                f"{three.mean():.1%} against {two.mean():.1%}",
            )
        )
    right, given = (numbers["runs"][start]["sigmoid"] for start in (GLOROT, GIVEN))
    found.append(
        Claim(
            "Glorot's start learns faster than the one without its root (sigmoid), with every seed",
            *sooner(right, given),
        )
    )
    exact = Claim(
        "Momentum is v ← 0.9 v - lr g, w ← w + v", precise < 1e-10, f"{precise:.1e} off after 20 steps", exact=True
    )
    return [*found, exact]


def band(axes: Any, runs: list[Numbers], what: str, colour: str, label: str) -> None:
    """The mean over the seeds, and from the lowest to the highest."""
    values = np.array([one[what] for one in runs], float)
    axes.plot(values.mean(0), color=colour, label=label)
    axes.fill_between(range(values.shape[1]), values.min(0), values.max(0), color=colour, alpha=0.15, lw=0)


def train_draw(canvas: Any, numbers: Numbers) -> None:
    """Loss and accuracy; and what the first run of each net takes for class 1."""
    top, bottom = canvas.subfigures(2, 1, height_ratios=(3, 1.25))
    panels = top.subplots(2, 2, sharex=True, sharey="row")
    for column, (start, by) in enumerate(numbers["runs"].items()):
        panels[0, column].set_title(f"{'as given' if start == GIVEN else 'Glorot'}: {start}")
        for number, (name, runs) in enumerate(by.items()):
            band(panels[0, column], runs, "loss", f"C{number}", name)
            band(panels[1, column], runs, "accuracy", f"C{number}", f"{name}: {ends(runs, 'accuracy').mean():.1%}")
        panels[1, column].axhline(numbers["largest class"], color="#888", lw=1, ls="--")
        panels[1, column].set(xlabel="epoch")
        panels[1, column].legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncol=2)
    panels[0, 0].set(ylabel="mean loss, held out")
    panels[1, 0].set(ylabel="accuracy, held out")
    ticks = np.linspace(-REACH, REACH, SIDE)
    truth = inside(grid()).reshape(SIDE, SIDE)
    for axes, (name, runs) in zip(bottom.subplots(1, len(NETS)), numbers["runs"][GLOROT].items(), strict=True):
        axes.contourf(
            ticks, ticks, np.reshape(runs[0]["grid"], (SIDE, SIDE)), [-0.5, 0.5, 1.5], colors=["#eef1f6", "#a9bcd8"]
        )
        axes.contour(ticks, ticks, truth, [0.5], colors="#a33b3b", linewidths=1)
        axes.set(aspect="equal", xticks=[-2, 0, 2], yticks=[-2, 0, 2], title=name)


def train_caption(numbers: Numbers) -> str:
    """What was done, and what is seen."""
    runs = numbers["runs"][GLOROT]["sigmoid"]
    return (
        f"Points with the class [xᵀQx > {LEVEL}], {UNITS} units a hidden layer, batches of {BATCH}, rate {RATE} of the "
        f"summed loss, momentum {MOMENTUM}, {runs[0]['steps']:,} steps (the document made 9,380); mean of {len(runs)} "
        "runs, the band from lowest to highest. Left: as done, from the start that the library has, which forgot "
        "the root of Glorot's; right: with the root. All layers are trained here (the document's net of three layers "
        "follows below). Dashed: always the larger class. Under it, from Glorot's start: what the first run takes for "
        "class 1 (blue), and where that class really ends (red)."
    )


# The third layer.


def train_third(context: Context) -> Numbers:
    """Three layers, of which the document's parameters() lists two; and all of them."""
    seeds = range(context.choose(*SEEDS))

    def runs(way: str, start: str) -> list[Numbers]:
        return [fit(context, seed, {**NETS["three layers"], "trained": THIRD[way]}, start) for seed in seeds]

    jobs = {f"{way}, {start}": lambda w=way, s=start: runs(w, s) for start in STARTS for way in THIRD}
    found = context.units(jobs)
    return {start: {way: found[f"{way}, {start}"] for way in THIRD} for start in STARTS}


def moved(runs: list[Numbers]) -> list[float]:
    """How far each layer went, the largest of any weight and run."""
    parts = [
        [one["moved"][f"layers.{layer}.{kind}"] for one in runs for kind in ("weight", "bias")] for layer in range(3)
    ]
    return [max(one) for one in parts]


def third_claims(numbers: Numbers) -> list[Claim]:
    """The third layer stays; that costs accuracy, or not."""
    found = []
    for start, by in numbers.items():
        missing, all_three = by.values()
        stays, goes = moved(missing)[2], moved(all_three)[2]
        found.append(
            Claim(
                f"As in the document the third layer never moves from {start}; with its parameters it does",
                stays == 0 < goes,
                f"{stays:g} and {goes:.2f}",
                exact=True,
            )
        )
        left, right = ends(missing, "loss"), ends(all_three, "loss")
        found.append(
            Claim(
                f"Without its parameters the loss ends higher from {start}, with every seed",
                bool((left > right).all()),
                f"{left.mean():.3f} against {right.mean():.3f}",
            )
        )
    return found  # fmt: skip


def third_draw(canvas: Any, numbers: Numbers) -> None:
    """Loss, accuracy, and how far each layer went."""
    panels = canvas.subplots(2, 3, sharex="col", sharey="col")
    for row, (start, by) in enumerate(numbers.items()):
        for number, (way, runs) in enumerate(by.items()):
            colour = f"C{(3, 0)[number]}"
            band(panels[row, 0], runs, "loss", colour, way)
            band(panels[row, 1], runs, "accuracy", colour, f"{ends(runs, 'accuracy').mean():.1%}")
            panels[row, 2].bar(np.arange(3) + 0.4 * number - 0.2, moved(runs), 0.38, color=colour)
        panels[row, 0].set(ylabel=f"{start}\nmean loss, held out")
        panels[row, 1].set(ylabel="accuracy, held out")
        panels[row, 2].set(
            ylabel="largest change of a weight", xticks=range(3), xticklabels=["layer 1", "layer 2", "layer 3"]
        )
        panels[row, 1].legend()
    for panel in panels[1, :2]:
        panel.set(xlabel="epoch")
    panels[1, 0].legend(loc="upper right")


EXPERIMENT = Experiment(
    number="003",
    name="vu",
    title="VU: a small autodiff library",
    about="The ops of vugrad and the graph that they make, judged one by one; then its nets of two and three layers, "
    "with sigmoid, relu and momentum, on points in the plane.",
    figures=(
        Figure(
            "ops", "Every op, forward and backward", judged.judge_ops, weight=10, table=judged.ops_table,
            claims=judged.ops_claims,
            caption=lambda n: f"{len(n)} functions: the value against torch, the gradient against autograd and against "
            "differences of the forward, at drawn shapes and values with drawn cotangents. The error is in parts of "
            "what rounding allows at that point.",
        ),
        Figure(
            "faults", "What the document was given, judged", judged.judge_faults, weight=4, table=judged.faults_table,
            claims=judged.faults_claims,
            caption=lambda n: "Three faults of the code that the course hands out. A plain net on batches of many rows "
            "with small scores meets none of them: with all three in it, the gradient of a batch of the training below "
            f"is {n['off on a batch']:.0e} off.",
        ),
        Figure(
            "training", "Sigmoid, relu, three layers and momentum", train_all, weight=25, draw=train_draw,
            claims=train_claims, caption=train_caption, size=(9, 9),
        ),
        Figure(
            "third", "Three layers, of which the document trains two", train_third, weight=15, draw=third_draw,
            claims=third_claims, size=(10, 5.6),
            caption=lambda _: "The document's MLP3L.parameters() lists layers 1 and 2 (red): layer 3 stays what it was "
            "drawn as, and the two below learn to live with it. With all parameters (blue) the net is what was meant.",
        ),
    ),
)  # fmt: skip
