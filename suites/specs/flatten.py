"""The same numbers in another shape."""

import math

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Index, Pick, Real, Spec


def identity(input: torch.Tensor) -> torch.Tensor:
    return nn.Identity()(input).clone()


def two_dims(pick: Pick) -> None:
    """Two axes in order, each counted from either end."""
    shape = pick.shape("shape", dims=(0, 4), high=3)
    axes = max(len(shape), 1)
    start = pick.draw(st.integers(0, axes - 1))
    end = pick.draw(st.integers(start, axes - 1))
    _ = pick.option("start_dim", (start, start - axes))
    _ = pick.option("end_dim", (end, end - axes))


def factors(pick: Pick) -> None:
    """An axis whose size is a product, and the factors, one of them perhaps as -1."""
    shape = list(pick.shape("shape", dims=(1, 3), high=3))
    dim = pick.option("dim", st.integers(-len(shape), len(shape) - 1))
    sizes = pick.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    shape[dim] = math.prod(sizes)
    pick.put("shape", tuple(shape))
    unknown = pick.draw(st.integers(-1, len(sizes) - 1))
    if unknown >= 0 and math.prod(sizes[:unknown] + sizes[unknown + 1 :]):
        sizes[unknown] = -1
    _ = pick.option("sizes", (tuple(sizes),))


def classes(pick: Pick) -> None:
    """A number of classes that is given, or is found from what is not empty."""
    count = pick.size("C", 1, 4)
    if pick.option("num_classes", (count, count + 2, -1)) == -1:
        _ = pick.shape("shape", low=1)


SPECS = [
    Spec("identity", ref.identity, identity, covers=("Identity",), arguments={"input": Real("*shape")}),
    Spec(
        "flatten",
        ref.flatten,
        torch.flatten,
        covers=("Flatten",),
        arguments={"input": Real("*shape"), "start_dim": Choice((0,)), "end_dim": Choice((-1,))},
        together=two_dims,
    ),
    Spec(
        "unflatten",
        ref.unflatten,
        torch.unflatten,
        covers=("Unflatten",),
        arguments={"input": Real("*shape"), "dim": Choice((0,)), "sizes": Choice(((1,),))},
        together=factors,
    ),
    Spec(
        "one_hot",
        ref.one_hot,
        F.one_hot,
        arguments={"input": Index("*shape", below="C"), "num_classes": Choice((-1,))},
        together=classes,
        outputs=0,
    ),
]

TWO, LABELS = np.zeros((2, 6)), np.array([0, 2])
REFUSED = [
    ("identity", {"input": LABELS}, TypeError, "input is of dtype int64, but should be floating"),
    ("flatten", {"input": LABELS}, TypeError, "input is of dtype int64, but should be floating"),
    (
        "flatten",
        {"input": TWO, "start_dim": 2},
        ValueError,
        "start_dim is 2, but should be an axis of input, of shape (2, 6)",
    ),
    (
        "flatten",
        {"input": TWO, "end_dim": -3},
        ValueError,
        "end_dim is -3, but should be an axis of input, of shape (2, 6)",
    ),
    (
        "flatten",
        {"input": TWO, "start_dim": 1, "end_dim": 0},
        ValueError,
        "start_dim is 1, but should be at most end_dim, 0",
    ),
    (
        "unflatten",
        {"input": LABELS, "dim": 0, "sizes": (2, 1)},
        TypeError,
        "input is of dtype int64, but should be floating",
    ),
    (
        "unflatten",
        {"input": np.zeros(()), "dim": 0, "sizes": (1, 1)},
        ValueError,
        "input.ndim is 0, but should be at least 1",
    ),
    (
        "unflatten",
        {"input": TWO, "dim": 2, "sizes": (2, 3)},
        ValueError,
        "dim is 2, but should be an axis of input, of shape",
    ),
    ("unflatten", {"input": TWO, "dim": 1, "sizes": (2, 4)}, ValueError, "sizes is (2, 4), but should be of product 6"),
    (
        "unflatten",
        {"input": TWO, "dim": 1, "sizes": (4, -1)},
        ValueError,
        "sizes is (4, -1), but should be of product 6",
    ),
    (
        "unflatten",
        {"input": TWO, "dim": 1, "sizes": (-1, -1)},
        ValueError,
        "sizes is (-1, -1), but should be sizes of 0 or",
    ),
    ("unflatten", {"input": TWO, "dim": 1, "sizes": ()}, ValueError, "sizes is (), but should be at least one size"),
    (
        "unflatten",
        {"input": TWO[:, :0], "dim": 1, "sizes": (0, -1)},
        ValueError,
        "sizes is (0, -1), but should be of product 0",
    ),
    ("one_hot", {"input": TWO}, TypeError, "input is of dtype float64, but should be an integer"),
    ("one_hot", {"input": LABELS, "num_classes": 2}, ValueError, "input is [0 2], but should be less than 2"),
    ("one_hot", {"input": -LABELS}, ValueError, "input is [ 0 -2], but should be 0 or more"),
    ("one_hot", {"input": LABELS[:0]}, ValueError, "num_classes is -1, but should be given, as input is empty"),
]
