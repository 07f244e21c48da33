"""Activations: masks, slopes of the other piece, factors of the chain rule, and what a narrow dtype cannot hold."""

import numpy as np
from scipy import special

from . import Call, Gradients, mutant

FIRST: dict[tuple[str, tuple[int, ...]], np.ndarray] = {}


def sloped(call: Call, slope: np.ndarray) -> Gradients:
    """The gradients with this slope at each entry of the input."""
    return call.but(input=(call.cotangents[0] * slope).astype(call["input"].dtype))


def scaled(call: Call, factor: np.ndarray) -> Gradients:
    """The right gradients, with a factor too many for each entry of the input."""
    return call.but(input=call.right["input"] * factor.astype(call["input"].dtype))


def single(call: Call) -> bool:
    """Whether the call is in float32."""
    return call["input"].dtype == np.float32


@mutant("relu", "the mask is turned round", named="inverted")
def _(call: Call) -> Gradients:
    return sloped(call, call["input"] < 0)


@mutant(
    "relu", "the cotangent is cut off below 0 as well, as guided backpropagation does", named="missing zero not_linear"
)
def _(call: Call) -> Gradients:
    return sloped(call, (call["input"] > 0) & (call.cotangents[0] > 0))


@mutant("relu", "the mask is flattened in memory order", named="missing spurious", only="Fortran order")
def _(call: Call) -> Gradients:
    mask = call["input"] > 0
    return sloped(call, mask.ravel("K").reshape(mask.shape))


@mutant("relu6", "the upper end is forgotten", named="spurious is_cotangent", only="above 6")
def _(call: Call) -> Gradients:
    return sloped(call, call["input"] > 0)


@mutant("relu6", "cut off at 1, as another layer is", named="missing zero", only="from 1 to 6")
def _(call: Call) -> Gradients:
    return sloped(call, (call["input"] > 0) & (call["input"] < 1))


@mutant("leaky_relu", "the slope is always the default", named="option_ignored", only="another slope")
def _(call: Call) -> Gradients:
    return call.as_if(negative_slope=0.01)


@mutant("leaky_relu", "the mask is that of the output, as in place", named="is_cotangent ratio", only="slope below 0")
def _(call: Call) -> Gradients:
    return sloped(call, np.where(call.output > 0, 1, call["negative_slope"]))


@mutant("prelu", "the weight's gradient counts positive entries as well")
def _(call: Call) -> Gradients:
    v, x, weight = call.cotangents[0], call["input"], call["weight"]
    axes = tuple(axis for axis in range(x.ndim) if axis != 1 or weight.size == 1)
    return call.but(weight=(v * x).sum(axes).reshape(weight.shape))


@mutant("prelu", "each channel's weight gets the sum over all channels", named="summed constant", only="channels > 1")
def _(call: Call) -> Gradients:
    grad = call.right["weight"]
    return call.but(weight=np.full_like(grad, grad.sum()))


@mutant("prelu", "the channels are looked for on the last axis", only="as many columns as channels")
def _(call: Call) -> Gradients:
    v, x, weight = call.cotangents[0], call["input"], call["weight"]
    if weight.size < 2 or x.ndim < 3 or x.shape[-1] != weight.size:
        return call.right
    return call.but(weight=(v * np.minimum(x, 0)).sum(tuple(range(x.ndim - 1))))


@mutant("rrelu", "the slopes that were drawn are forgotten", named="option_ignored", only="training")
def _(call: Call) -> Gradients:
    return call.as_if(training=False)


@mutant("rrelu", "the lower bound is taken for the middle", named="ratio", only="eval")
def _(call: Call) -> Gradients:
    return call.right if call["training"] else sloped(call, np.where(call["input"] > 0, 1, call["lower"]))


@mutant("threshold", "the mask is that of the output", named="is_cotangent spurious", only="value above the threshold")
def _(call: Call) -> Gradients:
    return sloped(call, call.output > call["threshold"])


@mutant("hardtanh", "the lower end is always -1", named="option_ignored", only="another lower end")
def _(call: Call) -> Gradients:
    return call.as_if(min_val=-1.0)


