"""Resampling: steps, corners, kernels, and output values that draw on the same input value."""

import numpy as np

from reference_impls._windows import bins
from reference_impls.upsampling import _kernel, _matrix

from . import Call, Gradients, mutant


@mutant("interpolate", "the corners are taken for those of pixels", named="option_ignored", only="align_corners")
def _(call: Call) -> Gradients:
    return call.as_if(align_corners=None)


@mutant("interpolate", "the corners stay in place", named="option_ignored", only="bilinear without align_corners")
def _(call: Call) -> Gradients:
    return call.as_if(align_corners=True) if call["mode"] == "bilinear" and not call["antialias"] else call.right


@mutant("interpolate", "antialias is forgotten", named="option_ignored", only="antialias")
def _(call: Call) -> Gradients:
    return call.as_if(antialias=False) if call["mode"] != "lanczos" else call.right


@mutant("interpolate", "the centre of a pixel is its edge", named="option_ignored", only="nearest-exact")
def _(call: Call) -> Gradients:
    return call.as_if(mode="nearest") if call["mode"] == "nearest-exact" else call.right


@mutant(
    "interpolate", "the step is the ratio of the sizes", named="option_ignored misplaced", only="scale_factor not exact"
)
def _(call: Call) -> Gradients:
    return call.as_if(recompute_scale_factor=True) if call["scale_factor"] is not None else call.right


@mutant("interpolate", "the linear kernel", named="option_ignored", only="bicubic")
def _(call: Call) -> Gradients:
    return call.as_if(mode="bilinear") if call["mode"] == "bicubic" else call.right


@mutant("interpolate", "one kernel is always that of antialias", named="option_ignored", only="float32")
def _(call: Call) -> Gradients:
    due = call["input"].dtype == np.float32 and call["mode"] in ("bilinear", "bicubic") and not call["align_corners"]
    return call.as_if(antialias=True) if due else call.right


@mutant("interpolate", "one of several copies counts", only="nearest, enlarged")
def _(call: Call) -> Gradients:
    grad, v = np.zeros_like(call["input"]), call.cotangents[0]
    for place in range(v.shape[-1]):
        one = np.zeros_like(v)
        one[..., place] = v[..., place]
        part = call.pullback(one)["input"]
        grad = np.where(part == 0, grad, part)
    return call.but(input=grad) if call["mode"] == "nearest" else call.right


@mutant("interpolate", "a row's sum is taken for its mean", named="ratio factors", only="area, made smaller")
def _(call: Call) -> Gradients:
    if call["mode"] != "area":
        return call.right
    start, stop = bins(call["input"].shape[-1], call.output.shape[-1])
    return call.pullback(call.cotangents[0] * (stop - start).astype(call["input"].dtype))


@mutant("interpolate", "weights beyond the borders are dropped", named="border", only="linear without align_corners")
def _(call: Call) -> Gradients:
    if call["mode"] != "linear" or call["align_corners"]:
        return call.right
    (before,), (after,) = call["input"].shape[2:], call.output.shape[2:]
    scale = call["scale_factor"][0] if isinstance(call["scale_factor"], tuple) else call["scale_factor"]
    step = before / after if scale is None or call["recompute_scale_factor"] or before == after else 1 / scale
    place = step * (np.arange(after)[:, None] + 0.5) - 0.5
    weights = _kernel("linear", np.arange(before) - place, antialias=False)
    return call.but(input=call.cotangents[0] @ weights.astype(call["input"].dtype))


@mutant("interpolate", "one output value has no distance to the next", named="not_finite", only="align_corners, size 1")
def _(call: Call) -> Gradients:
    single = call["align_corners"] and 1 in call.output.shape[2:]
    return call.but(input=np.full_like(call["input"], np.nan)) if single else call.right


@mutant(
    "interpolate", "the depth is resampled without corners", named="border misplaced", only="trilinear, align_corners"
)
def _(call: Call) -> Gradients:
    if call["mode"] != "trilinear" or not call["align_corners"]:
        return call.right
    grad = call.cotangents[0]
    for axis, corners in ((2, False), (3, True), (4, True)):
        matrix = _matrix("trilinear", call["input"].shape[axis], call.output.shape[axis], None, corners, False)
        grad = np.moveaxis(np.moveaxis(grad, axis, -1) @ matrix.astype(grad.dtype), -1, axis)
    return call.but(input=grad)
