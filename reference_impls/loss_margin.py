"""Losses of a score that should lie on the right side of a threshold, or above other scores by a margin."""

from __future__ import annotations

import numpy as np

from ._array import (
    Array,
    Gradients,
    Pullback,
    Shape,
    check,
    check_floating,
    check_integer,
    log1p_exp,
    positive_part,
    sigmoid,
    sum_to,
)
from ._loss import broadcasts, check_reduction, logistic_losses, reduced, stretches

__all__ = [
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
]


def signs(target: Array, like: Array) -> Array:
    """Targets of 1 and -1 in the dtype of `like`; they may be given as integers."""
    if not isinstance(target, np.ndarray) or target.dtype.kind not in "iu":
        check_floating(input=like, target=target)
    return target.astype(like.dtype)


def soft_margin_loss(input: Array, target: Array, reduction: str = "mean") -> tuple[Array, Pullback]:
    """log(1 + e^(-target input)), with targets 1 and -1.

    input (*shape), target stretching to (*shape) -> output (), or (*shape) without reduction
    """
    check_reduction(reduction)
    check_floating(input=input)
    sign = signs(target, input)
    check(stretches(target.shape, input.shape), "target.shape", target.shape, f"{input.shape}, as input")
    output, spread = reduced(log1p_exp(-sign * input), reduction)

    def soft_margin_loss_pullback(d_output: Array) -> Gradients:
        # The further on the wrong side, the closer the pull is to that of a straight line.
        return {"input": -spread(d_output) * sign * sigmoid(-sign * input)}

    return output, soft_margin_loss_pullback


def hinge_embedding_loss(
    input: Array, target: Array, margin: float = 1.0, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """For a distance that should be small where target is 1, and `margin` or more where it is -1.

    input where target is 1, max(0, margin - input) where it is -1.  Where target is neither, both count, as in torch.

    input (*shape), target (*shape) -> output (), or (*shape) without reduction
    """
    check_reduction(reduction)
    check_floating(input=input)
    sign = signs(target, input).real
    check(broadcasts(target.shape, input.shape), "target.shape", target.shape, f"{input.shape}, as input")
    missing = margin - input
    short = (missing.real >= 0) & (sign != 1)
    output, spread = reduced(np.where(sign != -1, input, 0) + (sign != 1) * positive_part(missing), reduction)

    def hinge_embedding_loss_pullback(d_output: Array) -> Gradients:
        # Similar pairs pull together; others push apart until they reach the margin.
        slope = (sign != -1).astype(input.dtype) - short
        return {"input": sum_to(input.shape, spread(d_output) * slope)}

    return output, hinge_embedding_loss_pullback


def margin_ranking_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """max(0, margin - target (input1 - input2)): with target 1, input1 should be larger by the margin; with -1, input2.

    input1 (*shape), input2 (*shape), target (*shape) -> output (), or (*shape) without reduction
    """
    check_reduction(reduction)
    check_floating(input1=input1, input2=input2, target=target)
    for name, array, others in (("input2", input2, ()), ("target", target, (input2.shape,))):
        fits = array.ndim == input1.ndim and broadcasts(input1.shape, array.shape, *others)
        check(fits, f"{name}.shape", array.shape, f"{input1.shape}, as input1")
    ahead = input1 - input2
    missing: Array = margin - target * ahead
    short = missing.real >= 0
    output, spread = reduced(positive_part(missing), reduction)

    def margin_ranking_loss_pullback(d_output: Array) -> Gradients:
        # Pairs that are far enough apart feel nothing.
        d_missing = np.where(short, spread(d_output), 0)
        return {
            "input1": sum_to(input1.shape, -d_missing * target),
            "input2": sum_to(input2.shape, d_missing * target),
            "target": sum_to(target.shape, -d_missing * ahead),
        }

    return output, margin_ranking_loss_pullback


def _check_scores(input: Array, target: Array, target_shape: Shape, reduction: str) -> None:
    """Refuse scores that are not one for each class, and targets that do not fit."""
    check_reduction(reduction)
    check_floating(input=input)
    check_integer(target=target)
    check(input.ndim in (1, 2), "input.ndim", input.ndim, "1 or 2: (C) or (N, C)")
    check(input.shape[-1] > 0, "input.shape", input.shape, "of one class or more")
    check(target.shape == target_shape, "target.shape", target.shape, f"{target_shape} to fit input")


def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = 1,
    margin: float = 1.0,
    weight: Array | None = None,
    reduction: str = "mean",
) -> tuple[Array, Pullback]:
    """weight[target] Σ_c max(0, margin - input[target] + input[c])^p / C over all other classes c.

    input (*batch, C), target (*batch), weight (C) -> output (), or (*batch) without reduction
    """
    _check_scores(input, target, input.shape[:-1], reduction)
    check_floating(input=input, weight=weight)
    check(p in (1, 2), "p", p, "1 or 2")
    classes = input.shape[-1]
    low, high = target.min(initial=0), target.max(initial=0)
    check(bool(low >= 0 and high < classes), "target", f"from {low} to {high}", f"from 0 to {classes - 1}")
    if weight is not None:
        check(weight.shape == (classes,), "weight.shape", weight.shape, f"{(classes,)} to fit input")
    factor = 1 / classes if weight is None else weight[target][..., None] / classes
    right = target[..., None] == np.arange(classes)
    missing: Array = margin - np.take_along_axis(input, target[..., None], -1) + input
    missing = np.where(right | (missing.real <= 0), 0, missing)
    output, spread = reduced((factor * missing**p).sum(-1), reduction)

    def multi_margin_loss_pullback(d_output: Array) -> Gradients:
        # Each class that comes too close is pushed down, and lifts the right one by as much.
        slope = (missing.real > 0).astype(input.dtype) if p == 1 else 2 * missing
        push = spread(d_output)[..., None] * factor * slope
        return {"input": push - right * push.sum(-1, keepdims=True)}

    return output, multi_margin_loss_pullback


