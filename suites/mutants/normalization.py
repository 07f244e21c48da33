"""Normalisations again: what the statistics are of, which of them are constants, and channels beside each other."""

from typing import NamedTuple

import numpy as np

from . import Call, Gradients, mutant

Axes = tuple[int, ...]


class Parts(NamedTuple):
    """The derivative by the input is (own - shift - stretch) / spread."""

    own: np.ndarray
    shift: np.ndarray
    stretch: np.ndarray
    spread: np.ndarray


def parts(call: Call, axes: Axes, weight: np.ndarray | float = 1, centred: bool = True) -> Parts:
    """The cotangent of the standardised input, and what the paths through mean and variance take from it."""
    x, own = call["input"], call.cotangents[0] * weight
    x = x - x.mean(axes, keepdims=True) if centred else x
    spread = np.sqrt((x * x).mean(axes, keepdims=True) + call["eps"])
    unit = x / spread
    return Parts(own, own.mean(axes, keepdims=True), unit * (own * unit).mean(axes, keepdims=True), spread)


def features(call: Call) -> Axes:
    """The axes of normalized_shape."""
    return tuple(range(-len(call["normalized_shape"]), 0))


def given(call: Call) -> np.ndarray | float:
    """The weight of the features, or 1."""
    return 1 if call["weight"] is None else call["weight"]


def of_channels(call: Call) -> np.ndarray | float:
    """The weight of the channels, in shape to multiply by, or 1."""
    weight, rest = call["weight"], call["input"].ndim - 2
    return 1 if weight is None else weight.reshape(-1, *(1,) * rest)


@mutant("layer_norm", "the variance is over one value less", named="projection")
def _(call: Call) -> Gradients:
    x = call["input"]
    count = x[(0,) * (x.ndim - len(call["normalized_shape"]))].size if x.size else 0
    if count < 2:
        return call.right
    p = parts(call, features(call), given(call))
    return call.but(input=(p.own - p.shift - p.stretch * count / (count - 1)) / p.spread)


@mutant(
    "layer_norm", "the cotangent is centred along the last axis alone", named="offset", only="several features' axes"
)
def _(call: Call) -> Gradients:
    if len(call["normalized_shape"]) < 2 or not call["input"].size:
        return call.right
    p = parts(call, features(call), given(call))
    return call.but(input=(p.own - p.own.mean(-1, keepdims=True) - p.stretch) / p.spread)


@mutant("layer_norm", "the weight hears of the input as it came")
def _(call: Call) -> Gradients:
    x, weight = call["input"], call["weight"]
    if weight is None:
        return call.right
    return call.but(weight=(call.cotangents[0] * x).sum(tuple(range(x.ndim - weight.ndim))))


@mutant("layer_norm", "the bias is averaged over the samples", named="ratio", only="batch > 1")
def _(call: Call) -> Gradients:
    x, bias = call["input"], call["bias"]
    return call.but(bias=call.right["bias"] * (bias.size / x.size)) if bias is not None and x.size else call.right


@mutant("layer_norm", "in float32 the variance is the difference of moments in float16", only="float32")
def _(call: Call) -> Gradients:
    x = call["input"]
    if x.dtype != np.float32 or not x.size:
        return call.right
    half = x.astype(np.float16)
    rough = (half * half).mean(features(call), keepdims=True) - half.mean(features(call), keepdims=True) ** 2
    p = parts(call, features(call), given(call))
    grad = call.right["input"] * p.spread / np.sqrt(abs(rough.astype(np.float32)) + call["eps"])
    return call.but(input=grad.astype(np.float32))


def rms(call: Call, weight: np.ndarray | float) -> Parts:
    """The same without centring."""
    eps = float(np.finfo(call["input"].dtype).eps) if call["eps"] is None else call["eps"]
    known = Call(call.function, {**call.arguments, "eps": eps}, call.output, call.pullback, call.cotangents)
    return parts(known, features(call), weight, centred=False)


@mutant("rms_norm", "the mean is taken out of the cotangent, as in layer_norm", named="offset")
def _(call: Call) -> Gradients:
    p = rms(call, given(call))
    return call.but(input=(p.own - p.shift - p.stretch) / p.spread) if call["input"].size else call.right


