"""Convolutions and their transposes.

A class whose `padding_mode` is not zeros first calls `pad`, then convolves without padding: each half has an entry.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Maybe, Pick, Real, Spec

SIZES = ("D", "H", "W")
KERNELS = ("KD", "KH", "KW")


def one_or_each(dims: int, low: int, high: int) -> st.SearchStrategy[Any]:
    """One number for all dimensions, or one for each."""
    number = st.integers(low, high)
    return number | st.tuples(*[number] * dims)


def each(value: Any, dims: int) -> tuple[int, ...]:
    """A number for each dimension."""
    return value if isinstance(value, tuple) else (value,) * dims


def some_images(pick: Pick) -> tuple[int, ...]:
    """One image without a batch, or a batch of some or none."""
    pick.put("batch", pick.draw(st.sampled_from(((), (1,), (2,), (3,), (0,)))))
    return pick.plan["batch"]


def quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same call without torch's warning that padding="same" may copy the input."""

    def twin(**arguments: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Using padding='same'")
            return function(**arguments)

    return twin


def kernels(pick: Pick, dims: int) -> tuple[Sequence[int], Sequence[int]]:
    """Channels in groups of the same size; the kernel's sizes and their dilation."""
    _ = some_images(pick)
    groups = pick.option("groups", (1, 2, 3))
    pick.put("C", groups * pick.size("C/groups", high=2))
    pick.put("O", groups * pick.size("O/groups", high=2))
    kernel = [pick.size(word, high=2 if dims == 3 else 3) for word in KERNELS[-dims:]]
    return kernel, each(pick.option("dilation", one_or_each(dims, 1, 2 if dims == 3 else 3)), dims)


def convolution(dims: int) -> Callable[[Pick], None]:
    """A kernel that fits the padded image."""

    def together(pick: Pick) -> None:
        kernel, gaps = kernels(pick, dims)
        padding = pick.option("padding", one_or_each(dims, 0, 2) | st.just("valid") | st.just("same"))
        _ = pick.option("stride", (1,) if padding == "same" else one_or_each(dims, 1, 3))
        borders = each(0 if isinstance(padding, str) else padding, dims)
        for word, taps, gap, border in zip(SIZES[-dims:], kernel, gaps, borders, strict=True):
            low = 1 if padding == "same" else max(gap * (taps - 1) + 1 - 2 * border, 1)
            _ = pick.size(word, low, low + 2)

    return together


def transposed_convolution(dims: int) -> Callable[[Pick], None]:
    """An image so large that the padding leaves some output."""

    def together(pick: Pick) -> None:
        kernel, gaps = kernels(pick, dims)
        steps = each(pick.option("stride", one_or_each(dims, 1, 3)), dims)
        borders = each(pick.option("padding", one_or_each(dims, 0, 2)), dims)
        below = [max(pair) for pair in zip(steps, gaps, strict=True)]
        extras = st.integers(0, min(below) - 1) | st.tuples(*(st.integers(0, most - 1) for most in below))
        extra = each(pick.option("output_padding", extras), dims)
        for word, taps, gap, step, border, more in zip(SIZES[-dims:], kernel, gaps, steps, borders, extra, strict=True):
            missing = 2 * border - gap * (taps - 1) - more
            low = max(-(-missing // step), 0) + 1
            _ = pick.size(word, low, low + 2)

    return together


SPECS = [
    *(
        Spec(
            f"conv{dims}d",
            getattr(ref, f"conv{dims}d"),
            quiet(getattr(F, f"conv{dims}d")),
            covers=(f"Conv{dims}d",),
            arguments={
                "input": Real(f"*batch C {' '.join(SIZES[-dims:])}"),
                "weight": Real(f"O C/groups {' '.join(KERNELS[-dims:])}"),
                "bias": Maybe(Real("O")),
                "stride": Choice((1,)),
                "padding": Choice((0,)),
                "dilation": Choice((1,)),
                "groups": Choice((1,)),
            },
            together=convolution(dims),
        )
        for dims in (1, 2, 3)
    ),
    *(
        Spec(
            f"conv_transpose{dims}d",
            getattr(ref, f"conv_transpose{dims}d"),
            getattr(F, f"conv_transpose{dims}d"),
            covers=(f"ConvTranspose{dims}d",),
            arguments={
                "input": Real(f"*batch C {' '.join(SIZES[-dims:])}"),
                "weight": Real(f"C O/groups {' '.join(KERNELS[-dims:])}"),
                "bias": Maybe(Real("O")),
                "stride": Choice((1,)),
                "padding": Choice((0,)),
                "output_padding": Choice((0,)),
                "groups": Choice((1,)),
                "dilation": Choice((1,)),
            },
            together=transposed_convolution(dims),
        )
        for dims in (1, 2, 3)
    ),
]

SIGNAL, IMAGE, VOLUME = np.zeros((2, 4, 5)), np.zeros((2, 4, 5, 5)), np.zeros((2, 4, 3, 3, 3))
KERNEL = np.zeros((6, 4, 3, 3))
BACK = np.zeros((4, 6, 3, 3))

REFUSED = [
    ("conv1d", {"input": SIGNAL, "weight": KERNEL}, ValueError, "weight.ndim is 4, but should be 3"),
    ("conv2d", {"input": IMAGE[0, 0], "weight": KERNEL}, ValueError, "input.ndim is 2, but should be 3, or 4 with"),
    ("conv3d", {"input": VOLUME[..., 0], "weight": KERNEL}, ValueError, "weight.ndim is 4, but should be 5"),
    ("conv2d", {"input": np.zeros((2, 4, 0, 5)), "weight": KERNEL}, ValueError, "input.shape is (2, 4, 0, 5), but"),
    ("conv2d", {"input": IMAGE, "weight": KERNEL[..., :0]}, ValueError, "weight.shape is (6, 4, 3, 0), but should be"),
    ("conv2d", {"input": IMAGE.astype(int), "weight": KERNEL}, TypeError, "input is of dtype int64, but should be"),
    ("conv2d", {"input": IMAGE, "weight": KERNEL.astype(np.float32)}, TypeError, "weight is of dtype float32, but"),
    (
        "conv2d",
        {"input": IMAGE[:, :3], "weight": KERNEL},
        ValueError,
        "input.shape is (2, 3, 5, 5), but should be of 4",
    ),
    (
        "conv2d",
        {"input": IMAGE, "weight": KERNEL, "bias": np.zeros(4)},
        ValueError,
        "bias.shape is (4,), but should be",
    ),
    ("conv2d", {"input": IMAGE, "weight": KERNEL, "groups": 0}, ValueError, "groups is 0, but should be at least 1"),
    (
        "conv2d",
        {"input": IMAGE, "weight": KERNEL[:, :1], "groups": 4},
        ValueError,
        "groups is 4, but should be a divisor",
    ),
    (
        "conv2d",
        {"input": IMAGE, "weight": KERNEL, "stride": 0},
        ValueError,
        "stride is 0, but should be a whole number",
    ),
    ("conv2d", {"input": IMAGE, "weight": KERNEL, "stride": (1, 1, 1)}, ValueError, "stride is (1, 1, 1), but should"),
    ("conv2d", {"input": IMAGE, "weight": KERNEL, "padding": -1}, ValueError, "padding is -1, but should be a whole"),
    ("conv2d", {"input": IMAGE, "weight": KERNEL, "padding": "full"}, ValueError, "padding is 'full', but should be"),
    (
        "conv2d",
        {"input": IMAGE, "weight": KERNEL, "padding": "same", "stride": 2},
        ValueError,
        "stride is 2, but should be 1, since padding is 'same'",
    ),
    (
        "conv2d",
        {"input": IMAGE, "weight": KERNEL, "dilation": 3},
        ValueError,
        "weight.shape is (…, 3, 3), but should be",
    ),
    (
        "conv_transpose2d",
        {"input": IMAGE, "weight": BACK[:3]},
        ValueError,
        "input.shape is (2, 4, 5, 5), but should be",
    ),
    (
        "conv_transpose2d",
        {"input": IMAGE, "weight": BACK, "groups": 3},
        ValueError,
        "groups is 3, but should be a divisor",
    ),
    ("conv_transpose2d", {"input": IMAGE, "weight": BACK, "bias": np.zeros(4)}, ValueError, "bias.shape is (4,), but"),
    ("conv_transpose2d", {"input": IMAGE, "weight": BACK, "output_padding": 1}, ValueError, "output_padding is 1, but"),
    (
        "conv_transpose2d",
        {"input": IMAGE, "weight": BACK, "padding": 4},
        ValueError,
        "padding is 4, but should be less",
    ),
    (
        "conv_transpose2d",
        {"input": IMAGE, "weight": BACK, "padding": "same"},
        ValueError,
        "padding is same, but should",
    ),
    ("conv_transpose1d", {"input": SIGNAL, "weight": BACK}, ValueError, "weight.ndim is 4, but should be 3"),
    ("conv_transpose3d", {"input": VOLUME, "weight": BACK}, ValueError, "weight.ndim is 4, but should be 5"),
]
