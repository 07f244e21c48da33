"""Poolings that take the p-norm of a window: between the sum (p = 1) and the maximum (p = ∞) of its entries."""

from __future__ import annotations

import math

import numpy as np

from ._array import Array, Gradients, Pullback, absolute, check
from ._windows import Numbers, check_images, pool_windows
from .max_pooling import max_pool

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]


def lp_pool1d(
    input: Array, norm_type: float, kernel_size: Numbers, stride: Numbers | None = None, ceil_mode: bool = False
) -> tuple[Array, Pullback]:
    """(Σ inputᵖ)^(1/p) over each window; its largest or smallest |input| for p = ±∞.

    input (*batch, C, L) -> output (*batch, C, L')
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Array, norm_type: float, kernel_size: Numbers, stride: Numbers | None = None, ceil_mode: bool = False
) -> tuple[Array, Pullback]:
    """(Σ inputᵖ)^(1/p) over each window; its largest or smallest |input| for p = ±∞.

    input (*batch, C, H, W) -> output (*batch, C, H', W')
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Array, norm_type: float, kernel_size: Numbers, stride: Numbers | None = None, ceil_mode: bool = False
) -> tuple[Array, Pullback]:
    """(Σ inputᵖ)^(1/p) over each window; its largest or smallest |input| for p = ±∞.

    input (*batch, C, D, H, W) -> output (*batch, C, D', H', W')
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(
    dims: int, input: Array, norm_type: float, kernel_size: Numbers, stride: Numbers | None, ceil_mode: bool
) -> tuple[Array, Pullback]:
    check(norm_type != 0, "norm_type", norm_type, "any number but 0")
    if np.isinf(norm_type):
        return _extreme_pool(dims, input, math.copysign(1, norm_type), kernel_size, stride, ceil_mode)
    windows = pool_windows(input, dims, kernel_size, stride, ceil_mode=ceil_mode)
    # A window that reaches over the end counts in full, as if the entries that it lacks were the mean of the others.
    share = math.prod(windows.kernel.tolist()) / windows.sum(np.ones(windows.sizes, input.real.dtype))
    total = windows.sum(input**norm_type) * share
    output = total ** (1 / norm_type)

    def lp_pool_pullback(d_output: Array) -> Gradients:
        # The slope of a norm is (input / norm)^(p - 1). Where the norm is 0, torch defines it as 0.
        corner = (total == 0) & (norm_type != 1)
        slope = np.where(corner, 0, np.where(corner, 1, output) ** (1 - norm_type))
        return {"input": windows.spread(d_output * slope * share) * input ** (norm_type - 1)}

    return output, lp_pool_pullback


def _extreme_pool(
    dims: int, input: Array, sign: float, kernel_size: Numbers, stride: Numbers | None, ceil_mode: bool
) -> tuple[Array, Pullback]:
    """The largest (`sign` 1) or smallest (-1) absolute value of each window."""
    check_images(input, dims)
    largest, largest_pullback = max_pool(dims, sign * absolute(input), kernel_size, stride, 0, 1, ceil_mode)

    def extreme_pool_pullback(d_output: Array) -> Gradients:
        # `sign` comes in twice, and cancels out.
        return {"input": np.sign(input.real) * largest_pullback(d_output)["input"]}

    return sign * largest.output, extreme_pool_pullback
