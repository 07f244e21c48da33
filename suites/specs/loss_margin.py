"""Losses of a score that should lie on the right side of a threshold, or above other scores by a margin."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Index, Maybe, Pick, Plan, Real, Spec, Stream

from .loss_regression import REDUCTION, stretching

MARGIN = Choice((1.0, 0.0, 0.5, -0.5))


def one_or_many_shapes(pick: Pick) -> None:
    """Mostly one shape for input and target."""
    shape = pick.shape("shape", dims=(0, 3))
    pick.put("target_shape", shape)
    # The mean of nothing is NaN: no array that holds something is stretched to hold nothing.
    if 0 not in shape and pick.takes_all and pick.draw(st.integers(0, 3)) == 3:
        _ = stretching(pick, "target_shape", shape)
    pick.put("whole", pick.draw(st.booleans()))


def stretched_or_not(pick: Pick) -> None:
    """Either of input and target may be given once for many entries."""
    one_or_many_shapes(pick)
    if 0 not in pick.plan["shape"] and pick.takes_all and pick.draw(st.integers(0, 3)) == 3:
        _ = stretching(pick, "shape", pick.plan["shape"])


def ones_somewhere(pick: Pick) -> None:
    """Arrays of as many axes, of which some may have size 1."""
    shape = pick.shape("shape", dims=(0, 3))
    for word in ("shape1", "shape2", "target_shape"):
        stretched = 0 not in shape and pick.takes_all and pick.draw(st.integers(0, 3)) == 3
        ones = [stretched and pick.draw(st.booleans()) for _ in shape]
        pick.put(word, tuple(1 if one else size for size, one in zip(shape, ones, strict=True)))


def stretched_weight(pick: Pick) -> None:
    """A weight that is given once for many entries, such as one for each class."""
    shape = (*pick.shape("batch"), pick.size("C"))
    pick.put("weights", shape)
    if 0 not in shape:  # the mean of nothing is NaN
        _ = stretching(pick, "weights", shape)


def batch_or_not(pick: Pick) -> None:
    """(C) or (N, C)."""
    _ = pick.shape("batch", dims=(0, 1))


def signs(rng: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """1 and -1, as whole numbers or floating."""
    return np.where(rng.integers(2, shape) == 0, 1, -1) if plan["whole"] else 1.0 - 2.0 * rng.integers(2, shape)


def signs_or_0(rng: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """1 and -1, and sometimes 0, which torch takes for neither."""
    array = rng.integers(5, shape) % 3 - 1
    return array if plan["whole"] else array.astype(float)


def lists_of_classes(rng: Stream, shape: tuple[int, ...], _: Plan) -> Array:
    """Rows of classes, with a -1 that ends the list about anywhere; some are listed twice."""
    return rng.integers(shape[-1] + 1, shape) - 1


def overflow(arguments: Mapping[str, Any]) -> str:
    """Torch raises e to any power."""
    far = (-arguments["target"] * arguments["input"] > 700).any()
    return (
        "torch overflows: its loss is inf and its gradient NaN where e^(-target input) is beyond all numbers"
        if far
        else ""
    )


def empty_mean(arguments: Mapping[str, Any]) -> str:
    """Torch returns before it has written its output."""
    nothing = arguments["input"].size == 0 and arguments.get("reduction", "mean") != "none"
    return "torch's loss of an empty batch is memory that nobody has written" if nothing else ""


SPECS = [
    Spec(
        "soft_margin_loss",
        ref.soft_margin_loss,
        F.soft_margin_loss,
        covers=("SoftMarginLoss",),
        arguments={
            "input": Real("*shape"),
            "target": Filled("*target_shape", signs),
            "reduction": REDUCTION,
        },
        together=one_or_many_shapes,
        differs=overflow,
    ),
    Spec(
        "hinge_embedding_loss",
        ref.hinge_embedding_loss,
        F.hinge_embedding_loss,
        covers=("HingeEmbeddingLoss",),
        arguments={
            "input": Real("*shape"),
            "target": Filled("*target_shape", signs_or_0),
            "margin": MARGIN,
            "reduction": REDUCTION,
        },
        together=stretched_or_not,
    ),
    Spec(
        "margin_ranking_loss",
        ref.margin_ranking_loss,
        F.margin_ranking_loss,
        covers=("MarginRankingLoss",),
        arguments={
            "input1": Real("*shape1"),
            "input2": Real("*shape2"),
            "target": Real("*target_shape", kinks=(1.0, -1.0)),
            "margin": MARGIN,
            "reduction": REDUCTION,
        },
        together=ones_somewhere,
    ),
    Spec(
        "multi_margin_loss",
        ref.multi_margin_loss,
        F.multi_margin_loss,
        covers=("MultiMarginLoss",),
        arguments={
            "input": Real("*batch C"),
            "target": Index("*batch", below="C"),
            "p": Choice((1, 2)),
            "margin": MARGIN,
            "weight": Maybe(Real("C", grad=False)),
            "reduction": REDUCTION,
        },
        together=batch_or_not,
        differs=empty_mean,
    ),
    Spec(
        "multilabel_margin_loss",
        ref.multilabel_margin_loss,
        F.multilabel_margin_loss,
        covers=("MultiLabelMarginLoss",),
        arguments={
            "input": Real("*batch C"),
            "target": Filled("*batch C", lists_of_classes),
            "reduction": REDUCTION,
        },
        together=batch_or_not,
        differs=empty_mean,
    ),
    Spec(
        "multilabel_soft_margin_loss",
        ref.multilabel_soft_margin_loss,
        F.multilabel_soft_margin_loss,
        covers=("MultiLabelSoftMarginLoss",),
        arguments={
            "input": Real("*batch C"),
            "target": Real("*batch C"),
            "weight": Maybe(Real("*weights")),
            "reduction": REDUCTION,
        },
        together=stretched_weight,
    ),
]

REFUSED = [
    (
        "soft_margin_loss",
        {"input": np.zeros(3), "target": np.ones((2, 3))},
        ValueError,
        "target.shape is (2, 3), but should be (3,), as input",
    ),
    (
        "soft_margin_loss",
        {"input": np.zeros(3), "target": np.ones(3), "reduction": "average"},
        ValueError,
        "reduction is 'average', but should be one of 'none', 'mean', 'sum'",
    ),
    (
        "hinge_embedding_loss",
        {"input": np.zeros((2, 3)), "target": np.ones(2)},
        ValueError,
        "target.shape is (2,), but should be (2, 3), as input",
    ),
    (
        "margin_ranking_loss",
        {"input1": np.zeros((2, 3)), "input2": np.zeros((2, 3)), "target": np.ones(3)},
        ValueError,
        "target.shape is (3,), but should be (2, 3), as input1",
    ),
    (
        "margin_ranking_loss",
        {"input1": np.zeros(3), "input2": np.zeros(4), "target": np.ones(3)},
        ValueError,
        "input2.shape is (4,), but should be (3,), as input1",
    ),
    (
        "multi_margin_loss",
        {"input": np.zeros((2, 3)), "target": np.array([0, 3])},
        ValueError,
        "target is from 0 to 3, but should be from 0 to 2",
    ),
    (
        "multi_margin_loss",
        {"input": np.zeros((2, 3)), "target": np.array([0, 1]), "p": 3},
        ValueError,
        "p is 3, but should be 1 or 2",
    ),
    (
        "multi_margin_loss",
        {"input": np.zeros((2, 3)), "target": np.array([0, 1]), "weight": np.ones(2)},
        ValueError,
        "weight.shape is (2,), but should be (3,) to fit input",
    ),
    (
        "multi_margin_loss",
        {"input": np.zeros((2, 3, 4)), "target": np.zeros((2, 4), int)},
        ValueError,
        "input.ndim is 3, but should be 1 or 2: (C) or (N, C)",
    ),
    (
        "multilabel_margin_loss",
        {"input": np.zeros((2, 3)), "target": np.array([0, 1])},
        ValueError,
        "target.shape is (2,), but should be (2, 3) to fit input",
    ),
    (
        "multilabel_margin_loss",
        {"input": np.zeros(3), "target": np.array([0, -1, -2])},
        ValueError,
        "target is from -2 to 0, but should be from -1 to 2",
    ),
    (
        "multilabel_margin_loss",
        {"input": np.zeros(3), "target": np.zeros(3)},
        TypeError,
        "target is of dtype float64, but should be an integer",
    ),
    (
        "multilabel_soft_margin_loss",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 4))},
        ValueError,
        "target.shape is (2, 4), but should be (2, 3), as input",
    ),
    (
        "multilabel_soft_margin_loss",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 3)), "weight": np.ones(2)},
        ValueError,
        "weight.shape is (2,), but should be (2, 3), as input, or stretch to it",
    ),
]
