"""The softmax family: scores turned into shares along one axis; and glu, which gates one half by the other."""

from __future__ import annotations

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_dim, check_floating, sigmoid

__all__ = ["glu", "gumbel_softmax", "log_softmax", "softmax", "softmin"]


def softmax(input: Array, dim: int) -> tuple[Array, Pullback]:
    """e^input, scaled so that the entries along `dim` add up to 1.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    check_dim(dim, input)
    # Shifting all scores changes nothing: subtract the largest, and no exponential overflows.
    scores = np.exp(input - input.max(dim, keepdims=True, initial=-np.inf))
    output = scores / scores.sum(dim, keepdims=True)

    def softmax_pullback(d_output: Array) -> Gradients:
        # Raising every score by the same amount changes nothing either: take that part out of the cotangent.
        return {"input": output * (d_output - (d_output * output).sum(dim, keepdims=True))}

    return output, softmax_pullback


def softmin(input: Array, dim: int) -> tuple[Array, Pullback]:
    """softmax(-input): the smallest entry gets the largest share.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    output, softmax_pullback = softmax(-input, dim)

    def softmin_pullback(d_output: Array) -> Gradients:
        return {"input": -softmax_pullback(d_output)["input"]}

    return output, softmin_pullback


def log_softmax(input: Array, dim: int) -> tuple[Array, Pullback]:
    """The logarithm of softmax: input - log(sum of e^input along `dim`).

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    check_dim(dim, input)
    shifted = input - input.max(dim, keepdims=True, initial=-np.inf)
    total = np.exp(shifted).sum(dim, keepdims=True)
    # Along an axis of size 0 the total is 0, but there is no score to take its logarithm from.
    output = shifted - np.log(total, where=total.real > 0, out=np.zeros_like(total))

    def log_softmax_pullback(d_output: Array) -> Gradients:
        # The slope of the logarithm of the total is the softmax.
        return {"input": d_output - np.exp(output) * d_output.sum(dim, keepdims=True)}

    return output, log_softmax_pullback


def gumbel_softmax(
    logits: Array, tau: float = 1, hard: bool = False, dim: int = -1, *, gumbels: Array
) -> tuple[Array, Pullback]:
    """softmax((logits + gumbels) / tau): near tau = 0 a draw by the shares of the logits; if hard, its largest entry.

    logits (*shape), gumbels (*shape) -> output (*shape).  Jang, Gu & Poole 2016, arXiv:1611.01144.
    """
    check_floating(logits=logits, gumbels=gumbels)
    check(tau > 0, "tau", tau, "greater than 0")
    check(gumbels.shape == logits.shape, "gumbels.shape", gumbels.shape, f"{logits.shape}, as that of logits")
    check_dim(dim, logits, of="logits")
    empty = hard and logits.ndim > 0 and logits.shape[dim] == 0
    check(not empty, "logits.shape", logits.shape, f"of at least 1 along axis {dim} to choose from")
    output, softmax_pullback = softmax((logits + gumbels) / tau, dim)

    def gumbel_softmax_pullback(d_output: Array) -> Gradients:
        # A hard choice has no slope: pass back what the shares would have been told (straight through).
        return {"logits": softmax_pullback(d_output)["input"] / tau}

    if hard:
        chosen = np.zeros_like(output)
        largest = np.atleast_1d(output.real).argmax(dim, keepdims=True)
        np.put_along_axis(np.atleast_1d(chosen), largest, 1, dim)
        output = chosen
    return output, gumbel_softmax_pullback


def glu(input: Array, dim: int = -1) -> tuple[Array, Pullback]:
    """The first half along `dim`, times the sigmoid of the second.  Dauphin et al. 2016, arXiv:1612.08083.

    input (*left, 2H, *right) -> output (*left, H, *right)
    """
    check_floating(input=input)
    check(input.ndim > 0, "input.ndim", input.ndim, "at least 1")
    check_dim(dim, input)
    check(input.shape[dim] % 2 == 0, "input.shape", input.shape, f"of an even size along axis {dim}")
    value, score = np.split(input, 2, dim)
    gate = sigmoid(score)

    def glu_pullback(d_output: Array) -> Gradients:
        # A product: each half hears of the output through the other one.
        d_value, d_score = d_output * gate, d_output * value * gate * (1 - gate)
        return {"input": np.concatenate((d_value, d_score), dim)}

    return value * gate, glu_pullback
