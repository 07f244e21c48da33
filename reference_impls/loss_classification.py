"""Losses of scores or probabilities against the class, or the distribution, that was wanted."""

from __future__ import annotations

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating, check_integer, log1p, sum_to
from ._loss import check_pair, check_reduction, logistic_losses, reduced, stretches

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "kl_div",
    "linear_cross_entropy",
    "nll_loss",
]


def _check_binary(input: Array, target: Array, reduction: str, **weights: Array | None) -> None:
    """Refuse weights that would enlarge the loss, and whatever else does not fit."""
    check_reduction(reduction)
    check_floating(input=input, target=target, **weights)
    check(target.shape == input.shape, "target.shape", target.shape, f"{input.shape}, as input")
    for name, weight in weights.items():
        if weight is not None:
            fits = stretches(weight.shape, input.shape)
            check(fits, f"{name}.shape", weight.shape, f"{input.shape}, as input, or stretch to it")


def binary_cross_entropy(
    input: Array, target: Array, weight: Array | None = None, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """-weight (target log input + (1 - target) log(1 - input)), with logarithms of -100 at least, as torch.

    input (*shape), target (*shape), weight stretching to (*shape) -> output (), or (*shape) without reduction
    """
    _check_binary(input, target, reduction, weight=weight)
    for name, array in (("input", input), ("target", target)):
        low, high = array.real.min(initial=0), array.real.max(initial=1)
        check(bool(low >= 0 and high <= 1), name, f"from {low} to {high}", "from 0 to 1")
    factor = 1 if weight is None else weight
    with np.errstate(divide="ignore"):
        log_yes, log_no = np.maximum(np.log(input), -100), np.maximum(log1p(-input), -100)
    output, spread = reduced(-factor * (target * log_yes + (1 - target) * log_no), reduction)

    def binary_cross_entropy_pullback(d_output: Array) -> Gradients:
        # (1 - target) / (1 - input) - target / input over one denominator, which torch keeps away from 0
        d_losses = factor * spread(d_output)
        return {
            "input": d_losses * (input - target) / np.maximum((1 - input) * input, 1e-12),
            "target": d_losses * (log_no - log_yes),
        }

    return output, binary_cross_entropy_pullback


def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> tuple[Array, Pullback]:
    """-weight (pos_weight target log σ(input) + (1 - target) log(1 - σ(input))).

    input (*shape), target (*shape), weight and pos_weight stretching to (*shape) -> output (), or (*shape)
    without reduction
    """
    _check_binary(input, target, reduction, weight=weight, pos_weight=pos_weight)
    factor = 1 if weight is None else weight
    losses, slopes = logistic_losses(input, target, 1 if pos_weight is None else pos_weight)
    output, spread = reduced(factor * losses, reduction)

    def binary_cross_entropy_with_logits_pullback(d_output: Array) -> Gradients:
        # Without weights the slope is σ(input) - target: how far the prediction is off.
        d_losses = factor * spread(d_output)
        slope, target_slope = slopes()
        return {"input": d_losses * slope, "target": d_losses * target_slope}

    return output, binary_cross_entropy_with_logits_pullback


def _check_classes(input: Array, weight: Array | None, reduction: str) -> int:
    """Refuse scores without classes and weights that are not one for each; the axis of the classes."""
    check_reduction(reduction)
    check_floating(input=input, weight=weight)
    check(input.ndim > 0, "input.ndim", input.ndim, "1 or more: (C), or (N, C, …)")
    axis = min(input.ndim - 1, 1)
    check(input.shape[axis] > 0, "input.shape", input.shape, f"of one class or more along axis {axis}")
    if weight is not None:
        shape = (input.shape[axis],)
        check(weight.shape == shape, "weight.shape", weight.shape, f"{shape} to fit input")
    return axis


def _chosen(input: Array, target: Array, axis: int, ignore_index: int) -> tuple[Array, Array]:
    """Which targets count, and the class that each names (0 where it does not count); refuses what is no class."""
    check_integer(target=target)
    rest = input.shape[:axis] + input.shape[axis + 1 :]
    check(target.shape == rest, "target.shape", target.shape, f"{rest} to fit input")
    kept = target != ignore_index
    index = np.where(kept, target, 0)
    low, high, last = index.min(initial=0), index.max(initial=0), input.shape[axis] - 1
    check(bool(low >= 0 and high <= last), "target", f"from {low} to {high}", f"from 0 to {last}, or {ignore_index}")
    return kept, index


def nll_loss(
    input: Array, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> tuple[Array, Pullback]:
    """-weight[target] input[target]; the mean is weighted, and leaves out the targets that are `ignore_index`.

    input (*batch, C, *rest), target (*batch, *rest), weight (C) -> output (), or (*batch, *rest) without reduction
    """
    axis = _check_classes(input, weight, reduction)
    kept, index = _chosen(input, target, axis, ignore_index)
    factor = kept.astype(input.dtype) if weight is None else np.where(kept, weight[index], 0)
    place = np.expand_dims(index, axis)
    chosen = np.take_along_axis(input, place, axis).squeeze(axis)
    output, spread = reduced(-factor * np.where(kept, chosen, 0), reduction, factor.sum())

    def nll_loss_pullback(d_output: Array) -> Gradients:
        # Of all classes only the target's was looked at.
        d_input = np.zeros_like(input)
        np.put_along_axis(d_input, place, np.expand_dims(-factor * spread(d_output), axis), axis)
        return {"input": d_input}

    return output, nll_loss_pullback


def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> tuple[Array, Pullback]:
    """-Σ_c weight_c target_c log softmax(input)_c, with target a class, or a distribution over the classes.

    The mean is weighted for classes, and over the samples for distributions.  Smoothing mixes the uniform
    distribution into the target: Szegedy et al. 2015, arXiv:1512.00567.

    input (*batch, C, *rest), target (*batch, *rest) integer or (*batch, C, *rest) floating, weight (C)
    -> output (), or (*batch, *rest) without reduction
    """
    axis = _check_classes(input, weight, reduction)
    check(0 <= label_smoothing <= 1, "label_smoothing", label_smoothing, "from 0 to 1")
    classes = input.shape[axis]
    along = (classes, *(1,) * (input.ndim - 1 - axis))
    soft = isinstance(target, np.ndarray) and target.dtype.kind in "fc"
    if soft:
        check_floating(input=input, target=target)
        check(target.shape == input.shape, "target.shape", target.shape, f"{input.shape}, as input")
        check(ignore_index < 0, "ignore_index", ignore_index, "left out, since target holds probabilities")
        wanted, total = (1 - label_smoothing) * target + label_smoothing / classes, input.size // classes
    else:
        kept, index = _chosen(input, target, axis, ignore_index)
        hits = np.expand_dims(index, axis) == np.arange(classes).reshape(along)
        wanted = (1 - label_smoothing) * hits.astype(input.dtype) + label_smoothing / classes
        wanted = np.where(np.expand_dims(kept, axis), wanted, 0)
        total = kept.sum(dtype=input.dtype) if weight is None else weight[index[kept]].sum()
    factor = 1 if weight is None else weight.reshape(along)
    share = wanted * factor
    # Shifting all scores changes nothing: subtract the largest, and no exponential overflows.
    shifted = input - input.max(axis, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))
    output, spread = reduced(-(share * np.where(share == 0, 0, log_probs)).sum(axis), reduction, total)

    def cross_entropy_pullback(d_output: Array) -> Gradients:
        # A score lifts its own log-probability, and lowers everyone's by its probability: probability minus target.
        d_losses = np.expand_dims(spread(d_output), axis)
        grads = {"input": d_losses * (np.exp(log_probs) * share.sum(axis, keepdims=True) - share)}
        if soft:
            grads["target"] = (label_smoothing - 1) * d_losses * factor * log_probs
            if weight is not None:
                grads["weight"] = sum_to(along, -d_losses * wanted * log_probs).reshape(classes)
        return grads

    return output, cross_entropy_pullback


def linear_cross_entropy(
    input: Array,
    linear_weight: Array,
    target: Array,
    *,
    linear_bias: Array | None = None,
    weight: Array | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: object = None,  # noqa: ARG001  # they tell torch how to save memory
) -> tuple[Array, Pullback]:
    """cross_entropy(linear(input, linear_weight, linear_bias), target).

    input (*batch, I), linear_weight (C, *rest, I), linear_bias (C, *rest), target and weight as for cross_entropy
    -> output (), or (*batch, *rest) without reduction
    """
    check_floating(input=input, linear_weight=linear_weight, linear_bias=linear_bias)
    check(input.ndim in (1, 2), "input.ndim", input.ndim, "1 or 2")
    many = linear_weight.ndim == 2 or (linear_weight.ndim > 2 and input.ndim == 2)
    check(many, "linear_weight.ndim", linear_weight.ndim, "2, or more where input has a batch")
    outputs, features = linear_weight.shape[:-1], linear_weight.shape[-1]
    check(input.shape[-1] == features, "input.shape", input.shape, f"(…, {features}) to fit linear_weight")
    if linear_bias is not None:
        check(linear_bias.shape == outputs, "linear_bias.shape", linear_bias.shape, f"{outputs} to fit linear_weight")
    soft = isinstance(target, np.ndarray) and target.dtype.kind in "fc"
    check(ignore_index is None or not soft, "ignore_index", ignore_index, "None, since target holds probabilities")
    logits = np.tensordot(input, linear_weight, (-1, -1))
    if linear_bias is not None:
        logits = logits + linear_bias
    ignored = -100 if ignore_index is None else ignore_index
    output, cross_entropy_pullback = cross_entropy(logits, target, weight, ignored, reduction, label_smoothing)

    def linear_cross_entropy_pullback(d_output: Array) -> Gradients:
        # What reaches the logits goes on through the affine map.
        grads = cross_entropy_pullback(d_output)
        d_logits, samples = grads["input"], list(range(input.ndim - 1))
        grads["input"] = np.tensordot(d_logits, linear_weight, len(outputs))
        grads["linear_weight"] = np.tensordot(d_logits, input, (samples, samples))
        if linear_bias is not None:
            grads["linear_bias"] = sum_to(outputs, d_logits)
        return grads

    return output, linear_cross_entropy_pullback


def kl_div(input: Array, target: Array, reduction: str = "mean", log_target: bool = False) -> tuple[Array, Pullback]:
    """target (log target - input), with input a log-probability, and target one as well if log_target.

    Kullback & Leibler 1951.  "batchmean" divides by the size of the first axis alone, which makes it their divergence.

    input (*shape), target (*shape) -> output (), or (*shape) without reduction
    """
    check_pair(input, target, reduction, also=("batchmean",))
    if not log_target:
        lowest = target.real.min(initial=0)
        check(bool(lowest >= 0), "the lowest target", lowest, "0 or more, as a probability")
    with np.errstate(all="ignore"):
        probs, log_probs = (np.exp(target), target) if log_target else (target, np.log(target))
        excess = log_probs - input
    # What never happens costs nothing: 0 log 0 = 0.
    losses = probs * np.where(probs == 0, 0, excess)
    total = None
    if reduction == "batchmean":
        reduction, total = "mean", input.shape[0] if input.ndim else 1
    output, spread = reduced(losses, reduction, total)

    def kl_div_pullback(d_output: Array) -> Gradients:
        # target log target has slope log target + 1; by its logarithm, target changes as fast as it is large.
        d_losses = spread(d_output)
        d_target = losses + probs if log_target else excess + 1
        return {"input": sum_to(input.shape, -d_losses * probs), "target": sum_to(target.shape, d_losses * d_target)}

    return output, kl_div_pullback
