"""Normalisations: the paths through mean and variance, eps, and the statistics that are kept."""

import numpy as np

from . import Call, Gradients, mutant

FEATURES = ("layer_norm", "rms_norm")


def spread(call: Call) -> np.ndarray:
    """The standard deviation of the features, in shape to divide by."""
    x = call["input"]
    axes = tuple(range(-len(call["normalized_shape"]), 0))
    return np.sqrt(x.var(axes, keepdims=True) + call["eps"])


def scaled(call: Call) -> np.ndarray:
    """The cotangent of the normalised input."""
    weight = call["weight"]
    return call.cotangents[0] if weight is None else call.cotangents[0] * weight


@mutant("layer_norm", "mean and variance are taken for constants")
def _(call: Call) -> Gradients:
    return call.but(input=scaled(call) / spread(call))


@mutant("layer_norm", "the path through the variance is missing", named="projection")
def _(call: Call) -> Gradients:
    axes = tuple(range(-len(call["normalized_shape"]), 0))
    v = scaled(call)
    return call.but(input=(v - v.mean(axes, keepdims=True)) / spread(call)) if v.size else call.right


@mutant("layer_norm", "the path through the mean is missing", named="offset")
def _(call: Call) -> Gradients:
    axes = tuple(range(-len(call["normalized_shape"]), 0))
    if not call["input"].size:
        return call.right
    return call.but(input=call.right["input"] + scaled(call).mean(axes, keepdims=True) / spread(call))


for name in ("layer_norm", "rms_norm", "batch_norm", "instance_norm", "group_norm"):

    @mutant(name, "eps is forgotten in the backward", named="option_ignored nearly factors ratio zero")
    def _(call: Call) -> Gradients:
        grads = call.as_if(eps=1e-30)
        return {name: np.where(np.isfinite(g), g, 0) for name, g in grads.items()}

    @mutant(name, "the weight is forgotten in the gradient of the input", named="option_ignored")
    def _(call: Call) -> Gradients:
        return call.but(input=call.as_if(weight=None)["input"]) if call["weight"] is not None else call.right

    if name != "rms_norm":

        @mutant(name, "without a weight the bias is doubled", named="ratio", only="no weight")
        def _(call: Call) -> Gradients:
            due = call["weight"] is None and call["bias"] is not None
            return call.but(bias=2 * call.right["bias"]) if due else call.right


@mutant("batch_norm", "evaluated as if it trained", named="option_ignored", only="eval")
def _(call: Call) -> Gradients:
    if call["training"] or call["input"].size <= call["input"].shape[1] or call["running_mean"] is None:
        return call.right
    _, pullback = call.function(**{**call.arguments, "training": True, "running_mean": None, "running_var": None})
    return pullback(*call.cotangents)


@mutant("batch_norm", "the variance is unbiased", named="ratio", only="training")
def _(call: Call) -> Gradients:
    count = call["input"].size // (call["input"].shape[1] or 1)
    if not call["training"] or count < 2:
        return call.right
    return call.but(input=call.right["input"] * np.sqrt((count - 1) / count))


@mutant("batch_norm", "a batch of two is taken for one", named="zero", only="batch 2")
def _(call: Call) -> Gradients:
    return call.but(input=0 * call.right["input"]) if len(call["input"]) == 2 else call.right
