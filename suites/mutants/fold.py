"""Windows of an image as columns, and back: overlaps, and the order of rows and columns."""

import math

import numpy as np

from reference_impls._windows import Windows
from reference_impls.fold import _fold, _unfold, _windows

from . import Call, Gradients, mutant


def pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """An option as one number for each axis."""
    return value if isinstance(value, tuple) else (value,) * 2


def windows(call: Call) -> Windows:
    """Where the windows lie in the image."""
    sizes = call["input"].shape[-2:] if "output_size" not in call.arguments else pair(call["output_size"])
    return _windows(sizes, call["kernel_size"], call["dilation"], call["padding"], call["stride"])


def split(call: Call, columns: np.ndarray) -> np.ndarray:
    """The rows of all columns, apart by channel and by entry of the window."""
    taps = math.prod(pair(call["kernel_size"]))
    return columns.reshape(*columns.shape[:-2], columns.shape[-2] // taps, taps, columns.shape[-1])


@mutant("unfold", "an entry takes the cotangent of the last window that holds it", only="windows that overlap")
def _(call: Call) -> Gradients:
    grad, v = np.zeros_like(call["input"]), call.cotangents[0]
    for row in range(v.shape[-2]):
        one = np.zeros_like(v)
        one[..., row, :] = v[..., row, :]
        part = call.pullback(one)["input"]
        grad = np.where(part == 0, grad, part)
    return call.but(input=grad)


@mutant("unfold", "the overlaps are averaged, not added up", only="windows that overlap")
def _(call: Call) -> Gradients:
    count = call.pullback(np.ones_like(call.cotangents[0]))["input"]
    return call.but(input=call.right["input"] / np.maximum(count, 1))


@mutant("unfold", "the entries of a window come before the channels", only="channels > 1")
def _(call: Call) -> Gradients:
    v = call.cotangents[0]
    mixed = split(call, v)
    swapped = v.reshape(*mixed.shape[:-3], mixed.shape[-2], mixed.shape[-3], mixed.shape[-1]).swapaxes(-3, -2)
    return call.pullback(swapped.reshape(v.shape))


@mutant("unfold", "the kernel is read by columns", only="kernel of several rows and columns")
def _(call: Call) -> Gradients:
    v, (height, width) = call.cotangents[0], pair(call["kernel_size"])
    mixed = split(call, v)
    turned = mixed.reshape(*mixed.shape[:-2], width, height, mixed.shape[-1]).swapaxes(-3, -2)
    return call.pullback(turned.reshape(v.shape))


@mutant("unfold", "the windows begin with the image, not with its padding", only="padding")
def _(call: Call) -> Gradients:
    here = windows(call)
    return call.but(input=_fold(here._replace(before=0 * here.before), call.cotangents[0]))


@mutant("unfold", "the windows are dense", only="dilation > 1")
def _(call: Call) -> Gradients:
    return call.but(input=_fold(windows(call)._replace(dilation=np.ones(2, int)), call.cotangents[0]))


@mutant("fold", "the windows are dense", only="dilation > 1")
def _(call: Call) -> Gradients:
    return call.but(input=_unfold(windows(call)._replace(dilation=np.ones(2, int)), call.cotangents[0]))


@mutant("fold", "the gradient is divided by the number of windows at its place", only="windows that overlap")
def _(call: Call) -> Gradients:
    count, _ = call.function(**{**call.arguments, "input": np.ones_like(call["input"])})
    return call.pullback(call.cotangents[0] / np.maximum(count, 1))


@mutant("fold", "the stride is the same along both axes", only="two strides")
def _(call: Call) -> Gradients:
    here = windows(call)
    return call.but(input=_unfold(here._replace(stride=here.stride[[0, 0]]), call.cotangents[0]))


@mutant("fold", "the windows are counted by columns", named="misplaced permuted", only="several rows and columns")
def _(call: Call) -> Gradients:
    grad, (rows, columns) = call.right["input"], windows(call).places
    turned = grad.reshape(*grad.shape[:-1], rows, columns).swapaxes(-2, -1)
    return call.but(input=turned.reshape(grad.shape))


@mutant("fold", "a square is left transposed", named="transposed", only="as many columns as rows")
def _(call: Call) -> Gradients:
    grad = call.right["input"]
    return call.but(input=grad.swapaxes(-1, -2).copy()) if grad.shape[-1] == grad.shape[-2] else call.right
