"""Poolings that average: what a share is divided by, and which windows an entry belongs to."""

import math

import numpy as np

from reference_impls._windows import bin_counts, bins

from . import Call, Gradients, mutant


def kernel(call: Call) -> tuple[int, ...]:
    """The sizes of a window along each axis."""
    size = call["kernel_size"]
    return size if isinstance(size, tuple) else (size,) * int(call.function.__name__[-2])


def scaled(call: Call, factor: float) -> Gradients:
    """The right gradients, with a factor too many."""
    return call.but(input=call.right["input"] * call["input"].dtype.type(factor))


def overwritten(call: Call) -> Gradients:
    """The cotangent of every place along the last axis overwrites what another one has left."""
    grad, v = np.zeros_like(call["input"]), call.cotangents[0]
    for place in range(v.shape[-1]):
        one = np.zeros_like(v)
        one[..., place] = v[..., place]
        part = call.pullback(one)["input"]
        grad = np.where(part == 0, grad, part)
    return call.but(input=grad)


for name in ("avg_pool1d", "avg_pool2d", "avg_pool3d"):

    @mutant(name, "the sum of a window, not its mean", named="ratio", only="windows of several entries")
    def _(call: Call) -> Gradients:
        return scaled(call, math.prod(kernel(call)))

    @mutant(name, "the border counts, whatever count_include_pad says", named="option_ignored", only="padding")
    def _(call: Call) -> Gradients:
        return call.as_if(count_include_pad=True)


for name in ("avg_pool2d", "avg_pool3d"):

    @mutant(name, "a window that reaches over the end counts in full", named="border factors ratio", only="ceil_mode")
    def _(call: Call) -> Gradients:
        counted = call["divisor_override"] is None and call["count_include_pad"]
        return call.as_if(divisor_override=math.prod(kernel(call))) if counted else call.right


@mutant("avg_pool1d", "windows that overlap overwrite each other", only="stride < kernel_size")
def _(call: Call) -> Gradients:
    return overwritten(call)


@mutant("avg_pool1d", "the channels are taken for a batch of images and summed", named="summed", only="no batch")
def _(call: Call) -> Gradients:
    grad = call.right["input"]
    return call.but(input=np.broadcast_to(grad.sum(0), grad.shape).copy()) if grad.ndim == 2 else call.right


@mutant("avg_pool2d", "the divisor is forgotten", named="option_ignored ratio", only="divisor_override")
def _(call: Call) -> Gradients:
    return call.as_if(divisor_override=None)


@mutant("avg_pool2d", "the divisor is the square of the kernel's height", named="ratio", only="kernel not square")
def _(call: Call) -> Gradients:
    height, width = kernel(call)
    return scaled(call, width / height) if call["divisor_override"] is None else call.right


@mutant("avg_pool3d", "a negative divisor loses its sign", named="opposite", only="divisor_override < 0")
def _(call: Call) -> Gradients:
    return scaled(call, -1) if (call["divisor_override"] or 0) < 0 else call.right


@mutant("avg_pool1d", "one kernel knows of no count_include_pad", named="option_ignored", only="float32")
def _(call: Call) -> Gradients:
    return call.as_if(count_include_pad=True) if call["input"].dtype == np.float32 else call.right


def widths(call: Call) -> list[np.ndarray]:
    """How many entries each bin has, along each axis."""
    axes = int(call.function.__name__[-2])
    counts = bin_counts(call["input"], axes, call["output_size"])
    pairs = (bins(size, count) for size, count in zip(call["input"].shape[-axes:], counts, strict=True))
    return [stop - start for start, stop in pairs]


for name in ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"):

    @mutant(name, "all bins count as equally wide", named="", only="bins of unequal width")
    def _(call: Call) -> Gradients:
        v = call.cotangents[0]
        for axis, width in enumerate(reversed(widths(call)), 1):
            share = width * len(width) / call["input"].shape[-axis]
            v = v * share.reshape(-1, *(1,) * (axis - 1)).astype(v.dtype)
        return call.pullback(v)


@mutant("adaptive_avg_pool1d", "an entry of two bins belongs to the later one", only="bins that overlap")
def _(call: Call) -> Gradients:
    return overwritten(call)


@mutant("adaptive_avg_pool2d", "the mean of all is divided by the height alone", named="ratio", only="one bin")
def _(call: Call) -> Gradients:
    return scaled(call, call["input"].shape[-1]) if call.output.shape[-2:] == (1, 1) else call.right


@mutant("adaptive_avg_pool2d", "a batch of one goes back as its own mean", named="summed", only="batch 1")
def _(call: Call) -> Gradients:
    grad = call.right["input"]
    alone = grad.ndim == 4 and len(grad) == 1
    return call.but(input=np.zeros_like(grad) + grad.mean(1, keepdims=True)) if alone else call.right


@mutant("adaptive_avg_pool3d", "several bins of one entry share its gradient", named="ratio", only="bins > entries")
def _(call: Call) -> Gradients:
    return scaled(call, min(call["input"].shape[-3] / call.output.shape[-3], 1))
