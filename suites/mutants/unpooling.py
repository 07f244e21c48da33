"""Max pooling undone: which entry of the image each one is looked up at."""

import math

import numpy as np

from . import Call, Gradients, mutant


def sizes(call: Call) -> tuple[int, ...]:
    """The sizes of an unpooled image."""
    return call.output.shape[-int(call.function.__name__[-2]) :]


def looked_up(call: Call, places: np.ndarray) -> Gradients:
    """The cotangents at these places of each flattened image."""
    axes, x, v = len(sizes(call)), call["input"], call.cotangents[0]
    images = math.prod(x.shape[:-axes])
    rows, each = v.reshape(images, math.prod(sizes(call))), places.reshape(images, math.prod(x.shape[-axes:]))
    return call.but(input=np.take_along_axis(rows, each, 1).reshape(x.shape))


def number(value: int | tuple[int, ...]) -> int:
    """The last one of an option."""
    return value[-1] if isinstance(value, tuple) else value


for name in ("max_unpool1d", "max_unpool2d", "max_unpool3d"):

    @mutant(name, "every image is looked up in the first", only="several images")
    def _(call: Call) -> Gradients:
        v = call.cotangents[0]
        return call.pullback(np.zeros_like(v) + v.reshape(-1, *sizes(call))[0]) if v.size else call.right


@mutant("max_unpool1d", "the indices count from 1")
def _(call: Call) -> Gradients:
    return looked_up(call, np.maximum(call["indices"] - 1, 0))


@mutant("max_unpool1d", "the padding is added to the places once more", only="padding")
def _(call: Call) -> Gradients:
    return looked_up(call, np.minimum(call["indices"] + number(call["padding"]), sizes(call)[0] - 1))


@mutant("max_unpool2d", "the place is taken apart by the height, not by the width", only="not square")
def _(call: Call) -> Gradients:
    height, width = sizes(call)
    row, column = np.divmod(call["indices"], height)
    return looked_up(call, np.minimum(row, height - 1) * width + np.minimum(column, width - 1))


@mutant("max_unpool2d", "the width is the one without output_size", only="output_size")
def _(call: Call) -> Gradients:
    height, width = sizes(call)
    step = number(call["kernel_size"] if call["stride"] is None else call["stride"])
    usual = (call["input"].shape[-1] - 1) * step + number(call["kernel_size"]) - 2 * number(call["padding"])
    row, column = np.divmod(call["indices"], max(usual, 1))
    return looked_up(call, np.minimum(row, height - 1) * width + np.minimum(column, width - 1))


@mutant("max_unpool3d", "without a batch all channels have the places of the first", only="no batch")
def _(call: Call) -> Gradients:
    places = call["indices"]
    return looked_up(call, places[:1].repeat(len(places), 0)) if places.ndim == 4 else call.right


@mutant("max_unpool3d", "the depth is forgotten", only="depth > 1")
def _(call: Call) -> Gradients:
    return looked_up(call, call["indices"] % math.prod(sizes(call)[1:]))
