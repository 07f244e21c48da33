"""Windows that slide over images: the moves that convolutions, foldings and poolings share.

A window reads some entries of the padded image, and the next window may read them again. So each move is linear, and
its adjoint, which derivatives need, adds every entry of a window to the place that it was read from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._array import Array, Shape, check, check_floating

Numbers = int | Sequence[int]
Sizes = int | Sequence[int | None]


def per_dimension(name: str, value: object, dims: int, low: int) -> Array:
    """One whole number for all dimensions, or one for each, as an array of `dims` numbers."""
    numbers = np.array(value).reshape(-1).tolist()
    whole = all(type(one) is int and one >= low for one in numbers)
    many = "" if dims == 1 else f", or {dims} of them"
    check(whole and len(numbers) in (1, dims), name, value, f"a whole number of at least {low}{many}")
    return np.array(numbers if len(numbers) == dims else numbers * dims)


def check_images(input: Array, dims: int) -> None:
    """Refuse what is not (C, *sizes) or (N, C, *sizes), and any size of 0 but the batch's."""
    check_floating(input=input)
    check(input.ndim in (dims + 1, dims + 2), "input.ndim", input.ndim, f"{dims + 1}, or {dims + 2} with a batch")
    check(0 not in input.shape[-dims - 1 :], "input.shape", input.shape, "without a size of 0, but for the batch")


def pad_constant(array: Array, before: Array, after: Array, value: complex = 0) -> Array:
    """Put a border around the last axes, or cut one off where it is negative: a fresh array.

    The adjoint of a border of zeros is the opposite border: pad_constant(d_output, -before, -after).
    """
    axis = array.ndim - len(before)
    sizes = np.array(array.shape[axis:], int)
    output = np.full((*array.shape[:axis], *(before + sizes + after)), value, array.dtype)
    kept = sizes + np.minimum(before, 0) + np.minimum(after, 0)
    source = (slice(i, i + n) for i, n in zip(np.maximum(-before, 0), kept, strict=True))
    target = (slice(i, i + n) for i, n in zip(np.maximum(before, 0), kept, strict=True))
    output[..., *target] = array[..., *source]
    return output


class Windows(NamedTuple):
    """Windows of shape `kernel` at the `places` of an image of shape `sizes`: one number for each dimension.

    The first window begins `before` the image, and the next one `stride` later. Its entries lie `dilation` apart.
    """

    sizes: Array
    kernel: Array
    stride: Array
    dilation: Array
    before: Array
    places: Array

    def read(self, images: Array) -> Array:
        """A read-only view of all windows: images (*lead, *sizes) -> (*lead, *places, *kernel)."""
        padded = pad_constant(images, self.before, self._after)
        spans = sliding_window_view(padded, tuple(self._reach + 1), tuple(range(-len(self.kernel), 0)))
        return spans[..., *(slice(None, None, step) for step in (*self.stride, *self.dilation))]

    def add(self, windows: Array) -> Array:
        """The adjoint of `read`, a fresh array: windows (*lead, *places, *kernel) -> (*lead, *sizes)."""
        lead = windows.shape[: -2 * len(self.kernel)]
        padded = np.zeros((*lead, *(self.before + self.sizes + self._after)), windows.dtype)
        for tap in np.ndindex(*self.kernel):
            start = self.dilation * tap
            stop = start + (self.places - 1) * self.stride + 1
            steps = (slice(*step) for step in zip(start, stop, self.stride, strict=True))
            padded[..., *steps] += windows[..., *tap]
        return pad_constant(padded, -self.before, -self._after)

    def sum(self, images: Array) -> Array:
        """The sum of each window: images (*lead, *sizes) -> (*lead, *places)."""
        windows = self.read(images)
        sums = np.zeros(windows.shape[: images.ndim], images.dtype)
        for tap in np.ndindex(*self.kernel):
            sums += windows[..., *tap]
        return sums

    def spread(self, sums: Array) -> Array:
        """The adjoint of `sum`, a fresh array: sums (*lead, *places) -> (*lead, *sizes)."""
        single = sums.reshape(*sums.shape, *(1,) * len(self.kernel))
        return self.add(np.broadcast_to(single, (*sums.shape, *self.kernel)))

    @property
    def _reach(self) -> Array:
        """From a window's first entry to its last."""
        return self.dilation * (self.kernel - 1)

    @property
    def _after(self) -> Array:
        """The border that the last window needs; negative where the image's end is never read."""
        return (self.places - 1) * self.stride + self._reach + 1 - self.sizes - self.before


def fit(
    sizes: Shape | Array, kernel: Shape | Array, stride: Array, dilation: Array, before: Array, after: Array
) -> Windows:
    """As many windows as fit into the padded image; some dimension has no places where none does."""
    sizes, kernel = np.array(sizes), np.array(kernel)
    room = before + sizes + after - dilation * (kernel - 1) - 1
    return Windows(sizes, kernel, stride, dilation, before, room // stride + 1)


def pool_windows(
    input: Array,
    dims: int,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    ceil_mode: bool = False,
) -> Windows:
    """The windows of a pooling. In `ceil_mode`, the last one may reach over the padded image."""
    check_images(input, dims)
    sizes = np.array(input.shape[-dims:])
    kernel = per_dimension("kernel_size", kernel_size, dims, 1)
    step = kernel if stride is None else per_dimension("stride", stride, dims, 1)
    border = per_dimension("padding", padding, dims, 0)
    gap = per_dimension("dilation", dilation, dims, 1)
    check(bool((2 * border <= kernel).all()), "padding", padding, f"at most half of kernel_size, {kernel_size}")
    windows = fit(sizes, kernel, step, gap, border, border + (step - 1 if ceil_mode else 0))
    check(bool((windows.places > 0).all()), "kernel_size", kernel_size, f"one that fits {input.shape[-dims:]}, padded")
    # No window begins behind the image.
    return windows._replace(places=np.minimum(windows.places, (sizes + border - 1) // step + 1))


def bin_counts(input: Array, dims: int, output_size: Sizes) -> Array:
    """How many bins an adaptive pooling cuts each dimension into."""
    check_images(input, dims)
    counts = output_size if isinstance(output_size, Sequence) else (output_size,) * dims
    sizes = input.shape[-dims:] if len(counts) == dims else counts
    kept = [size if count is None else count for count, size in zip(counts, sizes, strict=True)]
    return per_dimension("output_size", kept, dims, 0)


def bins(size: int, count: int) -> tuple[Array, Array]:
    """Where each of `count` bins of `size` entries begins and ends; an entry that is split belongs to both bins."""
    number = np.arange(count)
    return number * size // count, -(-(number + 1) * size // count)
