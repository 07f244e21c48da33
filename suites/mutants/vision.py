"""Places in images: axes that are exchanged, pixels to a step, borders, and modes that the grid's gradient forgets."""

import numpy as np

from reference_impls.vision import _moved_inside

from . import Call, Gradients, mutant


def rates(call: Call) -> np.ndarray:
    """How many pixels a step of 1 is along each axis, the last axis of the image first."""
    sizes = np.array(call["input"].shape[:1:-1])
    return (sizes - 1 if call["align_corners"] else sizes).astype(call["grid"].dtype) / 2


@mutant("affine_grid", "the corners are those of pixels", named="option_ignored", only="align_corners")
def _(call: Call) -> Gradients:
    return call.as_if(align_corners=False)


@mutant("affine_grid", "the shift has no gradient", named="partly missing")
def _(call: Call) -> Gradients:
    grad = call.right["theta"]
    grad[..., -1] = 0
    return call.but(theta=grad)


@mutant("affine_grid", "rows come before columns", named="flipped permuted misplaced", only="volumes")
def _(call: Call) -> Gradients:
    grad = call.right["theta"]
    return (
        call.but(theta=np.concatenate([grad[..., -2::-1], grad[..., -1:]], -1))
        if len(call["size"]) == 5
        else call.right
    )


@mutant("affine_grid", "all samples share one map", named="summed", only="batch > 1")
def _(call: Call) -> Gradients:
    grad = call.right["theta"]
    return call.but(theta=np.zeros_like(grad) + grad.sum(0))


@mutant("grid_sample", "the grid's gradient is per pixel", named="ratio factors")
def _(call: Call) -> Gradients:
    rate = rates(call)
    return call.but(grid=call.right["grid"] / np.where(rate == 0, 1, rate))


@mutant("grid_sample", "the pixels to a step are those without corners", named="ratio factors", only="align_corners")
def _(call: Call) -> Gradients:
    sizes, rate = np.array(call["input"].shape[:1:-1]), rates(call)
    return call.but(grid=(call.right["grid"] * sizes / 2 / np.where(rate == 0, 1, rate)).astype(call["grid"].dtype))


@mutant("grid_sample", "the grid's gradient begins with the depth", named="flipped permuted misplaced", only="volumes")
def _(call: Call) -> Gradients:
    return call.but(grid=call.right["grid"][..., ::-1].copy()) if call["grid"].ndim == 5 else call.right


@mutant("grid_sample", "the mirrored image is not walked backwards", named="signs opposite", only="reflection")
def _(call: Call) -> Gradients:
    grad = call.right["grid"]
    for axis, size in enumerate(call["input"].shape[:1:-1]):
        place = call["grid"][..., axis] * rates(call)[axis] + (size - 1) / 2
        _, slope = _moved_inside(place, size, "reflection", bool(call["align_corners"]))
        grad[..., axis] *= np.where(slope < 0, -1, 1)
    return call.but(grid=grad) if call["padding_mode"] == "reflection" and call["mode"] != "bicubic" else call.right


@mutant("grid_sample", "a place beyond the border has the slope at the border", named="spurious", only="border")
def _(call: Call) -> Gradients:
    if call["padding_mode"] != "border" or call["mode"] != "bilinear" or min(call["input"].shape[2:]) < 2:
        return call.right
    sizes = np.array(call["input"].shape[:1:-1])
    most = (sizes - 1 - 2e-6) / 2 / rates(call)
    return call.but(grid=call.as_if(grid=call["grid"].clip(-most, most).astype(call["grid"].dtype))["grid"])


@mutant("grid_sample", "beyond the border comes the outermost pixel", named="option_ignored", only="zeros")
def _(call: Call) -> Gradients:
    return call.but(input=call.as_if(padding_mode="border")["input"]) if call["padding_mode"] == "zeros" else call.right


@mutant("grid_sample", "the grid has the slope of the linear kernel", named="option_ignored spurious", only="nearest")
def _(call: Call) -> Gradients:
    return call.but(grid=call.as_if(mode="bilinear")["grid"]) if call["mode"] == "nearest" else call.right


@mutant("grid_sample", "the linear kernel", named="option_ignored", only="bicubic")
def _(call: Call) -> Gradients:
    return call.as_if(mode="bilinear") if call["mode"] == "bicubic" else call.right


@mutant("grid_sample", "the grid's gradient is averaged over the channels", named="ratio", only="channels > 1")
def _(call: Call) -> Gradients:
    return call.but(grid=call.right["grid"] / max(call["input"].shape[1], 1))


@mutant("grid_sample", "the last sample's places are used for all", only="batch > 1")
def _(call: Call) -> Gradients:
    grid = call["grid"]
    return call.but(input=call.as_if(grid=grid[-1:].repeat(len(grid), 0))["input"])
