"""The loss of a sequence of labels of which nobody knows when each was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ._array import Array, Gradients, Pullback, check, check_floating, check_integer
from ._loss import check_reduction, reduced

__all__ = ["ctc_loss"]


def _add_logs(ways: Array) -> tuple[Array, Array]:
    """The logarithm of Σ e^way over the first axis, and the share that each way has in it; -∞ for what cannot be."""
    largest = ways.max(0)
    shifted = np.exp(ways - np.where(np.isneginf(largest.real), 0, largest))
    total = shifted.sum(0)
    with np.errstate(divide="ignore"):
        return np.where(total == 0, largest, largest + np.log(total)), shifted / np.where(total == 0, 1, total)


def _lengths(name: str, lengths: Array | Sequence[int], batch: int, longest: int) -> Array:
    """One length for each sample, given as an array or as a tuple."""
    array = np.asarray(lengths)
    check_integer(**{name: array})
    check(array.size == batch and array.ndim < 2, f"{name}.shape", array.shape, f"({batch},), one for each sample")
    low, high = array.min(), array.max()
    check(bool(low >= 0 and high <= longest), name, f"from {low} to {high}", f"from 0 to {longest}")
    return array.reshape(batch)


def _padded(targets: Array, lengths: Array, classes: int, blank: int) -> Array:
    """The labels of each sample in a row, with blanks after its last one; refuses what is no label."""
    within = np.arange(targets.shape[-1] if targets.ndim == 2 else lengths.max()) < lengths[:, None]
    labels = targets
    if targets.ndim == 1:
        first = np.cumsum(lengths) - lengths
        labels = targets[np.where(within, first[:, None] + np.arange(within.shape[1]), 0)]
    low, high = labels[within].min(initial=0), labels[within].max(initial=0)
    check(bool(low >= 0 and high < classes), "targets", f"from {low} to {high}", f"from 0 to {classes - 1}")
    check(not (labels[within] == blank).any(), "targets", f"partly {blank}", "other than blank")
    return np.where(within, labels, blank)


def _walk(scores: Array, skips: Array, ends: Array) -> tuple[Array, Callable[[Array], Array]]:
    """The log-probability of all paths that stand in each state at the end, and how it goes back to the scores.

    A path stays where it is, or goes on to the next state, or past it where `skips` allows that.

    scores (T, N, states), skips (N, states - 2), ends (N) -> (N, states)
    """
    running = np.arange(len(scores))[:, None, None] < ends[:, None]
    nowhere = np.full(scores.shape[1:], -np.inf, scores.dtype)
    # Before the first step every path stands in the first state.
    log_alpha = nowhere.copy()
    log_alpha[:, 0] = 0
    shares = []
    for now, score in zip(running, scores, strict=True):
        step, skip = nowhere.copy(), nowhere.copy()
        step[:, 1:] = log_alpha[:, :-1]
        skip[:, 2:] = np.where(skips, log_alpha[:, :-2], -np.inf)
        arriving, share = _add_logs(np.stack((log_alpha, step, skip)))
        log_alpha = np.where(now, arriving + score, log_alpha)
        shares.append(np.where(now, share, np.array([1, 0, 0]).reshape(3, 1, 1)))

    def walk_pullback(d_alpha: Array) -> Array:
        # Backwards, each way into a state takes the share of the gradient that it had in the probability.
        d_scores = np.zeros_like(scores)
        for t in reversed(range(len(scores))):
            d_scores[t] = np.where(running[t], d_alpha, 0)
            d_alpha, d_step, d_skip = shares[t] * d_alpha
            d_alpha[:, :-1] += d_step[:, 1:]
            d_alpha[:, :-2] += d_skip[:, 2:]
        return d_scores

    return log_alpha, walk_pullback


def ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Array | Sequence[int],
    target_lengths: Array | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> tuple[Array, Pullback]:
    """-log of the probability of all paths that read as the target once repeats, then blanks, are taken out.

    Graves, Fernández, Gomez & Schmidhuber 2006.  The mean is of the losses per label.  The gradient is that of this
    function: torch's is larger by e^log_probs, which log_softmax takes out again.

    log_probs (T, *batch, C), targets (*batch, S), or all targets one after the other, lengths (*batch)
    -> output (), or (*batch) without reduction
    """
    check_reduction(reduction)
    check_floating(log_probs=log_probs)
    check_integer(targets=targets)
    check(log_probs.ndim in (2, 3) and log_probs.size > 0, "log_probs.shape", log_probs.shape, "(T, C) or (T, N, C)")
    steps, classes = log_probs.shape[0], log_probs.shape[-1]
    log_scores = log_probs.reshape(steps, -1, classes)
    batch = log_scores.shape[1]
    check(0 <= blank < classes, "blank", blank, f"from 0 to {classes - 1}")
    ends = _lengths("input_lengths", input_lengths, batch, steps)
    rows = targets.ndim == 2
    counts = _lengths("target_lengths", target_lengths, batch, targets.shape[-1] if targets.ndim else 0)
    shape = (batch, targets.shape[-1]) if rows else (int(counts.sum()),)
    check(targets.shape == shape, "targets.shape", targets.shape, f"{shape} to fit target_lengths")
    labels = _padded(targets, counts, classes, blank)

    # The states that a path walks through: a blank before, between and after the labels.
    states = np.full((batch, 2 * labels.shape[1] + 1), blank)
    states[:, 1::2] = labels
    # It may skip the blank between two labels, but not between equal ones.
    skips = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    log_alpha, walk_pullback = _walk(np.take_along_axis(log_scores, states[None], 2), skips, ends)
    # It ends with the last label, or with the blank after it.
    last = np.stack((2 * counts, np.maximum(2 * counts - 1, 0)), 1)
    at_end = np.take_along_axis(log_alpha, last, 1)
    at_end[counts == 0, 1] = -np.inf
    total, end_shares = _add_logs(at_end.T)
    losses = np.where(np.isneginf(total.real), 0, -total) if zero_infinity else -total
    per_label = np.maximum(counts, 1).astype(log_probs.dtype) if reduction == "mean" else np.ones_like(losses)
    output, spread = reduced((losses / per_label).reshape(log_probs.shape[1:-1]), reduction)

    def ctc_loss_pullback(d_output: Array) -> Gradients:
        # What arrives at a state is minus the probability that the path, given how it reads, is there at that time.
        d_total = -spread(d_output).reshape(-1) / per_label
        d_alpha = np.zeros_like(log_alpha)
        np.add.at(d_alpha, (np.arange(batch)[:, None], last), (end_shares * d_total).T)
        d_log_scores = np.zeros_like(log_scores)
        every_state = np.arange(steps)[:, None, None], np.arange(batch)[:, None], states
        np.add.at(d_log_scores, every_state, walk_pullback(d_alpha))
        return {"log_probs": d_log_scores.reshape(log_probs.shape)}

    return output, ctc_loss_pullback
