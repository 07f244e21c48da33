"""The moves that losses share: the reduction, and losses of an error or of a logit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._array import (
    Array,
    Gradients,
    Pullback,
    Shape,
    absolute,
    check,
    check_floating,
    log1p_exp,
    negative_part,
    positive_part,
    sigmoid,
    sum_to,
)


def check_reduction(reduction: str, also: tuple[str, ...] = ()) -> None:
    """Refuse a reduction that is unknown."""
    known = ("none", "mean", "sum", *also)
    check(reduction in known, "reduction", repr(reduction), "one of " + ", ".join(map(repr, known)))


def broadcasts(*shapes: Shape) -> bool:
    """Whether arrays of these shapes can be stretched to one shape."""
    return all(len(set(sizes) - {1}) <= 1 for sizes in _aligned(shapes))


def stretches(shape: Shape, to: Shape) -> bool:
    """Whether an array of this shape can be stretched to the shape `to`."""
    return len(shape) <= len(to) and all(size in (1, wanted) for size, wanted in _aligned((shape, to)))


def _aligned(shapes: tuple[Shape, ...]) -> list[Shape]:
    """Axis by axis from the last: the sizes that meet there, 1 where a shape has no such axis."""
    longest = max(len(shape) for shape in shapes)
    return list(zip(*((1,) * (longest - len(shape)) + shape for shape in shapes), strict=True))


def reduced(
    losses: Array, reduction: str, total: Array | float | None = None
) -> tuple[Array, Callable[[Array], Array]]:
    """All losses, or their sum, or their mean (the sum over `total`, by default their number).

    Also gives `spread`, which takes a cotangent of that back to each single loss.
    """
    if reduction == "none":
        return losses, lambda d_output: d_output
    count = 1 if reduction == "sum" else losses.size if total is None else total

    def spread(d_output: Array) -> Array:
        # Every loss counts the same. The mean of nothing is NaN whatever the input, so nothing flows back.
        return np.broadcast_to(d_output / count if count else 0 * d_output, losses.shape)

    return losses.sum() / count if count else losses.sum() * np.nan, spread


def check_pair(
    input: Array, target: Array, reduction: str, weight: Array | None = None, also: tuple[str, ...] = ()
) -> None:
    """Refuse an input and a target that cannot be compared entry by entry."""
    check_reduction(reduction, also)
    check_floating(input=input, target=target, weight=weight)
    check(broadcasts(input.shape, target.shape), "target.shape", target.shape, f"{input.shape}, as input")
    if weight is not None:
        check(weight.shape == input.shape, "weight.shape", weight.shape, f"{input.shape}, as input")


def loss_of_error(
    input: Array,
    target: Array,
    losses: Array,
    slope: Callable[[], Array],
    reduction: str,
    weight: Array | None = None,
    total: Array | None = None,
) -> tuple[Array, Pullback]:
    """A loss of input - target, with its slope; every entry counts `weight` times, and the mean divides by `total`."""
    output, spread = reduced(losses if weight is None else losses * weight, reduction, total)

    def loss_of_error_pullback(d_output: Array) -> Gradients:
        # What pushes the input one way pushes the target the other way.
        d_losses = spread(d_output)
        d_error = d_losses * slope() if weight is None else d_losses * slope() * weight
        grads = {"input": sum_to(input.shape, d_error), "target": sum_to(target.shape, -d_error)}
        if weight is not None:
            grads["weight"] = sum_to(weight.shape, d_losses * losses)
            if reduction == "mean" and total:
                # A larger weight also enlarges what the sum is divided by.
                grads["weight"] -= d_output * output / total
        return grads

    return output, loss_of_error_pullback


def logistic_losses(
    input: Array, target: Array, pos_weight: Array | float = 1
) -> tuple[Array, Callable[[], tuple[Array, Array]]]:
    """-(pos_weight target log σ(input) + (1 - target) log(1 - σ(input))); when called its slopes in input and target.

    Far from 0 it is straight, with a slope of its own on either side. The bend between is log(1 + e^-|input|).
    """
    above, below, bend = positive_part(input), pos_weight * negative_part(input), log1p_exp(-absolute(input))
    bends = 1 + (pos_weight - 1) * target
    losses = (1 - target) * above - target * below + bends * bend

    def slopes() -> tuple[Array, Array]:
        negative, turn = input.real < 0, sigmoid(-absolute(input))
        straight = np.where(negative, -pos_weight * target, 1 - target)
        return straight + bends * np.where(negative, turn, -turn), (pos_weight - 1) * bend - above - below

    return losses, slopes
