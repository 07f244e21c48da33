"""The plain operations that a small autodiff library is made of."""

from __future__ import annotations

import numpy as np

from ._array import (
    Array,
    Gradients,
    Pullback,
    Shape,
    axes_of,
    check,
    check_broadcast,
    check_dim,
    check_floating,
    check_integer,
    elementwise,
    sum_to,
)

__all__ = ["add", "div", "exp", "expand", "gather", "log", "logsumexp", "matmul", "mul", "select", "sub", "sum"]


def add(input: Array, other: Array, *, alpha: float = 1) -> tuple[Array, Pullback]:
    """input + alpha other, broadcast against each other.

    input (*left), other (*right) -> output (*both)
    """
    check_broadcast(input=input, other=other)

    def add_pullback(d_output: Array) -> Gradients:
        # An entry that was used several times gets the sum of what it is told.
        return {"input": sum_to(input.shape, d_output), "other": sum_to(other.shape, alpha * d_output)}

    return input + alpha * other, add_pullback


def sub(input: Array, other: Array, *, alpha: float = 1) -> tuple[Array, Pullback]:
    """input - alpha other, broadcast against each other.

    input (*left), other (*right) -> output (*both)
    """
    check_broadcast(input=input, other=other)

    def sub_pullback(d_output: Array) -> Gradients:
        return {"input": sum_to(input.shape, d_output), "other": sum_to(other.shape, -alpha * d_output)}

    return input - alpha * other, sub_pullback


def mul(input: Array, other: Array) -> tuple[Array, Pullback]:
    """input other, entry by entry, broadcast against each other.

    input (*left), other (*right) -> output (*both)
    """
    check_broadcast(input=input, other=other)

    def mul_pullback(d_output: Array) -> Gradients:
        # The slope in one factor is the other factor.
        return {"input": sum_to(input.shape, d_output * other), "other": sum_to(other.shape, d_output * input)}

    return input * other, mul_pullback


def div(input: Array, other: Array, *, rounding_mode: str | None = None) -> tuple[Array, Pullback]:
    """input / other, entry by entry, broadcast; rounded down ("floor") or towards 0 ("trunc") if asked for.

    input (*left), other (*right) -> output (*both)
    """
    check_broadcast(input=input, other=other)
    check(rounding_mode in (None, "trunc", "floor"), "rounding_mode", repr(rounding_mode), "None, 'trunc' or 'floor'")
    if rounding_mode == "floor":
        output = np.floor_divide(input.real, other.real).astype(input.dtype)
    elif rounding_mode == "trunc":
        output = np.trunc(input.real / other.real).astype(input.dtype)
    else:
        output = input / other

    def div_pullback(d_output: Array) -> Gradients:
        # A rounded quotient does not move: its slope is 0.
        d_quotient = np.zeros_like(d_output) if rounding_mode else d_output
        return {
            "input": sum_to(input.shape, d_quotient / other),
            "other": sum_to(other.shape, -d_quotient * (input / other) / other),
        }

    return output, div_pullback


def matmul(input: Array, other: Array) -> tuple[Array, Pullback]:
    """Matrix product over the last two axes, all axes before them broadcast; a vector is a single row or column.

    input (*left, N, K) or (K), other (*right, K, M) or (K) -> output (*both, N, M), without N or M for a vector
    """
    check_floating(input=input, other=other)
    check(input.ndim > 0, "input.ndim", input.ndim, "at least 1")
    check(other.ndim > 0, "other.ndim", other.ndim, "at least 1")
    left = input if input.ndim > 1 else input[None, :]
    right = other if other.ndim > 1 else other[:, None]
    inner = other.shape[0] if other.ndim == 1 else other.shape[-2]
    check(input.shape[-1] == inner, "input.shape", input.shape, f"(…, {inner}) to fit other")
    batches = zip(left.shape[-3::-1], right.shape[-3::-1], strict=False)
    fits = all(a == b or 1 in (a, b) for a, b in batches)
    check(fits, "other.shape", other.shape, f"of a batch that broadcasts with {left.shape[:-2]}, that of input")

    def matmul_pullback(d_output: Array) -> Gradients:
        # Entry (n, m) saw row n of input and column m of other: each is told about by the other one.
        d = d_output[..., None] if other.ndim == 1 else d_output
        d = d[..., None, :] if input.ndim == 1 else d
        return {
            "input": sum_to(left.shape, d @ right.swapaxes(-1, -2)).reshape(input.shape),
            "other": sum_to(right.shape, left.swapaxes(-1, -2) @ d).reshape(other.shape),
        }

    return input @ other, matmul_pullback


def exp(input: Array) -> tuple[Array, Pullback]:
    """e^input, entry by entry: its own slope.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    output = np.exp(input)
    return elementwise(output, lambda: output)


def log(input: Array) -> tuple[Array, Pullback]:
    """The natural logarithm, entry by entry.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    return elementwise(np.log(input), lambda: 1 / input)


