"""Poolings that average."""

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Pick, Real, Spec

from .conv import SIZES, each, one_or_each, some_images


def sliding(
    dims: int, padded: bool = True, dilated: bool = False, smallest: int = 1, tuples: bool = True
) -> Callable[[Pick], None]:
    """Windows that fit the padded image, with a border of at most half a window."""

    def together(pick: Pick) -> None:
        _ = some_images(pick)
        widths = one_or_each(dims, 1, 5 - dims) if tuples else st.integers(1, 5 - dims)
        kernel = each(pick.option("kernel_size", widths), dims)
        stride = pick.option("stride", st.none() | one_or_each(dims, 1, 3))
        borders = st.integers(0, min(kernel) // 2) | st.tuples(*(st.integers(0, taps // 2) for taps in kernel))
        border = each(pick.option("padding", borders) if padded else 0, dims)
        gaps = each(pick.option("dilation", one_or_each(dims, 1, 3)) if dilated else 1, dims)
        over = pick.option("ceil_mode", (False, True))
        steps = kernel if stride is None else each(stride, dims)
        for word, taps, step, edge, gap in zip(SIZES[-dims:], kernel, steps, border, gaps, strict=True):
            reach = gap * (taps - 1) - 2 * edge - (step - 1 if over else 0)
            low = max(smallest, reach + 1, gap if edge else 1)  # no window may lie in the border alone
            _ = pick.size(word, low, low + 3)

    return together


def adaptive(dims: int) -> Callable[[Pick], None]:
    """Fewer bins than entries, or more; None keeps a size. (Of no bins at all, torch takes no gradient.)"""

    def together(pick: Pick) -> None:
        _ = some_images(pick)
        number = st.integers(1, 5)
        some = number if dims == 1 else number | st.none()
        _ = pick.option("output_size", number | st.tuples(*[some] * dims))

    return together


SPECS = [
    *(
        Spec(
            f"avg_pool{dims}d",
            getattr(ref, f"avg_pool{dims}d"),
            getattr(F, f"avg_pool{dims}d"),
            covers=(f"AvgPool{dims}d",),
            arguments={
                "input": Real(f"*batch C {' '.join(SIZES[-dims:])}"),
                "kernel_size": Choice((1,)),
                "stride": Choice((None,)),
                "padding": Choice((0,)),
                "ceil_mode": Choice((False, True)),
                "count_include_pad": Choice((True, False)),
                **({"divisor_override": Choice((None, 1, 5, -3))} if dims > 1 else {}),
            },
            sizes={"C": (1, 3)},
            # torch's avg_pool3d takes no window that is wider than the input without its padding
            together=sliding(dims, smallest=2 if dims == 3 else 1),
        )
        for dims in (1, 2, 3)
    ),
    *(
        Spec(
            f"adaptive_avg_pool{dims}d",
            getattr(ref, f"adaptive_avg_pool{dims}d"),
            getattr(F, f"adaptive_avg_pool{dims}d"),
            covers=(f"AdaptiveAvgPool{dims}d",),
            arguments={"input": Real(f"*batch C {' '.join(SIZES[-dims:])}"), "output_size": Choice((1,))},
            sizes={"C": (1, 3)},
            together=adaptive(dims),
        )
        for dims in (1, 2, 3)
    ),
]

IMAGE = np.zeros((2, 3, 5, 4))

REFUSED = [
    (
        "avg_pool1d",
        {"input": IMAGE, "kernel_size": 2},
        ValueError,
        "input.ndim is 4, but should be 2, or 3 with a batch",
    ),
    ("avg_pool2d", {"input": IMAGE[0, 0], "kernel_size": 2}, ValueError, "input.ndim is 2, but should be 3, or 4 with"),
    ("avg_pool3d", {"input": IMAGE[0], "kernel_size": 2}, ValueError, "input.ndim is 3, but should be 4, or 5 with"),
    ("avg_pool2d", {"input": IMAGE[:, :0], "kernel_size": 2}, ValueError, "input.shape is (2, 0, 5, 4), but should be"),
    ("avg_pool2d", {"input": IMAGE.astype(bool), "kernel_size": 2}, TypeError, "input is of dtype bool, but should be"),
    (
        "avg_pool2d",
        {"input": IMAGE, "kernel_size": 0},
        ValueError,
        "kernel_size is 0, but should be a whole number of at",
    ),
    ("avg_pool2d", {"input": IMAGE, "kernel_size": (2, 2, 2)}, ValueError, "kernel_size is (2, 2, 2), but should be a"),
    (
        "avg_pool2d",
        {"input": IMAGE, "kernel_size": 5},
        ValueError,
        "kernel_size is 5, but should be one that fits (5, 4)",
    ),
    ("avg_pool2d", {"input": IMAGE, "kernel_size": 2, "stride": 0}, ValueError, "stride is 0, but should be a whole"),
    ("avg_pool2d", {"input": IMAGE, "kernel_size": 3, "padding": 2}, ValueError, "padding is 2, but should be at most"),
    (
        "avg_pool2d",
        {"input": IMAGE, "kernel_size": 2, "divisor_override": 0},
        ValueError,
        "divisor_override is 0, but should be None or not 0",
    ),
    ("adaptive_avg_pool1d", {"input": IMAGE, "output_size": 2}, ValueError, "input.ndim is 4, but should be 2, or 3"),
    ("adaptive_avg_pool2d", {"input": IMAGE, "output_size": -1}, ValueError, "output_size is [-1, -1], but should be"),
    ("adaptive_avg_pool2d", {"input": IMAGE, "output_size": (1, 2, 3)}, ValueError, "output_size is [1, 2, 3], but"),
    (
        "adaptive_avg_pool3d",
        {"input": IMAGE[:, :, :0, None], "output_size": 2},
        ValueError,
        "input.shape is (2, 3, 0, 1, 4)",
    ),
]
