"""Dropout, by a mask that is drawn beforehand."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Mask, Pick, Real, Spec


def factor(input: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mask as numbers, with axes of size 1 for those that a channel has."""
    return mask.reshape(mask.shape + (1,) * (input.ndim - mask.ndim)).to(input.dtype)


def dropout2d(input: torch.Tensor, p: float, training: bool) -> torch.Tensor:
    """For (N, C, L), torch warns and does the same."""
    return (F.dropout1d if input.ndim == 3 else F.dropout2d)(input, p, training)


def drawn(own: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """torch's own dropout, but for the draw: where it would draw, multiply as it does."""

    def twin(input: torch.Tensor, p: float, training: bool, *, mask: torch.Tensor) -> torch.Tensor:
        if not training or p in (0, 1):
            return own(input, p, training)
        return input * (factor(input, mask) / (1 - p))

    return twin


def drawn_alpha(own: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """The same for alpha dropout, by the lines of aten/src/ATen/native/Dropout.cpp."""

    def twin(input: torch.Tensor, p: float, training: bool, *, mask: torch.Tensor) -> torch.Tensor:
        if not training or p in (0, 1):
            return own(input, p, training)
        alpha = 1.7580993408473766
        a = 1 / math.sqrt((alpha * alpha * p + 1) * (1 - p))
        noise = factor(input, mask)
        return input * (noise * a) + ((noise - 1) * alpha * a + alpha * a * p)

    return twin


OPTIONS = {"p": Choice((0.5, 0.25, 0.0, 1.0)), "training": Choice((True, False))}
ENTRIES = {"input": Real("*shape"), **OPTIONS, "mask": Mask("*shape")}
SIZES = {"N": (0, 3), "batch": (0, 3), "L": (0, 3), "D": (0, 2), "H": (0, 2), "W": (1, 2)}


def channels(rest: str) -> dict[str, Any]:
    """Arguments with a mask for whole channels."""
    return {"input": Real(f"*lead {rest}"), **OPTIONS, "mask": Mask("*lead")}


def maybe_batched(pick: Pick) -> None:
    """(N, C) or (C)."""
    _ = pick.shape("lead", dims=(1, 2), high=3)


def batched(pick: Pick) -> None:
    """(N, C), and what a channel holds."""
    _ = pick.shape("lead", dims=(2, 2), high=3)
    _ = pick.shape("rest", dims=(1, 2), high=3)


def any_channels(pick: Pick) -> None:
    """(N, C), and what a channel holds, be it one number."""
    _ = pick.shape("lead", dims=(2, 2), high=3)
    _ = pick.shape("rest", dims=(0, 3), high=2)


SPECS = [
    Spec("dropout", ref.dropout, drawn(F.dropout), covers=("Dropout",), arguments=ENTRIES),
    Spec(
        "dropout1d",
        ref.dropout1d,
        drawn(F.dropout1d),
        covers=("Dropout1d",),
        arguments=channels("L"),
        sizes=SIZES,
        together=maybe_batched,
    ),
    Spec(
        "dropout2d",
        ref.dropout2d,
        drawn(dropout2d),
        covers=("Dropout2d",),
        arguments=channels("*rest"),
        together=batched,
    ),
    Spec(
        "dropout3d",
        ref.dropout3d,
        drawn(F.dropout3d),
        covers=("Dropout3d",),
        arguments=channels("D H W"),
        sizes=SIZES,
        together=maybe_batched,
    ),
    Spec("alpha_dropout", ref.alpha_dropout, drawn_alpha(F.alpha_dropout), covers=("AlphaDropout",), arguments=ENTRIES),
    Spec(
        "feature_alpha_dropout",
        ref.feature_alpha_dropout,
        drawn_alpha(F.feature_alpha_dropout),
        covers=("FeatureAlphaDropout",),
        arguments=channels("*rest"),
        together=any_channels,
    ),
]

SHAPES = {
    "dropout1d": (2, 3, 4),
    "dropout2d": (2, 3, 4, 5),
    "dropout3d": (2, 3, 4, 5, 6),
    "feature_alpha_dropout": (2, 3, 4),
}
TWO, KEPT = np.zeros((2, 3)), np.ones((2, 3), bool)
REFUSED = [
    *(
        bad
        for spec in SPECS
        for input in [np.zeros(SHAPES.get(spec.name, (2, 3)))]
        for bad in (
            (
                spec.name,
                {"input": input, "training": True},
                ValueError,
                "mask is None, but should be given when training",
            ),
            (
                spec.name,
                {"input": input, "training": True, "mask": KEPT[:1]},
                ValueError,
                "mask.shape is (1, 3), but should be (2, 3)",
            ),
            (spec.name, {"input": input, "mask": TWO}, TypeError, "mask is of dtype float64, but should be bool"),
            (spec.name, {"input": input, "p": 1.5, "mask": KEPT}, ValueError, "p is 1.5, but should be a probability"),
            (
                spec.name,
                {"input": input, "p": -0.5, "mask": KEPT},
                ValueError,
                "p is -0.5, but should be a probability",
            ),
            (spec.name, {"input": np.zeros((2, 3), int)}, TypeError, "input is of dtype int64, but should be floating"),
        )
    ),
    ("dropout1d", {"input": np.zeros(3)}, ValueError, "input.ndim is 1, but should be 3, or 2 without a batch"),
    ("dropout2d", {"input": np.zeros((2, 3))}, ValueError, "input.ndim is 2, but should be 4, or 3 for (N, C, L)"),
    ("dropout3d", {"input": np.zeros((2, 3, 4))}, ValueError, "input.ndim is 3, but should be 5, or 4 without a batch"),
    ("feature_alpha_dropout", {"input": np.zeros(3)}, ValueError, "input.ndim is 1, but should be at least 2"),
]
