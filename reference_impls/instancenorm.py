"""Normalisation of each channel of each sample, or by running statistics."""

from __future__ import annotations

import math

from ._array import Array, Pullback, check
from .batchnorm import NormOut, _check_channels, _normalise_channels

__all__ = ["instance_norm"]


def instance_norm(
    input: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> tuple[Array | NormOut, Pullback]:
    """Standardise each channel of each sample, then scale and shift it.  Ulyanov et al. 2016, arXiv:1607.08022.

    With `use_input_stats` by its own mean and variance, towards whose average over the batch the running ones move by
    the share `momentum` (as torch, by the variance over count - 1); otherwise by the running ones, which stay.

    input (N, C, *spatial), all other arrays (C) -> output as input, and running_mean (C), running_var (C) if given
    """
    _check_channels(input, running_mean, running_var, weight, bias)
    if use_input_stats:
        one = math.prod(input.shape[2:]) == 1
        check(not one, "input.shape", input.shape, "of more than one value for each channel of a sample")
    else:
        check(running_mean is not None, "running_mean", None, "given, unless use_input_stats")
    own = tuple(range(2, input.ndim)) if use_input_stats else ()
    return _normalise_channels(input, running_mean, running_var, weight, bias, own, momentum, eps)