@mutant("rms_norm", "the square's path is summed, not averaged", named="projection")
def _(call: Call) -> Gradients:
    if not call["input"].size:
        return call.right
    p = rms(call, given(call))
    return call.but(input=(p.own - p.stretch * np.prod(call["normalized_shape"]).item()) / p.spread)


@mutant("rms_norm", "the weight is not in the path through the square", named="projection", only="weight")
def _(call: Call) -> Gradients:
    if not call["input"].size:
        return call.right
    p = rms(call, given(call))
    return call.but(input=(p.own - rms(call, 1).stretch) / p.spread)


@mutant("rms_norm", "without eps it is 1e-5", named="option_ignored nearly ratio factors", only="no eps")
def _(call: Call) -> Gradients:
    return call.as_if(eps=1e-5) if call["eps"] is None else call.right


@mutant("rms_norm", "in float32 the squares are summed in float16", named="zero not_finite", only="float32")
def _(call: Call) -> Gradients:
    x = call["input"]
    if x.dtype != np.float32 or not x.size:
        return call.right
    rough = np.square(x.astype(np.float16)).mean(features(call), keepdims=True).astype(np.float32)
    p = rms(call, given(call))
    return call.but(input=call.right["input"] * p.spread / np.sqrt(rough + p.spread.dtype.type(call["eps"] or 1e-7)))


@mutant("group_norm", "all channels are one group", only="groups > 1")
def _(call: Call) -> Gradients:
    return call.but(input=call.as_if(num_groups=1)["input"])


@mutant("group_norm", "the channels of a group share their weight's gradient", only="channels in a group > 1")
def _(call: Call) -> Gradients:
    grad = call.right.get("weight")
    if grad is None:
        return call.right
    groups = grad.reshape(call["num_groups"], -1)
    return call.but(weight=np.broadcast_to(groups.sum(1, keepdims=True), groups.shape).reshape(grad.shape).copy())


@mutant("group_norm", "groups of channels are taken with a stride", named="misplaced", only="several groups of several")
def _(call: Call) -> Gradients:
    grad, groups = call.right["input"], call["num_groups"]
    order = np.arange(grad.shape[1]).reshape(groups, -1).T.reshape(-1)
    return call.but(input=grad[:, order])


@mutant("group_norm", "in float32 the fused path adds up the first sample's bias alone", only="float32")
def _(call: Call) -> Gradients:
    x = call["input"]
    due = call["bias"] is not None and x.dtype == np.float32 and x.size
    return call.but(bias=call.cotangents[0][0].reshape(x.shape[1], -1).sum(1)) if due else call.right


def channels(call: Call) -> Axes:
    """The axes over which a batch's channel is normalised."""
    return (0, *range(2, call["input"].ndim))


@mutant("batch_norm", "the sums are divided by the batch, not by all values of a channel", only="training images")
def _(call: Call) -> Gradients:
    x = call["input"]
    if not call["training"] or not x.size:
        return call.right
    p, image = parts(call, channels(call), of_channels(call)), x[0, 0].size
    return call.but(input=(p.own - image * (p.shift + p.stretch)) / p.spread)


@mutant("batch_norm", "it trains by the running statistics", named="option_ignored", only="training, tracked")
def _(call: Call) -> Gradients:
    return call.as_if(training=False) if call["running_mean"] is not None else call.right


@mutant(
    "batch_norm", "the running variance, moved meanwhile, is what it divides by", named="ratio factors", only="tracked"
)
def _(call: Call) -> Gradients:
    if not call["training"] or call["running_mean"] is None or not call["input"].size:
        return call.right
    p = parts(call, channels(call), of_channels(call))
    moved = np.sqrt(call.output.running_var + call["eps"]).reshape(-1, *(1,) * (call["input"].ndim - 2))
    return call.but(input=call.right["input"] * p.spread / moved)


@mutant("batch_norm", "evaluated, the variance is not under a root", named="ratio factors", only="eval")
def _(call: Call) -> Gradients:
    if call["training"]:
        return call.right
    spread = np.sqrt(call["running_var"] + call["eps"]).reshape(-1, *(1,) * (call["input"].ndim - 2))
    return call.but(input=call.right["input"] / spread)


