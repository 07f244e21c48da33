"""Losses of vectors that should lie close together, or apart."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, From, Pick, Plan, Real, Spec, Stream

from .loss_margin import signs_or_0
from .loss_regression import REDUCTION


def pair_or_pairs(pick: Pick) -> None:
    """(D) or (N, D); targets as whole numbers or floating."""
    _ = pick.shape("batch", dims=(0, 1))
    pick.put("whole", pick.draw(st.booleans()))


def both_signs(rng: Stream, shape: tuple[int, ...], _: Plan) -> Array:
    """Of any size, but never parallel to a vector without negative entries: there the gradient is all rounding."""
    sign = 1 - 2 * (np.arange(shape[-1]) % 2)
    scale = 2.0 ** (rng.integers(4, (*shape[:-1], 1)) * 12 - 24)
    return sign * scale * (0.5 + rng.integers(1024, shape) / 256)


def triplets(pick: Pick) -> None:
    """Arrays of as many axes, of which some may have size 1."""
    shape = (*pick.shape("batch"), pick.size("D"))
    for word in ("anchors", "positives", "negatives"):
        stretched = 0 not in shape and not pick._spec.left_out and pick.draw(st.integers(0, 3)) == 3
        ones = [stretched and pick.draw(st.booleans()) for _ in shape]
        pick.put(word, tuple(1 if one else size for size, one in zip(shape, ones, strict=True)))


def triplets_and_distance(pick: Pick) -> None:
    """Torch's own distance, or one that a user brings."""
    triplets(pick)
    pick.put("squared", pick.draw(st.booleans()))


def squared_distance(x1: Array, x2: Array) -> tuple[Array, Any]:
    """Σ (x1 - x2)² over the last axis."""
    difference = x1 - x2

    def squared_distance_pullback(d_output: Array) -> dict[str, Array]:
        d_difference = 2 * d_output[..., None] * difference
        grads = {"x1": d_difference, "x2": -d_difference}
        for name, x in (("x1", x1), ("x2", x2)):
            axes = tuple(axis for axis, size in enumerate(x.shape) if size != difference.shape[axis])
            grads[name] = grads[name].sum(axes, keepdims=True)
        return grads

    return (difference * difference).sum(-1), squared_distance_pullback


def distance(plan: Plan) -> Any:
    """The distance that the case names."""
    return squared_distance if plan["squared"] else None


def with_distance(anchor: Tensor, distance_function: Any, **others: Any) -> Tensor:
    """Torch's function; a distance of NumPy is exchanged for the same one of torch."""

    def squared(x1: Tensor, x2: Tensor) -> Tensor:
        return ((x1 - x2) ** 2).sum(-1)

    return F.triplet_margin_with_distance_loss(
        anchor, distance_function=None if distance_function is None else squared, **others
    )


SPECS = [
    Spec(
        "cosine_embedding_loss",
        ref.cosine_embedding_loss,
        F.cosine_embedding_loss,
        covers=("CosineEmbeddingLoss",),
        arguments={
            "input1": Real("*batch D", low=0),
            "input2": Filled("*batch D", both_signs, grad=True),
            "target": Filled("*batch", signs_or_0),
            "margin": Choice((0.0, 0.5, -0.5)),
            "reduction": REDUCTION,
        },
        sizes={"D": (2, 5)},
        together=pair_or_pairs,
    ),
    Spec(
        "triplet_margin_loss",
        ref.triplet_margin_loss,
        F.triplet_margin_loss,
        covers=("TripletMarginLoss",),
        arguments={
            "anchor": Real("*anchors"),
            "positive": Real("*positives"),
            "negative": Real("*negatives"),
            "margin": Choice((1.0, 0.25, 4.0)),
            "p": Choice((2.0, 1.0, 3.0, 1.5, float("inf"))),
            "eps": Choice((1e-6, 0.0, 0.1)),
            "swap": Choice((False, True)),
            "reduction": REDUCTION,
        },
        together=triplets,
        avoid={"tiny": "so far below eps, the differences cannot tell the kink of a tie (p = ∞) from a slope"},
    ),
    Spec(
        "triplet_margin_with_distance_loss",
        ref.triplet_margin_with_distance_loss,
        with_distance,
        covers=("TripletMarginWithDistanceLoss",),
        arguments={
            "anchor": Real("*anchors"),
            "positive": Real("*positives"),
            "negative": Real("*negatives"),
            "distance_function": From(distance),
            "margin": Choice((1.0, 0.25, 4.0)),
            "swap": Choice((False, True)),
            "reduction": REDUCTION,
        },
        together=triplets_and_distance,
    ),
]

REFUSED = [
    (
        "cosine_embedding_loss",
        {"input1": np.ones((2, 3)), "input2": np.ones((2, 4)), "target": np.ones(2)},
        ValueError,
        "input2.shape is (2, 4), but should be (2, 3), as input1",
    ),
    (
        "cosine_embedding_loss",
        {"input1": np.ones((2, 3, 4)), "input2": np.ones((2, 3, 4)), "target": np.ones(2)},
        ValueError,
        "input1.ndim is 3, but should be 1 or 2: (D) or (N, D)",
    ),
    (
        "cosine_embedding_loss",
        {"input1": np.ones((2, 3)), "input2": np.ones((2, 3)), "target": np.ones(3)},
        ValueError,
        "target.shape is (3,), but should be (2,) to fit input1",
    ),
    (
        "triplet_margin_loss",
        {"anchor": np.ones((2, 3)), "positive": np.ones(3), "negative": np.ones((2, 3))},
        ValueError,
        "positive.shape is (3,), but should be (2, 3), as anchor",
    ),
    (
        "triplet_margin_loss",
        {"anchor": np.ones((2, 3)), "positive": np.ones((2, 3)), "negative": np.ones((2, 3)), "margin": 0.0},
        ValueError,
        "margin is 0.0, but should be more than 0",
    ),
    (
        "triplet_margin_with_distance_loss",
        {"anchor": np.ones((2, 3)), "positive": np.ones((2, 3)), "negative": np.ones((2, 4))},
        ValueError,
        "negative.shape is (2, 4), but should be (2, 3), as anchor",
    ),
    (
        "triplet_margin_with_distance_loss",
        {"anchor": np.ones((2, 3)), "positive": np.ones((2, 3)), "negative": np.ones((2, 3)), "reduction": "average"},
        ValueError,
        "reduction is 'average', but should be one of 'none', 'mean', 'sum'",
    ),
]
