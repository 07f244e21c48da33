"""Poolings that keep the largest entry."""

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Pick, Real, Spec

from .conv import SIZES, each, one_or_each, some_images
from .pooling import adaptive, sliding


def fractional(dims: int) -> Callable[[Pick], None]:
    """Windows that fit, and their number or its ratio to the input's size."""

    def together(pick: Pick) -> None:
        batch = some_images(pick)
        pick.put("N", batch[0] if batch else 1)
        kernel = each(pick.option("kernel_size", one_or_each(dims, 1, 3)), dims)
        spare = dims - 2  # an entry that torch's fractional_max_pool3d wants along each dimension beyond what fits
        sizes = [pick.size(word, taps + spare, taps + 4) for word, taps in zip(SIZES[-dims:], kernel, strict=True)]
        most = [size - taps + 1 - spare for size, taps in zip(sizes, kernel, strict=True)]
        counts = st.integers(1, min(most)) | st.tuples(*(st.integers(1, number) for number in most))
        given = pick.option("output_size", counts | st.none())
        # as few as none, as many as fit; torch's function takes no single ratio for all dimensions
        largest = [min(0.99, number / size) for number, size in zip(most, sizes, strict=True)]
        ratios = st.tuples(*(st.sampled_from((ratio, ratio / 2)) for ratio in largest))
        _ = pick.option("output_ratio", ratios if given is None else st.none())

    return together


SPECS = [
    *(
        Spec(
            f"max_pool{dims}d",
            getattr(ref, f"max_pool{dims}d"),
            getattr(F, f"max_pool{dims}d"),
            covers=(f"MaxPool{dims}d",),
            arguments={
                "input": Real(f"*batch C {' '.join(SIZES[-dims:])}"),
                "kernel_size": Choice((1,)),
                "stride": Choice((None,)),
                "padding": Choice((0,)),
                "dilation": Choice((1,)),
                "ceil_mode": Choice((False, True)),
                "return_indices": Choice((False, True)),
            },
            sizes={"C": (1, 3)},
            together=sliding(dims, dilated=True),
        )
        for dims in (1, 2, 3)
    ),
    *(
        Spec(
            f"adaptive_max_pool{dims}d",
            getattr(ref, f"adaptive_max_pool{dims}d"),
            getattr(F, f"adaptive_max_pool{dims}d"),
            covers=(f"AdaptiveMaxPool{dims}d",),
            arguments={
                "input": Real(f"*batch C {' '.join(SIZES[-dims:])}"),
                "output_size": Choice((1,)),
                "return_indices": Choice((False, True)),
            },
            sizes={"C": (1, 3)},
            together=adaptive(dims),
        )
        for dims in (1, 2, 3)
    ),
    *(
        Spec(
            f"fractional_max_pool{dims}d",
            getattr(ref, f"fractional_max_pool{dims}d"),
            getattr(F, f"fractional_max_pool{dims}d"),
            covers=(f"FractionalMaxPool{dims}d",),
            arguments={
                "input": Real(f"*batch C {' '.join(SIZES[-dims:])}"),
                "kernel_size": Choice((1,)),
                "output_size": Choice((1,)),
                "output_ratio": Choice((None,)),
                "return_indices": Choice((False, True)),
                "_random_samples": Real(f"N C {dims}", low=0, high=1, grad=False),
            },
            sizes={"C": (1, 3)},
            together=fractional(dims),
            lower=lambda *_: "where a window starts is rounded: it may start elsewhere",
        )
        for dims in (2, 3)
    ),
]

IMAGE = np.zeros((2, 3, 5, 4))
SAMPLES = np.zeros((2, 3, 2))

REFUSED = [
    (
        "max_pool1d",
        {"input": IMAGE, "kernel_size": 2},
        ValueError,
        "input.ndim is 4, but should be 2, or 3 with a batch",
    ),
    ("max_pool2d", {"input": IMAGE[:, :0], "kernel_size": 2}, ValueError, "input.shape is (2, 0, 5, 4), but should be"),
    (
        "max_pool2d",
        {"input": IMAGE, "kernel_size": 5},
        ValueError,
        "kernel_size is 5, but should be one that fits (5, 4)",
    ),
    ("max_pool2d", {"input": IMAGE, "kernel_size": 3, "padding": 2}, ValueError, "padding is 2, but should be at most"),
    (
        "max_pool2d",
        {"input": IMAGE, "kernel_size": 2, "dilation": 0},
        ValueError,
        "dilation is 0, but should be a whole",
    ),
    ("max_pool3d", {"input": IMAGE, "kernel_size": 2, "stride": 0}, ValueError, "stride is 0, but should be a whole"),
    # torch hands out indices outside of the input here, and its backward writes there
    (
        "max_pool1d",
        {"input": np.zeros((1, 2)), "kernel_size": 2, "stride": 1, "padding": 1, "dilation": 3},
        ValueError,
        "dilation is 3, but should be less, so that no window lies in the padding alone",
    ),
    ("adaptive_max_pool1d", {"input": IMAGE, "output_size": 2}, ValueError, "input.ndim is 4, but should be 2, or 3"),
    (
        "adaptive_max_pool3d",
        {"input": IMAGE[0], "output_size": 2},
        ValueError,
        "input.ndim is 3, but should be 4, or 5",
    ),
    ("adaptive_max_pool2d", {"input": IMAGE, "output_size": (2, -1)}, ValueError, "output_size is [2, -1], but should"),
    (
        "fractional_max_pool2d",
        {"input": IMAGE, "kernel_size": 2, "_random_samples": SAMPLES},
        ValueError,
        "output_size is None, but should be given, or else output_ratio",
    ),
    (
        "fractional_max_pool2d",
        {"input": IMAGE, "kernel_size": 2, "output_size": 4, "_random_samples": SAMPLES},
        ValueError,
        "output_size is [4, 4], but should be at most [4, 3], to fit the input",
    ),
    (
        "fractional_max_pool2d",
        {"input": IMAGE, "kernel_size": 2, "output_ratio": (1.5, 0.5), "_random_samples": SAMPLES},
        ValueError,
        "output_ratio is (1.5, 0.5), but should be a number between 0 and 1, or 2 of them",
    ),
    (
        "fractional_max_pool2d",
        {"input": IMAGE, "kernel_size": 2, "output_size": 2, "_random_samples": SAMPLES[:1]},
        ValueError,
        "_random_samples.shape is (1, 3, 2), but should be (2, 3, 2) to fit input",
    ),
    (
        "fractional_max_pool3d",
        {"input": IMAGE[..., None], "kernel_size": 1, "output_size": 1, "_random_samples": np.ones((2, 3, 3))},
        ValueError,
        "_random_samples is out of range, but should be from 0 up to 1",
    ),
]
