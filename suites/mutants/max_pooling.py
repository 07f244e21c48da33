"""Poolings that keep the largest entry: where it was, ties, and entries that are the largest of several windows."""

import math

import numpy as np

from reference_impls._windows import bins

from . import Call, Gradients, mutant


def sizes(call: Call) -> tuple[int, ...]:
    """The sizes of an image."""
    return call["input"].shape[-int(call.function.__name__[-2]) :]


def each(call: Call, name: str) -> tuple[int, ...]:
    """An option as one number for each axis."""
    value = call["kernel_size" if name == "stride" and call[name] is None else name]
    return value if isinstance(value, tuple) else (value,) * len(sizes(call))


def indices(call: Call) -> np.ndarray:
    """Where the largest entries stand in their flattened image."""
    pooled, _ = call.function(**{**call.arguments, "return_indices": True})
    return pooled.indices


def placed(call: Call, places: np.ndarray, add: bool = True) -> Gradients:
    """The cotangents at these places of each flattened image."""
    axes, v = len(sizes(call)), call.cotangents[0]
    images, windows = math.prod(v.shape[:-axes]), math.prod(v.shape[-axes:])
    grad = np.zeros((images, math.prod(sizes(call))), v.dtype)
    where = np.arange(images)[:, None], places.reshape(images, windows)
    if add:
        np.add.at(grad, where, v.reshape(images, windows))
    else:
        grad[where] = v.reshape(images, windows)
    return call.but(input=grad.reshape(call["input"].shape))


def starts(call: Call, axis: int) -> np.ndarray:
    """Where each window begins along an axis."""
    count = call.cotangents[0].shape[axis - len(sizes(call))]
    return np.arange(count) * each(call, "stride")[axis] - each(call, "padding")[axis]


for name in ("max_pool1d", "max_pool2d", "max_pool3d"):

    @mutant(name, "an entry takes the cotangent of one window only", only="stride < kernel_size")
    def _(call: Call) -> Gradients:
        return placed(call, indices(call), add=False)


@mutant("max_pool1d", "every entry that equals the largest gets it all", named="spurious", only="ties")
def _(call: Call) -> Gradients:
    x, v = call["input"], call.cotangents[0]
    grad, (size,) = np.zeros_like(x), sizes(call)
    for place, start in enumerate(starts(call, 0)):
        held = start + np.arange(*each(call, "kernel_size")) * each(call, "dilation")[0]
        held = held[(held >= 0) & (held < size)]
        grad[..., held] += (x[..., held] == x[..., held].max(-1, keepdims=True)) * v[..., [place]]
    return call.but(input=grad)


@mutant("max_pool1d", "the steps within a window are of one entry", named="misplaced", only="dilation > 1")
def _(call: Call) -> Gradients:
    start, (gap,) = starts(call, 0), each(call, "dilation")
    return placed(call, np.maximum(start + (indices(call) - start) // gap, 0))


@mutant("max_pool1d", "the places are those in the padded image", named="shifted misplaced", only="padding")
def _(call: Call) -> Gradients:
    return placed(call, np.minimum(indices(call) + each(call, "padding")[0], sizes(call)[0] - 1))


@mutant("max_pool2d", "all images go back into the first", named="misplaced", only="several images")
def _(call: Call) -> Gradients:
    grad = call.right["input"]
    alone = np.zeros_like(grad)
    alone.reshape(-1, *sizes(call))[:1] = grad.reshape(-1, *sizes(call)).sum(0)
    return call.but(input=alone)


@mutant("max_pool2d", "the border is of zeros, and takes negative maxima", named="missing border", only="padding")
def _(call: Call) -> Gradients:
    v, outside = call.cotangents[0], np.zeros(call.cotangents[0].shape[-2:], bool)
    for axis, (size, taps, gap, border) in enumerate(
        zip(sizes(call), each(call, "kernel_size"), each(call, "dilation"), each(call, "padding"), strict=True)
    ):
        start = starts(call, axis)
        over = (border > 0) & ((start < 0) | (start + (taps - 1) * gap >= size))
        outside |= over[:, None] if axis == 0 else over
    output = call.output[0] if call["return_indices"] else call.output
    return call.pullback(np.where(outside & (output < 0), 0, v).astype(v.dtype))


@mutant("max_pool2d", "the windows that reach over the end are left out", named="missing border", only="ceil_mode")
def _(call: Call) -> Gradients:
    v, (size, _), (taps, _), (gap, _) = (
        call.cotangents[0].copy(),
        sizes(call),
        each(call, "kernel_size"),
        each(call, "dilation"),
    )
    v[..., starts(call, 0) + (taps - 1) * gap >= size + each(call, "padding")[0], :] = 0
    return call.pullback(v)


@mutant("max_pool2d", "the largest is looked for in half precision", named="misplaced", only="float32")
def _(call: Call) -> Gradients:
    x = call["input"]
    return call.as_if(input=x.astype(np.float16).astype(x.dtype)) if x.dtype == np.float32 else call.right


@mutant("max_pool3d", "the place in its slice is taken for that in the volume", named="misplaced", only="depth > 1")
def _(call: Call) -> Gradients:
    return placed(call, indices(call) % math.prod(sizes(call)[1:]))


@mutant(
    "max_pool3d",
    "returning the indices, the gradient of each window is handed on twice",
    named="ratio",
    only="return_indices",
)
def _(call: Call) -> Gradients:
    return call.but(input=2 * call.right["input"]) if call["return_indices"] else call.right


@mutant(
    "adaptive_max_pool1d",
    "the search begins at 0: bins of negative entries keep their first",
    named="misplaced",
    only="negative bins",
)
def _(call: Call) -> Gradients:
    output = call.output[0] if call["return_indices"] else call.output
    first, _ = bins(sizes(call)[0], output.shape[-1])
    return placed(call, np.where(output < 0, first, indices(call)))


@mutant("adaptive_max_pool2d", "an entry takes the cotangent of one bin only", only="bins that overlap")
def _(call: Call) -> Gradients:
    return placed(call, indices(call), add=False)


@mutant(
    "adaptive_max_pool2d", "a column's cotangent is averaged over its bin, as of a mean", only="bins of several entries"
)
def _(call: Call) -> Gradients:
    start, stop = bins(sizes(call)[1], call.cotangents[0].shape[-1])
    return call.pullback(call.cotangents[0] / (stop - start).astype(call["input"].dtype))


@mutant(
    "adaptive_max_pool3d",
    "height and width are exchanged when the place is taken apart",
    named="misplaced",
    only="not square",
)
def _(call: Call) -> Gradients:
    depth, height, width = sizes(call)
    at, row, column = np.unravel_index(indices(call), (depth, width, height))
    return placed(call, (at * height + np.minimum(column, height - 1)) * width + np.minimum(row, width - 1))


@mutant("fractional_max_pool2d", "rows and columns exchange their samples", named="misplaced")
def _(call: Call) -> Gradients:
    return call.as_if(_random_samples=call["_random_samples"][..., ::-1])


@mutant("fractional_max_pool3d", "all channels have the windows of the first", named="misplaced", only="channels > 1")
def _(call: Call) -> Gradients:
    samples = call["_random_samples"]
    return call.as_if(_random_samples=np.repeat(samples[:, :1], samples.shape[1], 1))


@mutant("fractional_max_pool3d", "windows that overlap overwrite each other", only="windows that overlap")
def _(call: Call) -> Gradients:
    return placed(call, indices(call), add=False)
