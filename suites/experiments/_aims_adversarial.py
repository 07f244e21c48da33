"""Document 000, figure 5: a picture is changed a little, until the net takes it for another digit.

Equations 3 to 5, with x the picture, z what is learnt and L the loss of the class that is wanted:

    x' = x + limit z / max|z|       no pixel is changed by more than the limit, 0.1, and some pixel is by that
    z ← z - rate ∂L/∂z              the net stays as it is

The document's code takes the gradient through the division by max|z|. Its report divides z itself, before each step,
and takes the gradient by what was added. Both are made here. On smaller pictures 0.1 is less in all: there both are
made as well with a limit that gives z as much length as it could have on 784 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Figure
from harness.reproduce.net import Array, Net, Parameters
from reference_impls import softmax
from reference_impls.loss_classification import cross_entropy
from reference_impls.models import mlp
from reference_impls.optim import SGD
from suites.specs.models import MLP

from ._aims_digits import trained
from ._aims_train import Numbers, binned, middles, pictures

LIMIT, PIXELS, DIGIT, WANTED = 0.1, 784, 0, 7  # the document's, on MNIST's 28 × 28
CODE, REPORT = "through the division (code)", "divided in place (report)"


# The loss of z, ours and torch's.


def scaled(limit: float, z: Array) -> tuple[Array, Callable[[Array], Array]]:
    """limit z / max|z|, and its pullback: the largest entry moves all the others."""
    at = np.unravel_index(np.abs(z).argmax(), z.shape)
    scale = limit / np.abs(z[at])

    def scaled_pullback(d: Array) -> Array:
        d_z = scale * d
        d_z[at] -= scale * (d * z).sum() / z[at]
        return d_z

    return scale * z, scaled_pullback


def brought(z: Array) -> tuple[Array, Callable[[Array], Array]]:
    """z, which its optimiser keeps to size already."""
    return z, lambda d: d


def loss(
    size: Callable[[Array], Any], picture: Array, weights: Parameters, parameters: Parameters, classes: Array
) -> tuple[float, Parameters]:
    """That of the wanted class for the changed picture, and its gradient by z."""
    added, size_pullback = size(parameters["z"])
    scores, net_pullback = mlp(picture + added, **weights)
    value, loss_pullback = cross_entropy(scores, classes)
    return float(value), {"z": size_pullback(net_pullback(loss_pullback(np.ones_like(value))["input"])["input"])}


class Twin(torch.nn.Module):
    """torch's: the scores of the changed picture; without a limit, z is of the right size already."""

    def __init__(self, picture: Array, weights: Parameters, limit: float | None) -> None:
        super().__init__()
        self.z = torch.nn.Parameter(torch.zeros(picture.shape, dtype=torch.float64))
        self.register_buffer("picture", torch.from_numpy(picture))
        sizes = [picture.shape[1], *(len(one) for name, one in weights.items() if name.endswith("weight"))]
        self.net, self.limit = MLP(sizes, dtype=torch.float64).requires_grad_(False), limit
        _ = self.net.load_state_dict({name: torch.from_numpy(one) for name, one in weights.items()})

    def named_parameters(self, *_: Any, **__: Any) -> Any:
        """z alone: the net is not trained."""
        return iter([("z", self.z)])

    def forward(self, _: torch.Tensor | None = None) -> torch.Tensor:
        """For the one picture."""
        added = self.z if self.limit is None else self.limit * self.z / self.z.abs().max()
        return self.net(self.get_buffer("picture") + added)


class InPlace(SGD):
    """A step, and z is brought to size."""

    def __init__(self, parameters: Mapping[str, Array], lr: float, limit: float) -> None:
        super().__init__(parameters, lr)
        self.limit = limit

    def step(self, gradients: Mapping[str, Array]) -> None:
        """As SGD; then limit z / max|z|."""
        super().step(gradients)
        for z in self.parameters.values():
            _ = np.multiply(z, self.limit / np.abs(z).max(), out=z)


class TwinInPlace(torch.optim.SGD):
    """torch's."""

    def __init__(self, parameters: Iterable[Any], lr: float, limit: float) -> None:
        super().__init__(parameters, lr)
        self.limit = limit

    def step(self, closure: Any = None) -> Any:
        """As SGD; then limit z / max|z|."""
        found = super().step(closure)
        with torch.no_grad():
            for z in (one for group in self.param_groups for one in group["params"]):
                _ = z.mul_(self.limit / z.abs().max())
        return found


def attack(way: str, limit: float, picture: Array, weights: Parameters, start: Array, rate: float) -> Net:
    """What is trained is z (1, I), by one of the two ways."""
    size = partial(scaled, limit)
    ours, theirs = partial(SGD, lr=rate), partial(torch.optim.SGD, lr=rate)
    if way == REPORT:
        start, size = size(start)[0], brought
        ours, theirs = (partial(one, lr=rate, limit=limit) for one in (InPlace, TwinInPlace))
    return Net(
        name=f"adversarial picture, ±{limit:.2g}, {way}, rate {rate:g}",
        start=lambda: {"z": start.copy()},
        loss=partial(loss, size, picture, weights),
        scores=lambda parameters, _: mlp(picture + size(parameters["z"])[0], **weights)[0],
        optimizer=ours,
        twin=lambda: Twin(picture, weights, limit if way == CODE else None),
        twin_loss=lambda module, classes: F.cross_entropy(module(), classes),
        twin_optimizer=theirs,
    )


# The figure.


