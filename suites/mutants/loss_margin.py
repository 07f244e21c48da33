"""Losses with a margin: who is too close, which classes are meant, and what is given once for many."""

import numpy as np

from . import Call, Gradients, mutant


def share(call: Call, losses: int) -> np.ndarray:
    """The cotangent of each single loss."""
    v = call.cotangents[0]
    return v / losses if call["reduction"] == "mean" and losses else v


def listed(target: np.ndarray) -> np.ndarray:
    """Which entries of lists of classes come before the -1 that ends them."""
    return np.logical_and.accumulate(target >= 0, axis=-1)


@mutant("soft_margin_loss", "the sigmoid is that of the right side, not of the wrong one")
def _(call: Call) -> Gradients:
    x, sign = call["input"], call["target"].astype(call["input"].dtype)
    return call.but(input=-share(call, x.size) * sign / (1 + np.exp(-sign * x)))


@mutant("soft_margin_loss", "e is raised to a power that it cannot take", named="not_finite", only="huge values")
def _(call: Call) -> Gradients:
    x, sign = call["input"], call["target"].astype(call["input"].dtype)
    power = np.exp(-sign * x)
    return call.but(input=-share(call, x.size) * sign * power / (1 + power))


@mutant("soft_margin_loss", "whole numbers are taken for booleans", named="option_ignored", only="integer target")
def _(call: Call) -> Gradients:
    target = call["target"]
    return call.as_if(target=np.ones_like(target)) if target.dtype.kind == "i" else call.right


@mutant("soft_margin_loss", "the mean is over the targets", named="ratio", only="target broadcast")
def _(call: Call) -> Gradients:
    x, target = call["input"], call["target"]
    due = call["reduction"] == "mean" and target.size
    return call.but(input=call.right["input"] * (x.size / target.size)) if due else call.right


@mutant(
    "hinge_embedding_loss",
    "pairs beyond the margin are pushed apart as well",
    named="spurious",
    only="beyond the margin",
)
def _(call: Call) -> Gradients:
    return call.as_if(margin=1e30)


@mutant(
    "hinge_embedding_loss", "the margin is taken for 1", named="option_ignored missing spurious", only="another margin"
)
def _(call: Call) -> Gradients:
    return call.as_if(margin=1.0)


@mutant(
    "hinge_embedding_loss",
    "a target of 0 counts for neither",
    named="zero missing partly one_entry",
    only="target neither",
)
def _(call: Call) -> Gradients:
    if call["target"].shape != call["input"].shape:
        return call.right
    return call.but(input=np.where(call["target"] == 0, 0, call.right["input"]))


@mutant("hinge_embedding_loss", "one input for many targets: averaged, not summed", named="ratio", only="broadcast")
def _(call: Call) -> Gradients:
    times = np.broadcast_shapes(call["input"].shape, call["target"].shape)
    return call.but(input=call.right["input"] * (call["input"].size / max(np.prod(times, dtype=int).item(), 1)))


def pushed(call: Call) -> np.ndarray:
    """What reaches the missing margin of each pair."""
    missing = call["margin"] - call["target"] * (call["input1"] - call["input2"])
    return np.where(missing >= 0, share(call, missing.size), 0)


@mutant("margin_ranking_loss", "both inputs are pushed the same way", named="opposite swapped")
def _(call: Call) -> Gradients:
    return call.but(input2=-call.right["input2"])


@mutant(
    "margin_ranking_loss", "the margin is left out of the mask", named="option_ignored missing spurious", only="margin"
)
def _(call: Call) -> Gradients:
    return call.as_if(margin=0.0)


@mutant("margin_ranking_loss", "the target hears of the first input alone")
def _(call: Call) -> Gradients:
    same = call["input1"].shape == call["input2"].shape == call["target"].shape
    return call.but(target=-pushed(call) * call["input1"]) if same else call.right


