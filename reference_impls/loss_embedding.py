"""Losses of vectors that should lie close together, or apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating, positive_part, sum_to
from ._loss import broadcasts, check_reduction, reduced
from .distance import pairwise_distance
from .loss_margin import signs

__all__ = ["cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"]

Distance = Callable[[Array, Array], tuple[Array, Pullback]]


def cosine_embedding_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """1 - cos where target is 1, max(0, cos - margin) where it is -1, with cos that of the angle between the vectors.

    Where target is neither, nothing counts, as in torch.

    input1 (*batch, D), input2 (*batch, D), target (*batch) -> output (), or (*batch) without reduction
    """
    check_reduction(reduction)
    check_floating(input1=input1, input2=input2)
    check(input1.ndim in (1, 2), "input1.ndim", input1.ndim, "1 or 2: (D) or (N, D)")
    check(input2.shape == input1.shape, "input2.shape", input2.shape, f"{input1.shape}, as input1")
    check(target.shape == input1.shape[:-1], "target.shape", target.shape, f"{input1.shape[:-1]} to fit input1")
    sign = signs(target, input1).real
    eps = 9.999999960041972e-13  # 1e-12 as torch holds it, in float32
    square1, square2 = (input1 * input1).sum(-1) + eps, (input2 * input2).sum(-1) + eps
    lengths = np.sqrt(square1 * square2)
    cosine: Array = (input1 * input2).sum(-1) / lengths
    near = (sign == -1) & (cosine.real >= margin)
    output, spread = reduced(np.where(sign == 1, 1 - cosine, np.where(near, cosine - margin, 0)), reduction)

    def cosine_embedding_loss_pullback(d_output: Array) -> Gradients:
        # Only the part of the other vector across a vector can turn it; its own length does not matter.
        d_cosine = spread(d_output) * (near.astype(input1.dtype) - (sign == 1))
        across = (d_cosine / lengths)[..., None]
        along1, along2 = ((d_cosine * cosine / square)[..., None] for square in (square1, square2))
        return {"input1": across * input2 - along1 * input1, "input2": across * input1 - along2 * input2}

    return output, cosine_embedding_loss_pullback


def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> tuple[Array, Pullback]:
    """triplet_margin_with_distance_loss with pairwise_distance, (Σ |x1 - x2 + eps|^p)^(1/p).

    anchor (*batch, D), positive (*batch, D), negative (*batch, D) -> output (), or (*batch) without reduction
    """
    return triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=lambda x1, x2: pairwise_distance(x1, x2, p, eps),
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


def triplet_margin_with_distance_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> tuple[Array, Pullback]:
    """max(0, margin + d(anchor, positive) - d(anchor, negative)).  Balntas et al. 2016.

    With swap, the negative's distance from the positive takes the place of that from the anchor where it is smaller.
    The distance is a function like those of this package; by default pairwise_distance.

    anchor (*batch, D), positive (*batch, D), negative (*batch, D) -> output (), or (*batch) without reduction
    """
    check_reduction(reduction)
    check_floating(anchor=anchor, positive=positive, negative=negative)
    check(anchor.ndim > 0, "anchor.ndim", anchor.ndim, "1 or more: (…, D)")
    for name, array, others in (("positive", positive, ()), ("negative", negative, (positive.shape,))):
        fits = array.ndim == anchor.ndim and broadcasts(anchor.shape, array.shape, *others)
        check(fits, f"{name}.shape", array.shape, f"{anchor.shape}, as anchor")
    check(margin > 0, "margin", margin, "more than 0")
    distance = distance_function or pairwise_distance
    near, near_pullback = distance(anchor, positive)
    far, far_pullback = distance(anchor, negative)
    other, other_pullback = distance(positive, negative) if swap else (far, far_pullback)
    # Of two equal distances each counts half.
    swapped = (np.sign(far.real - other.real) + 1) / 2 if swap else np.zeros_like(far)
    short = margin + near - (1 - swapped) * far - swapped * other
    output, spread = reduced(positive_part(short), reduction)

    def triplet_margin_with_distance_loss_pullback(d_output: Array) -> Gradients:
        # A triplet that keeps its margin feels nothing.
        d_short = np.where(short.real >= 0, spread(d_output), 0)
        d_anchor, d_positive = near_pullback(sum_to(near.shape, d_short)).values()
        toward, d_negative = far_pullback(sum_to(far.shape, -d_short * (1 - swapped))).values()
        grads = {"anchor": d_anchor + toward, "positive": d_positive, "negative": d_negative}
        if swap:
            d_positive, d_negative = other_pullback(sum_to(other.shape, -d_short * swapped)).values()
            grads |= {"positive": grads["positive"] + d_positive, "negative": grads["negative"] + d_negative}
        return grads

    return output, triplet_margin_with_distance_loss_pullback
