"""Elementwise activations, and the softmax family."""

from __future__ import annotations

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating, sigmoid

__all__ = ["relu", "softmax", "softplus"]


def _elementwise(output: Array, slope: Array) -> tuple[Array, Pullback]:
    """A function of each entry alone: its Jacobian is diagonal, with `slope` on the diagonal."""

    def elementwise_pullback(d_output: Array) -> Gradients:
        return {"input": d_output * slope}

    return output, elementwise_pullback


def relu(input: Array) -> tuple[Array, Pullback]:
    """max(input, 0).  Slope 0 at 0, as torch.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    return _elementwise(np.maximum(input, 0), (input > 0).astype(input.dtype))


def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> tuple[Array, Pullback]:
    """log(1 + e^(beta input)) / beta, and input itself where beta input > threshold.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    scaled = beta * input
    linear = scaled.real > threshold
    # log(1 + e^z) = max(z, 0) + log(1 + e^-|z|) never overflows
    smooth = np.maximum(scaled, 0) + np.log1p(np.exp(-np.where(scaled.real < 0, -scaled, scaled)))
    return _elementwise(np.where(linear, input, smooth / beta), np.where(linear, 1, sigmoid(scaled)))


def softmax(input: Array, dim: int) -> tuple[Array, Pullback]:
    """e^input, scaled so that the entries along `dim` add up to 1.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    check(-max(input.ndim, 1) <= dim < max(input.ndim, 1), "dim", dim, f"an axis of input, of shape {input.shape}")
    # Shifting all scores changes nothing: subtract the largest, and no exponential overflows.
    scores = np.exp(input - input.max(dim, keepdims=True, initial=-np.inf))
    output = scores / scores.sum(dim, keepdims=True)

    def softmax_pullback(d_output: Array) -> Gradients:
        # Raising every score by the same amount changes nothing either: take that part out of the cotangent.
        return {"input": output * (d_output - (d_output * output).sum(dim, keepdims=True))}

    return output, softmax_pullback