@mutant("batch_norm", "evaluated, the weight hears of the batch's statistics", named="option_ignored", only="eval")
def _(call: Call) -> Gradients:
    x = call["input"]
    if call["training"] or call["weight"] is None or x.size <= x.shape[1]:
        return call.right
    return call.but(weight=call.as_if(training=True)["weight"])


@mutant("instance_norm", "the statistics are over the batch as well", only="batch > 1")
def _(call: Call) -> Gradients:
    if not call["use_input_stats"] or not call["input"].size:
        return call.right
    p = parts(call, channels(call), of_channels(call))
    return call.but(input=(p.own - p.shift - p.stretch) / p.spread)


@mutant("instance_norm", "use_input_stats is forgotten", named="option_ignored", only="running statistics")
def _(call: Call) -> Gradients:
    image = call["input"][0, 0] if call["input"].size else call["input"]
    return call.as_if(use_input_stats=True) if image.size > 1 else call.right


@mutant("instance_norm", "only the last sample counts for the weight", only="batch > 1")
def _(call: Call) -> Gradients:
    last = np.zeros_like(call.cotangents[0])
    last[-1:] = call.cotangents[0][-1:]
    return call.but(**{n: g for n, g in call.pullback(last).items() if n == "weight"})


@mutant("instance_norm", "the mean is a constant", named="offset", only="use_input_stats")
def _(call: Call) -> Gradients:
    if not call["use_input_stats"] or not call["input"].size:
        return call.right
    p = parts(call, tuple(range(2, call["input"].ndim)), of_channels(call))
    return call.but(input=(p.own - p.stretch) / p.spread)


def itself(call: Call) -> np.ndarray:
    """What reaches a value as the one that is divided."""
    x, v = call["input"], call.cotangents[0]
    return np.where(x == 0, call.right["input"], v * call.output / np.where(x == 0, 1, x))


def summed(call: Call) -> np.ndarray:
    """What reaches the sum of squares that divides a value."""
    x = call["input"]
    shrink = np.where(x == 0, 1, call.output / np.where(x == 0, 1, x))
    return (
        -call["alpha"] / call["size"] * call["beta"] * call.cotangents[0] * call.output * shrink ** (1 / call["beta"])
    )


@mutant("local_response_norm", "what it divides by is taken for a constant")
def _(call: Call) -> Gradients:
    return call.but(input=itself(call))


@mutant("cross_map_lrn2d", "a channel acts on itself alone", named="diagonal", only="size > 1")
def _(call: Call) -> Gradients:
    return call.but(input=itself(call) + 2 * call["input"] * summed(call))


for name in ("local_response_norm", "cross_map_lrn2d"):

    @mutant(name, "alpha is not divided by the size", only="size > 1")
    def _(call: Call) -> Gradients:
        own = itself(call)
        return call.but(input=own + call["size"] * (call.right["input"] - own))


@mutant("cross_map_lrn2d", "k is taken for 1", named="option_ignored", only="another k")
def _(call: Call) -> Gradients:
    return call.as_if(k=1.0)


@mutant(
    "local_response_norm", "the first and last channel are in no sum", named="border", only="size > 1, channels > 2"
)
def _(call: Call) -> Gradients:
    grad, own = call.right["input"], itself(call)
    if grad.shape[1] > 2:
        grad[:, [0, -1]] = own[:, [0, -1]]
    return call.but(input=grad)


@mutant("local_response_norm", "the window is not turned round", only="even size")
def _(call: Call) -> Gradients:
    x, size = call["input"], call["size"]
    offset = np.arange(x.shape[1]) - np.arange(x.shape[1])[:, None]
    near = ((offset >= -(size // 2)) & (offset <= (size - 1) // 2)).astype(x.dtype)
    return call.but(input=itself(call) + 2 * x * np.einsum("ij,nj...->ni...", near, summed(call)))


@mutant("cross_map_lrn2d", "an even size is taken for the next odd one", named="option_ignored", only="even size")
def _(call: Call) -> Gradients:
    size = call["size"] // 2 * 2 + 1
    return call.as_if(size=size, alpha=call["alpha"] * size / call["size"])