def sum(input: Array, dim: int | Shape | None = None, keepdim: bool = False) -> tuple[Array, Pullback]:
    """Add up along `dim`, one axis or several; along all of them for None.

    input (*shape) -> output: (*shape) without `dim`, or with size 1 there
    """
    check_floating(input=input)
    axes = axes_of(dim, input)

    def sum_pullback(d_output: Array) -> Gradients:
        # Every summand counts once.
        d_sum = d_output if keepdim else np.expand_dims(d_output, axes)
        return {"input": np.broadcast_to(d_sum, input.shape).copy()}

    return input.sum(axes, keepdims=keepdim), sum_pullback


def logsumexp(input: Array, dim: int | Shape, keepdim: bool = False) -> tuple[Array, Pullback]:
    """log(sum of e^input along `dim`), one axis or several.

    input (*shape) -> output: (*shape) without `dim`, or with size 1 there
    """
    check_floating(input=input)
    axes = axes_of(dim, input)
    # Take the largest out of the sum, and no exponential overflows.
    largest = input.max(axes, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0)
    scores = np.exp(input - largest)
    total = scores.sum(axes, keepdims=True)
    with np.errstate(divide="ignore"):  # nothing to add up: the logarithm of 0 is -∞, as in torch
        output = largest + np.log(total)

    def logsumexp_pullback(d_output: Array) -> Gradients:
        # The slope is the softmax: the share of each entry in the sum.
        d_log = d_output if keepdim else np.expand_dims(d_output, axes)
        return {"input": d_log * scores / total}

    return output if keepdim else output.squeeze(axes), logsumexp_pullback


def expand(input: Array, sizes: Shape) -> tuple[Array, Pullback]:
    """Repeat along axes of size 1, and along new axes in front; -1 keeps the size.

    input (*shape) -> output (*sizes)
    """
    check_floating(input=input)
    extra = len(sizes) - input.ndim
    check(extra >= 0, "sizes", sizes, f"at least {input.ndim} sizes, as input has axes")
    check(all(size >= 0 for size in sizes[:extra]), "sizes", sizes, "0 or more for each new axis")
    pairs = list(zip(input.shape, sizes[extra:], strict=True))
    fits = all(new in (-1, old) or (old == 1 and new >= 0) for old, new in pairs)
    check(fits, "sizes", sizes, f"(…, *{input.shape}), or another size in place of a 1")
    shape = (*sizes[:extra], *(old if new == -1 else new for old, new in pairs))

    def expand_pullback(d_output: Array) -> Gradients:
        # Every copy of an entry adds its part.
        return {"input": sum_to(input.shape, d_output)}

    return np.broadcast_to(input, shape).copy(), expand_pullback


def select(input: Array, dim: int, index: int) -> tuple[Array, Pullback]:
    """The slice at `index` of axis `dim`, without that axis.

    input (*shape) -> output: (*shape) without `dim`
    """
    check_floating(input=input)
    check(input.ndim > 0, "input.ndim", input.ndim, "at least 1")
    check_dim(dim, input)
    size = input.shape[dim]
    check(-size <= index < size, "index", index, f"from {-size} to {size - 1}, as axis {dim} has size {size}")
    where = (slice(None),) * (dim % input.ndim) + (index,)

    def select_pullback(d_output: Array) -> Gradients:
        # What was not selected does not matter.
        d_input = np.zeros_like(input)
        d_input[where] = d_output
        return {"input": d_input}

    return input[where].copy(), select_pullback


def gather(input: Array, dim: int, index: Array) -> tuple[Array, Pullback]:
    """output[i, j, k] = input[index[i, j, k], j, k] for dim 0, and likewise for the others.

    input (*shape), index (*sizes), no larger than input along the axes other than `dim` -> output (*sizes)
    """
    check_floating(input=input)
    check_integer(index=index)
    check_dim(dim, input)
    check(max(index.ndim, 1) == max(input.ndim, 1), "index.ndim", index.ndim, f"{input.ndim}, as that of input")
    table, rows = np.atleast_1d(input), np.atleast_1d(index)
    axis = dim % table.ndim
    fits = all(
        small <= large for d, (small, large) in enumerate(zip(rows.shape, table.shape, strict=True)) if d != axis
    )
    check(fits, "index.shape", index.shape, f"no larger than {input.shape} along the axes other than {dim}")
    size = table.shape[axis]
    check(
        bool(((rows >= 0) & (rows < size)).all()),
        "index",
        index,
        f"from 0 to {size - 1}, as axis {dim} has size {size}",
    )
    where = tuple(rows if d == axis else grid for d, grid in enumerate(np.indices(rows.shape, sparse=True)))

    def gather_pullback(d_output: Array) -> Gradients:
        # An entry that was taken several times gets the sum.
        d_table = np.zeros_like(table)
        np.add.at(d_table, where, d_output.reshape(rows.shape))
        return {"input": d_table.reshape(input.shape)}

    return table[where].reshape(index.shape), gather_pullback
