"""Images and volumes, sampled at given places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product

import numpy as np

from ._array import Array, Gradients, Pullback, Shape, absolute, check, check_floating

__all__ = ["affine_grid", "grid_sample"]


def affine_grid(theta: Array, size: Sequence[int], align_corners: bool | None = None) -> tuple[Array, Pullback]:
    """Where an affine map sends the pixels of an image of `size`, (N, C, *spatial), whose borders lie at -1 and 1.

    The borders are those of the square pixels, with `align_corners` the centres of the outermost ones.

    theta (N, 2, 3) or (N, 3, 4) -> output (N, *spatial, 2) or (N, *spatial, 3), the last axis of the image first
    """
    check_floating(theta=theta)
    size = tuple(size)
    check(len(size) in (4, 5), "size", size, "of 4 sizes, or of 5: (N, C, *spatial)")
    check(min(size) > 0, "size", size, "positive")
    shape = (size[0], len(size) - 2, len(size) - 1)
    check(theta.shape == shape, "theta.shape", theta.shape, f"{shape} to fit size")
    lines = [(2 * np.arange(n) + 1 - n) / (max(n - 1, 1) if align_corners else n) for n in size[2:]]
    places = np.meshgrid(*lines, indexing="ij")[::-1]
    points = np.stack([*places, np.ones(size[2:])], -1).astype(theta.real.dtype)
    output = np.einsum("...j,nij->n...i", points, theta)
    rows = points.reshape(-1, shape[2])

    def affine_grid_pullback(d_output: Array) -> Gradients:
        # All points share the map: its gradient adds up over them.
        return {"theta": d_output.reshape(len(theta), -1, shape[1]).swapaxes(1, 2) @ rows}

    return output, affine_grid_pullback


def _moved_inside(place: Array, size: int, padding_mode: str, align_corners: bool) -> tuple[Array, Array]:
    """A place, moved into the image as the padding mode says, and the slope of that."""
    slope = np.ones_like(place)
    if padding_mode == "zeros":
        return place, slope
    if padding_mode == "reflection":
        mirror, period = (0.0, max(size - 1, 1)) if align_corners else (-0.5, size)
        distance = absolute(place - mirror)
        times = np.floor(distance.real / period)
        rest, back = distance - times * period, times % 2 == 1
        slope = np.where(back != (place.real < mirror), -slope, slope)
        place = np.where(back, period - rest, rest) + mirror
    low, high = place.real <= 0, place.real >= size - 1
    return np.where(low, 0, np.where(high, size - 1, place)), np.where(low | high, 0, slope)


def _cubic(distance: Array, sign: int) -> tuple[Array, Array]:
    """The weight of a pixel at a distance from 0 to 2, and its slope, the distance having slope `sign`.  Keys 1981."""
    d, bend = distance, -0.75
    near, d_near = ((bend + 2) * d - (bend + 3)) * d * d + 1, (3 * (bend + 2) * d - 2 * (bend + 3)) * d
    far, d_far = bend * (((d - 5) * d + 8) * d - 4), bend * ((3 * d - 10) * d + 8)
    return np.where(d.real <= 1, near, far), sign * np.where(d.real <= 1, d_near, d_far)


def _taps(mode: str, place: Array) -> list[tuple[Array, Array, Array]]:
    """The pixels around each place along one axis: index, weight, and slope of the weight."""
    if mode == "nearest":
        return [(np.rint(place.real), np.ones_like(place), np.zeros_like(place))]
    first = np.floor(place.real)
    past, left = place - first, first + 1 - place
    if mode == "bilinear":
        one = np.ones_like(place)
        return [(first, left, -one), (first + 1, past, one)]
    weights = [_cubic(1 + past, 1), _cubic(past, 1), _cubic(left, -1), _cubic(1 + left, -1)]
    return [(first + step, *weight) for step, weight in enumerate(weights, -1)]


def _corners(
    spatial: Shape, places: Array, mode: str, padding_mode: str, align_corners: bool
) -> Iterator[tuple[Array, Array, list[Array]]]:
    """The pixels that each place draws on: index, weight, and the slopes of the weight along each axis."""
    taps = []
    for axis, size in enumerate(spatial):
        rate = (size - 1) / 2 if align_corners else size / 2  # pixels to a step of 1
        place, slope = places[..., axis] * rate + (size - 1) / 2, np.ones_like(places[..., axis])
        if mode != "bicubic":
            place, slope = _moved_inside(place, size, padding_mode, align_corners)
        taps.append([(index, weight, rate * slope * bend) for index, weight, bend in _taps(mode, place)])
    for corner in product(*taps):
        indices, weights, slopes = zip(*corner, strict=True)
        if mode == "bicubic":  # here each pixel is moved inside, not the place
            moved = [_moved_inside(i, n, padding_mode, align_corners) for i, n in zip(indices, spatial, strict=True)]
            indices = [index for index, _ in moved]
        seen = np.ones(places.shape[:-1], places.real.dtype)
        flat = np.zeros(places.shape[:-1], np.int64)
        for index, size in zip(indices, spatial, strict=True):
            seen = seen * ((index >= 0) & (index < size))
            flat = flat * size + np.clip(index, 0, size - 1).astype(np.int64)
        others = [weights[:axis] + weights[axis + 1 :] for axis in range(len(spatial))]
        yield flat, _product(seen, *weights), [_product(seen, s, *w) for s, w in zip(slopes, others, strict=True)]


def _product(*factors: Array) -> Array:
    return reduce(np.multiply, factors)


def grid_sample(
    input: Array, grid: Array, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> tuple[Array, Pullback]:
    """The image at the places of `grid`, its borders being at -1 and 1.  Jaderberg et al. 2015, arXiv:1506.02025.

    The borders are those of the square pixels, with `align_corners` the centres of the outermost ones; beyond them
    come zeros, the outermost pixels on and on, or the mirrored image. In a volume "bilinear" is trilinear.

    input (N, C, *spatial), grid (N, *out, 2) or (N, *out, 3), the last axis of the image first -> output (N, C, *out)
    """
    check_floating(input=input, grid=grid)
    check(mode in ("bilinear", "nearest", "bicubic"), "mode", mode, "bilinear, nearest or bicubic")
    known = padding_mode in ("zeros", "border", "reflection")
    check(known, "padding_mode", padding_mode, "zeros, border or reflection")
    check(input.ndim in (4, 5), "input.ndim", input.ndim, "4 or 5: (N, C, *spatial)")
    check(mode != "bicubic" or input.ndim == 4, "input.ndim", input.ndim, "4 for mode bicubic")
    samples, channels, *spatial = input.shape
    check(0 not in spatial, "input.shape", input.shape, "without an empty axis of the image")
    axes = len(spatial)
    fits = grid.ndim == input.ndim and grid.shape[0] == samples and grid.shape[-1] == axes
    check(fits, "grid.shape", grid.shape, f"({samples}, {'…, ' * axes}{axes}) to fit input")
    out = grid.shape[1:-1]
    places = grid.reshape(samples, math.prod(out), axes)[..., ::-1]
    pixels = input.reshape(samples, channels, math.prod(spatial))
    corners = list(_corners(tuple(spatial), places, mode, padding_mode, bool(align_corners)))
    output = np.zeros((), input.dtype)
    for index, weight, _ in corners:
        output = output + weight[:, None] * np.take_along_axis(pixels, index[:, None], 2)

    def grid_sample_pullback(d_output: Array) -> Gradients:
        # The output is linear in the pixels; a place acts through the weights of the pixels around it.
        d_out = d_output.reshape(samples, channels, math.prod(out))
        d_pixels, d_places = np.zeros(pixels.shape, d_out.dtype), np.zeros(places.shape, d_out.dtype)
        for index, weight, slopes in corners:
            place = np.arange(samples)[:, None, None], np.arange(channels)[:, None], index[:, None]
            np.add.at(d_pixels, place, weight[:, None] * d_out)
            d_weight = (np.take_along_axis(pixels, index[:, None], 2) * d_out).sum(1)
            d_places += np.stack([slope * d_weight for slope in slopes], -1)
        return {"input": d_pixels.reshape(input.shape), "grid": d_places[..., ::-1].reshape(grid.shape)}

    return output.reshape(samples, channels, *out), grid_sample_pullback
