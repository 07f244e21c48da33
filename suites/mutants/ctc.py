"""Sequences of labels: lengths, blanks, repeats, infinite losses."""

import numpy as np

from . import Array, Call, Gradients, mutant


def each(call: Call) -> tuple[Array, Array]:
    """The lengths of all inputs and of all targets."""
    return np.reshape(call["input_lengths"], -1), np.reshape(call["target_lengths"], -1)


def by_sample(call: Call, factors: Array) -> Gradients:
    """The right gradient, times a factor of each sample."""
    grad = call.right["log_probs"]
    factors = np.asarray(factors, grad.dtype)
    return call.but(log_probs=grad * (factors[:, None] if grad.ndim == 3 else factors[0]))


@mutant("ctc_loss", "the mean is not taken for each label", named="ratio factors", only="mean")
def _(call: Call) -> Gradients:
    _, counts = each(call)
    return by_sample(call, np.maximum(counts, 1)) if call["reduction"] == "mean" else call.right


@mutant("ctc_loss", "the mean is not taken over the samples", named="ratio", only="mean, several samples")
def _(call: Call) -> Gradients:
    ends, _ = each(call)
    return call.but(log_probs=call.right["log_probs"] * len(ends)) if call["reduction"] == "mean" else call.right


@mutant(
    "ctc_loss",
    "the losses are averaged by the labels of all samples",
    named="ratio factors",
    only="mean, several samples",
)
def _(call: Call) -> Gradients:
    _, counts = each(call)
    own = np.maximum(counts, 1)
    return by_sample(call, own * len(own) / own.sum()) if call["reduction"] == "mean" else call.right


@mutant("ctc_loss", "the gradient is that of the logits before log_softmax")
def _(call: Call) -> Gradients:
    grad, share = call.right["log_probs"], np.exp(call["log_probs"])
    return call.but(log_probs=grad - share * grad.sum(-1, keepdims=True))


@mutant("ctc_loss", "the sign is lost where a sum is asked for", named="opposite", only="sum")
def _(call: Call) -> Gradients:
    return call.but(log_probs=-call.right["log_probs"]) if call["reduction"] == "sum" else call.right


@mutant("ctc_loss", "a target without labels costs nothing", named="missing zero partly", only="empty target")
def _(call: Call) -> Gradients:
    _, counts = each(call)
    return by_sample(call, counts > 0)


@mutant("ctc_loss", "the last blank is not reached", named="one_entry missing", only="a target with labels")
def _(call: Call) -> Gradients:
    ends, counts = each(call)
    grad = call.right["log_probs"].copy()
    if grad.ndim == 2 and counts[0] and ends[0]:
        grad[ends[0] - 1, call["blank"]] = 0
    return call.but(log_probs=grad)


@mutant("ctc_loss", "every input is as long as the longest", only="inputs of several lengths")
def _(call: Call) -> Gradients:
    ends, _ = each(call)
    return call.as_if(input_lengths=np.full_like(call["input_lengths"], ends.max()))


@mutant("ctc_loss", "the last step is left out", named="partly missing zero", only="input_lengths = T")
def _(call: Call) -> Gradients:
    grad = call.right["log_probs"]
    grad[-1] = 0
    return call.but(log_probs=grad)


@mutant("ctc_loss", "the blank is always class 0", named="option_ignored", only="blank other than 0")
def _(call: Call) -> Gradients:
    used = np.asarray(call["targets"])
    return call.right if (used == 0).any() else call.as_if(blank=0)


@mutant("ctc_loss", "a loss that became 0 has a gradient of NaN", named="not_finite", only="zero_infinity")
def _(call: Call) -> Gradients:
    losses = np.reshape(call.function(**{**call.arguments, "reduction": "none", "zero_infinity": False})[0], -1)
    return by_sample(call, np.where(np.isinf(losses), np.nan, 1))


@mutant("ctc_loss", "a label that repeats is overwritten, not accumulated", named="ratio factors", only="a label twice")
def _(call: Call) -> Gradients:
    targets, (ends, counts) = np.asarray(call["targets"]), each(call)
    labels = targets.reshape(-1)[: counts[0]]
    twice = [label for label in set(labels.tolist()) if (labels == label).sum() > 1]
    grad = call.right["log_probs"]
    if len(ends) > 1 or not twice:
        return call.right
    grad[..., twice] /= 2
    return call.but(log_probs=grad)
