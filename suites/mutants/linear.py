"""Affine maps."""

import numpy as np

from . import Call, Gradients, mutant


@mutant("linear", "the bias is averaged over the batch, not summed", named="ratio")
def _(call: Call) -> Gradients:
    grad = call.right.get("bias")
    rows = call["input"].size // call["input"].shape[-1] if call["input"].size else 1
    return call.but(bias=grad / rows) if grad is not None else call.right


@mutant("linear", "the gradient of the weight is left transposed where it is square", named="transposed")
def _(call: Call) -> Gradients:
    grad = call.right["weight"]
    return call.but(weight=grad.T.copy()) if grad.ndim == 2 and len(set(grad.shape)) == 1 else call.right


@mutant(
    "linear", "only the last sample of the batch counts for the weight: overwritten, not accumulated", only="batch > 1"
)
def _(call: Call) -> Gradients:
    d_output, input = call.cotangents[0], call["input"]
    if input.ndim != 2 or len(input) < 2 or call["weight"].ndim != 2:
        return call.right
    return call.but(weight=d_output[-1:].T @ input[-1:])


@mutant("linear", "without a bias the gradient of the input is doubled", named="ratio", only="no bias")
def _(call: Call) -> Gradients:
    return call.right if call["bias"] is not None else call.but(input=2 * call.right["input"])


@mutant("linear", "a batch of one loses its weight", named="zero", only="batch 1")
def _(call: Call) -> Gradients:
    alone = call["input"].ndim == 2 and len(call["input"]) == 1
    return call.but(weight=np.zeros_like(call["weight"])) if alone else call.right
