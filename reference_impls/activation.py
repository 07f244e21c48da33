"""Activations of each entry alone. The slope stands beside its function: the gradient is d_output * slope."""

from __future__ import annotations

import math

import numpy as np

from ._array import (
    Array,
    Gradients,
    Pullback,
    absolute,
    between,
    check,
    check_floating,
    elementwise,
    log1p_exp,
    negative_part,
    normal_cdf,
    positive_part,
    sum_to,
)
from ._array import sigmoid as logistic

__all__ = [
    "celu",
    "elu",
    "gelu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]


# Straight pieces. Where two of them meet, the slope is torch's choice.


def relu(input: Array) -> tuple[Array, Pullback]:
    """max(input, 0).  Slope 0 at 0.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    return elementwise(positive_part(input), lambda: (input.real > 0).astype(input.dtype))


def relu6(input: Array) -> tuple[Array, Pullback]:
    """input, kept between 0 and 6.

    input (*shape) -> output (*shape)
    """
    return hardtanh(input, 0.0, 6.0)


def leaky_relu(input: Array, negative_slope: float = 0.01) -> tuple[Array, Pullback]:
    """input where positive, negative_slope input elsewhere.  Maas, Hannun & Ng 2013.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    output = positive_part(input) + negative_slope * negative_part(input)
    return elementwise(output, lambda: np.where(input.real > 0, 1, negative_slope).astype(input.dtype))


def prelu(input: Array, weight: Array) -> tuple[Array, Pullback]:
    """input where positive, weight input elsewhere, with a weight for each channel or one for all.

    input (N, C, *rest) or any (*shape), weight (C) or (1) or () -> output as input.  He et al. 2015, arXiv:1502.01852.
    """
    check_floating(input=input, weight=weight)
    channels = input.shape[1] if input.ndim > 1 else 1
    check(weight.ndim < 2, "weight.ndim", weight.ndim, "0 or 1")
    check(weight.size in (1, channels), "weight.shape", weight.shape, f"({channels},), the channels of input, or (1,)")
    scale = weight.reshape(-1, *(1,) * (input.ndim - 2)) if weight.size != 1 else weight.reshape(())
    low = negative_part(input)

    def prelu_pullback(d_output: Array) -> Gradients:
        # A weight met all entries of its channel that are not positive.
        d_scale = sum_to(scale.shape, d_output * low)
        d_input = d_output * np.where(input.real > 0, 1, scale)
        return {"input": d_input, "weight": d_scale.reshape(weight.shape)}

    return positive_part(input) + scale * low, prelu_pullback


def rrelu(
    input: Array,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    *,
    slopes: Array | None = None,
) -> tuple[Array, Pullback]:
    """leaky_relu, when training with a slope drawn for each entry from lower to upper; else with the middle of the two.

    input (*shape), slopes (*shape) -> output (*shape).  Xu et al. 2015, arXiv:1505.00853.
    """
    check_floating(input=input, slopes=slopes)
    check(lower <= upper, "lower", lower, f"at most upper, {upper}")
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    if slopes is None:
        raise ValueError("slopes is None, but should be given when training: the slope of each entry below 0")
    check(slopes.shape == input.shape, "slopes.shape", slopes.shape, f"{input.shape}, as that of input")
    output = positive_part(input) + slopes * negative_part(input)
    return elementwise(output, lambda: np.where(input.real > 0, 1, slopes))


def threshold(input: Array, threshold: float, value: float) -> tuple[Array, Pullback]:
    """input where above the threshold, value elsewhere.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    above = input.real > threshold
    return elementwise(np.where(above, input, value), lambda: above.astype(input.dtype))


def hardtanh(input: Array, min_val: float = -1.0, max_val: float = 1.0) -> tuple[Array, Pullback]:
    """input, kept between min_val and max_val.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    check(min_val <= max_val, "min_val", min_val, f"at most max_val, {max_val}")
    output = between(input, min_val, max_val)
    return elementwise(output, lambda: ((input.real > min_val) & (input.real < max_val)).astype(input.dtype))


def hardsigmoid(input: Array) -> tuple[Array, Pullback]:
    """input / 6 + 1/2, kept between 0 and 1.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    output = between(input + 3, 0, 6) / 6
    return elementwise(output, lambda: ((input.real > -3) & (input.real < 3)).astype(input.dtype) / 6)


def hardswish(input: Array) -> tuple[Array, Pullback]:
    """input hardsigmoid(input).  Howard et al. 2019, arXiv:1905.02244.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)

    def slope() -> Array:
        return np.where(input.real <= -3, 0, np.where(input.real >= 3, 1, input / 3 + 0.5))

    return elementwise(input * between(input + 3, 0, 6) / 6, slope)


