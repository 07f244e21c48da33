"""Losses of a number: signs and bends, what the mean is over, the target's own gradient, clamps."""

import math

import numpy as np

from . import Call, Gradients, mutant


def share(call: Call) -> np.ndarray:
    """The cotangent of each single loss, where nothing is stretched."""
    v = call.cotangents[0]
    return v / call["input"].size if call["reduction"] == "mean" and call["input"].size else v


def same(call: Call) -> bool:
    """Whether input and target have one shape."""
    return call["input"].shape == call["target"].shape


def error(call: Call) -> np.ndarray:
    """How far the input is off."""
    return call["input"] - call["target"]


for name in ("mse_loss", "smooth_l1_loss"):

    @mutant(name, "the target is pulled the input's way", named="opposite swapped")
    def _(call: Call) -> Gradients:
        return call.but(target=-call.right["target"])


for name in ("l1_loss", "huber_loss"):

    @mutant(name, "one target for many: averaged, not summed", named="ratio", only="target broadcast")
    def _(call: Call) -> Gradients:
        size = math.prod(np.broadcast_shapes(call["input"].shape, call["target"].shape))
        return call.but(target=call.right["target"] * (call["target"].size / size)) if size else call.right


for name in ("mse_loss", "l1_loss"):

    @mutant(name, "the weighted mean is over all entries", named="ratio", only="mean with weights")
    def _(call: Call) -> Gradients:
        if call["weight"] is None or call["reduction"] != "mean" or not same(call) or not call["weight"].size:
            return call.right
        scale = call["weight"].mean()
        return call.but(input=call.right["input"] * scale, target=call.right["target"] * scale)

    @mutant(name, "the weight forgets what the mean divides by", named="offset", only="mean with weights")
    def _(call: Call) -> Gradients:
        weight = call["weight"]
        if weight is None or call["reduction"] != "mean" or not weight.size:
            return call.right
        return call.but(weight=call.right["weight"] + call.cotangents[0] * call.output / weight.sum())


@mutant("mse_loss", "the 2 of the slope is missing", named="ratio")
def _(call: Call) -> Gradients:
    return call.but(input=call.right["input"] / 2)


@mutant("mse_loss", "the weight enters squared", named="multiplied", only="sum with weights")
def _(call: Call) -> Gradients:
    due = call["weight"] is not None and call["reduction"] == "sum"
    return call.but(input=call.right["input"] * call["weight"]) if due else call.right


@mutant("l1_loss", "the sign is the error over its size plus 1e-3", only="close together")
def _(call: Call) -> Gradients:
    size = abs(error(call))
    return call.but(input=call.right["input"] * size / (size + 1e-3)) if same(call) else call.right


@mutant("smooth_l1_loss", "beta is taken for 1", named="option_ignored", only="another beta")
def _(call: Call) -> Gradients:
    return call.as_if(beta=1.0)


@mutant("smooth_l1_loss", "the square is not divided by beta", named="ratio", only="near, with another beta")
def _(call: Call) -> Gradients:
    near = abs(error(call)) < call["beta"]
    grad = call.right["input"]
    return call.but(input=np.where(near, call["beta"] * grad, grad)) if same(call) else call.right


@mutant("smooth_l1_loss", "with beta 0 there is no gradient", named="zero", only="beta 0")
def _(call: Call) -> Gradients:
    return call.right if call["beta"] else {name: 0 * grad for name, grad in call.right.items()}


@mutant("huber_loss", "beyond delta the slope is 1", named="ratio", only="far, with another delta")
def _(call: Call) -> Gradients:
    far = abs(error(call)) >= call["delta"]
    grad = call.right["input"]
    return call.but(input=np.where(far, grad / call["delta"], grad)) if same(call) else call.right


@mutant("huber_loss", "the mean with weights is over the weights", named="ratio", only="mean with weights")
def _(call: Call) -> Gradients:
    weight = call["weight"]
    if weight is None or call["reduction"] != "mean" or not same(call) or not weight.sum():
        return call.right
    return call.but(input=call.right["input"] * weight.size / weight.sum())


