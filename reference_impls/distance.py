"""Norms, and what is measured with them: directions, angles and distances."""

from __future__ import annotations

import math

import numpy as np

from ._array import (
    Array,
    Gradients,
    Pullback,
    Shape,
    absolute,
    axes_of,
    check,
    check_broadcast,
    check_dim,
    check_floating,
    scatter_rows,
    sum_to,
)

__all__ = ["cosine_similarity", "normalize", "pairwise_distance", "pdist"]


def _norm(x: Array, p: float, axes: Shape) -> tuple[Array, Array]:
    """‖x‖_p along `axes`, which stay with size 1; and its slope in each entry of x, 0 where it is not smooth.

    p = 0 counts what is not 0; p = ±∞ is the largest or smallest |x|, and entries that tie share its slope.
    """
    size, sign = absolute(x), np.sign(x.real)
    if p == 0:
        norm = (x.real != 0).astype(x.dtype).sum(axes, keepdims=True)
        return norm, np.zeros_like(x)
    if math.isinf(p):
        norm = size.max(axes, keepdims=True, initial=0) if p > 0 else size.min(axes, keepdims=True)
        tied = size.real == norm.real
        return norm, sign * tied / tied.sum(axes, keepdims=True, dtype=x.real.dtype)
    with np.errstate(divide="ignore"):  # for p < 0, an entry of 0 makes the sum ∞ and the norm 0
        norm = (size**p).sum(axes, keepdims=True) ** (1 / p)
    # Relative to the norm no power overflows; and where the norm is 0, no direction is better than another.
    share = np.where((sign == 0) | (norm.real == 0), 1, size) / np.where(norm.real == 0, 1, norm)
    return norm, np.where(norm.real == 0, 0, sign * share ** (p - 1))


def _unit(x: Array, p: float, axes: Shape, eps: float) -> tuple[Array, Pullback]:
    """x / max(‖x‖_p, eps)."""
    norm, slope = _norm(x, p, axes)
    free = norm.real >= eps
    scale = np.where(free, norm, eps)
    unit = x / scale

    def unit_pullback(d_unit: Array) -> Gradients:
        # `unit` ignores how long x is (unless it is shorter than eps): take that part out of the cotangent.
        stretch = np.where(free, slope, 0) * (d_unit * unit).sum(axes, keepdims=True)
        return {"x": (d_unit - stretch) / scale}

    return unit, unit_pullback


def _check_not_empty(array: Array, p: float, axes: Shape) -> None:
    """Refuse the largest or smallest of no entries."""
    empty = any(array.shape[axis] == 0 for axis in axes) and (p < 0 or math.isinf(p))
    check(not empty, "p", p, f"a finite number of 0 or more, as axis {axes} is empty")


def normalize(input: Array, p: float = 2.0, dim: int | Shape = 1, eps: float = 1e-12) -> tuple[Array, Pullback]:
    """input / max(‖input‖_p, eps), with the norm taken along `dim`, one axis or several.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    axes = axes_of(dim, input)
    _check_not_empty(input, p, axes)
    output, unit_pullback = _unit(input, p, axes, eps)

    def normalize_pullback(d_output: Array) -> Gradients:
        return {"input": unit_pullback(d_output)["x"]}

    return output, normalize_pullback


def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> tuple[Array, Pullback]:
    """The cosine of the angle between x1 and x2: x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps)), along `dim`.

    x1 (*left), x2 (*right), which broadcast to (*both) -> output: (*both) without `dim`
    """
    check_broadcast(x1=x1, x2=x2)
    left, right = np.broadcast_arrays(x1, x2)
    check_dim(dim, left, of="x1 and x2")
    axes = axes_of(dim, left)
    unit1, unit1_pullback = _unit(left, 2, axes, eps)
    unit2, unit2_pullback = _unit(right, 2, axes, eps)

    def cosine_similarity_pullback(d_output: Array) -> Gradients:
        # A product of two directions: each hears of the output through the other one.
        d_cosine = np.expand_dims(d_output, axes)
        return {
            "x1": sum_to(x1.shape, unit1_pullback(d_cosine * unit2)["x"]),
            "x2": sum_to(x2.shape, unit2_pullback(d_cosine * unit1)["x"]),
        }

    return (unit1 * unit2).sum(axes), cosine_similarity_pullback


def pairwise_distance(
    x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> tuple[Array, Pullback]:
    """‖x1 - x2 + eps‖_p along the last axis.

    x1 (*left, D), x2 (*right, D) -> output (*both), or (*both, 1) if keepdim
    """
    check_broadcast(x1=x1, x2=x2)
    difference = x1 - x2 + eps
    axes = axes_of(-1, difference, of="x1 and x2")
    _check_not_empty(difference, p, axes)
    norm, slope = _norm(difference, p, axes)

    def pairwise_distance_pullback(d_output: Array) -> Gradients:
        # Only the difference matters: what x1 is told, x2 is told with the other sign.
        d_difference = (d_output if keepdim else np.expand_dims(d_output, axes)) * slope
        return {"x1": sum_to(x1.shape, d_difference), "x2": sum_to(x2.shape, -d_difference)}

    return norm if keepdim else norm.squeeze(axes), pairwise_distance_pullback


def pdist(input: Array, p: float = 2.0) -> tuple[Array, Pullback]:
    """The distance ‖row_i - row_j‖_p of every two rows, in the order (0, 1), (0, 2), …, (1, 2), …

    input (N, D) -> output (N (N - 1) / 2)
    """
    check_floating(input=input)
    check(input.ndim == 2, "input.ndim", input.ndim, "2")
    check(p >= 0, "p", p, "0 or more")
    first, second = np.triu_indices(len(input), 1)
    norm, slope = _norm(input[first] - input[second], p, (1,))

    def pdist_pullback(d_output: Array) -> Gradients:
        # Every row took part in N - 1 distances, from either side.
        d_difference = d_output[:, None] * slope
        one, other = (scatter_rows(input.shape, row, d_difference) for row in (first, second))
        return {"input": one - other}

    return norm[:, 0], pdist_pullback
