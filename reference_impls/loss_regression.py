"""Losses of a number against the number that was wanted."""

from __future__ import annotations

import math

import numpy as np

from ._array import Array, Gradients, Pullback, absolute, check, check_floating, sum_to
from ._loss import check_pair, loss_of_error, reduced

__all__ = ["gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss"]


def mse_loss(
    input: Array, target: Array, reduction: str = "mean", weight: Array | None = None
) -> tuple[Array, Pullback]:
    """Squared error; the mean is weighted.

    input (*shape), target (*shape), weight (*shape) -> output (), or (*shape) without reduction
    """
    check_pair(input, target, reduction, weight)
    error = input - target
    total = None if weight is None else weight.sum()
    return loss_of_error(input, target, error * error, lambda: 2 * error, reduction, weight, total)


def l1_loss(
    input: Array, target: Array, reduction: str = "mean", weight: Array | None = None
) -> tuple[Array, Pullback]:
    """Absolute error; the mean is weighted.  Slope 0 at 0, as torch.

    input (*shape), target (*shape), weight (*shape) -> output (), or (*shape) without reduction
    """
    check_pair(input, target, reduction, weight)
    error: Array = input - target
    total = None if weight is None else weight.sum()
    return loss_of_error(input, target, absolute(error), lambda: np.sign(error.real), reduction, weight, total)


def smooth_l1_loss(input: Array, target: Array, reduction: str = "mean", beta: float = 1.0) -> tuple[Array, Pullback]:
    """error² / (2 beta) where |error| < beta, |error| - beta / 2 elsewhere.  Girshick 2015, arXiv:1504.08083.

    input (*shape), target (*shape) -> output (), or (*shape) without reduction
    """
    check_pair(input, target, reduction)
    check(beta >= 0, "beta", beta, "0 or more")
    error: Array = input - target
    size = absolute(error)

    def slope() -> Array:
        return np.where(size.real < beta, error / (beta or 1), np.sign(error.real))

    return loss_of_error(input, target, _bowl(size, beta) / beta if beta else size, slope, reduction)


def huber_loss(
    input: Array, target: Array, reduction: str = "mean", delta: float = 1.0, weight: Array | None = None
) -> tuple[Array, Pullback]:
    """error² / 2 where |error| < delta, delta (|error| - delta / 2) elsewhere; the mean is not weighted.  Huber 1964.

    input (*shape), target (*shape), weight (*shape) -> output (), or (*shape) without reduction
    """
    check_pair(input, target, reduction, weight)
    check(delta > 0, "delta", delta, "more than 0")
    error: Array = input - target
    size = absolute(error)

    def slope() -> Array:
        return np.where(size.real < delta, error, delta * np.sign(error.real))

    return loss_of_error(input, target, _bowl(size, delta), slope, reduction, weight)


def _bowl(size: Array, delta: float) -> Array:
    """size² / 2 up to delta, and straight from there on: delta (size - delta / 2)."""
    low = np.minimum(size, delta)
    return low * (size - low / 2)


def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> tuple[Array, Pullback]:
    """How unlikely the count `target` is where e^input (or input itself, if not log_input) is expected.

    e^input - target input, or input - target log(input + eps).  With full, Stirling's log(target!) is added for
    targets above 1: target log target - target + log(2π target) / 2.

    input (*shape), target (*shape) -> output (), or (*shape) without reduction
    """
    check_pair(input, target, reduction)
    if not log_input:
        lowest = input.real.min(initial=math.inf)
        check(bool(lowest > -eps), "the lowest input", lowest, f"more than {-eps}, as a number of events")
    with np.errstate(over="ignore"):
        expected, log_expected = (np.exp(input), input) if log_input else (input, np.log(input + eps))
    many = target.real > 1
    losses, d_target = expected - target * log_expected, -log_expected
    if full:
        count = np.where(many, target, 1)
        log_count = np.log(count)
        losses = losses + np.where(many, count * log_count - count + (math.log(2 * math.pi) + log_count) / 2, 0)
        d_target = d_target + np.where(many, log_count + 1 / (2 * count), 0)
    output, spread = reduced(losses, reduction)

    def poisson_nll_loss_pullback(d_output: Array) -> Gradients:
        # Least where as many events are expected as were seen.
        d_losses = spread(d_output)
        slope = expected - target if log_input else 1 - target / (input + eps)
        return {"input": sum_to(input.shape, d_losses * slope), "target": sum_to(target.shape, d_losses * d_target)}

    return output, poisson_nll_loss_pullback


def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Array | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> tuple[Array, Pullback]:
    """(log var + (input - target)² / var) / 2, with var at least eps; and log(2π) / 2 more if full.

    As torch says, the gradient knows nothing of eps: it is that of the formula above at max(var, eps).

    input (*shape), target (*shape), var (*shape), or with its last axis left out, or with one axis of size 1
    -> output (), or (*shape) without reduction
    """
    check_pair(input, target, reduction)
    whole = var if isinstance(var, np.ndarray) else np.full((1,) * input.ndim, var, input.dtype)
    check_floating(input=input, var=whole)
    shape = (*whole.shape, 1) if whole.shape == input.shape[:-1] != input.shape else whole.shape
    others = [size for size, wanted in zip(shape, input.shape, strict=False) if size != wanted]
    fits = len(shape) == input.ndim and (others in ([], [1]) or not isinstance(var, np.ndarray))
    check(fits, "var.shape", whole.shape, f"{input.shape}, as input, but for the last axis or one of size 1")
    lowest = whole.real.min(initial=math.inf)
    check(bool(lowest >= 0), "the lowest var", lowest, "0 or more")
    variance = np.where(whole.real < eps, eps, whole).reshape(shape)
    error = input - target
    losses = (np.log(variance) + error * error / variance) / 2 + (math.log(2 * math.pi) / 2 if full else 0)
    output, spread = reduced(losses, reduction)

    def gaussian_nll_loss_pullback(d_output: Array) -> Gradients:
        # The variance is best where it equals the squared error.
        d_losses = spread(d_output)
        d_error = d_losses * error / variance
        grads = {"input": sum_to(input.shape, d_error), "target": sum_to(target.shape, -d_error)}
        if isinstance(var, np.ndarray):
            d_variance = d_losses * (1 - error * error / variance) / (2 * variance)
            grads["var"] = sum_to(shape, d_variance).reshape(var.shape)
        return grads

    return output, gaussian_nll_loss_pullback
