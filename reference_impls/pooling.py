"""Poolings that average: every output is the mean of some entries, and hands its cotangent back in equal shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._array import Array, Gradients, Pullback, check
from ._windows import Numbers, Sizes, bin_counts, bins, pool_windows

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
]


def avg_pool1d(
    input: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> tuple[Array, Pullback]:
    """The mean of each window.

    input (*batch, C, L) -> output (*batch, C, L')
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> tuple[Array, Pullback]:
    """The mean of each window, or its sum over `divisor_override`.

    input (*batch, C, H, W) -> output (*batch, C, H', W')
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> tuple[Array, Pullback]:
    """The mean of each window, or its sum over `divisor_override`.

    input (*batch, C, D, H, W) -> output (*batch, C, D', H', W')
    """
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _avg_pool(
    dims: int,
    input: Array,
    kernel_size: Numbers,
    stride: Numbers | None,
    padding: Numbers,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> tuple[Array, Pullback]:
    windows = pool_windows(input, dims, kernel_size, stride, padding, ceil_mode=ceil_mode)
    check(divisor_override != 0, "divisor_override", divisor_override, "None or not 0")
    # Zeros of the border may count as entries, but what lies behind it in `ceil_mode` never does.
    counted = windows
    if count_include_pad:
        counted = windows._replace(sizes=windows.sizes + 2 * windows.before, before=0 * windows.before)
    count = divisor_override or counted.sum(np.ones(counted.sizes, input.real.dtype))
    output = windows.sum(input) / count

    def avg_pool_pullback(d_output: Array) -> Gradients:
        # All entries of a window have the same share in its mean.
        return {"input": windows.spread(d_output / count)}

    return output, avg_pool_pullback


def adaptive_avg_pool1d(input: Array, output_size: Sizes) -> tuple[Array, Pullback]:
    """The means of `output_size` bins of nearly equal width.

    input (*batch, C, L) -> output (*batch, C, L')
    """
    return _adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool2d(input: Array, output_size: Sizes) -> tuple[Array, Pullback]:
    """The means of `output_size` bins of nearly equal width, along each dimension; None keeps its size.

    input (*batch, C, H, W) -> output (*batch, C, H', W')
    """
    return _adaptive_avg_pool(2, input, output_size)


def adaptive_avg_pool3d(input: Array, output_size: Sizes) -> tuple[Array, Pullback]:
    """The means of `output_size` bins of nearly equal width, along each dimension; None keeps its size.

    input (*batch, C, D, H, W) -> output (*batch, C, D', H', W')
    """
    return _adaptive_avg_pool(3, input, output_size)


def _adaptive_avg_pool(dims: int, input: Array, output_size: Sizes) -> tuple[Array, Pullback]:
    counts, sizes = bin_counts(input, dims, output_size), input.shape[-dims:]
    shares = [_shares(size, count, input.real.dtype) for size, count in zip(sizes, counts, strict=True)]

    def adaptive_avg_pool_pullback(d_output: Array) -> Gradients:
        # A linear map along each axis goes back by its transpose.
        return {"input": _along_axes([share.T for share in shares], d_output)}

    return _along_axes(shares, input), adaptive_avg_pool_pullback


def _shares(size: int, count: int, dtype: Any) -> Array:
    """(count, size): what each entry contributes to the mean of each bin."""
    start, stop = bins(size, count)
    held = (np.arange(size) >= start[:, None]) & (np.arange(size) < stop[:, None])
    return held / (stop - start)[:, None].astype(dtype)


def _along_axes(matrices: Sequence[Array], array: Array) -> Array:
    """Multiply each of the last axes by its matrix."""
    for axis, matrix in enumerate(matrices, -len(matrices)):
        if axis == -1:
            array = array @ matrix.T
        else:
            lead, tail = array.shape[:axis], array.shape[axis + 1 :]
            flat = array.reshape(*lead, array.shape[axis], math.prod(tail))
            array = (matrix @ flat).reshape(*lead, len(matrix), *tail)
    return array