@mutant("huber_loss", "the weight's gradient has the sign of the error", named="signs opposite", only="weight")
def _(call: Call) -> Gradients:
    grad = call.right.get("weight")
    return call.but(weight=np.where(error(call) < 0, -grad, grad)) if grad is not None and same(call) else call.right


@mutant("poisson_nll_loss", "the target is taken for a constant", named="zero")
def _(call: Call) -> Gradients:
    return call.but(target=0 * call.right["target"])


@mutant("poisson_nll_loss", "log_input is forgotten in the backward", named="option_ignored", only="no log_input")
def _(call: Call) -> Gradients:
    return call.right if call["log_input"] else call.but(input=call.as_if(log_input=True)["input"])


@mutant("poisson_nll_loss", "Stirling's terms are left out", named="option_ignored", only="full")
def _(call: Call) -> Gradients:
    return call.as_if(full=False)


@mutant("poisson_nll_loss", "Stirling's terms count for small targets too", only="full, targets below 1")
def _(call: Call) -> Gradients:
    target = call["target"]
    if not call["full"] or not same(call):
        return call.right
    small = np.where((target > 0) & (target <= 1), target, 1)
    more = np.where(small < 1, np.log(small) + 1 / (2 * small), 0)
    return call.but(target=call.right["target"] + share(call) * more)


@mutant("poisson_nll_loss", "Stirling's last term has slope 1 / target, not half of that", only="full")
def _(call: Call) -> Gradients:
    many = np.maximum(call["target"], 1)
    due = call["full"] and same(call)
    more = share(call) * np.where(call["target"] > 1, 0.5 / many, 0) if due else 0
    return call.but(target=call.right["target"] + more)


@mutant("poisson_nll_loss", "in float32 eps is at least 1e-2", only="float32")
def _(call: Call) -> Gradients:
    return call.as_if(eps=max(call["eps"], 1e-2)) if call["input"].dtype == np.float32 else call.right


@mutant("gaussian_nll_loss", "the error is divided by the standard deviation", named="multiplied")
def _(call: Call) -> Gradients:
    var = call["var"]
    due = isinstance(var, np.ndarray) and var.shape == call["input"].shape and same(call)
    return call.but(input=call.right["input"] * np.sqrt(var)) if due else call.right


@mutant("gaussian_nll_loss", "the variance feels the error alone, not its own logarithm")
def _(call: Call) -> Gradients:
    var = call["var"]
    if not isinstance(var, np.ndarray) or var.shape != call["input"].shape or not same(call):
        return call.right
    return call.but(var=call.right["var"] - share(call) / (2 * var))


@mutant("gaussian_nll_loss", "a number below eps is not raised to it", named="not_finite ratio", only="var below eps")
def _(call: Call) -> Gradients:
    var = call["var"]
    if isinstance(var, np.ndarray) or var >= call["eps"] or not same(call):
        return call.right
    return call.but(input=share(call) * error(call) / np.full_like(call["input"], var))


@mutant("gaussian_nll_loss", "eps is added to the variance", named="nearly factors ratio")
def _(call: Call) -> Gradients:
    var = call["var"]
    if not isinstance(var, np.ndarray) or var.shape != call["input"].shape:
        return call.right
    return call.but(var=call.as_if(var=var + call["eps"])["var"])


@mutant("gaussian_nll_loss", "one variance for a row: averaged, not summed", named="ratio", only="var broadcast")
def _(call: Call) -> Gradients:
    var, x = call["var"], call["input"]
    if not isinstance(var, np.ndarray) or not x.size:
        return call.right
    return call.but(var=call.right["var"] * (var.size / x.size))


@mutant("gaussian_nll_loss", "full is taken for the full gradient: twice the variance's", named="ratio", only="full")
def _(call: Call) -> Gradients:
    due = call["full"] and isinstance(call["var"], np.ndarray)
    return call.but(var=2 * call.right["var"]) if due else call.right
