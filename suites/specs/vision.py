"""Images and volumes, sampled at given places."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, From, Pick, Real, Spec

from .batchnorm import batch_size


def any_places(pick: Pick) -> None:
    """An image or a volume; only images are bicubic."""
    batch_size(pick)
    mode = pick.option("mode", ("bilinear", "nearest", "bicubic"))
    axes = pick.draw(st.integers(2, 2 if mode == "bicubic" else 3))
    _ = pick.shape("spatial", dims=(axes, axes), low=1, high=4 if axes == 2 else 3)
    _ = pick.shape("out", dims=(axes, axes), low=1, high=3 if axes == 2 else 2)
    pick.put("axes", axes)


def any_size(pick: Pick) -> None:
    """torch warns of points that have no corners."""
    axes = pick.draw(st.integers(2, 3))
    align_corners = pick.option("align_corners", (False, True))
    spatial = pick.shape("spatial", dims=(axes, axes), low=2 if align_corners else 1, high=4 if axes == 2 else 3)
    pick.put("size", (pick.size("N", 1, 3), 2, *spatial))
    pick.put("axes", axes)
    pick.put("columns", axes + 1)


LOWER = {"nearest": "a place that is rounded is in the next pixel", "bicubic": "its weights cancel"}
SPECS = [
    Spec(
        "affine_grid",
        ref.affine_grid,
        F.affine_grid,
        arguments={
            "theta": Real("N axes columns"),
            "size": From(lambda plan: plan["size"]),
            "align_corners": Choice((False, True)),
        },
        together=any_size,
    ),
    Spec(
        "grid_sample",
        ref.grid_sample,
        F.grid_sample,
        arguments={
            "input": Real("N C *spatial"),
            "grid": Real("N *out axes", low=-2, high=2, kinks=(0.3, -0.7), beside=4),  # off the pixels, as below
            "mode": Choice(("bilinear",)),
            "padding_mode": Choice(("zeros", "border", "reflection")),
            "align_corners": Choice((False, True)),
        },
        sizes={"C": (1, 2)},
        lower=lambda arguments, _: LOWER.get(arguments["mode"], ""),
        together=any_places,
        avoid=dict.fromkeys(
            ("zeros", "ties"), "on pixels along every axis more kinks meet than differences tell apart"
        ),
    ),
]


def refused(start: str, error: type[Exception] = ValueError, **arguments: Any) -> tuple[str, Any, type[Exception], str]:
    """A bad call, where only what is bad is said."""
    if "theta" in arguments or "size" in arguments:
        return "affine_grid", {"theta": np.zeros((2, 2, 3)), "size": (2, 1, 3, 4), **arguments}, error, start
    good = {"input": np.zeros((2, 1, 3, 4)), "grid": np.zeros((2, 5, 6, 2)), "align_corners": False}
    return "grid_sample", {**good, **arguments}, error, start


VOLUME: dict[str, Any] = {"input": np.zeros((2, 1, 3, 4, 5)), "grid": np.zeros((2, 5, 6, 7, 3))}

REFUSED = [
    refused("theta is of dtype int64, but should be floating", TypeError, theta=np.zeros((2, 2, 3), np.int64)),
    refused("theta.shape is (2, 3), but should be (2, 2, 3)", theta=np.zeros((2, 3))),
    refused("theta.shape is (1, 2, 3), but should be (2, 2, 3)", theta=np.zeros((1, 2, 3))),
    refused("theta.shape is (2, 2, 3), but should be (2, 3, 4)", size=(2, 1, 3, 4, 5)),
    refused("size is (2, 1, 3), but should be of 4 sizes", size=(2, 1, 3)),
    refused("size is (2, 1, 0, 4), but should be positive", size=(2, 1, 0, 4)),
    refused("input is of dtype int64, but should be floating", TypeError, input=np.zeros((2, 1, 3, 4), np.int64)),
    refused("grid is of dtype float32, but should be float64", TypeError, grid=np.zeros((2, 5, 6, 2), np.float32)),
    refused("input.ndim is 3, but should be 4 or 5", input=np.zeros((2, 1, 3))),
    refused("input.shape is (2, 1, 0, 4), but should be without", input=np.zeros((2, 1, 0, 4))),
    refused("grid.shape is (2, 5, 6, 3), but should be (2, …, …, 2)", grid=np.zeros((2, 5, 6, 3))),
    refused("grid.shape is (1, 5, 6, 2), but should be (2, …, …, 2)", grid=np.zeros((1, 5, 6, 2))),
    refused("grid.shape is (2, 5, 2), but should be (2, …, …, 2)", grid=np.zeros((2, 5, 2))),
    refused("mode is cubic, but should be bilinear, nearest or bicubic", mode="cubic"),
    refused("input.ndim is 5, but should be 4 for mode bicubic", mode="bicubic", **VOLUME),
    refused("padding_mode is mirror, but should be zeros, border or reflection", padding_mode="mirror"),
]