def multilabel_margin_loss(input: Array, target: Array, reduction: str = "mean") -> tuple[Array, Pullback]:
    """Σ_w Σ_c max(0, 1 - input[w] + input[c]) / C over all wanted classes w and all others c.

    A row of target lists the wanted classes, up to the first -1; a class listed twice counts twice.

    input (*batch, C), target (*batch, C) -> output (), or (*batch) without reduction
    """
    _check_scores(input, target, input.shape, reduction)
    classes = input.shape[-1]
    low, high = target.min(initial=0), target.max(initial=0)
    check(bool(low >= -1 and high < classes), "target", f"from {low} to {high}", f"from -1 to {classes - 1}")
    listed = np.logical_and.accumulate(target >= 0, axis=-1)
    wanted = (listed[..., None] & (target[..., None] == np.arange(classes))).sum(-2)
    pairs = (wanted[..., :, None] * (wanted == 0)[..., None, :] / classes).astype(input.dtype)
    missing: Array = 1 - input[..., :, None] + input[..., None, :]
    pairs = np.where(missing.real > 0, pairs, 0)
    output, spread = reduced((pairs * missing).sum((-2, -1)), reduction)

    def multilabel_margin_loss_pullback(d_output: Array) -> Gradients:
        # Each pair that is too close pushes the wanted class up and the other one down.
        return {"input": spread(d_output)[..., None] * (pairs.sum(-2) - pairs.sum(-1))}

    return output, multilabel_margin_loss_pullback


def multilabel_soft_margin_loss(
    input: Array, target: Array, weight: Array | None = None, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """-weight (target log σ(input) + (1 - target) log(1 - σ(input))), averaged over the classes.

    input (*batch, C), target (*batch, C), weight stretching to (*batch, C) -> output (), or (*batch) without reduction
    """
    check_reduction(reduction)
    check_floating(input=input, target=target, weight=weight)
    check(input.ndim > 0, "input.ndim", input.ndim, "1 or more: (…, C)")
    check(input.shape[-1] > 0, "input.shape", input.shape, "of one class or more")
    check(target.shape == input.shape, "target.shape", target.shape, f"{input.shape}, as input")
    if weight is not None:
        fits = stretches(weight.shape, input.shape)
        check(fits, "weight.shape", weight.shape, f"{input.shape}, as input, or stretch to it")
    factor = 1 if weight is None else weight
    losses, slopes = logistic_losses(input, target)
    output, spread = reduced((factor * losses).sum(-1) / input.shape[-1], reduction)

    def multilabel_soft_margin_loss_pullback(d_output: Array) -> Gradients:
        # Each class is a question of its own, and hears of its share in the average.
        d_losses = np.broadcast_to(spread(d_output)[..., None] / input.shape[-1], input.shape)
        slope, target_slope = slopes()
        grads = {"input": d_losses * factor * slope, "target": d_losses * factor * target_slope}
        if weight is not None:
            grads["weight"] = sum_to(weight.shape, d_losses * losses)
        return grads

    return output, multilabel_soft_margin_loss_pullback
