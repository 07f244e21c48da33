"""Document 002's batch norm three ways in torch, against each other, ours, torch's own and central differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

import reference_impls as ref
from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Table
from harness.reproduce.net import Array, Parameters, accuracy, difference

from ._uva_nets import Layer, linear, relu, row
from ._uva_train import Numbers, centred, endless

Way = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, float], torch.Tensor]
EPS = 1e-5  # the default of all
SHAPES = ((8, 128), (2, 3), (200, 100), (32, 1))
EPSILONS = (EPS, 0.1)
AGREE = 1e-10  # of float64: rounding is some 1e-15 times the number of rows
RATE = 0.1  # of the training
STEP = 1e-6  # of the central differences


class ByAutograd(nn.Module):
    """Nothing but a forward."""

    def __init__(self, size: int, eps: float = EPS) -> None:
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(size, dtype=torch.float64))
        self.beta = nn.Parameter(torch.zeros(size, dtype=torch.float64))

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """input (N, C) -> (N, C); by the batch's own mean and biased variance."""
        unit = (input - input.mean(0)) / (input.var(0, unbiased=False) + self.eps).sqrt()
        return self.gamma * unit + self.beta


class ManualFunction(torch.autograd.Function):
    """Its own backward: the mean and the variance, too, depend on every row."""

    @staticmethod
    def forward(ctx: Any, input: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float) -> torch.Tensor:
        """As ByAutograd."""
        centred = input - input.mean(0)
        scale = 1 / (centred.square().mean(0) + eps).sqrt()
        unit = centred * scale
        ctx.save_for_backward(unit, scale, gamma)
        return gamma * unit + beta

    @staticmethod
    def backward(ctx: Any, *d_outputs: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Only what is wanted; none for eps."""
        (d_output,), (unit, scale, gamma) = d_outputs, ctx.saved_tensors
        d_input = d_gamma = d_beta = None
        if ctx.needs_input_grad[0]:
            d_unit = d_output * gamma
            d_input = scale * (d_unit - d_unit.mean(0) - unit * (d_unit * unit).mean(0))
        if ctx.needs_input_grad[1]:
            d_gamma = (d_output * unit).sum(0)
        if ctx.needs_input_grad[2]:
            d_beta = d_output.sum(0)
        return d_input, d_gamma, d_beta, None


class ManualModule(ByAutograd):
    """The function in a module."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """As ByAutograd."""
        return _applied(input, self.gamma, self.beta, self.eps)


class DocumentsModule(ByAutograd):
    """The document's: its eps never reaches the function, whose default is taken."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """As ByAutograd with eps 1e-5."""
        return _applied(input, self.gamma, self.beta, EPS)


def _applied(*arguments: Any) -> torch.Tensor:
    """torch does not say what apply returns."""
    return ManualFunction.apply(*arguments)  # pyright: ignore[reportReturnType]


def _by(module: type[ByAutograd]) -> Way:
    def way(input: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float) -> torch.Tensor:
        return functional_call(module(len(gamma), eps), {"gamma": gamma, "beta": beta}, (input,))

    return way


def _torchs(input: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float) -> torch.Tensor:
    return F.batch_norm(input, None, None, gamma, beta, training=True, eps=eps)


THREE: Mapping[str, Way] = {
    "autograd": _by(ByAutograd),
    "manual function": _applied,
    "manual module": _by(ManualModule),
}
DOCUMENTS = "manual module as in the document"
WAYS: Mapping[str, Way] = {**THREE, "torch's own": _torchs, DOCUMENTS: _by(DocumentsModule)}


def by_torch(way: Way, arrays: Parameters, eps: float) -> Parameters:
    """The output and the three gradients for the cotangent d_output."""
    given = [torch.tensor(arrays[name], requires_grad=True) for name in ("input", "gamma", "beta")]
    output = way(given[0], given[1], given[2], eps)
    grads = torch.autograd.grad(output, given, torch.tensor(arrays["d_output"]))
    found = {"output": output.detach(), **dict(zip(("input", "gamma", "beta"), grads, strict=True))}
    return {name: tensor.numpy() for name, tensor in found.items()}


def by_hand(arrays: Parameters, eps: float) -> Parameters:
    """Ours."""
    output, pullback = norm(arrays["input"], arrays["gamma"], arrays["beta"], eps)
    return {"output": output, **pullback(arrays["d_output"])}


def norm(input: Array, gamma: Array, beta: Array, eps: float = EPS) -> tuple[Any, Any]:
    """batch_norm with the course's names."""
    output, pullback = ref.batch_norm(input, None, None, gamma, beta, training=True, eps=eps)

    def back(d_output: Array) -> Parameters:
        grads = pullback(d_output)
        return {"input": grads["input"], "gamma": grads["weight"], "beta": grads["bias"]}

    return output, back


def by_differences(arrays: Parameters, eps: float) -> Parameters:
    """The gradients by central differences of our forward, entry by entry."""
    found = {}
    for name in ("input", "gamma", "beta"):
        grad = np.zeros_like(arrays[name])
        for place in np.ndindex(grad.shape):
            sides = []
            for sign in (1, -1):
                moved = {**arrays, name: arrays[name].copy()}
                moved[name][place] += sign * STEP
                output = norm(moved["input"], moved["gamma"], moved["beta"], eps)[0]
                sides.append((output * arrays["d_output"]).sum())
            grad[place] = (sides[0] - sides[1]) / (2 * STEP)
        found[name] = grad
    return found


def differences(context: Context) -> Numbers:
    """By way, eps and quantity: the largest difference to ours over the shapes, several draws of each."""
    found: Numbers = {way: {str(eps): {} for eps in EPSILONS} for way in (*WAYS, "central differences")}
    for eps in EPSILONS:
        for shape in SHAPES:
            for draw in range(context.choose(3, 10)):
                rng = context.rng("norm", shape, draw)
                sizes = {"input": shape, "gamma": shape[1:], "beta": shape[1:], "d_output": shape}
                arrays = {name: rng.normal(rng.normal(), 2, size) for name, size in sizes.items()}
                ours = by_hand(arrays, eps)
                answers = {name: by_torch(way, arrays, eps) for name, way in WAYS.items()}
                if not draw and np.prod(shape) <= 100:
                    answers["central differences"] = by_differences(arrays, eps)
                for way, answer in answers.items():
                    here = found[way][str(eps)]
                    for name, array in answer.items():
                        here[name] = max(here.get(name, 0.0), difference({name: array}, {name: ours[name]})[0])
    return found


def curves(context: Context) -> Numbers:
    """An MLP with batch norm before its ReLU, trained by each of the three ways, and one without.

    The rate is the one at which the grid's nets fail on pixels as they are.
    """
    images = centred(context.images("cifar10", "mnist").first(*context.choose((2000, 500), (50000, 10000)))).flat
    steps, every = context.choose((300, 30), (1500, 100))
    # The function alone has its default eps, as in the document's module.
    modules = {"autograd": ByAutograd, "manual function": DocumentsModule, "manual module": ManualModule}

    def train(module: type[ByAutograd] | None) -> Numbers:
        layers = [linear("first", images.size, 100), relu("relu"), linear("last", 100, images.classes)]
        if module is not None:
            layers.insert(1, Layer("norm", norm, lambda: module(100)))
        name = f"mlp {images.size}-100-{images.classes} {'batch norm' if module else 'plain'}"
        net = row(name, layers, rng=lambda: context.rng("norm start"), rule="SGD", options={"lr": RATE})
        # Without the norm it is meant to diverge, and then rounding is all there is.
        trainer = context.trainer(net, library="torch", lockstep=module is not None)
        rows = endless(context.rng("norm rows"), len(images.train), 200)
        losses, tests = [], []
        for step in range(steps):
            batch = next(rows)
            losses.append(trainer.step(images.train[batch], images.train_classes[batch]))
            if (step + 1) % every == 0:
                tests.append(accuracy(trainer, images.test, images.test_classes))
        weights = {name: array for name, array in trainer.parameters().items() if name.startswith("last")}
        return {"losses": losses, "test": tests, "last": weights}

    jobs = {name: lambda m=module: train(m) for name, module in modules.items()}
    return {"every": every, **context.units({**jobs, "without": lambda: train(None)})}


def numbers(context: Context) -> Numbers:
    """Both."""
    return {"differences": context.unit("differences", lambda: differences(context)), "curves": curves(context)}


def worst(numbers: Numbers, way: str, eps: float = EPS) -> float:
    """Over all quantities."""
    return max(numbers["differences"][way][str(eps)].values())


def apart(numbers: Numbers) -> float:
    """By how much the trainings by the three ways ended apart, in losses and last weights."""
    runs = [numbers["curves"][name] for name in THREE]
    flat = [{"losses": np.array(one["losses"]), **{n: np.array(a) for n, a in one["last"].items()}} for one in runs]
    return max(difference(other, flat[0])[0] for other in flat[1:])


def claims(numbers: Numbers) -> list[Claim]:
    """That they agree; what differs; and whether the norm helps."""
    largest = {way: max(worst(numbers, way, eps) for eps in EPSILONS) for way in numbers["differences"]}
    off = [worst(numbers, DOCUMENTS, eps) for eps in EPSILONS]
    runs = numbers["curves"]
    with_, without = (runs[name]["test"][-1] for name in ("autograd", "without"))
    return [
        *(Claim(f"Batch norm by {way} is ours, output and gradients, to {AGREE:g}", largest[way] <= AGREE,
                f"{largest[way]:.1e}", exact=True) for way in (*THREE, "torch's own")),
        Claim("Central differences say the same to 1e-6", largest["central differences"] < 1e-6,
              f"{largest['central differences']:.1e}", exact=True),
        Claim("The document's module takes eps 1e-5 whatever it is given", off[0] <= AGREE < 1e-3 < off[1],
              f"off by {off[0]:.1e} with eps 1e-5, by {off[1]:.2g} with eps {EPSILONS[1]}", exact=True),
        Claim("The three ways train the same net: losses and last weights to 1e-8", apart(numbers) < 1e-8,
              f"{apart(numbers):.1e} after {len(runs['autograd']['losses'])} steps", exact=True),
        Claim(f"At rate {RATE}, at which the grid's nets fail on raw pixels, the norm makes the net train",
              with_ > 2 * without,
              f"test accuracy {with_:.1%} with it, {without:.1%} without"),
    ]  # fmt: skip


def caption(numbers: Numbers) -> str:
    """What was done."""
    lost = " Without the norm it diverges." if numbers["curves"]["without"]["losses"][-1] is None else ""
    return (
        "Left: largest difference to our NumPy batch norm, in output and gradients, over batches from 2 × 3 to "
        f"200 × 100, with eps {EPSILONS[0]:g} and {EPSILONS[1]:g}; those below 1e-17 stand at 1e-17. "
        "The dashed line is what is asked of all but central differences. The document's module drops the eps that it "
        "is given: with the default nobody sees it. Right: the same net trained by each way at rate "
        f"{RATE}, from one start on the same batches; the three lie within {apart(numbers):.0e} and cover each "
        f"other.{lost}"
    )


def table(numbers: Numbers) -> Table:
    """Way by way."""
    rows = [
        [
            way,
            f"{float(eps):g}",
            *(f"{by[name]:.1e}" if name in by else "" for name in ("output", "input", "gamma", "beta")),
        ]
        for way, both in numbers["differences"].items()
        for eps, by in both.items()
    ]
    return Table(["way", "eps", "output", "d input", "d gamma", "d beta"], rows)


def draw(canvas: Any, numbers: Numbers) -> None:
    """Differences and training."""
    left, right = canvas.subplots(1, 2, width_ratios=(3, 2))
    names = list(numbers["differences"])
    for number, quantity in enumerate(("output", "input", "gamma", "beta")):
        for eps, marker in zip(EPSILONS, "ox", strict=True):
            got = [numbers["differences"][way][str(eps)].get(quantity) for way in names]
            places = [place - 0.24 + 0.16 * number for place in range(len(names))]
            known = [(max(x, 1e-17), y) for x, y in zip(got, places, strict=True) if x is not None]
            label = quantity if quantity == "output" else f"gradient of {quantity}"
            left.plot(
                *zip(*known, strict=True), marker, ms=4, color=f"C{number}", label=label if marker == "o" else None
            )
    left.plot([], [], "x", ms=4, color="#555", label=f"the same with eps {EPSILONS[1]:g}")
    words = {DOCUMENTS: "manual module,\nas in the document", "central differences": "central\ndifferences"}
    left.set_yticks(range(len(names)), [words.get(name, name) for name in names])
    left.invert_yaxis()
    left.axvline(AGREE, color="#888", lw=1, ls="--")
    left.set(xscale="log", xlim=(3e-18, 10), xlabel="largest difference to ours (relative)")
    left.legend(loc="upper right", fontsize=7.5)
    # What diverges is cut off: above 1000 there is nothing to see.
    right.set(xlabel="step", ylabel="training loss of the batch", yscale="log", ylim=(0.01, 1000))
    for number, (name, line) in enumerate(zip((*THREE, "without"), ("-", "--", ":", "-"), strict=True)):
        run = numbers["curves"][name]
        label = f"{name}: test accuracy {run['test'][-1]:.1%}"
        right.plot(np.array(run["losses"], float), line, color=f"C{number}", lw=2.4 - 0.5 * number, label=label)
    right.legend(fontsize=7.5)
