"""Where training starts: the initialisers of torch.nn.init, without the underscore, for they return a fresh array.

Each takes the shape of the parameter, (O, I, *kernel), the random generator that it draws from, and a dtype. All draw
in float64, so one seed gives the same start in every precision.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._array import Array, Shape, check

__all__ = [
    "calculate_gain",
    "constant",
    "he_normal",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "ones",
    "orthogonal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

_LINEAR = {"linear", "sigmoid", *(f"conv{way}{axes}d" for way in ("", "_transpose") for axes in (1, 2, 3))}
_GAINS = {**dict.fromkeys(_LINEAR, 1.0), "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}


def uniform(
    shape: Shape, a: float = 0.0, b: float = 1.0, *, rng: np.random.Generator, dtype: Any = np.float64
) -> Array:
    """Any number from a to b, each as likely."""
    return rng.uniform(a, b, shape).astype(dtype, copy=False)


def normal(
    shape: Shape, mean: float = 0.0, std: float = 1.0, *, rng: np.random.Generator, dtype: Any = np.float64
) -> Array:
    """Normal numbers of this mean and this standard deviation."""
    return rng.normal(mean, std, shape).astype(dtype, copy=False)


def constant(shape: Shape, val: float, *, rng: np.random.Generator | None = None, dtype: Any = np.float64) -> Array:
    """`val` everywhere. Nothing is drawn: `rng` is taken so that it can stand where the others do."""
    del rng
    return np.full(shape, val, dtype)


def zeros(shape: Shape, *, rng: np.random.Generator | None = None, dtype: Any = np.float64) -> Array:
    """0 everywhere: right for a bias, and for weights the start from which hidden units never become different."""
    return constant(shape, 0, rng=rng, dtype=dtype)


def ones(shape: Shape, *, rng: np.random.Generator | None = None, dtype: Any = np.float64) -> Array:
    """1 everywhere: the start of a scale, as in layer_norm."""
    return constant(shape, 1, rng=rng, dtype=dtype)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights before this activation should be larger, for the scale to stay from layer to layer.

    `param` is the slope of leaky_relu below 0, by default 0.01.
    """
    known = nonlinearity in _GAINS or nonlinearity == "leaky_relu"
    check(known, "nonlinearity", repr(nonlinearity), f"one of {', '.join(sorted({*_GAINS, 'leaky_relu'}))}")
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    return _GAINS[nonlinearity]


def _fans(shape: Shape) -> tuple[int, int]:
    """How many inputs each output is a sum of, and how many outputs each input goes to."""
    check(len(shape) >= 2, "shape", shape, "(O, I, …): a vector has no inputs and outputs to count")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def xavier_uniform(shape: Shape, gain: float = 1.0, *, rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """Uniform from -bound to bound = gain √(6 / (fan_in + fan_out)).  Glorot & Bengio 2010, equation 16."""
    bound = gain * math.sqrt(6 / (sum(_fans(shape)) or 1))
    return uniform(shape, -bound, bound, rng=rng, dtype=dtype)


def xavier_normal(shape: Shape, gain: float = 1.0, *, rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """Normal of std gain √(2 / (fan_in + fan_out)): midway between what forward and backward would like best.

    Glorot & Bengio 2010, equation 12.
    """
    return normal(shape, 0.0, gain * math.sqrt(2 / (sum(_fans(shape)) or 1)), rng=rng, dtype=dtype)


def _kaiming_std(shape: Shape, a: float, mode: str, nonlinearity: str) -> float:
    """gain / √fan."""
    check(mode in ("fan_in", "fan_out"), "mode", repr(mode), "'fan_in' or 'fan_out'")
    fan = _fans(shape)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan or 1)


def kaiming_uniform(
    shape: Shape,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> Array:
    """Uniform with the standard deviation of kaiming_normal: from -bound to bound = √3 std.

    With a = √5 it is ±1/√fan_in, from which torch's own layers start.
    """
    bound = math.sqrt(3) * _kaiming_std(shape, a, mode, nonlinearity)
    return uniform(shape, -bound, bound, rng=rng, dtype=dtype)


def kaiming_normal(
    shape: Shape,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> Array:
    """Normal of std gain / √fan, `a` being the slope of leaky_relu below 0.  He et al. 2015, arXiv:1502.01852.

    With "fan_in" the scale stays on the way forward (equation 10), with "fan_out" on the way back (equation 14).
    """
    return normal(shape, 0.0, _kaiming_std(shape, a, mode, nonlinearity), rng=rng, dtype=dtype)


def he_normal(shape: Shape, *, rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """Normal of std √(2 / fan_in), since a relu halves the variance; document 000's.  He et al. 2015, equation 10."""
    return kaiming_normal(shape, nonlinearity="relu", rng=rng, dtype=dtype)


def orthogonal(shape: Shape, gain: float = 1.0, *, rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """Rows (or columns, if there are fewer) of length `gain` at right angles.  Saxe et al. 2013, arXiv:1312.6120.

    All axes after the first count as one.
    """
    check(len(shape) >= 2, "shape", shape, "(O, I, …), of two axes or more")
    size = (shape[0], math.prod(shape[1:]))
    q, r = np.linalg.qr(rng.normal(0.0, 1.0, (max(size), min(size))))
    # Which q a factorisation returns is up to the sign of r's diagonal; with all signs positive, every q is as likely
    # as any other.  Mezzadri 2006, arXiv:math-ph/0609050.
    q = gain * np.where(np.diagonal(r) < 0, -q, q)
    return np.ascontiguousarray(q if size[0] >= size[1] else q.T).reshape(shape).astype(dtype, copy=False)
