"""Borders around images: of a constant, or of what lies inside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating
from ._windows import check_images, pad_constant

__all__ = ["pad"]


def pad(input: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> tuple[Array, Pullback]:
    """Put a border around the last axes, or cut one off where `pad` is negative.

    pad = (before, after) for the last axis, then for the one before it, and so on.
    mode = "constant" (of `value`, 0 by default), "reflect" (in the outermost entry), "replicate" (that entry) or
    "circular" (from the other end).

    input (*shape) -> output (*padded); but for "constant", input (*batch, C, *sizes) with all sizes padded
    """
    check_floating(input=input)
    modes = ("constant", "reflect", "replicate", "circular")
    check(mode in modes, "mode", repr(mode), f"one of {', '.join(modes)}")
    whole = all(isinstance(number, int | np.integer) for number in pad)
    check(
        whole and len(pad) % 2 == 0, "pad", pad, "two whole numbers for each axis that is padded, the last axis first"
    )
    check(len(pad) <= 2 * input.ndim, "len(pad)", len(pad), f"at most {2 * input.ndim}, for input of {input.ndim} axes")
    before, after = np.array(pad, int).reshape(-1, 2)[::-1].T
    if mode == "constant":
        kept = input.shape[input.ndim - len(before) :] + np.minimum(before, 0) + np.minimum(after, 0)
        check(bool((kept >= 0).all()), "pad", pad, f"such that it cuts off no more than input, of shape {input.shape}")
        return _pad_constant(input, before, after, value or 0)
    check(not value, "value", value, f"None, since mode is {mode!r}")
    check(len(pad) in (2, 4, 6), "len(pad)", len(pad), f"2, 4 or 6, since mode is {mode!r}")
    check_images(input, len(before))
    return _pad_copies(input, before, after, mode)


def _pad_constant(input: Array, before: Array, after: Array, value: float) -> tuple[Array, Pullback]:
    def pad_constant_pullback(d_output: Array) -> Gradients:
        # The border does not depend on the input, nor the output on what was cut off.
        return {"input": pad_constant(d_output, -before, -after)}

    return pad_constant(input, before, after, value), pad_constant_pullback


def _pad_copies(input: Array, before: Array, after: Array, mode: str) -> tuple[Array, Pullback]:
    sizes = input.shape[-len(before) :]
    sources = [_sources(mode, *numbers) for numbers in zip(sizes, before.tolist(), after.tolist(), strict=True)]
    output = input
    for axis, source in enumerate(sources, -len(sizes)):
        output = output.take(source, axis)

    def pad_copies_pullback(d_output: Array) -> Gradients:
        # What lies inside passes its cotangent on, and each copy of it in the border adds its own.
        d_input = d_output
        for axis, source in enumerate(sources, -len(sizes)):
            d_copies = np.moveaxis(d_input, axis, -1)
            d_inside = pad_constant(d_copies, -before[[axis]], -after[[axis]])
            inside = before[axis] + np.arange(sizes[axis])
            for copy in np.setdiff1d(np.arange(len(source)), inside):
                d_inside[..., source[copy]] += d_copies[..., copy]
            d_input = np.moveaxis(d_inside, -1, axis)
        return {"input": d_input}

    return output, pad_copies_pullback


def _sources(mode: str, size: int, before: int, after: int) -> Array:
    """Which entry of an axis each entry of the padded axis copies."""
    check(before + size + after > 0, "pad", (before, after), f"such that some of the size {size} is left")
    place = np.arange(-before, size + after)
    if mode == "reflect":
        check(max(before, after) < size, "pad", (before, after), f"less than the size {size} of its axis")
        return size - 1 - abs(size - 1 - abs(place))
    if mode == "replicate":
        return place.clip(0, size - 1)
    # Torch cuts off first, and goes round in what is left.
    first, kept = max(-before, 0), size + min(before, 0) + min(after, 0)
    check(max(before, after) <= kept, "pad", (before, after), f"at most the size {kept} of what it goes round in")
    return first + (place - first) % kept
