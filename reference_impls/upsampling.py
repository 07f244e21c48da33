"""Signals, images and volumes, resampled to another size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating

__all__ = ["interpolate"]

# How many dimensions the input of each mode may have, and how far the kernel of a smooth mode reaches.
_DIMENSIONS = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "area": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "trilinear": (5,),
    "bicubic": (4,),
    "lanczos": (4,),
}
_REACH = {"linear": 1, "bilinear": 1, "trilinear": 1, "bicubic": 2, "lanczos": 3}


def _cubic(x: Array, bend: float) -> Array:
    """The weight of a value at distance x.  Keys 1981, with slope `bend` where x = 1."""
    x = abs(x)
    near, far = ((bend + 2) * x - (bend + 3)) * x * x + 1, bend * (((x - 5) * x + 8) * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _kernel(mode: str, x: Array, antialias: bool) -> Array:
    """The weight of an input value at distance x from where the output value lies."""
    if mode == "bicubic":
        return _cubic(x, -0.5 if antialias else -0.75)  # torch's choice
    if mode == "lanczos":
        return np.where(abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    return np.maximum(1 - abs(x), 0)


def _nearest(mode: str, before: int, after: int, step: float) -> Array:
    """One input value for each output value, found in single precision, as torch."""
    place = (np.arange(after) + (0.5 if mode == "nearest-exact" else 0)) * np.float32(step)
    return np.eye(before)[np.minimum(np.floor(place.astype(np.float32)).astype(int), before - 1)]


def _area(before: int, after: int) -> Array:
    """The mean of all input values that an output value overlaps."""
    at, out = np.arange(before), np.arange(after)[:, None]
    overlap = (at >= out * before // after) & (at < -(-(out + 1) * before // after))
    return overlap / overlap.sum(1, keepdims=True)


def _smooth(mode: str, before: int, after: int, step: float, align_corners: bool, antialias: bool) -> Array:
    """A kernel around the place of each output value; `antialias` widens it to cover all input values."""
    at, out = np.arange(before), np.arange(after)[:, None]
    if antialias:
        wide, centre = max(step, 1.0), step * (out + 0.5)
        first, last = (np.floor(centre + side * _REACH[mode] * wide + 0.5) for side in (-1, 1))
        weights = np.where((at >= first) & (at < last), _kernel(mode, (at + 0.5 - centre) / wide, antialias), 0)
        return weights / weights.sum(1, keepdims=True)
    # Beyond the borders the signal goes on as its first and last value: what is due to those adds up.
    reach = _REACH[mode]
    place = step * out if align_corners else step * (out + 0.5) - 0.5
    weights = _kernel(mode, np.arange(-reach, before + reach) - place, antialias)
    weights[:, reach] += weights[:, :reach].sum(1)
    weights[:, -reach - 1] += weights[:, -reach:].sum(1)
    return weights[:, reach:-reach]


def _matrix(mode: str, before: int, after: int, scale: float | None, align_corners: bool, antialias: bool) -> Array:
    """The matrix (after, before) that resamples one axis."""
    stays = before == after and (antialias or _REACH.get(mode) == 1)  # torch then takes no notice of the scale
    if align_corners:
        step = (before - 1) / (after - 1) if after > 1 else 0.0
    else:
        step = before / after if scale is None or stays else 1 / scale
    if mode == "area":
        return _area(before, after)
    if mode in _REACH:
        return _smooth(mode, before, after, step, align_corners, antialias)
    return _nearest(mode, before, after, step)


def _along(axis: int, matrix: Array, array: Array) -> Array:
    """A matrix applied along one axis."""
    return np.moveaxis(np.tensordot(array, matrix, (axis, 1)), -1, axis)


def _each(name: str, value: Any, axes: int) -> tuple[Any, ...]:
    """One value for each axis."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * axes
    check(len(values) == axes, name, value, f"one number or {axes}, as input has {axes} spatial sizes")
    return values


def interpolate(
    input: Array,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> tuple[Array, Pullback]:
    """Resample to `size`, or to the size times `scale_factor`, rounded down; one axis after the other.

    Pixels are squares; with `align_corners` they are points, and the first and last ones stay in place. The steps
    between output values are those of `scale_factor`, or with `recompute_scale_factor` those of the rounded sizes.

    input (N, C, *spatial), one to three spatial sizes -> output (N, C, *size)
    """
    check_floating(input=input)
    check(mode in _DIMENSIONS, "mode", mode, f"one of {', '.join(_DIMENSIONS)}")
    allowed = _DIMENSIONS[mode]
    check(input.ndim in allowed, "input.ndim", input.ndim, f"{' or '.join(map(str, allowed))} for mode {mode}")
    check(0 not in input.shape[1:], "input.shape", input.shape, "without 0 behind the batch")
    smooth = mode in _REACH
    check(align_corners is None or smooth, "align_corners", align_corners, f"None for mode {mode}")
    check(not antialias or (input.ndim == 4 and smooth), "antialias", antialias, "False but for smooth modes of images")
    if mode == "lanczos":
        check(antialias, "antialias", antialias, "True for mode lanczos")
        check(not align_corners, "align_corners", align_corners, "False for mode lanczos")
    spatial, axes = input.shape[2:], input.ndim - 2
    if size is not None:
        check(scale_factor is None, "scale_factor", scale_factor, "None, since size is given")
        check(not recompute_scale_factor, "recompute_scale_factor", True, "False, since size is given")
        sizes, scales = _each("size", size, axes), (None,) * axes
    else:
        check(scale_factor is not None, "scale_factor", None, "given, since size is not")
        scales = _each("scale_factor", scale_factor, axes)
        sizes = tuple(int(before * scale) for before, scale in zip(spatial, scales, strict=True))
        scales = (None,) * axes if recompute_scale_factor else scales
    check(min(sizes) > 0, "the output's size", sizes, "positive")
    matrices = [
        _matrix(mode, before, after, scale, bool(align_corners), antialias).astype(input.real.dtype)
        for before, after, scale in zip(spatial, sizes, scales, strict=True)
    ]
    output = input
    for axis, matrix in enumerate(matrices, 2):
        output = _along(axis, matrix, output)

    def interpolate_pullback(d_output: Array) -> Gradients:
        # Each axis is a matrix product, and the derivative of that is the product with the transposed matrix.
        d_input = d_output
        for axis, matrix in enumerate(matrices, 2):
            d_input = _along(axis, matrix.T, d_input)
        return {"input": d_input}

    return output, interpolate_pullback
