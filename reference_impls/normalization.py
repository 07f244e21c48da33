"""Normalisations of each sample by its own statistics, and the two steps that all normalisations share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ._array import Array, Gradients, Pullback, Shape, check, check_floating, sum_to

__all__ = ["cross_map_lrn2d", "group_norm", "layer_norm", "local_response_norm", "rms_norm"]


def _standardise(input: Array, axes: Sequence[int], eps: float) -> tuple[Array, Array, Array, Callable[[Array], Array]]:
    """Mean 0 and variance 1 over `axes`.  Returns also the mean, the variance (over count) and a pullback."""
    axes = tuple(axes)
    count = max(math.prod(input.shape[axis] for axis in axes), 1)
    mean = input.sum(axes, keepdims=True) / count
    centred = input - mean
    variance = (centred * centred).sum(axes, keepdims=True) / count
    spread = np.sqrt(variance + eps)
    unit = centred / spread

    def standardise_pullback(d_unit: Array) -> Array:
        # `unit` ignores a shift or stretch of `input` (up to eps): take both parts out of the cotangent.
        shift = d_unit.sum(axes, keepdims=True) / count
        stretch = unit * ((d_unit * unit).sum(axes, keepdims=True) / count)
        return (d_unit - shift - stretch) / spread

    return unit, mean, variance, standardise_pullback


def _scale_and_shift(
    unit: Array, weight: Array | None, bias: Array | None, shape: Shape
) -> tuple[Array, Callable[[Array], tuple[Array, Gradients]]]:
    """unit weight + bias, where weight and bias are stretched from `shape`."""
    output = unit if weight is None else unit * weight.reshape(shape)
    if bias is not None:
        output = output + bias.reshape(shape)

    def scale_and_shift_pullback(d_output: Array) -> tuple[Array, Gradients]:
        grads = {}
        if weight is not None:
            grads["weight"] = sum_to(shape, d_output * unit).reshape(weight.shape)
        if bias is not None:
            grads["bias"] = sum_to(shape, d_output).reshape(bias.shape)
        return d_output if weight is None else d_output * weight.reshape(shape), grads

    return output, scale_and_shift_pullback


def _check_fit(shape: Shape, wanted_by: str, **arrays: Array | None) -> None:
    """Refuse an array of another shape."""
    for name, array in arrays.items():
        if array is not None:
            check(array.shape == shape, f"{name}.shape", array.shape, f"{shape} to fit {wanted_by}")


def _check_normalized_shape(input: Array, normalized_shape: Sequence[int]) -> Shape:
    """`normalized_shape` as a tuple, if these are the last sizes of `input`."""
    shape = tuple(normalized_shape)
    check(len(shape) > 0, "normalized_shape", shape, "of one size or more")
    check(input.shape[-len(shape) :] == shape, "normalized_shape", shape, f"the last sizes of input, {input.shape}")
    return shape


def layer_norm(
    input: Array,
    normalized_shape: Sequence[int],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-05,
) -> tuple[Array, Pullback]:
    """Standardise each sample, then scale and shift each feature.  Ba, Kiros & Hinton 2016, arXiv:1607.06450.

    input (*batch, *normalized_shape), weight (*normalized_shape), bias (*normalized_shape) -> output as input
    """
    check_floating(input=input, weight=weight, bias=bias)
    shape = _check_normalized_shape(input, normalized_shape)
    _check_fit(shape, "normalized_shape", weight=weight, bias=bias)
    unit, _, _, standardise_pullback = _standardise(input, range(input.ndim - len(shape), input.ndim), eps)
    output, scale_and_shift_pullback = _scale_and_shift(unit, weight, bias, shape)

    def layer_norm_pullback(d_output: Array) -> Gradients:
        d_unit, grads = scale_and_shift_pullback(d_output)
        return {"input": standardise_pullback(d_unit), **grads}

    return output, layer_norm_pullback


def rms_norm(
    input: Array, normalized_shape: Sequence[int], weight: Array | None = None, eps: float | None = None
) -> tuple[Array, Pullback]:
    """Divide each sample by its root mean square, then scale each feature.  Zhang & Sennrich 2019, arXiv:1910.07467.

    eps None is the machine epsilon of input.

    input (*batch, *normalized_shape), weight (*normalized_shape) -> output as input
    """
    check_floating(input=input, weight=weight)
    shape = _check_normalized_shape(input, normalized_shape)
    _check_fit(shape, "normalized_shape", weight=weight)
    axes, count = tuple(range(-len(shape), 0)), max(math.prod(shape), 1)
    if eps is None:
        eps = max(float(np.finfo(input.dtype).eps), 2.0**-52)  # longdouble, which torch has not, as float64
    size = np.sqrt((input * input).sum(axes, keepdims=True) / count + eps)
    unit = input / size
    output, scale_and_shift_pullback = _scale_and_shift(unit, weight, None, shape)

    def rms_norm_pullback(d_output: Array) -> Gradients:
        d_unit, grads = scale_and_shift_pullback(d_output)
        # `unit` ignores a stretch of `input` (up to eps): take that part out of the cotangent.
        stretch = unit * ((d_unit * unit).sum(axes, keepdims=True) / count)
        return {"input": (d_unit - stretch) / size, **grads}

    return output, rms_norm_pullback


def group_norm(
    input: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-05
) -> tuple[Array, Pullback]:
    """Standardise each group of channels of each sample, then scale and shift each channel.

    Wu & He 2018, arXiv:1803.08494.

    input (N, C, *spatial), weight (C), bias (C) -> output as input
    """
    check_floating(input=input, weight=weight, bias=bias)
    check(input.ndim >= 2, "input.ndim", input.ndim, "2 or more: (N, C, …)")
    samples, channels, *spatial = input.shape
    fits = num_groups > 0 and channels % num_groups == 0
    check(fits, "num_groups", num_groups, f"a divisor of the channels of input, {channels}")
    _check_fit((channels,), "the channels of input", weight=weight, bias=bias)
    check(input.size != num_groups, "input.shape", input.shape, "of more than one value for each group")
    grouped = input.reshape(samples, num_groups, channels // num_groups * math.prod(spatial))
    unit, _, _, standardise_pullback = _standardise(grouped, (2,), eps)
    stretched = (1, channels, *(1 for _ in spatial))
    output, scale_and_shift_pullback = _scale_and_shift(unit.reshape(input.shape), weight, bias, stretched)

    def group_norm_pullback(d_output: Array) -> Gradients:
        d_unit, grads = scale_and_shift_pullback(d_output)
        return {"input": standardise_pullback(d_unit.reshape(grouped.shape)).reshape(input.shape), **grads}

    return output, group_norm_pullback


def _divide_by_neighbours(
    input: Array, below: int, above: int, alpha: float, beta: float, k: float
) -> tuple[Array, Pullback]:
    """Channel c is divided by (k + alpha × the sum of the squares of channels c - below to c + above)^beta."""
    channel = np.arange(input.shape[1])
    offset = channel - channel[:, None]
    near = ((offset >= -below) & (offset <= above)).astype(input.real.dtype)
    base = k + alpha * np.einsum("ij,nj...->ni...", near, input * input)
    shrink = base**-beta
    output = input * shrink

    def divide_by_neighbours_pullback(d_output: Array) -> Gradients:
        # A channel acts on itself and, through the sums that it is part of, on its neighbours.
        d_sum = -alpha * beta * d_output * output / base
        return {"input": d_output * shrink + 2 * input * np.einsum("ij,ni...->nj...", near, d_sum)}

    return output, divide_by_neighbours_pullback


def local_response_norm(
    input: Array, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0
) -> tuple[Array, Pullback]:
    """input_c / (k + alpha × mean of the squares of the `size` channels around c)^beta, with 0 outside.

    Krizhevsky, Sutskever & Hinton 2012, section 3.3.

    input (N, C, *spatial) with one spatial size or more -> output as input
    """
    check_floating(input=input)
    check(input.ndim >= 3, "input.ndim", input.ndim, "3 or more: (N, C, …)")
    check(size > 0, "size", size, "positive")
    return _divide_by_neighbours(input, size // 2, (size - 1) // 2, alpha / size, beta, k)


def cross_map_lrn2d(
    input: Array, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1
) -> tuple[Array, Pullback]:
    """`local_response_norm` of images, where an even `size` takes one channel less, on both sides the same.

    input (N, C, H, W) -> output as input
    """
    check_floating(input=input)
    check(input.ndim == 4, "input.ndim", input.ndim, "4: (N, C, H, W)")
    check(size > 0, "size", size, "positive")
    return _divide_by_neighbours(input, (size - 1) // 2, (size - 1) // 2, alpha / size, beta, k)
