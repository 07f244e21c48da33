"""Dropout: zero a random part, and scale up the rest so that the mean stays. The draw comes in as `mask`."""

from __future__ import annotations

import math

import numpy as np

from ._array import Array, Pullback, Shape, check, check_floating, elementwise

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]


def _kept(input: Array, units: Shape, p: float, training: bool, mask: Array | None) -> Array:
    """1 for what stays, 0 for what goes: entries, or whole channels if `units` are only the first sizes of input."""
    check(0 <= p <= 1, "p", p, "a probability, from 0 to 1")
    if mask is not None:
        if mask.dtype != bool:
            raise TypeError(f"mask is of dtype {mask.dtype}, but should be bool: True for what is kept")
        check(mask.shape == units, "mask.shape", mask.shape, f"{units}")
    if not training or p in (0, 1):  # nothing is left to chance
        mask = np.full(units, not training or p == 0)
    if mask is None:
        raise ValueError("mask is None, but should be given when training: True for what is kept")
    return mask.reshape(units + (1,) * (input.ndim - len(units))).astype(input.dtype)


def _dropped(input: Array, units: Shape, p: float, training: bool, mask: Array | None) -> tuple[Array, Pullback]:
    """What is kept is scaled up by the chance to be kept."""
    kept = _kept(input, units, p, training, mask)
    scale = kept / (1 - p) if training and p < 1 else kept
    return elementwise(input * scale, lambda: scale)


def _saturated(input: Array, units: Shape, p: float, training: bool, mask: Array | None) -> tuple[Array, Pullback]:
    """What goes is set to the value that selu takes far below 0; then all is scaled back to mean 0 and variance 1."""
    kept = _kept(input, units, p, training, mask)
    if not training or p in (0, 1):
        return elementwise(input * kept, lambda: kept)
    low = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946
    scale = 1 / math.sqrt((1 - p) * (1 + p * low * low))
    output = scale * (np.where(kept.real > 0, input, low) - p * low)
    return elementwise(output, lambda: scale * kept)


def dropout(
    input: Array, p: float = 0.5, training: bool = True, *, mask: Array | None = None
) -> tuple[Array, Pullback]:
    """Zero the entries where not mask, divide the others by 1 - p.  Srivastava et al. 2014.

    input (*shape), mask (*shape) -> output (*shape)
    """
    check_floating(input=input)
    return _dropped(input, input.shape, p, training, mask)


def dropout1d(
    input: Array, p: float = 0.5, training: bool = True, *, mask: Array | None = None
) -> tuple[Array, Pullback]:
    """dropout of whole channels.  Tompson et al. 2014, arXiv:1411.4280.

    input (N, C, L) or (C, L), mask (N, C) or (C) -> output as input
    """
    check_floating(input=input)
    check(input.ndim in (2, 3), "input.ndim", input.ndim, "3, or 2 without a batch")
    return _dropped(input, input.shape[:-1], p, training, mask)


def dropout2d(
    input: Array, p: float = 0.5, training: bool = True, *, mask: Array | None = None
) -> tuple[Array, Pullback]:
    """dropout of whole channels. Without W this is dropout1d, as in torch; there is no form without a batch.

    input (N, C, H, W) or (N, C, L), mask (N, C) -> output as input
    """
    check_floating(input=input)
    check(input.ndim in (3, 4), "input.ndim", input.ndim, "4, or 3 for (N, C, L)")
    return _dropped(input, input.shape[:2], p, training, mask)


def dropout3d(
    input: Array, p: float = 0.5, training: bool = True, *, mask: Array | None = None
) -> tuple[Array, Pullback]:
    """dropout of whole channels.

    input (N, C, D, H, W) or (C, D, H, W), mask (N, C) or (C) -> output as input
    """
    check_floating(input=input)
    check(input.ndim in (4, 5), "input.ndim", input.ndim, "5, or 4 without a batch")
    return _dropped(input, input.shape[:-3], p, training, mask)


def alpha_dropout(
    input: Array, p: float = 0.5, training: bool = False, *, mask: Array | None = None
) -> tuple[Array, Pullback]:
    """dropout that keeps mean 0 and variance 1, for networks of selu.  Klambauer et al. 2017, arXiv:1706.02515.

    input (*shape), mask (*shape) -> output (*shape)
    """
    check_floating(input=input)
    return _saturated(input, input.shape, p, training, mask)


def feature_alpha_dropout(
    input: Array, p: float = 0.5, training: bool = False, *, mask: Array | None = None
) -> tuple[Array, Pullback]:
    """alpha_dropout of whole channels.

    input (N, C, *rest), mask (N, C) -> output (N, C, *rest)
    """
    check_floating(input=input)
    check(input.ndim >= 2, "input.ndim", input.ndim, "at least 2")
    return _saturated(input, input.shape[:2], p, training, mask)
