"""A softmax in a head and tails: which sample teaches what."""

import numpy as np

from . import Array, Call, Gradients, mutant

NAME = "adaptive_log_softmax_with_loss"


def rows(call: Call) -> tuple[Array, Array]:
    """The samples, one after the other, and the tail of each, -1 in the head."""
    input, target = call["input"], call["target"].reshape(-1)
    return input.reshape(-1, input.shape[-1]), np.searchsorted(call["cutoffs"], target, side="right") - 1


def without_tails(call: Call) -> Gradients:
    """The gradients where every sample stops in the head."""
    return call.as_if(**{name: 0 * grad for name, grad in call.right.items() if name.endswith(".1.weight")})


@mutant(NAME, "the loss counts alone: the log-probabilities are taken for no output", named="one_output")
def _(call: Call) -> Gradients:
    return call.pullback(np.zeros_like(call.cotangents[0]), call.cotangents[1])


@mutant(NAME, "the loss is a sum", only="several samples")
def _(call: Call) -> Gradients:
    return call.pullback(call.cotangents[0], call.cotangents[1] * max(call["target"].size, 1))


@mutant(NAME, "a sample of a tail does not teach the head", only="rare targets")
def _(call: Call) -> Gradients:
    samples, tail = rows(call)
    if call["input"].ndim < 2 or not (tail < 0).any():
        return call.right
    kept = tail < 0
    weights = {name: value for name, value in call.arguments.items() if "." in name}
    _, pullback = call.function(samples[kept], call["target"][kept], call["cutoffs"], **weights)
    grads = pullback(call.cotangents[0][kept], call.cotangents[1] * kept.mean(dtype=samples.dtype))
    return call.but(**{"head.weight": grads["head.weight"]})


@mutant(NAME, "the input does not hear from its tail", only="rare targets")
def _(call: Call) -> Gradients:
    return call.but(input=without_tails(call)["input"])


@mutant(NAME, "a tail overwrites what the input heard from the head", only="rare targets")
def _(call: Call) -> Gradients:
    samples, tail = rows(call)
    grad = (call.right["input"] - without_tails(call)["input"]).reshape(samples.shape)
    return call.but(
        input=np.where(tail[:, None] < 0, call.right["input"].reshape(samples.shape), grad).reshape(call["input"].shape)
    )


@mutant(NAME, "the classes of the second tail learn nothing", named="zero", only="two tails")
def _(call: Call) -> Gradients:
    second = "tail.1.1.weight"
    return call.but(**{second: np.zeros_like(call[second])}) if second in call.right else call.right


@mutant(NAME, "the bias of a cluster is left out", named="partly missing", only="head.bias")
def _(call: Call) -> Gradients:
    if "head.bias" not in call.right:
        return call.right
    classes = np.arange(len(call["head.bias"])) < call["cutoffs"][0]
    return call.but(**{"head.bias": np.where(classes, call.right["head.bias"], 0)})


@mutant(NAME, "a class at a cutoff is taken for the one before", only="target at a cutoff")
def _(call: Call) -> Gradients:
    target = call["target"]
    return call.but(input=call.as_if(target=target - np.isin(target, call["cutoffs"]))["input"])


@mutant(NAME, "tails without a sample get NaN", named="not_finite", only="an unused tail")
def _(call: Call) -> Gradients:
    _, tail = rows(call)
    names = [f"tail.{i}.0.weight" for i in range(len(call["cutoffs"])) if i not in tail]
    return call.but(**{name: np.full_like(call[name], np.nan) for name in names})
