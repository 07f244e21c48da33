"""Losses of classes: what is clamped, weighted, smoothed and ignored, and what the logits pass on."""

import numpy as np

from . import Call, Gradients, mutant

LABELS = ("cross_entropy", "linear_cross_entropy")


def share(call: Call) -> np.ndarray:
    """The cotangent of each single loss."""
    v, x = call.cotangents[0], call["input"]
    return v / x.size if call["reduction"] == "mean" and x.size else v


def soft(call: Call) -> bool:
    """Whether the target is a distribution."""
    return call["target"].dtype.kind == "f"


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Without overflow."""
    return (1 + np.tanh(x / 2)) / 2


@mutant("binary_cross_entropy", "the chance of the other class is left out: target / input alone")
def _(call: Call) -> Gradients:
    x, weight = call["input"], 1 if call["weight"] is None else call["weight"]
    return call.but(input=-share(call) * weight * call["target"] / x)


@mutant("binary_cross_entropy", "it is taken for that of logits", named="multiplied")
def _(call: Call) -> Gradients:
    return call.but(input=call.right["input"] * call["input"] * (1 - call["input"]))


@mutant(
    "binary_cross_entropy", "nothing beyond 1e-3 of 0 and 1", named="zero missing partly one_entry", only="near 0, 1"
)
def _(call: Call) -> Gradients:
    x = call["input"]
    return call.but(input=np.where((x < 1e-3) | (x > 1 - 1e-3), 0, call.right["input"]))


@mutant("binary_cross_entropy", "in float32 the denominator is 1e-2 at least", only="float32")
def _(call: Call) -> Gradients:
    x = call["input"]
    if x.dtype != np.float32:
        return call.right
    slope = (1 - x) * x
    return call.but(input=call.right["input"] * slope / np.maximum(slope, 1e-2))


@mutant(
    "binary_cross_entropy",
    "one weight for many: the target's gradient has it twice",
    named="multiplied",
    only="weight broadcast",
)
def _(call: Call) -> Gradients:
    weight = call["weight"]
    due = weight is not None and weight.shape != call["input"].shape
    return call.but(target=call.right["target"] * weight) if due else call.right


WITH_LOGITS = "binary_cross_entropy_with_logits"


@mutant(WITH_LOGITS, "pos_weight counts for all targets", only="pos_weight")
def _(call: Call) -> Gradients:
    return call.right if call["pos_weight"] is None else call.but(input=call["pos_weight"] * plain(call))


def plain(call: Call) -> np.ndarray:
    """The gradient of the input without pos_weight."""
    return call.as_if(pos_weight=None)["input"]


@mutant(WITH_LOGITS, "pos_weight is left out of the target's gradient", named="option_ignored", only="pos_weight")
def _(call: Call) -> Gradients:
    return call.but(target=call.as_if(pos_weight=None)["target"])


@mutant(WITH_LOGITS, "pos_weight and weight change places", only="both weights")
def _(call: Call) -> Gradients:
    if call["weight"] is None or call["pos_weight"] is None:
        return call.right
    return call.as_if(weight=call["pos_weight"], pos_weight=call["weight"])


@mutant(WITH_LOGITS, "the target's gradient is that of the first logarithm alone")
def _(call: Call) -> Gradients:
    weight, positive = (1 if call[name] is None else call[name] for name in ("weight", "pos_weight"))
    return call.but(target=share(call) * weight * positive * np.logaddexp(0, -call["input"]))


@mutant(WITH_LOGITS, "e^x / (1 + e^x) overflows", named="not_finite", only="huge values")
def _(call: Call) -> Gradients:
    return call.but(input=np.where(np.isfinite(np.exp(call["input"])), call.right["input"], np.nan))


@mutant("nll_loss", "one more than the chosen class", named="shifted misplaced", only="many classes")
def _(call: Call) -> Gradients:
    axis = min(call["input"].ndim - 1, 1)
    return call.but(input=np.roll(call.right["input"], 1, axis)) if call["input"].shape[axis] > 3 else call.right


@mutant("nll_loss", "the mean counts the labels that are ignored", named="ratio", only="ignore_index present")
def _(call: Call) -> Gradients:
    kept = call["target"] != call["ignore_index"]
    if call["reduction"] != "mean" or not kept.size:
        return call.right
    return call.but(input=call.right["input"] * kept.mean(dtype=call["input"].dtype))


@mutant("nll_loss", "of an image the first pixel's label is taken for all", named="misplaced spurious", only="images")
def _(call: Call) -> Gradients:
    target = call["target"]
    if target.ndim < 2 or not target.size or call["weight"] is not None or (target == call["ignore_index"]).any():
        return call.right
    first = target.reshape(len(target), -1)[:, :1].reshape(-1, *(1,) * (target.ndim - 1))
    return call.as_if(target=np.broadcast_to(first, target.shape).copy())


@mutant("nll_loss", "the weight's index is the sample's, not the label's", named="factors", only="weight")
def _(call: Call) -> Gradients:
    target, weight = call["target"], call["weight"]
    if weight is None or target.ndim != 1 or call["reduction"] == "mean":
        return call.right
    grad = call.as_if(weight=None)["input"] * weight[np.arange(len(target)) % len(weight)][:, None]
    return call.but(input=grad)


for name in LABELS:

    @mutant(name, "distributions: the weight is forgotten", named="option_ignored", only="distributions with weights")
    def _(call: Call) -> Gradients:
        if not soft(call) or call["weight"] is None:
            return call.right
        return call.but(input=call.as_if(weight=None)["input"])

    @mutant(name, "the target's gradient forgets the smoothing", named="ratio option_ignored", only="distributions")
    def _(call: Call) -> Gradients:
        return call.but(target=call.as_if(label_smoothing=0.0)["target"]) if soft(call) else call.right

    @mutant(name, "smoothing gives its share to the other classes alone", only="label smoothing")
    def _(call: Call) -> Gradients:
        x, weight = call["input"], call.arguments.get("linear_weight")
        classes = x.shape[min(1, x.ndim - 1)] if weight is None else len(weight)
        others = min(call["label_smoothing"] * classes / (classes - 1), 1.0)
        return call.right if soft(call) else call.as_if(label_smoothing=others)


def probability(x: np.ndarray, axis: int) -> np.ndarray:
    """The softmax."""
    power = np.exp(x - x.max(axis, keepdims=True))
    return power / power.sum(axis, keepdims=True)


def pull(call: Call, axis: int, **options: object) -> np.ndarray:
    """What each sample spreads over the classes by their probabilities: seen where one class has all of it."""
    x = call["input"]
    place = np.arange(x.shape[axis]).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    first, second = (
        call.as_if(input=np.where(place == one, x.dtype.type(0), -1e4) + 0 * x, **options)["input"] for one in (0, 1)
    )
    return (first - second).take([0], axis)


@mutant("cross_entropy", "the softmax is taken along the last axis", only="images")
def _(call: Call) -> Gradients:
    x = call["input"]
    if x.ndim < 3 or not x.size:
        return call.right
    return call.but(input=call.right["input"] + pull(call, 1) * (probability(x, -1) - probability(x, 1)))


@mutant("cross_entropy", "the weight is not in the sum over classes", only="distributions with weights")
def _(call: Call) -> Gradients:
    x, axis = call["input"], min(call["input"].ndim - 1, 1)
    if not soft(call) or call["weight"] is None or not x.size:
        return call.right
    return call.but(
        input=call.right["input"] + (pull(call, axis, weight=None) - pull(call, axis)) * probability(x, axis)
    )


@mutant("cross_entropy", "the softmax is not shifted, and overflows", named="not_finite", only="huge values")
def _(call: Call) -> Gradients:
    power = np.exp(call["input"])
    return call.but(input=np.where(np.isfinite(power), call.right["input"], np.nan))


@mutant("cross_entropy", "what is ignored still pushes all scores down", named="spurious", only="ignore_index present")
def _(call: Call) -> Gradients:
    x, axis = call["input"], min(call["input"].ndim - 1, 1)
    if soft(call) or call["reduction"] == "mean" or not x.size:
        return call.right
    ignored = np.where(call["target"] == call["ignore_index"], call.cotangents[0], 0)
    return call.but(input=call.right["input"] + np.expand_dims(ignored, axis) * probability(x, axis))


@mutant("cross_entropy", "in float32 the fused path knows no smoothing", named="option_ignored", only="float32")
def _(call: Call) -> Gradients:
    return call.as_if(label_smoothing=0.0) if call["input"].dtype == np.float32 else call.right


@mutant("cross_entropy", "a distribution is taken for its likeliest class", only="distributions")
def _(call: Call) -> Gradients:
    if not soft(call) or call["weight"] is not None or not call["target"].size:
        return call.right
    target, axis = call["target"], min(call["input"].ndim - 1, 1)
    top = np.zeros_like(target)
    np.put_along_axis(top, target.argmax(axis, keepdims=True), 1, axis)
    return call.but(input=call.as_if(target=top)["input"])


LINEAR = "linear_cross_entropy"


@mutant(LINEAR, "the bias is averaged over the samples", named="ratio", only="batch > 1")
def _(call: Call) -> Gradients:
    x, grads = call["input"], call.right
    return (
        call.but(linear_bias=grads["linear_bias"] / len(x))
        if "linear_bias" in grads and x.ndim == 2 and len(x)
        else grads
    )


@mutant(LINEAR, "in pieces, only the last one's weight is kept", only="pieces")
def _(call: Call) -> Gradients:
    x = call["input"]
    pieces = getattr(call["options"], "batch_chunk_size", None)
    if not pieces or x.ndim != 2 or len(x) <= pieces or call["target"].dtype.kind != "i":
        return call.right
    done = (len(x) - 1) // pieces * pieces
    first = call.as_if(
        target=np.where(np.arange(len(x)) < done, call["target"], ignored(call)), ignore_index=ignored(call)
    )
    return call.but(linear_weight=call.right["linear_weight"] - first["linear_weight"])


def ignored(call: Call) -> int:
    """The label that does not count."""
    return -100 if call["ignore_index"] is None else call["ignore_index"]


@mutant(LINEAR, "of an image only the first pixel reaches the input", only="images")
def _(call: Call) -> Gradients:
    weight = call["linear_weight"]
    if weight.ndim < 3 or not weight.size or call["reduction"] != "none":
        return call.right
    v = np.zeros_like(call.cotangents[0])
    v[(slice(None), *(0,) * (v.ndim - 1))] = call.cotangents[0][(slice(None), *(0,) * (v.ndim - 1))]
    return call.but(input=call.pullback(v)["input"])


@mutant("kl_div", "the batch's mean is the mean of all entries", named="ratio option_ignored", only="batchmean")
def _(call: Call) -> Gradients:
    return call.as_if(reduction="mean") if call["reduction"] == "batchmean" else call.right


@mutant("kl_div", "the target's gradient lacks the 1", named="offset", only="no log_target")
def _(call: Call) -> Gradients:
    same = call["input"].shape == call["target"].shape and not call["log_target"]
    return call.but(target=call.right["target"] + call.right["input"] / call["target"]) if same else call.right


@mutant("kl_div", "without reduction the cotangent is taken for ones", named="ignores_cotangent", only="no reduction")
def _(call: Call) -> Gradients:
    return call.pullback(np.ones_like(call.cotangents[0])) if call["reduction"] == "none" else call.right


@mutant("kl_div", "in float32 the logarithm is of 1e-2 more than the target", only="float32")
def _(call: Call) -> Gradients:
    x, target = call["input"], call["target"]
    if target.dtype != np.float32 or call["log_target"] or x.shape != target.shape:
        return call.right
    return call.but(target=call.right["target"] - call.right["input"] / target * np.log1p(1e-2 / target))
