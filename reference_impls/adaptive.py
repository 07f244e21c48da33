"""A softmax over many classes, in a head of the frequent ones and tails of the rare ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating, check_integer
from ._loss import reduced

__all__ = ["adaptive_log_softmax_with_loss"]


class AdaptiveOutput(NamedTuple):
    """The log-probability of each target, and minus their mean."""

    output: Array
    loss: Array


def _log_prob(scores: Array, chosen: Array) -> tuple[Array, Pullback]:
    """The log-probability of the chosen class in each row of scores."""
    shifted = scores - scores.max(-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    hits = chosen[:, None] == np.arange(scores.shape[-1])

    def log_prob_pullback(d_log_prob: Array) -> Gradients:
        # A score lifts its own log-probability, and lowers everyone's by its probability.
        return {"scores": d_log_prob[:, None] * (hits - np.exp(log_probs))}

    return np.take_along_axis(log_probs, chosen[:, None], -1)[:, 0], log_prob_pullback


def _check_parameters(features: int, cutoffs: Sequence[int], parameters: dict[str, Array]) -> int:
    """Refuse parameters that are missing, too many or of the wrong shape; the number of classes."""
    names = [name for i in range(len(cutoffs)) for name in (f"tail.{i}.0.weight", f"tail.{i}.1.weight")]
    known = ["head.weight", *names]
    for name in known:
        check(name in parameters, name, "missing", "given: " + ", ".join(known))
    others = sorted(parameters.keys() - {*known, "head.bias"})
    check(not others, ", ".join(others), "given", "left out; known are " + ", ".join([*known, "head.bias"]))
    head = cutoffs[0] + len(cutoffs)
    rare = parameters[names[-1]].shape[0]
    shapes = {"head.weight": (head, features), "head.bias": (head,)}
    for i, (low, high) in enumerate(zip(cutoffs, [*cutoffs[1:], cutoffs[-1] + rare], strict=True)):
        hidden = parameters[names[2 * i]].shape[0]
        shapes |= {names[2 * i]: (hidden, features), names[2 * i + 1]: (high - low, hidden)}
    for name, parameter in parameters.items():
        check(parameter.shape == shapes[name], f"{name}.shape", parameter.shape, str(shapes[name]))
    return cutoffs[-1] + rare


def adaptive_log_softmax_with_loss(
    input: Array, target: Array, cutoffs: Sequence[int], **parameters: Array
) -> tuple[AdaptiveOutput, Pullback]:
    """The head gives the probability of each frequent class and of each tail; a tail that of its classes, once there.

    Grave, Joulin, Cissé, Grangier & Jégou 2016, arXiv:1609.04309.  Classes below cutoffs[0] are in the head, classes
    from cutoffs[i] up to the next cutoff in tail i, which first makes its input smaller, to H_i.

    input (*batch, I), target (*batch), head.weight (cutoffs[0] + tails, I), head.bias (cutoffs[0] + tails),
    tail.i.0.weight (H_i, I), tail.i.1.weight (classes of tail i, H_i) -> output (*batch), loss ()
    """
    check_floating(input=input, **parameters)
    check_integer(target=target)
    check(input.ndim in (1, 2), "input.ndim", input.ndim, "1 or 2: (I) or (N, I)")
    check(target.shape == input.shape[:-1], "target.shape", target.shape, f"{input.shape[:-1]} to fit input")
    rising = len(cutoffs) > 0 and all(a < b for a, b in zip((0, *cutoffs), cutoffs, strict=False))
    check(rising, "cutoffs", tuple(cutoffs), "positive and rising")
    classes = _check_parameters(input.shape[-1], cutoffs, parameters)
    low, high = target.min(initial=0), target.max(initial=0)
    check(bool(low >= 0 and high < classes), "target", f"from {low} to {high}", f"from 0 to {classes - 1}")

    rows, wanted = input.reshape(-1, input.shape[-1]), target.reshape(-1)
    tail = np.searchsorted(cutoffs, wanted, side="right") - 1  # -1 is the head
    scores = rows @ parameters["head.weight"].T
    if "head.bias" in parameters:
        scores = scores + parameters["head.bias"]
    log_prob, head_pullback = _log_prob(scores, np.where(tail < 0, wanted, cutoffs[0] + tail))
    visits = []
    for i, first in enumerate(cutoffs):
        inside = tail == i
        hidden = rows[inside] @ parameters[f"tail.{i}.0.weight"].T
        within, tail_pullback = _log_prob(hidden @ parameters[f"tail.{i}.1.weight"].T, wanted[inside] - first)
        # To be of a rare class is to be in its tail, and then to be of that class.
        log_prob[inside] += within
        visits.append((inside, hidden, tail_pullback))
    loss, spread = reduced(-log_prob, "mean")

    def adaptive_log_softmax_with_loss_pullback(d_output: Array, d_loss: Array) -> Gradients:
        # Every sample teaches the head, and the tail that it is in.
        d_log_prob = d_output.reshape(-1) - spread(d_loss)
        d_scores = head_pullback(d_log_prob)["scores"]
        d_rows = d_scores @ parameters["head.weight"]
        grads = {"head.weight": d_scores.T @ rows}
        if "head.bias" in parameters:
            grads["head.bias"] = d_scores.sum(0)
        for i, (inside, hidden, tail_pullback) in enumerate(visits):
            d_scores = tail_pullback(d_log_prob[inside])["scores"]
            d_hidden = d_scores @ parameters[f"tail.{i}.1.weight"]
            d_rows[inside] += d_hidden @ parameters[f"tail.{i}.0.weight"]
            grads |= {f"tail.{i}.0.weight": d_hidden.T @ rows[inside], f"tail.{i}.1.weight": d_scores.T @ hidden}
        return {"input": d_rows.reshape(input.shape), **grads}

    return AdaptiveOutput(log_prob.reshape(target.shape), loss), adaptive_log_softmax_with_loss_pullback
