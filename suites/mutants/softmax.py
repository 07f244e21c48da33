"""Softmax and what is made of it."""

import numpy as np

from . import Call, Gradients, mutant


def along(call: Call) -> tuple[np.ndarray, np.ndarray, int]:
    """Output, cotangent and axis."""
    return call.output, call.cotangents[0], call["dim"]


@mutant("softmax", "the diagonal of the Jacobian alone", named="diagonal multiplied")
def _(call: Call) -> Gradients:
    y, v, _ = along(call)
    return call.but(input=y * (1 - y) * v)


@mutant("softmax", "the sum is taken over the last axis, whatever dim is", only="dim is not last")
def _(call: Call) -> Gradients:
    y, v, dim = along(call)
    last = y.ndim and dim % y.ndim == y.ndim - 1
    return call.right if last or not y.ndim else call.but(input=y * (v - (y * v).sum(-1, keepdims=True)))


@mutant("softmax", "a negative dim counts from the wrong end", only="negative dim")
def _(call: Call) -> Gradients:
    y, v, dim = along(call)
    axis = -dim - 1
    return call.right if dim >= 0 or not y.ndim else call.but(input=y * (v - (y * v).sum(axis, keepdims=True)))


@mutant(
    "softmax", "zero where the output has underflowed below 1e-6", named="missing partly one_entry", only="saturated"
)
def _(call: Call) -> Gradients:
    return call.but(input=np.where(call.output < 1e-6, 0, call.right["input"]))


@mutant("log_softmax", "the cotangent is not summed: its mean is taken", only="rows longer than one")
def _(call: Call) -> Gradients:
    y, v, dim = along(call)
    return call.but(input=v - np.exp(y) * v.mean(dim, keepdims=True)) if y.size and y.ndim else call.right


@mutant("softmin", "the sign of the inner derivative is forgotten", named="opposite")
def _(call: Call) -> Gradients:
    return call.but(input=-call.right["input"])


@mutant("gumbel_softmax", "the temperature is left out", named="option_ignored ratio")
def _(call: Call) -> Gradients:
    return call.but(logits=call.right["logits"] * call["tau"])


@mutant("glu", "the gate's own slope is left out", named="path")
def _(call: Call) -> Gradients:
    a, _ = np.split(call["input"], 2, call["dim"])
    d_a, _ = np.split(call.right["input"], 2, call["dim"])
    return call.but(input=np.concatenate([d_a, call.cotangents[0] * a], call["dim"]))


@mutant("glu", "the two halves are exchanged", named="permuted shifted misplaced")
def _(call: Call) -> Gradients:
    return call.but(input=np.concatenate(np.split(call.right["input"], 2, call["dim"])[::-1], call["dim"]))