@mutant(
    "margin_ranking_loss",
    "one second input for many: only the last counts",
    named="zero ratio one_entry",
    only="broadcast",
)
def _(call: Call) -> Gradients:
    grad = pushed(call) * call["target"]
    for axis, size in enumerate(call["input2"].shape):
        grad = grad.take([-1], axis) if size == 1 else grad
    return call.but(input2=grad)


@mutant("multi_margin_loss", "the right class is not lifted", named="missing partly one_entry")
def _(call: Call) -> Gradients:
    x, target = call["input"], call["target"]
    return call.but(input=np.where(target[..., None] == np.arange(x.shape[-1]), 0, call.right["input"]))


@mutant("multi_margin_loss", "the slope of the square is left out", named="option_ignored", only="p 2")
def _(call: Call) -> Gradients:
    return call.as_if(p=1)


@mutant(
    "multi_margin_loss", "every class has its own weight, not the target's", named="factors multiplied", only="weight"
)
def _(call: Call) -> Gradients:
    if call["weight"] is None:
        return call.right
    return call.but(input=call.as_if(weight=None)["input"] * call["weight"])


@mutant("multi_margin_loss", "without a batch the classes are averaged twice", named="ratio", only="no batch")
def _(call: Call) -> Gradients:
    x = call["input"]
    return call.but(input=call.right["input"] / len(x)) if x.ndim == 1 else call.right


@mutant(
    "multilabel_margin_loss", "a class that is listed twice counts once", named="ratio factors", only="listed twice"
)
def _(call: Call) -> Gradients:
    target = np.full_like(call["target"], -1)
    for place in np.ndindex(target.shape[:-1]):
        once = list(dict.fromkeys(call["target"][place][listed(call["target"][place])].tolist()))
        target[place][: len(once)] = once
    return call.as_if(target=target)


@mutant("multilabel_margin_loss", "the list does not end at -1", only="classes after -1")
def _(call: Call) -> Gradients:
    order = np.argsort(call["target"] < 0, axis=-1, kind="stable")
    return call.as_if(target=np.take_along_axis(call["target"], order, -1))


@mutant("multilabel_margin_loss", "the average is over the classes that are listed", named="ratio factors")
def _(call: Call) -> Gradients:
    x = call["input"]
    count = np.maximum(listed(call["target"]).sum(-1, keepdims=True), 1).astype(x.dtype)
    return call.but(input=call.right["input"] * x.shape[-1] / count)


@mutant(
    "multilabel_margin_loss",
    "the first sample's cotangent is taken for all",
    named="factors ratio",
    only="no reduction",
)
def _(call: Call) -> Gradients:
    v = call.cotangents[0]
    return call.pullback(np.full_like(v, v.flat[0])) if v.size else call.right


@mutant("multilabel_soft_margin_loss", "the weight's gradient is summed over the classes", named="ratio", only="weight")
def _(call: Call) -> Gradients:
    due = call["weight"] is not None
    return call.but(weight=call.right["weight"] * call["input"].shape[-1]) if due else call.right


@mutant(
    "multilabel_soft_margin_loss", "one weight for many: averaged, not summed", named="ratio", only="weight broadcast"
)
def _(call: Call) -> Gradients:
    weight, x = call["weight"], call["input"]
    return (
        call.but(weight=call.right["weight"] * (weight.size / x.size)) if weight is not None and x.size else call.right
    )


@mutant("multilabel_soft_margin_loss", "the target's logits are clipped", named="", only="scores above 16")
def _(call: Call) -> Gradients:
    x = call["input"]
    slope = np.where(abs(x) > 16, 16 / np.maximum(abs(x), 16), 1)
    return call.but(target=call.right["target"] * slope)


@mutant("multilabel_soft_margin_loss", "the target is rounded to a label", only="target between 0 and 1")
def _(call: Call) -> Gradients:
    between = (call["target"] > 0) & (call["target"] < 1)
    target = np.where(between, np.rint(call["target"]), call["target"])
    return call.but(input=call.as_if(target=target)["input"])
