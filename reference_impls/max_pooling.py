"""Poolings that keep the largest entry: it alone passes to the output, and it alone takes the cotangent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating
from ._windows import Numbers, Sizes, bin_counts, bins, check_images, per_dimension, pool_windows

__all__ = [
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]


class MaxPool(NamedTuple):
    """The largest entries, and where each one stands in its flattened image."""

    output: Array
    indices: Array


def max_pool1d(
    input: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Array | MaxPool, Pullback]:
    """The largest entry of each window; the first one of equals.

    input (*batch, C, L) -> output, indices (*batch, C, L')
    """
    pooled, pullback = max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode)
    return pooled if return_indices else pooled.output, pullback


def max_pool2d(
    input: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Array | MaxPool, Pullback]:
    """The largest entry of each window; the first one of equals.

    input (*batch, C, H, W) -> output, indices (*batch, C, H', W')
    """
    pooled, pullback = max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)
    return pooled if return_indices else pooled.output, pullback


def max_pool3d(
    input: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Array | MaxPool, Pullback]:
    """The largest entry of each window; the first one of equals.

    input (*batch, C, D, H, W) -> output, indices (*batch, C, D', H', W')
    """
    pooled, pullback = max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode)
    return pooled if return_indices else pooled.output, pullback


def max_pool(
    dims: int,
    input: Array,
    kernel_size: Numbers,
    stride: Numbers | None,
    padding: Numbers,
    dilation: Numbers,
    ceil_mode: bool,
) -> tuple[MaxPool, Pullback]:
    """Windows as boxes."""
    windows = pool_windows(input, dims, kernel_size, stride, padding, dilation, ceil_mode)
    boxes = []
    for size, kernel, step, gap, before, places in zip(*windows, strict=True):
        box = np.arange(places)[:, None] * step - before + np.arange(kernel) * gap
        inside = (box >= 0) & (box < size)
        check(bool(inside.any(1).all()), "dilation", dilation, "less, so that no window lies in the padding alone")
        # What lies in the padding repeats the first entry that does not: this changes no maximum.
        boxes.append(np.where(inside, box, np.take_along_axis(box, inside.argmax(1, keepdims=True), 1)))
    return _largest(input, boxes)


def adaptive_max_pool1d(
    input: Array, output_size: Sizes, return_indices: bool = False
) -> tuple[Array | MaxPool, Pullback]:
    """The largest entries of `output_size` bins of nearly equal width.

    input (*batch, C, L) -> output, indices (*batch, C, L')
    """
    pooled, pullback = _adaptive_max_pool(1, input, output_size)
    return pooled if return_indices else pooled.output, pullback


def adaptive_max_pool2d(
    input: Array, output_size: Sizes, return_indices: bool = False
) -> tuple[Array | MaxPool, Pullback]:
    """The largest entries of `output_size` bins of nearly equal width along each dimension; None keeps its size.

    input (*batch, C, H, W) -> output, indices (*batch, C, H', W')
    """
    pooled, pullback = _adaptive_max_pool(2, input, output_size)
    return pooled if return_indices else pooled.output, pullback


def adaptive_max_pool3d(
    input: Array, output_size: Sizes, return_indices: bool = False
) -> tuple[Array | MaxPool, Pullback]:
    """The largest entries of `output_size` bins of nearly equal width along each dimension; None keeps its size.

    input (*batch, C, D, H, W) -> output, indices (*batch, C, D', H', W')
    """
    pooled, pullback = _adaptive_max_pool(3, input, output_size)
    return pooled if return_indices else pooled.output, pullback


def _adaptive_max_pool(dims: int, input: Array, output_size: Sizes) -> tuple[MaxPool, Pullback]:
    """Bins as boxes."""
    boxes = []
    for size, count in zip(input.shape[-dims:], bin_counts(input, dims, output_size), strict=True):
        starts, ends = bins(size, count)
        # Bins differ in width by one or two entries: the narrow ones repeat their last.
        width = np.arange((ends - starts).max(initial=1))
        boxes.append(np.minimum(starts[:, None] + width, ends[:, None] - 1))
    return _largest(input, boxes)


def fractional_max_pool2d(
    input: Array,
    kernel_size: Numbers,
    output_size: Numbers | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    *,
    _random_samples: Array,
) -> tuple[Array | MaxPool, Pullback]:
    """The largest entries of windows at random distances.  Graham 2014, arXiv:1412.6071.

    input (*batch, C, H, W), _random_samples (N, C, 2) in [0, 1), columns first -> output, indices (*batch, C, H', W')
    """
    samples = _random_samples[..., ::-1]
    pooled, pullback = _fractional_max_pool(2, input, kernel_size, output_size, output_ratio, samples)
    return pooled if return_indices else pooled.output, pullback


def fractional_max_pool3d(
    input: Array,
    kernel_size: Numbers,
    output_size: Numbers | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    *,
    _random_samples: Array,
) -> tuple[Array | MaxPool, Pullback]:
    """The largest entries of windows at random distances.  Graham 2014, arXiv:1412.6071.

    input (*batch, C, D, H, W), _random_samples (N, C, 3) in [0, 1) -> output, indices (*batch, C, D', H', W')
    """
    pooled, pullback = _fractional_max_pool(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return pooled if return_indices else pooled.output, pullback


def _fractional_max_pool(
    dims: int,
    input: Array,
    kernel_size: Numbers,
    output_size: Numbers | None,
    output_ratio: float | Sequence[float] | None,
    samples: Array,
) -> tuple[MaxPool, Pullback]:
    """Windows as boxes: they begin at the whole parts of an evenly spaced sequence that begins at random."""
    check_images(input, dims)
    check_floating(input=input, _random_samples=samples)
    lead, sizes = input.shape[:-dims], np.array(input.shape[-dims:])
    shape = (*((1,) if len(lead) == 1 else ()), *lead, dims)
    check(samples.shape == shape, "_random_samples.shape", samples.shape, f"{shape} to fit input")
    check(bool(((samples.real >= 0) & (samples.real < 1)).all()), "_random_samples", "out of range", "from 0 up to 1")
    kernel = per_dimension("kernel_size", kernel_size, dims, 1)
    if output_size is None:
        check(output_ratio is not None, "output_size", None, "given, or else output_ratio")
        ratio = np.array(output_ratio, float).reshape(-1)
        holds = ratio.size in (1, dims) and bool(((ratio > 0) & (ratio < 1)).all())
        check(holds, "output_ratio", output_ratio, f"a number between 0 and 1, or {dims} of them")
        counts = (sizes * ratio).astype(int)
    else:
        counts = per_dimension("output_size", output_size, dims, 0)
    most = sizes - kernel + 1
    check(bool((counts <= most).all()), "output_size", counts.tolist(), f"at most {most.tolist()}, to fit the input")
    boxes = []
    for size, taps, count, sample in zip(sizes, kernel, counts, np.moveaxis(samples.real, -1, 0), strict=True):
        first = sample.reshape(*lead, 1)
        step = first.dtype.type(size - taps) / first.dtype.type(max(count - 1, 1))
        starts = ((np.arange(count, dtype=first.dtype) + first) * step).astype(int) - (first * step).astype(int)
        starts[..., count - 1 :] = size - taps  # the last window ends with the image
        boxes.append(starts[..., None] + np.arange(taps))
    return _largest(input, boxes)


def _largest(input: Array, boxes: Sequence[Array]) -> tuple[MaxPool, Pullback]:
    """The first largest entry of each box; `boxes` are coordinates (*lead, places, entries) along each dimension."""
    dims = len(boxes)
    lead, sizes = input.shape[:-dims], input.shape[-dims:]
    within = np.array(0)  # the place of each box's entries in the flattened image: (*lead, *places, *entries)
    for axis, (box, size) in enumerate(zip(boxes, sizes, strict=True)):
        others = tuple(other for other in range(-2 * dims, 0) if other % dims != axis)
        within = within * size + np.expand_dims(box, others)
    within = within.reshape(*within.shape[:-dims], math.prod(within.shape[-dims:]))
    images = np.arange(math.prod(lead)).reshape(*lead, *(1,) * dims) * math.prod(sizes)
    places = within + images[..., None]
    values = input.reshape(-1)
    first = values.real.take(places).argmax(-1, keepdims=True)
    chosen = np.take_along_axis(places, first, -1)[..., 0]

    def largest_pullback(d_output: Array) -> Gradients:
        # Small changes of the other entries change nothing. An entry may be the largest of several boxes.
        d_values = np.zeros(input.size, d_output.dtype)
        np.add.at(d_values, chosen.reshape(-1), d_output.reshape(-1))
        return {"input": d_values.reshape(input.shape)}

    return MaxPool(values.take(chosen), chosen - images), largest_pullback