def numbers(context: Context) -> Numbers:
    """The first zero of the test set that is taken for one, led towards a seven."""
    images, shape = pictures(context), context.images("mnist").shape

    def net() -> Numbers:
        trainer, _ = trained(context, images)
        guesses = trainer.scores(images.test).argmax(-1)
        where = int(((guesses == DIGIT) & (images.test_classes == DIGIT)).argmax())
        return {"weights": trainer.parameters(), "picture": images.test[where : where + 1].astype(float)}

    def run(way: str, limit: float) -> Numbers:
        start = 0.01 * np.random.default_rng(context.seed).standard_normal(picture.shape)  # the document's, at seed 0
        trainer = context.trainer(attack(way, limit, picture, weights, start, rate))
        losses = [trainer.step(np.array([WANTED])) for _ in range(steps)]
        added = scaled(limit, trainer.parameters()["z"])[0]
        about = {"way": way, "limit": limit, "losses": binned(losses, 200), "first": losses[0], "last": losses[-1]}
        return {**about, "added": added.reshape(shape), **seen(picture + added)}

    def seen(shown: Array) -> Numbers:
        probabilities = softmax(mlp(shown, **weights)[0], -1)[0][0]
        return {"guess": int(probabilities.argmax()), "probabilities": probabilities}

    base = context.unit("net", net)
    picture = np.array(base["picture"])
    weights: dict[str, Any] = {name: np.array(one) for name, one in base["weights"].items()}
    steps, rate = context.choose((1000, 5e-3), (5000, 1e-3))
    limits = (LIMIT,) if picture.size >= PIXELS else (LIMIT, LIMIT * math.sqrt(PIXELS / picture.size))
    found = context.units(
        {f"{way}, {limit:.2g}": partial(run, way, limit) for limit in limits for way in (CODE, REPORT)}
    )
    about = {"steps": steps, "rate": rate, "picture": picture.reshape(shape), "before": seen(picture)}
    return {**about, "runs": list(found.values())}


def claims(found: Numbers) -> list[Claim]:
    """Taken for the other digit; by changes within the limit."""
    largest = [(one["limit"], float(np.abs(one["added"]).max())) for one in found["runs"]]
    return [
        *(
            Claim(f"With changes of ±{one['limit']:.2g} the {DIGIT} becomes a {WANTED}, z {one['way']}",
                  one["guess"] == WANTED, f"taken for {words(one)}; {WANTED} has {one['probabilities'][WANTED]:.1%}")
            for one in found["runs"]
        ),
        Claim("The largest change of a pixel is the limit", all(abs(x / y - 1) < 1e-12 for x, y in largest),
              ", ".join(f"{got:.12g}" for _, got in largest), exact=True),
    ]  # fmt: skip


def caption(found: Numbers) -> str:
    """Before and after."""
    after = "; ".join(
        f"within ±{one['limit']:.2g} {one['way']}, loss {one['first']:.2f} → {one['last']:.2f}, taken for {words(one)}"
        for one in found["runs"]
    )
    wide = found["runs"][-1]["limit"]
    more = "" if wide == LIMIT else (
        f" A picture of {np.size(found['picture'])} pixels is changed by less in all than one of {PIXELS} within "
        f"±{LIMIT}: within ±{wide:.2g} by as much."
    )  # fmt: skip
    return (
        f"A {DIGIT}, taken for {words(found['before'])}, is changed to be taken for {WANTED}, in {found['steps']} "
        f"steps of rate {found['rate']:g}. The document's code takes the gradient through the division by max|z|, its "
        f"equations 4 and 5 divide z itself: {after}.{more}"
    )


def draw(canvas: Any, found: Numbers) -> None:
    """The losses; below, the picture before, what is added, and after, a row for each limit."""
    limits = sorted({one["limit"] for one in found["runs"]})
    above, below = canvas.subfigures(2, 1, height_ratios=(2, len(limits)))
    axes = above.subplots()
    for one in found["runs"]:
        style = "-" if one["way"] == CODE else "--"
        places = middles(len(one["losses"]), found["steps"])
        label = f"±{one['limit']:.2g}, z {one['way']}"
        axes.plot(places, one["losses"], style, color=f"C{limits.index(one['limit'])}", label=label)
    axes.set(xlabel="step", ylabel=f"loss of the {WANTED}")
    axes.set_ylim(0)
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    panels, picture = below.subplots(len(limits), 5, squeeze=False), np.array(found["picture"])
    for row, limit in zip(panels, limits, strict=True):
        show(row[0], picture, f"before:\n{words(found['before'])}", "gray_r", (0, 1))
        for place, one in enumerate(one for one in found["runs"] if one["limit"] == limit):
            added, way = np.array(one["added"]), one["way"].split("(")[1].rstrip(")")
            show(row[1 + 2 * place], added, f"added, {way}:\n±{limit:.2g}", "RdBu_r", (-limit, limit))
            show(row[2 + 2 * place], picture + added, f"after, {way}:\n{words(one)}", "gray_r", (0, 1))


def show(axes: Any, pixels: Array, title: str, colours: str, ends: tuple[float, float]) -> None:
    """One picture."""
    _ = axes.imshow(pixels, cmap=colours, vmin=ends[0], vmax=ends[1])
    axes.set_title(title, fontsize=8)
    axes.axis("off")


def words(one: Numbers) -> str:
    """What it is taken for."""
    return f"{one['guess']} with {max(one['probabilities']):.1%}"


FIGURE = Figure(
    "fig5", "Figure 5: an adversarial example", numbers, caption, draw=draw, claims=claims, size=(7.5, 6), weight=6
)
