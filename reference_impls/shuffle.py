"""Entries moved to other places, none lost and none changed: the derivative moves them back."""

from __future__ import annotations

from ._array import Array, Gradients, Pullback, Shape, check, check_floating

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def _moved(input: Array, parts: Shape, order: Shape, shape: Shape) -> tuple[Array, Pullback]:
    """Split the axes into `parts`, bring these into another order, and join them to `shape`."""
    output = input.reshape(parts).transpose(order).reshape(shape).copy()

    def moved_pullback(d_output: Array) -> Gradients:
        moved = tuple(parts[axis] for axis in order)
        back = tuple(order.index(axis) for axis in range(len(order)))
        return {"input": d_output.reshape(moved).transpose(back).reshape(input.shape).copy()}

    return output, moved_pullback


def pixel_shuffle(input: Array, upscale_factor: int) -> tuple[Array, Pullback]:
    """Every r² channels become one channel of r by r times as many pixels.  Shi et al. 2016, arXiv:1609.05158.

    input (*batch, C r², H, W) -> output (*batch, C, H r, W r), with r = upscale_factor
    """
    check_floating(input=input)
    check(input.ndim >= 3, "input.ndim", input.ndim, "at least 3")
    r = upscale_factor
    check(r >= 1, "upscale_factor", r, "at least 1")
    *batch, channels, height, width = input.shape
    check(channels % r**2 == 0, "input.shape", input.shape, f"(*batch, C, H, W) with C a multiple of {r**2}")
    parts = (*batch, channels // r**2, r, r, height, width)
    b = len(batch)
    order = (*range(b), b, b + 3, b + 1, b + 4, b + 2)
    return _moved(input, parts, order, (*batch, channels // r**2, height * r, width * r))


def pixel_unshuffle(input: Array, downscale_factor: int) -> tuple[Array, Pullback]:
    """The way back from pixel_shuffle: every r by r pixels become one pixel of r² times as many channels.

    input (*batch, C, H r, W r) -> output (*batch, C r², H, W), with r = downscale_factor
    """
    check_floating(input=input)
    check(input.ndim >= 3, "input.ndim", input.ndim, "at least 3")
    r = downscale_factor
    check(r >= 1, "downscale_factor", r, "at least 1")
    *batch, channels, height, width = input.shape
    fits = height % r == 0 and width % r == 0
    check(fits, "input.shape", input.shape, f"(*batch, C, H, W) with H and W multiples of {r}")
    parts = (*batch, channels, height // r, r, width // r, r)
    b = len(batch)
    order = (*range(b), b, b + 2, b + 4, b + 1, b + 3)
    return _moved(input, parts, order, (*batch, channels * r**2, height // r, width // r))


def channel_shuffle(input: Array, groups: int) -> tuple[Array, Pullback]:
    """The first channel of every group, then the second of every group, …  Zhang et al. 2017, arXiv:1707.01083.

    input (N, C, *rest) -> output (N, C, *rest)
    """
    check_floating(input=input)
    check(input.ndim >= 3, "input.ndim", input.ndim, "at least 3")
    check(groups >= 1, "groups", groups, "at least 1")
    batch, channels, *rest = input.shape
    check(channels % groups == 0, "groups", groups, f"a divisor of {channels}, the channels of input")
    parts = (batch, groups, channels // groups, *rest)
    return _moved(input, parts, (0, 2, 1, *range(3, len(parts))), input.shape)
