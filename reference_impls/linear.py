"""Affine maps of one and of two inputs."""

from __future__ import annotations

import math

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating, sum_to

__all__ = ["bilinear", "linear"]


def linear(input: Array, weight: Array, bias: Array | None = None) -> tuple[Array, Pullback]:
    """Affine map: output = input weightᵀ + bias.

    input (*batch, I), weight (O, I), bias (O) -> output (*batch, O); without bias also weight (I) -> output (*batch)
    """
    check_floating(input=input, weight=weight, bias=bias)
    check(weight.ndim in (1, 2), "weight.ndim", weight.ndim, "2, or 1 for a single output")
    check(input.shape[-1:] == weight.shape[-1:], "input.shape", input.shape, f"(…, {weight.shape[-1]}) to fit weight")
    if bias is not None:
        check(weight.ndim == 2, "bias", "given", "None, since weight has a single output")
        check(bias.shape == weight.shape[:1], "bias.shape", bias.shape, f"{weight.shape[:1]} to fit weight")
    output = input @ weight.T
    if bias is not None:
        output = output + bias

    def linear_pullback(d_output: Array) -> Gradients:
        # Every sample used the same weight, so its gradient adds up over the whole batch.
        count = math.prod(input.shape[:-1])
        rows, d_rows = input.reshape(count, weight.shape[-1]), d_output.reshape(count, *weight.shape[:-1])
        grads = {"weight": d_rows.T @ rows}
        grads["input"] = (d_rows @ weight if weight.ndim == 2 else d_rows[:, None] * weight).reshape(input.shape)
        if bias is not None:
            grads["bias"] = sum_to(bias.shape, d_output)
        return grads

    return output, linear_pullback


def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> tuple[Array, Pullback]:
    """One quadratic form for each output: output_o = input1ᵀ weight_o input2 + bias_o.

    input1 (*batch, I), input2 (*batch, J), weight (O, I, J), bias (O) -> output (*batch, O)
    """
    check_floating(input1=input1, input2=input2, weight=weight, bias=bias)
    check(weight.ndim == 3, "weight.ndim", weight.ndim, "3")
    check(input1.shape[:-1] == input2.shape[:-1], "input2.shape", input2.shape, f"of the batch {input1.shape[:-1]}")
    sizes = (input1.shape[-1:], input2.shape[-1:])
    check(sizes == (weight.shape[1:2], weight.shape[2:]), "weight.shape", weight.shape, f"(O, *{sizes[0] + sizes[1]})")
    if bias is not None:
        check(bias.shape == weight.shape[:1], "bias.shape", bias.shape, f"{weight.shape[:1]} to fit weight")
    output = np.einsum("...i,oij,...j->...o", input1, weight, input2)
    if bias is not None:
        output = output + bias

    def bilinear_pullback(d_output: Array) -> Gradients:
        # With two of the three factors held fixed, the third enters linearly.
        grads = {
            "input1": np.einsum("...o,oij,...j->...i", d_output, weight, input2),
            "input2": np.einsum("...o,oij,...i->...j", d_output, weight, input1),
            "weight": np.einsum("no,ni,nj->oij", *(a.reshape(-1, a.shape[-1]) for a in (d_output, input1, input2))),
        }
        if bias is not None:
            grads["bias"] = sum_to(bias.shape, d_output)
        return grads

    return output, bilinear_pullback