def hardshrink(input: Array, lambd: float = 0.5) -> tuple[Array, Pullback]:
    """input where farther than lambd from 0, and 0 elsewhere.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    far = (input.real > lambd) | (input.real < -lambd) | (lambd == 0)  # with lambd 0 it is input, at 0 as well
    return elementwise(input * far, lambda: far.astype(input.dtype))


def softshrink(input: Array, lambd: float = 0.5) -> tuple[Array, Pullback]:
    """input, moved towards 0 by lambd, but not past it.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    check(lambd >= 0, "lambd", lambd, "0 or more")

    def slope() -> Array:
        far = (input.real > lambd) | (input.real < -lambd) | (lambd == 0)  # with lambd 0 it is input, at 0 as well
        return far.astype(input.dtype)

    return elementwise(input - between(input, -lambd, lambd), slope)


def softsign(input: Array) -> tuple[Array, Pullback]:
    """input / (1 + |input|).

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    scale = 1 + absolute(input)
    return elementwise(input / scale, lambda: 1 / scale**2)


# Curves of exponentials.


def sigmoid(input: Array) -> tuple[Array, Pullback]:
    """1 / (1 + e^-input).

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    output = logistic(input)
    return elementwise(output, lambda: output * (1 - output))


def logsigmoid(input: Array) -> tuple[Array, Pullback]:
    """log(sigmoid(input)) = -log(1 + e^-input).

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    return elementwise(-log1p_exp(-input), lambda: logistic(-input))


def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> tuple[Array, Pullback]:
    """log(1 + e^(beta input)) / beta, and input itself where beta input > threshold.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    scaled = beta * input
    linear = scaled.real > threshold
    output = np.where(linear, input, log1p_exp(scaled) / beta)
    return elementwise(output, lambda: np.where(linear, 1, logistic(scaled)))


def tanh(input: Array) -> tuple[Array, Pullback]:
    """(e^input - e^-input) / (e^input + e^-input).

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    output = np.tanh(input)
    return elementwise(output, lambda: 1 - output * output)


def tanhshrink(input: Array) -> tuple[Array, Pullback]:
    """input - tanh(input).

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    curve = np.tanh(input)
    return elementwise(input - curve, lambda: curve * curve)


def elu(input: Array, alpha: float = 1.0) -> tuple[Array, Pullback]:
    """input where positive, alpha (e^input - 1) elsewhere.  Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    low = negative_part(input)  # no exponential of a large number, not even an unused one
    output = positive_part(input) + alpha * np.expm1(low)
    return elementwise(output, lambda: np.where(input.real > 0, 1, alpha * np.exp(low)))


def celu(input: Array, alpha: float = 1.0) -> tuple[Array, Pullback]:
    """input where positive, alpha (e^(input / alpha) - 1) elsewhere: slope 1 at 0.  Barron 2017, arXiv:1704.07483.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    check(alpha != 0, "alpha", alpha, "a number other than 0")
    low = negative_part(input) / alpha
    output = positive_part(input) + alpha * np.expm1(low)
    return elementwise(output, lambda: np.where(input.real > 0, 1, np.exp(low)))


def selu(input: Array) -> tuple[Array, Pullback]:
    """elu, scaled to keep mean 0 and variance 1 from layer to layer.  Klambauer et al. 2017, arXiv:1706.02515.

    input (*shape) -> output (*shape)
    """
    alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    output, elu_pullback = elu(input, alpha)

    def selu_pullback(d_output: Array) -> Gradients:
        return elu_pullback(scale * d_output)

    return scale * output, selu_pullback


def silu(input: Array) -> tuple[Array, Pullback]:
    """input sigmoid(input).  Elfwing, Uchibe & Doya 2017, arXiv:1702.03118.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    share = logistic(input)
    return elementwise(input * share, lambda: share + input * share * (1 - share))


def mish(input: Array) -> tuple[Array, Pullback]:
    """input tanh(softplus(input)).  Misra 2019, arXiv:1908.08681.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    share = np.tanh(log1p_exp(input))
    return elementwise(input * share, lambda: share + input * (1 - share * share) * logistic(input))


def gelu(input: Array, approximate: str = "none") -> tuple[Array, Pullback]:
    """input times the chance that a standard normal number is below it.  Hendrycks & Gimpel 2016, arXiv:1606.08415.

    With approximate="tanh": input (1 + tanh(√(2/π) (input + 0.044715 input³))) / 2.

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    check(approximate in ("none", "tanh"), "approximate", repr(approximate), "'none' or 'tanh'")
    if approximate == "none":
        share = normal_cdf(input)

        def d_share() -> Array:
            return np.exp(-input * input / 2) / math.sqrt(2 * math.pi)  # the density

    else:
        root = math.sqrt(8 / math.pi)
        curve = root * (input + 0.044715 * input**3)
        share = logistic(curve)  # (1 + tanh(z)) / 2 = sigmoid(2z), which keeps its digits where tanh is near -1

        def d_share() -> Array:
            return share * logistic(-curve) * root * (1 + 3 * 0.044715 * input**2)

    return elementwise(input * share, lambda: share + input * d_share())
