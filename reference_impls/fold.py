"""Windows of an image as columns, and columns added up to an image: each is the derivative of the other."""

from __future__ import annotations

import math

import numpy as np

from ._array import Array, Gradients, Pullback, Shape, check, check_floating
from ._windows import Numbers, Windows, check_images, fit, per_dimension

__all__ = ["fold", "unfold"]


def unfold(
    input: Array, kernel_size: Numbers, dilation: Numbers = 1, padding: Numbers = 0, stride: Numbers = 1
) -> tuple[Array, Pullback]:
    """Every window of an image as a column.

    input (*batch, C, H, W) -> output (*batch, C K K', places)
    """
    check_images(input, 2)
    windows = _windows(input.shape[-2:], kernel_size, dilation, padding, stride)

    def unfold_pullback(d_output: Array) -> Gradients:
        # An entry of the image was copied into all windows that hold it.
        return {"input": _fold(windows, d_output)}

    return _unfold(windows, input), unfold_pullback


def fold(
    input: Array,
    output_size: Numbers,
    kernel_size: Numbers,
    dilation: Numbers = 1,
    padding: Numbers = 0,
    stride: Numbers = 1,
) -> tuple[Array, Pullback]:
    """Add every column to its window of an image of zeros.

    input (*batch, C K K', places) -> output (*batch, C, *output_size)
    """
    check_floating(input=input)
    check(input.ndim in (2, 3), "input.ndim", input.ndim, "2, or 3 with a batch")
    windows = _windows(per_dimension("output_size", output_size, 2, 1), kernel_size, dilation, padding, stride)
    taps, places = math.prod(windows.kernel.tolist()), math.prod(windows.places.tolist())
    rows, columns = input.shape[-2:]
    check(rows > 0 and rows % taps == 0, "input.shape", input.shape, f"(…, a multiple of {taps}, {places})")
    check(columns == places, "input.shape", input.shape, f"(…, {rows}, {places}), one column for each window")

    def fold_pullback(d_output: Array) -> Gradients:
        # An entry of a column was added to one entry of the image.
        return {"input": _unfold(windows, d_output)}

    return _fold(windows, input), fold_pullback


def _windows(
    sizes: Shape | Array, kernel_size: Numbers, dilation: Numbers, padding: Numbers, stride: Numbers
) -> Windows:
    kernel, step = per_dimension("kernel_size", kernel_size, 2, 1), per_dimension("stride", stride, 2, 1)
    gap, border = per_dimension("dilation", dilation, 2, 1), per_dimension("padding", padding, 2, 0)
    windows = fit(sizes, kernel, step, gap, border, border)
    image = tuple(map(int, sizes))
    check(bool((windows.places > 0).all()), "kernel_size", kernel_size, f"one that fits {image}, padded")
    return windows


def _unfold(windows: Windows, images: Array) -> Array:
    """images (*batch, C, *sizes) -> columns (*batch, C × kernel, places)."""
    views = np.moveaxis(windows.read(images), (-2, -1), (-4, -3)).copy()  # (*batch, C, *kernel, *places)
    return views.reshape(*images.shape[:-3], math.prod(views.shape[-5:-2]), math.prod(views.shape[-2:]))


def _fold(windows: Windows, columns: Array) -> Array:
    """The adjoint of `_unfold`."""
    channels = columns.shape[-2] // math.prod(windows.kernel.tolist())
    views = columns.reshape(*columns.shape[:-2], channels, *windows.kernel, *windows.places)
    return windows.add(np.moveaxis(views, (-4, -3), (-2, -1)))
