"""Max pooling undone."""

import math
from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Pick, Plan, Real, Spec, Stream

from .conv import SIZES, each, one_or_each, some_images


def unpooled(dims: int) -> Callable[[Pick], None]:
    """An output with room for all entries: which of two entries torch puts in one place is left open."""

    def together(pick: Pick) -> None:
        _, channels = some_images(pick), pick.size("C", high=3)
        kernel = each(pick.option("kernel_size", one_or_each(dims, 1, 3)), dims)
        stride = pick.option("stride", st.none() | one_or_each(dims, 1, 3))
        steps = kernel if stride is None else each(stride, dims)
        most = [taps // 2 if step > 1 else (taps - 1) // 2 for taps, step in zip(kernel, steps, strict=True)]
        borders = st.integers(0, min(most)) | st.tuples(*(st.integers(0, number) for number in most))
        border = each(pick.option("padding", borders), dims)
        covered, near = [], []
        for word, taps, step, edge in zip(SIZES[-dims:], kernel, steps, border, strict=True):
            low = max(1, math.ceil((step - taps + 2 * edge) / max(step - 1, 1)))
            size = pick.size(word, low, low + 2)
            covered.append((size - 1) * step + taps - 2 * edge)
            near.append(st.integers(max(covered[-1] - step + 1, size), covered[-1] + step - 1))
        whole = st.tuples(st.just(1), st.just(channels), *near)
        given = pick.option("output_size", st.none() | st.tuples(*near) | whole)
        pick.put("room", math.prod(given[-dims:] if given else covered))

    return together


def places(dims: int) -> Callable[[Stream, tuple[int, ...], Plan], Array]:
    """Distinct places within each image."""

    def fill(stream: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
        images, entries = math.prod(shape[:-dims]), math.prod(shape[-dims:])
        dice = stream.bits(images * plan["room"]).reshape(images, plan["room"])
        return np.argsort(dice, axis=1, kind="stable")[:, :entries].reshape(shape)

    return fill


SPECS = [
    Spec(
        f"max_unpool{dims}d",
        getattr(ref, f"max_unpool{dims}d"),
        getattr(F, f"max_unpool{dims}d"),
        covers=(f"MaxUnpool{dims}d",),
        arguments={
            "input": Real(f"*batch C {' '.join(SIZES[-dims:])}"),
            "indices": Filled(f"*batch C {' '.join(SIZES[-dims:])}", places(dims)),
            "kernel_size": Choice((1,)),
            "stride": Choice((None,)),
            "padding": Choice((0,)),
            "output_size": Choice((None,)),
        },
        together=unpooled(dims),
    )
    for dims in (1, 2, 3)
]

POOLED, PLACES = np.ones((1, 2, 2)), np.zeros((1, 2, 2), int)

REFUSED = [
    (
        "max_unpool1d",
        {"input": POOLED, "indices": PLACES[..., :1], "kernel_size": 2},
        ValueError,
        "indices.shape is (1, 2, 1), but should be (1, 2, 2), as input",
    ),
    (
        "max_unpool1d",
        {"input": POOLED, "indices": PLACES + 4, "kernel_size": 2},
        ValueError,
        "indices is out of range, but should be from 0 up to 4",
    ),
    (
        "max_unpool1d",
        {"input": POOLED, "indices": PLACES - 1, "kernel_size": 2},
        ValueError,
        "indices is out of range, but should be from 0 up to 4",
    ),
    (
        "max_unpool1d",
        {"input": POOLED, "indices": POOLED, "kernel_size": 2},
        TypeError,
        "indices is of dtype float64, but should be an integer",
    ),
    (
        "max_unpool1d",
        {"input": POOLED, "indices": PLACES, "kernel_size": 2, "output_size": (6,)},
        ValueError,
        "output_size is (6,), but should be less than [2] away from [4]",
    ),
    (
        "max_unpool1d",
        {"input": POOLED, "indices": PLACES, "kernel_size": 2, "output_size": (4, 4)},
        ValueError,
        "len(output_size) is 2, but should be 1, or 3 with batch and channels",
    ),
    (
        "max_unpool1d",
        {"input": POOLED, "indices": PLACES, "kernel_size": 2, "padding": 4},
        ValueError,
        "padding is 4, but should be less, so that the output has sizes",
    ),
    (
        "max_unpool2d",
        {"input": POOLED[0], "indices": PLACES[0], "kernel_size": 2},
        ValueError,
        "input.ndim is 2, but should",
    ),
    ("max_unpool3d", {"input": POOLED, "indices": PLACES, "kernel_size": 2}, ValueError, "input.ndim is 3, but should"),
]
