"""Normalisation of each channel over the batch, or by running statistics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating
from .normalization import _check_fit, _scale_and_shift, _standardise

__all__ = ["NormOut", "batch_norm"]


class NormOut(NamedTuple):
    """The output, and the running statistics for the next call."""

    output: Array
    running_mean: Array
    running_var: Array


def _standardise_by(input: Array, mean: Array, variance: Array, eps: float) -> tuple[Array, Callable[[Array], Array]]:
    """Standardise by statistics that are given."""
    spread = np.sqrt(variance + eps)

    def standardise_by_pullback(d_unit: Array) -> Array:
        # The statistics are constants here: nothing flows through them.
        return d_unit / spread

    return (input - mean) / spread, standardise_by_pullback


def _moved(running: Array, current: Array, share: float) -> Array:
    """A running statistic, moved by `share` towards the current one, averaged over the batch."""
    return (1 - share) * running + share * (current.sum(0) / max(len(current), 1)).reshape(-1)


def _normalise_channels(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None,
    bias: Array | None,
    own: tuple[int, ...],
    momentum: float,
    eps: float,
) -> tuple[Array | NormOut, Pullback]:
    """Standardise by the input's own statistics over the axes `own`, or, if there are none, by the running ones."""
    channels = (1, input.shape[1], *(1 for _ in input.shape[2:]))
    running = None if running_mean is None or running_var is None else (np.array(running_mean), np.array(running_var))
    if own:
        unit, mean, variance, standardise_pullback = _standardise(input, own, eps)
        if running is not None:
            count = math.prod(input.shape[axis] for axis in own)
            share = momentum if input.size else 0.0
            unbiased = variance * (count / max(count - 1, 1))
            running = _moved(running[0], mean, share), _moved(running[1], unbiased, share)
    else:
        mean, variance = (statistic.reshape(channels) for statistic in running or ())
        unit, standardise_pullback = _standardise_by(input, mean, variance, eps)
    output, scale_and_shift_pullback = _scale_and_shift(unit, weight, bias, channels)

    def normalise_channels_pullback(d_output: Array) -> Gradients:
        d_unit, grads = scale_and_shift_pullback(d_output)
        return {"input": standardise_pullback(d_unit), **grads}

    return output if running is None else NormOut(output, *running), normalise_channels_pullback


def _check_channels(
    input: Array, running_mean: Array | None, running_var: Array | None, weight: Array | None, bias: Array | None
) -> None:
    """Refuse what does not hold one value for each channel, and one running statistic without the other."""
    check_floating(input=input, weight=weight, bias=bias)
    check_floating(running_mean=running_mean, running_var=running_var)
    check(input.ndim >= 2, "input.ndim", input.ndim, "2 or more: (N, C, …)")
    arrays = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _check_fit(input.shape[1:2], "the channels of input", **arrays)
    missing = [name for name in ("running_mean", "running_var") if arrays[name] is None]
    check(len(missing) != 1, "".join(missing), None, "given, as the other running statistic is")


def batch_norm(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> tuple[Array | NormOut, Pullback]:
    """Standardise each channel, then scale and shift it.  Ioffe & Szegedy 2015, arXiv:1502.03167.

    In training by the mean and variance of the batch, towards which the running ones move by the share `momentum`
    (as torch, by the variance over count - 1); otherwise by the running ones, which stay.

    input (N, C, *spatial), all other arrays (C) -> output as input, and running_mean (C), running_var (C) if given
    """
    _check_channels(input, running_mean, running_var, weight, bias)
    axes = (0, *range(2, input.ndim))
    if training:
        one = math.prod(input.shape[axis] for axis in axes) == 1
        check(not one, "input.shape", input.shape, "of more than one value for each channel, in training")
        check(eps > 0, "eps", eps, "positive, in training")
    else:
        check(running_mean is not None, "running_mean", None, "given, unless in training")
        check(eps >= 0, "eps", eps, "0 or more")
    own = axes if training else ()
    return _normalise_channels(input, running_mean, running_var, weight, bias, own, momentum, eps)
