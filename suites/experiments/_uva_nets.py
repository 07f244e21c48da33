"""Nets of document 002, both ways: layers in a row, for the ConvNet and for batch norm, and two older starts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

import reference_impls as ref
from harness.reproduce.net import Array, Net, Parameters
from reference_impls import init

from ._nets import _loss, _rules, _twin_loss, _words

Pullback = Callable[[Array], Parameters]
Rng = Callable[[], np.random.Generator]

# The document's ConvNet: widths of the convolutions between one pooling and the next.
WIDTHS = ((64,), (128,), (256, 256), (512, 512), (512, 512))


@dataclass(frozen=True)
class Layer:
    """One of a row.

    name  stands before the names of its parameters: "conv0" has conv0.weight
    ours  (input, **parameters) -> output, pullback
    twin  torch's module, with parameters of the same names, in float64
    """

    name: str
    ours: Callable[..., tuple[Any, Any]]
    twin: Callable[[], nn.Module]


def row(name: str, layers: Sequence[Layer], *, rng: Rng, rule: str = "Adam", options: Mapping[str, Any]) -> Net:
    """A net of these layers with the mean cross-entropy; it starts as torch's modules do."""

    def twin() -> nn.Module:
        made = nn.Sequential()
        for layer in layers:
            made.add_module(layer.name, layer.twin())
        return made

    model = partial(forward, layers)
    return Net(
        name=f"{name}, {rule} {_words(options)}",
        start=lambda: drawn_as_torch(shapes(layers), rng()),
        loss=partial(_loss, model, 0.0),
        scores=lambda parameters, input: model(input, **parameters)[0],
        twin=twin,
        twin_loss=partial(_twin_loss, 0.0),
        **_rules(rule, options),
    )


def forward(layers: Sequence[Layer], input: Array, **parameters: Array) -> tuple[Array, Pullback]:
    """One layer after the other; back in reverse order."""
    walk = []
    for layer in layers:
        own = {name.rpartition(".")[2]: p for name, p in parameters.items() if name.startswith(f"{layer.name}.")}
        input, pullback = layer.ours(input, **own)
        walk.append((layer.name, pullback))

    def back(d_output: Array) -> Parameters:
        found: Parameters = {}
        for name, pullback in reversed(walk):
            grads = pullback(d_output)
            d_output = grads.pop("input")
            found |= {f"{name}.{kind}": grad for kind, grad in grads.items()}
        return found

    return input, back


def shapes(layers: Sequence[Layer]) -> dict[str, tuple[int, ...]]:
    """Of all parameters, by torch's modules; nothing is filled."""
    with torch.device("meta"):
        return {
            f"{layer.name}.{name}": tuple(p.shape) for layer in layers for name, p in layer.twin().named_parameters()
        }


def drawn_as_torch(shapes: Mapping[str, tuple[int, ...]], rng: np.random.Generator) -> Parameters:
    """torch's own start: weights and biases uniform within ±1/√(inputs of a unit); scales 1, shifts 0."""
    found = {}
    for name, shape in shapes.items():
        layer, _, kind = name.rpartition(".")
        weight = shapes.get(f"{layer}.weight", ())
        if len(weight) > 1:
            bound = 1 / math.sqrt(math.prod(weight[1:]))
            found[name] = init.uniform(shape, -bound, bound, rng=rng)
        else:
            found[name] = (init.ones if kind in ("weight", "gamma") else init.zeros)(shape)
    return found


def started_as_torch(net: Net, rng: Rng) -> Net:
    """The same net from torch's own start."""
    sizes = {name: array.shape for name, array in net.start().items()}
    return replace(net, start=lambda: drawn_as_torch(sizes, rng()))


def with_mean_biases(net: Net, size: int) -> Net:
    """The document's bias gradients: the mean over a batch of `size` rows where it should be the sum."""

    def loss(parameters: Parameters, *batch: Array) -> tuple[float, Parameters]:
        value, grads = net.loss(parameters, *batch)
        return value, {name: grad / size if name.endswith("bias") else grad for name, grad in grads.items()}

    def twin() -> nn.Module:
        made = net.twin()
        for name, parameter in made.named_parameters():
            if name.endswith("bias"):
                _ = parameter.register_hook(lambda grad: grad / size)
        return made

    return replace(net, name=f"{net.name}, bias gradients / {size}", loss=loss, twin=twin)


# Layers.


def linear(name: str, inputs: int, outputs: int) -> Layer:
    """Affine."""
    return Layer(name, ref.linear, lambda: nn.Linear(inputs, outputs, dtype=torch.float64))


def relu(name: str) -> Layer:
    """At 0: 0."""
    return Layer(name, ref.relu, nn.ReLU)


def convolutions(channels: int, classes: int, *, divide: int = 1, normed: bool) -> list[Layer]:
    """The document's ConvNet for pictures (N, channels, rows, columns) of up to 32 × 32, widths divided.

    The document's has nothing between its convolutions; `normed`, as the course asks for: batch norm and ReLU, and no
    bias before a norm, which would take it away again: the gradient is 0, and Adam would make steps of its rounding.
    The norm has no running statistics, as in this course: it is by the rows that are given.
    """
    found, number = [], 0
    for group, widths in enumerate(WIDTHS):
        for width in (one // divide for one in widths):
            found.append(_convolution(f"conv{number}", channels, width, bias=not normed))
            if normed:
                found += [_normalisation(f"norm{number}", width), relu(f"relu{number}")]
            channels, number = width, number + 1
        pool = partial(ref.max_pool2d, kernel_size=3, stride=2, padding=1)
        found.append(Layer(f"pool{group}", pool, lambda: nn.MaxPool2d(3, 2, 1)))
    found.append(Layer("flat", partial(ref.flatten, start_dim=1), nn.Flatten))
    return [*found, linear("linear", channels, classes)]


def _convolution(name: str, channels: int, width: int, *, bias: bool) -> Layer:
    made = partial(nn.Conv2d, channels, width, 3, padding=1, bias=bias, dtype=torch.float64)
    return Layer(name, partial(ref.conv2d, padding=1), made)


def _normalisation(name: str, width: int) -> Layer:
    ours = partial(ref.batch_norm, running_mean=None, running_var=None, training=True)
    return Layer(name, ours, partial(nn.BatchNorm2d, width, track_running_stats=False, dtype=torch.float64))