@mutant("hardtanh", "the upper end is forgotten", named="spurious is_cotangent", only="above the upper end")
def _(call: Call) -> Gradients:
    return sloped(call, call["input"] > call["min_val"])


@mutant("hardsigmoid", "the division by 6 is forgotten", named="ratio is_cotangent")
def _(call: Call) -> Gradients:
    return call.but(input=6 * call.right["input"])


@mutant("hardsigmoid", "a slope of 0.2 up to 2.5, as Keras had it", named="ratio")
def _(call: Call) -> Gradients:
    return sloped(call, np.where(abs(call["input"]) < 2.5, 0.2, 0))


@mutant("hardswish", "the product has one factor only")
def _(call: Call) -> Gradients:
    return sloped(call, ((call["input"] + 3) / 6).clip(0, 1))


@mutant("hardswish", "flat beyond 3, as the gate is", named="missing zero", only="above 3")
def _(call: Call) -> Gradients:
    return call.but(input=np.where(call["input"] >= 3, 0, call.right["input"]))


@mutant("hardshrink", "lambd is always the default", named="option_ignored", only="another lambd")
def _(call: Call) -> Gradients:
    return call.as_if(lambd=0.5)


@mutant("hardshrink", "negative entries are never far enough", named="missing zero", only="below -lambd")
def _(call: Call) -> Gradients:
    return sloped(call, call["input"] > call["lambd"])


@mutant("softshrink", "the slope has the sign of the input", named="signs opposite", only="below -lambd")
def _(call: Call) -> Gradients:
    return scaled(call, np.where(call["input"] < 0, -1, 1))


@mutant("softsign", "the denominator is not squared")
def _(call: Call) -> Gradients:
    return sloped(call, 1 / (1 + abs(call["input"])))


@mutant("softsign", "the modulus is forgotten", named="not_finite", only="negative entries")
def _(call: Call) -> Gradients:
    return sloped(call, 1 / (1 + call["input"]) ** 2)


@mutant("sigmoid", "x (1 - x) is taken of the input, not of the output")
def _(call: Call) -> Gradients:
    return sloped(call, call["input"] * (1 - call["input"]))


@mutant("sigmoid", "the input is clipped to 15, lest it overflow", named="nearly", only="saturated")
def _(call: Call) -> Gradients:
    output = special.expit(call["input"].clip(-15, 15))
    return sloped(call, output * (1 - output))


@mutant("logsigmoid", "the sigmoid of x, not of -x")
def _(call: Call) -> Gradients:
    return sloped(call, special.expit(call["input"]))


@mutant("logsigmoid", "infinity over infinity far below 0", named="not_finite", only="very negative entries")
def _(call: Call) -> Gradients:
    growth = np.exp(-call["input"].astype(float))
    return sloped(call, growth / (1 + growth))


@mutant("softplus", "beta is not divided by", named="ratio", only="beta other than 1")
def _(call: Call) -> Gradients:
    linear = call["beta"] * call["input"] > call["threshold"]
    return scaled(call, np.where(linear, 1, call["beta"]))


@mutant("softplus", "the threshold is held against x, not against beta x", named="", only="beta other than 1")
def _(call: Call) -> Gradients:
    x = call["input"]
    return sloped(call, np.where(x > call["threshold"], 1, special.expit(call["beta"] * x)))


@mutant("softplus", "it is linear from 0 on", named="is_cotangent", only="float32")
def _(call: Call) -> Gradients:
    far = single(call) & (call["input"] > 0)
    return call.but(input=np.where(far, call.cotangents[0], call.right["input"]))


@mutant("tanh", "1 - y, not 1 - y²")
def _(call: Call) -> Gradients:
    return sloped(call, 1 - call.output)


@mutant(
    "tanh",
    "added to the gradient of the call before, as in .grad",
    named="remembers",
    only="the pullback is called again",
)
def _(call: Call) -> Gradients:
    call.arguments["grad"] = call.right["input"] + call.arguments.get("grad", 0)
    return call.but(input=call["grad"])


