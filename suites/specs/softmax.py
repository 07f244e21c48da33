"""The softmax family, and glu."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Pick, Plan, Real, Spec, Stream


def any_dim(pick: Pick) -> None:
    """An axis of the input, counted from either end."""
    shape = pick.shape("shape", dims=(0, 3))
    axes = max(len(shape), 1)
    _ = pick.option("dim", st.integers(-axes, axes - 1))


def two_halves(pick: Pick) -> None:
    """An axis of even size."""
    shape = list(pick.shape("shape", dims=(1, 3), high=3))
    dim = pick.option("dim", st.integers(-len(shape), len(shape) - 1))
    shape[dim] *= 2
    pick.put("shape", tuple(shape))


def large_gate(arguments: Mapping[str, Any], roundoff: float) -> str:
    """Where 1 - sigmoid(gate) has few digits left."""
    gate = np.split(arguments["input"], 2, arguments["dim"])[1]
    return "torch's slope of a large gate is 0: docs/torch.md" if (gate > -np.log(1e3 * roundoff)).any() else ""


def gumbel(stream: Stream, shape: tuple[int, ...], plan: Plan) -> Array:  # noqa: ARG001
    """What torch draws: -log(-log(uniform))."""
    return -np.log(-np.log(stream.uniform(shape)))


def gumbel_softmax(
    logits: torch.Tensor, tau: float = 1, hard: bool = False, dim: int = -1, *, gumbels: torch.Tensor
) -> torch.Tensor:
    """torch's own, but for the draw."""
    soft = ((logits + gumbels) / tau).softmax(dim)
    if not hard:
        return soft
    return torch.zeros_like(soft).scatter_(dim, soft.max(dim, keepdim=True)[1], 1.0) - soft.detach() + soft


ANY = {"input": Real("*shape"), "dim": Choice((-1,))}
SPECS = [
    # Softmax2d is softmax along axis -3 of (N, C, H, W) or (C, H, W).
    Spec(
        "softmax",
        ref.softmax,
        F.softmax,
        covers=("Softmax", "Softmax2d"),
        undrawn={"dtype": "the same as casting the input first"},
        arguments=ANY,
        together=any_dim,
    ),
    Spec(
        "softmin",
        ref.softmin,
        F.softmin,
        covers=("Softmin",),
        undrawn={"dtype": "the same as casting the input first"},
        arguments=ANY,
        together=any_dim,
    ),
    Spec(
        "log_softmax",
        ref.log_softmax,
        F.log_softmax,
        covers=("LogSoftmax",),
        undrawn={"dtype": "the same as casting the input first"},
        arguments=ANY,
        together=any_dim,
    ),
    Spec(
        "gumbel_softmax",
        ref.gumbel_softmax,
        gumbel_softmax,
        undrawn={"hard": "a straight-through gradient is not the derivative of its forward", "eps": "without effect"},
        arguments={
            "logits": Real("*shape"),
            "tau": Choice((1, 0.5, 2.0)),
            "hard": False,  # True passes back a gradient that is not its own, on which differences cannot agree
            "dim": Choice((-1,)),
            "gumbels": Filled("*shape", gumbel),
        },
        together=any_dim,
    ),
    Spec("glu", ref.glu, F.glu, covers=("GLU",), arguments=ANY, together=two_halves, lower=large_gate),
]

TWO = np.zeros((2, 3))
REFUSED = [
    *(
        bad
        for name in ("softmax", "softmin", "log_softmax", "glu")
        for bad in (
            (name, {"input": np.arange(4), "dim": 0}, TypeError, "input is of dtype int64, but should be floating"),
            (name, {"input": TWO, "dim": 2}, ValueError, "dim is 2, but should be an axis of input, of shape (2, 3)"),
        )
    ),
    ("glu", {"input": TWO}, ValueError, "input.shape is (2, 3), but should be of an even size along axis -1"),
    ("glu", {"input": np.zeros(())}, ValueError, "input.ndim is 0, but should be at least 1"),
    (
        "gumbel_softmax",
        {"logits": TWO, "gumbels": TWO, "tau": 0.0},
        ValueError,
        "tau is 0.0, but should be greater than",
    ),
    (
        "gumbel_softmax",
        {"logits": TWO, "gumbels": TWO, "dim": 2},
        ValueError,
        "dim is 2, but should be an axis of logits",
    ),
    (
        "gumbel_softmax",
        {"logits": TWO[:0], "gumbels": TWO[:0], "hard": True, "dim": 0},
        ValueError,
        "logits.shape is (0, 3), but should be of at least 1 along axis 0",
    ),
    ("gumbel_softmax", {"logits": TWO, "gumbels": TWO[0]}, ValueError, "gumbels.shape is (3,), but should be (2, 3)"),
    (
        "gumbel_softmax",
        {"logits": np.arange(3), "gumbels": np.zeros(3)},
        TypeError,
        "logits is of dtype int64, but should be floating",
    ),
]
