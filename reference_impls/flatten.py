"""The same numbers in another shape: the derivative is the same numbers in the old one."""

from __future__ import annotations

import math

import numpy as np

from ._array import Array, Gradients, Pullback, Shape, check, check_dim, check_floating, check_integer

__all__ = ["flatten", "identity", "one_hot", "unflatten"]


def _reshaped(input: Array, shape: Shape) -> tuple[Array, Pullback]:
    """A copy of another shape."""

    def reshaped_pullback(d_output: Array) -> Gradients:
        return {"input": d_output.reshape(input.shape).copy()}

    return input.reshape(shape).copy(), reshaped_pullback


def identity(input: Array) -> tuple[Array, Pullback]:
    """The input itself.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    return _reshaped(input, input.shape)


def flatten(input: Array, start_dim: int = 0, end_dim: int = -1) -> tuple[Array, Pullback]:
    """Join the axes from start_dim to end_dim into one. nn.Flatten calls it with start_dim=1.

    input (*left, *middle, *right) -> output (*left, M, *right)
    """
    check_floating(input=input)
    check_dim(start_dim, input, name="start_dim")
    check_dim(end_dim, input, name="end_dim")
    axes = max(input.ndim, 1)
    start, end = start_dim % axes, end_dim % axes
    check(start <= end, "start_dim", start_dim, f"at most end_dim, {end_dim}")
    middle = math.prod(input.shape[start : end + 1])
    return _reshaped(input, (*input.shape[:start], middle, *input.shape[end + 1 :]))


def unflatten(input: Array, dim: int, sizes: Shape) -> tuple[Array, Pullback]:
    """Split axis `dim` into `sizes`, of which one may be -1: what remains.

    input (*left, M, *right) -> output (*left, *sizes, *right)
    """
    check_floating(input=input)
    check(input.ndim > 0, "input.ndim", input.ndim, "at least 1")
    check_dim(dim, input)
    axis, size = dim % input.ndim, input.shape[dim]
    check(len(sizes) > 0, "sizes", sizes, "at least one size")
    check(min(sizes) >= -1 and sizes.count(-1) <= 1, "sizes", sizes, "sizes of 0 or more, and -1 at most once")
    known = math.prod(one for one in sizes if one != -1)
    fits = known == size if -1 not in sizes else known > 0 and size % known == 0
    check(fits, "sizes", sizes, f"of product {size}, the size of axis {dim}")
    split = tuple(size // known if one == -1 else one for one in sizes)
    return _reshaped(input, (*input.shape[:axis], *split, *input.shape[axis + 1 :]))


def one_hot(input: Array, num_classes: int = -1) -> tuple[Array, Pullback]:
    """1 in the column of each class, 0 elsewhere. There is nothing to differentiate.

    input (*shape) of classes -> output (*shape, num_classes) of integers; for -1, up to the largest class
    """
    check_integer(input=input)
    check(bool((input >= 0).all()), "input", input, "0 or more")
    check(num_classes >= -1, "num_classes", num_classes, "-1 or more")
    if num_classes == -1:
        check(input.size > 0, "num_classes", -1, "given, as input is empty")
        num_classes = int(input.max()) + 1
    check(bool((input < num_classes).all()), "input", input, f"less than {num_classes}, the number of classes")

    def one_hot_pullback() -> Gradients:
        return {}

    return (input[..., None] == np.arange(num_classes)).astype(np.int64), one_hot_pullback
