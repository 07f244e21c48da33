"""Windows of an image as columns, and back."""

import math

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Pick, Real, Spec

from .conv import each, one_or_each, some_images


def windows(pick: Pick) -> tuple[list[int], list[int]]:
    """Windows that fit the padded image: how many along each dimension, and the smallest image that holds them."""
    _ = some_images(pick)
    kernel = each(pick.option("kernel_size", one_or_each(2, 1, 3)), 2)
    gaps = each(pick.option("dilation", one_or_each(2, 1, 3)), 2)
    borders = each(pick.option("padding", one_or_each(2, 0, 2)), 2)
    steps = each(pick.option("stride", one_or_each(2, 1, 3)), 2)
    pick.put("taps", math.prod(kernel))
    places, sizes = [], []
    for taps, gap, border, step in zip(kernel, gaps, borders, steps, strict=True):
        reach = gap * (taps - 1) + 1 - 2 * border
        sizes.append(pick.draw(st.integers(max(reach, 1), max(reach, 1) + 3)))
        places.append((sizes[-1] - reach) // step + 1)
    return places, sizes


def image(pick: Pick) -> None:
    """An image that some window fits."""
    _, (height, width) = windows(pick)
    pick.put("H", height)
    pick.put("W", width)


def columns(pick: Pick) -> None:
    """A column for each window, a row for each of its entries in each channel."""
    places, sizes = windows(pick)
    _ = pick.option("output_size", [tuple(sizes)] + sizes[:1] * (sizes[0] == sizes[1]))
    pick.put("rows", pick.plan["taps"] * pick.size("C", high=3))
    pick.put("places", math.prod(places))


OPTIONS = {"kernel_size": Choice((1,)), "dilation": Choice((1,)), "padding": Choice((0,)), "stride": Choice((1,))}

SPECS = [
    Spec(
        "unfold",
        ref.unfold,
        F.unfold,
        covers=("Unfold",),
        arguments={"input": Real("*batch C H W"), **OPTIONS},
        sizes={"C": (1, 3)},
        together=image,
    ),
    Spec(
        "fold",
        ref.fold,
        F.fold,
        covers=("Fold",),
        arguments={"input": Real("*batch rows places"), "output_size": Choice((1,)), **OPTIONS},
        together=columns,
    ),
]

IMAGE, COLUMNS = np.zeros((2, 3, 4, 4)), np.zeros((2, 12, 9))

REFUSED = [
    (
        "unfold",
        {"input": IMAGE[0, 0], "kernel_size": 2},
        ValueError,
        "input.ndim is 2, but should be 3, or 4 with a batch",
    ),
    ("unfold", {"input": IMAGE, "kernel_size": 5}, ValueError, "kernel_size is 5, but should be one that fits (4, 4)"),
    (
        "unfold",
        {"input": IMAGE, "kernel_size": (2, 2, 2)},
        ValueError,
        "kernel_size is (2, 2, 2), but should be a whole",
    ),
    (
        "unfold",
        {"input": IMAGE, "kernel_size": 2, "stride": 0},
        ValueError,
        "stride is 0, but should be a whole number of",
    ),
    (
        "fold",
        {"input": IMAGE, "output_size": 4, "kernel_size": 2},
        ValueError,
        "input.ndim is 4, but should be 2, or 3",
    ),
    (
        "fold",
        {"input": COLUMNS, "output_size": 3, "kernel_size": 2},
        ValueError,
        "input.shape is (2, 12, 9), but should be",
    ),
    (
        "fold",
        {"input": COLUMNS, "output_size": 5, "kernel_size": 3},
        ValueError,
        "input.shape is (2, 12, 9), but should be",
    ),
    (
        "fold",
        {"input": COLUMNS, "output_size": 1, "kernel_size": 2},
        ValueError,
        "kernel_size is 2, but should be one that",
    ),
    (
        "fold",
        {"input": COLUMNS.astype(int), "output_size": 4, "kernel_size": 2},
        TypeError,
        "input is of dtype int64, but",
    ),
]
