"""Poolings that take the p-norm: powers, roots, signs, and windows whose norm is 0."""

import math

import numpy as np

from reference_impls._windows import pool_windows

from . import Call, Gradients, mutant


def weighted(call: Call, weight: np.ndarray | float) -> Gradients:
    """The gradients for cotangents that are weighted by window."""
    return call.pullback((call.cotangents[0] * weight).astype(call["input"].dtype))


def signed(call: Call) -> Gradients:
    """The gradients with the sign of each entry."""
    return call.but(input=call.right["input"] * np.where(call["input"] < 0, -1, 1).astype(call["input"].dtype))


for name in ("lp_pool1d", "lp_pool2d", "lp_pool3d"):

    @mutant(name, "the outer 1 / p is forgotten", named="ratio", only="p other than 1")
    def _(call: Call) -> Gradients:
        return weighted(call, call["norm_type"]) if np.isfinite(call["norm_type"]) else call.right

    @mutant(
        name, "an infinite norm is the largest entry, not the largest modulus", named="signs opposite", only="p = inf"
    )
    def _(call: Call) -> Gradients:
        return signed(call) if call["norm_type"] == np.inf else call.right

    @mutant(name, "a window of zeros is divided by its norm", named="not_finite", only="windows of zeros, p > 1")
    def _(call: Call) -> Gradients:
        due = np.isfinite(call["norm_type"]) and call["norm_type"] > 1
        return weighted(call, np.where(call.output == 0, np.nan, 1)) if due else call.right


@mutant("lp_pool1d", "the sum is not raised to 1 / p - 1", named="multiplied", only="p other than 1")
def _(call: Call) -> Gradients:
    p = call["norm_type"]
    return weighted(call, call.output ** (p - 1)) if np.isfinite(p) else call.right


@mutant("lp_pool1d", "0.01 is added to the norm before it is divided by", named="nearly", only="float32")
def _(call: Call) -> Gradients:
    p, y = call["norm_type"], np.where(call.output == 0, 1, call.output)
    due = call["input"].dtype == np.float32 and np.isfinite(p)
    return weighted(call, (1 + 0.01 / y) ** (1 - p)) if due else call.right


@mutant("lp_pool2d", "a norm of power 1 is of moduli", named="signs opposite", only="p = 1")
def _(call: Call) -> Gradients:
    return signed(call) if call["norm_type"] == 1 else call.right


@mutant("lp_pool2d", "the smallest modulus is looked for as the largest is", named="misplaced", only="p = -inf")
def _(call: Call) -> Gradients:
    return call.as_if(norm_type=np.inf) if call["norm_type"] == -np.inf else call.right


@mutant("lp_pool2d", "a window that reaches over the end is not scaled up", named="border ratio", only="ceil_mode")
def _(call: Call) -> Gradients:
    if not np.isfinite(call["norm_type"]):
        return call.right
    windows = pool_windows(call["input"], 2, call["kernel_size"], call["stride"], ceil_mode=call["ceil_mode"])
    return weighted(call, windows.sum(np.ones(windows.sizes)) / math.prod(windows.kernel.tolist()))


@mutant("lp_pool3d", "the power is p, not p - 1", named="multiplied")
def _(call: Call) -> Gradients:
    return call.but(input=call.right["input"] * call["input"]) if np.isfinite(call["norm_type"]) else call.right
