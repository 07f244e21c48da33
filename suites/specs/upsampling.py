"""Signals, images and volumes, resampled to another size."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Pick, Real, Spec

from .batchnorm import batch_size

MODES = ("nearest", "nearest-exact", "area", "linear", "bilinear", "trilinear", "bicubic", "lanczos")
AXES = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2, "lanczos": 2}
SCALES = (2.0, 1.5, 0.5, 1.4, 0.75, 2.5, 3.0)


def any_resampling(pick: Pick) -> None:
    """A mode, as many axes as it takes, and another size for each; options as far as the mode has them."""
    batch_size(pick)
    mode = pick.option("mode", MODES)
    axes = AXES.get(mode) or pick.draw(st.integers(1, 3))
    thin = pick.draw(st.integers(0, 5)) == 5
    spatial = pick.shape("spatial", dims=(axes, axes), low=1 if thin else 2, high=4 if axes < 3 else 3)
    sizes = st.integers(1, 6) | st.tuples(*[st.integers(1, 6)] * axes)
    size = pick.option("size", sizes | st.none())
    scales = [st.sampled_from([scale for scale in SCALES if scale * before >= 1]) for before in spatial]
    one = st.sampled_from([scale for scale in SCALES if scale * min(spatial) >= 1])
    scale = pick.option("scale_factor", (one | st.tuples(*scales)) if size is None else (None,))
    if size is None and scale is None:
        _ = pick.option("size", sizes)
    _ = pick.option("recompute_scale_factor", (None, False, True) if scale is not None else (None, False))
    corners = mode in ("linear", "bilinear", "trilinear", "bicubic")
    _ = pick.option("align_corners", (None, False, True) if corners else (None,))
    antialias = {"lanczos": (True,), "bilinear": (False, True), "bicubic": (False, True)}
    _ = pick.option("antialias", antialias.get(mode, (False,)))


def torch_resampling(arguments: Mapping[str, Any]) -> str:
    """Where torch's forward and backward take different short cuts."""
    mode, antialias, align_corners = (arguments[name] for name in ("mode", "antialias", "align_corners"))
    before, after = arguments["input"].shape[2:], ref.interpolate(**arguments)[0].shape[2:]
    if antialias and after[1] == 1 and after[0] not in (1, before[0]):
        return "antialias down to a single column mixes up the rows"
    scale = arguments["scale_factor"]
    if scale is None or arguments["recompute_scale_factor"] or align_corners:
        return ""
    scales = scale if isinstance(scale, tuple) else (scale,) * len(before)
    axes = list(zip(before, after, scales, strict=True))
    if antialias and any(old == new and factor != 1 for old, new, factor in axes):
        return "the forward copies an axis whose size stays, where the backward follows the scale"
    if mode == "bicubic" and before == after and set(scales) != {1}:
        return "the backward copies an image whose size stays, where the forward follows the scale"
    for old, new, factor in axes if mode == "nearest" else ():
        out = np.arange(new)
        if new in (old, 2 * old) and (np.floor(out * np.float32(1 / factor)) != out * old // new).any():
            return "where a size stays or doubles the backward, and in 2-D the forward, ignores the scale"
    return ""


SPECS = [
    Spec(
        "interpolate",
        ref.interpolate,
        F.interpolate,
        covers=("Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"),
        arguments={
            "input": Real("N C *spatial"),
            "size": Choice((None,)),
            "scale_factor": Choice((None,)),
            "mode": Choice(MODES),
            "align_corners": Choice((None,)),
            "recompute_scale_factor": Choice((None,)),
            "antialias": Choice((False,)),
        },
        sizes={"C": (1, 2)},
        together=any_resampling,
        differs=torch_resampling,
    ),
]


def refused(start: str, error: type[Exception] = ValueError, **arguments: Any) -> tuple[str, Any, type[Exception], str]:
    """A bad call, where only what is bad is said."""
    return "interpolate", {"input": np.zeros((1, 2, 3, 4)), **arguments}, error, start


LANCZOS = {"size": 2, "mode": "lanczos"}

REFUSED = [
    refused("input is of dtype int64, but should be floating", TypeError, input=np.zeros((1, 1, 3), np.int64), size=2),
    refused("input.ndim is 2, but should be 3 or 4 or 5 for mode nearest", input=np.zeros((3, 4)), size=2),
    refused("input.ndim is 4, but should be 3 for mode linear", size=2, mode="linear"),
    refused("input.ndim is 4, but should be 5 for mode trilinear", size=2, mode="trilinear"),
    refused("input.shape is (1, 2, 0, 4), but should be without 0", input=np.zeros((1, 2, 0, 4)), size=2),
    refused("mode is cubic, but should be one of nearest", size=2, mode="cubic"),
    refused("scale_factor is None, but should be given"),
    refused("scale_factor is 2.0, but should be None, since size is given", size=2, scale_factor=2.0),
    refused("size is (2, 2, 2), but should be one number or 2", size=(2, 2, 2)),
    refused("scale_factor is (2.0,), but should be one number or 2", scale_factor=(2.0,)),
    refused("the output's size is (0, 0), but should be positive", size=0),
    refused("the output's size is (0, 1), but should be positive", scale_factor=0.25),
    refused("align_corners is True, but should be None for mode nearest", size=2, align_corners=True),
    refused(
        "align_corners is True, but should be False",
        size=2,
        mode="lanczos",
        antialias=True,
        align_corners=True,
    ),
    refused("antialias is False, but should be True for mode lanczos", **LANCZOS),
    refused("antialias is True, but should be False but for", size=2, antialias=True),
    refused(
        "recompute_scale_factor is True, but should be False, since size is given", size=2, recompute_scale_factor=True
    ),
]
