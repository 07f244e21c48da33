"""Max pooling undone: every entry goes back to where it came from, and zeros fill the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_integer
from ._windows import Numbers, check_images, per_dimension

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]


def max_unpool1d(
    input: Array,
    indices: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    output_size: Sequence[int] | None = None,
) -> tuple[Array, Pullback]:
    """Put each entry at its index into zeros; the last one, where an index is repeated.

    input (*batch, C, L), indices (*batch, C, L) below L' -> output (*batch, C, L')
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Array,
    indices: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    output_size: Sequence[int] | None = None,
) -> tuple[Array, Pullback]:
    """Put each entry at its index into zeros; the last one, where an index is repeated.

    input (*batch, C, H, W), indices (*batch, C, H, W) below H' W' -> output (*batch, C, H', W')
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Array,
    indices: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    output_size: Sequence[int] | None = None,
) -> tuple[Array, Pullback]:
    """Put each entry at its index into zeros; the last one, where an index is repeated.

    input (*batch, C, D, H, W), indices (*batch, C, D, H, W) below D' H' W' -> output (*batch, C, D', H', W')
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(
    dims: int,
    input: Array,
    indices: Array,
    kernel_size: Numbers,
    stride: Numbers | None,
    padding: Numbers,
    output_size: Sequence[int] | None,
) -> tuple[Array, Pullback]:
    check_images(input, dims)
    check_integer(indices=indices)
    check(indices.shape == input.shape, "indices.shape", indices.shape, f"{input.shape}, as input")
    sizes = _unpooled_sizes(input.shape[-dims:], kernel_size, stride, padding, output_size)
    room = math.prod(sizes)
    check(bool(((indices >= 0) & (indices < room)).all()), "indices", "out of range", f"from 0 up to {room}")
    lead = input.shape[:-dims]
    starts = np.arange(math.prod(lead)).reshape(*lead, *(1,) * dims) * room
    target = (indices + starts).reshape(-1)
    output = np.zeros(math.prod(lead) * room, input.dtype)
    output[target] = input.reshape(-1)

    def max_unpool_pullback(d_output: Array) -> Gradients:
        # What was overwritten changes nothing.
        number = np.arange(input.size)
        owner = np.empty(output.size, int)
        owner[target] = number
        return {"input": np.where(owner[target] == number, d_output.reshape(-1)[target], 0).reshape(input.shape)}

    return output.reshape(*lead, *sizes), max_unpool_pullback


def _unpooled_sizes(
    sizes: Sequence[int],
    kernel_size: Numbers,
    stride: Numbers | None,
    padding: Numbers,
    output_size: Sequence[int] | None,
) -> tuple[int, ...]:
    """The sizes that a pooling has made `sizes` of: up to a stride more or less than what its windows covered."""
    dims = len(sizes)
    kernel = per_dimension("kernel_size", kernel_size, dims, 1)
    step = kernel if stride is None else per_dimension("stride", stride, dims, 1)
    covered = (np.array(sizes) - 1) * step + kernel - 2 * per_dimension("padding", padding, dims, 0)
    if output_size is None:
        check(bool((covered >= 0).all()), "padding", padding, "less, so that the output has sizes")
        return tuple(covered.tolist())
    whole = len(output_size)
    check(whole in (dims, dims + 2), "len(output_size)", whole, f"{dims}, or {dims + 2} with batch and channels")
    wanted = per_dimension("output_size", output_size[-dims:], dims, 0)
    near = bool((abs(wanted - covered) < step).all())
    check(near, "output_size", output_size, f"less than {step.tolist()} away from {covered.tolist()}")
    return tuple(wanted.tolist())