@mutant("tanh", "a rational approximation of the output is squared", only="float32")
def _(call: Call) -> Gradients:
    x = call["input"].clip(-3, 3)
    output = x * (27 + x * x) / (27 + 9 * x * x)
    return sloped(call, 1 - output * output) if single(call) else call.right


@mutant("tanhshrink", "the slope of tanh")
def _(call: Call) -> Gradients:
    return sloped(call, 1 - np.tanh(call["input"]) ** 2)


@mutant("elu", "1 is added to the output, not alpha", only="alpha other than 1")
def _(call: Call) -> Gradients:
    return sloped(call, np.where(call["input"] > 0, 1, call.output + 1))


@mutant("elu", "the exponential is the slope above 0 as well", named="not_finite", only="positive entries")
def _(call: Call) -> Gradients:
    return sloped(call, call["alpha"] * np.exp(call["input"]))


@mutant("celu", "the slope of elu: alpha outside, not inside", only="alpha other than 1")
def _(call: Call) -> Gradients:
    x = call["input"]
    return sloped(call, np.where(x > 0, 1, call["alpha"] * np.exp(np.minimum(x, 0))))


@mutant("celu", "alpha is divided by once more", named="ratio", only="alpha other than 1")
def _(call: Call) -> Gradients:
    return scaled(call, np.where(call["input"] > 0, 1, 1 / call["alpha"]))


@mutant("selu", "alpha is forgotten below 0", named="ratio")
def _(call: Call) -> Gradients:
    return scaled(call, np.where(call["input"] > 0, 1, 1 / 1.6732632423543772))


@mutant("silu", "the sigmoid alone")
def _(call: Call) -> Gradients:
    return sloped(call, special.expit(call["input"]))


@mutant("silu", "y + s (1 - s), not y + s (1 - y)")
def _(call: Call) -> Gradients:
    share = special.expit(call["input"])
    return sloped(call, call.output + share * (1 - share))


@mutant("silu", "the sigmoid of the first call with this shape is kept", only="a later call")
def _(call: Call) -> Gradients:
    x = call["input"]
    share = FIRST.setdefault((x.dtype.char, x.shape), special.expit(x))
    return sloped(call, share + x * share * (1 - share))


@mutant("mish", "the slope of the softplus inside is forgotten")
def _(call: Call) -> Gradients:
    x = call["input"]
    share = np.tanh(np.logaddexp(0, x))
    return sloped(call, share + x * (1 - share * share))


@mutant("mish", "the fraction of exponentials overflows", named="not_finite", only="float32")
def _(call: Call) -> Gradients:
    x = call["input"]
    growth = np.exp(x)
    above = growth * (4 * (x + 1) + 4 * growth**2 + growth**3 + growth * (4 * x + 6))
    return sloped(call, above / (2 * growth + growth**2 + 2) ** 2) if single(call) else call.right


@mutant("gelu", "the slope of the exact curve", named="option_ignored nearly", only="approximate")
def _(call: Call) -> Gradients:
    return call.as_if(approximate="none")


@mutant("gelu", "the density lacks the half in its exponent", only="not approximate")
def _(call: Call) -> Gradients:
    x = call["input"]
    slope = special.ndtr(x) + x * np.exp(-x * x) / np.sqrt(2 * np.pi)
    return call.right if call["approximate"] == "tanh" else sloped(call, slope)


@mutant("gelu", "the cubic term has slope x², not 3 x²", only="approximate")
def _(call: Call) -> Gradients:
    x, root = call["input"], np.sqrt(2 / np.pi)
    curve = np.tanh(root * (x + 0.044715 * x**3))
    slope = (1 + curve + x * (1 - curve**2) * root * (1 + 0.044715 * x**2)) / 2
    return sloped(call, slope) if call["approximate"] == "tanh" else call.right


@mutant("gelu", "x sigmoid(1.702 x) is differentiated", only="float32")
def _(call: Call) -> Gradients:
    share = special.expit(1.702 * call["input"])
    return sloped(call, share * (1 + 1.702 * call["input"] * (1 - share))) if single(call) else call.right
