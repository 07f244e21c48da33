"""Norms, and what is measured with them: directions, angles and distances."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Pick, Plan, Real, Spec, Stream

from .arithmetic import broadcasting, dims_of

INF = math.inf
NORMS = (2.0, 1.0, 3.0, INF, 0.5, 0.0, -1.0, -INF)


def norm_along(pick: Pick) -> None:
    """A norm, and the axes along which it is taken: not empty where there is no norm of nothing."""
    p = pick.option("p", NORMS)
    _ = pick.option("eps", (1e-12, 0.6, 2.2))  # not met exactly by a norm: that would be a kink on a kink
    axes = pick.draw(st.integers(0, 3))
    dim = pick.option("dim", dims_of(axes))
    if isinstance(dim, int):
        axes = max(axes, dim + 1 if dim > 0 else -dim if dim < -1 else 0)
    _ = pick.shape("shape", dims=(axes, axes), low=int(p < 0 or p == INF), high=3)


def away_from_zero(stream: Stream, shape: tuple[int, ...], plan: Plan) -> Array:  # noqa: ARG001
    """Of both signs and many scales, never 0."""
    return (stream.integers(2048, shape) * 2 - 2047) / 512 * 2.0 ** (stream.integers(9, shape) - 4)


def no_zeros(*names: str) -> Callable[[Plan], dict[str, Any]]:
    """Other arrays where 0 is a cliff: with p ≤ 0 the norm jumps there, and a tiny eps is shorter than any step."""

    def parameters(plan: Plan) -> dict[str, Any]:
        cliff = plan["eps"] < 1e-3 or plan.get("p", 2) <= 0
        return {name: Filled(KINDS[name], away_from_zero, grad=True) for name in names} if cliff else {}

    return parameters


def joint_dim(pick: Pick) -> None:
    """Two shapes that broadcast, and an axis of what they broadcast to."""
    _ = pick.option("eps", (1e-8, 0.6, 2.2))
    broadcasting(pick)
    axes = max(len(pick.plan["left"]), len(pick.plan["right"]), 1)
    dim = pick.option("dim", st.integers(-axes, axes - 1))
    if dim >= axes:  # the default, in a function that takes no dim
        pick.put("left", (2, 3))
        pick.put("right", (2, 3))


def last_axis(pick: Pick) -> None:
    """Two shapes that broadcast, and a norm: of at least one entry where there is no norm of nothing."""
    p = pick.option("p", NORMS)
    broadcasting(pick)
    if p < 0 or p == INF:
        for word in ("left", "right"):
            pick.put(word, tuple(max(size, 1) for size in pick.plan[word]))


def short(arguments: Mapping[str, Any]) -> str:
    """Where torch's cosine is held back by eps."""
    dim, eps = arguments.get("dim", 1), arguments.get("eps", 1e-8)
    lengths = [np.sqrt((x * x).sum(dim)) for x in np.broadcast_arrays(arguments["x1"], arguments["x2"])]
    held = any(((length > 0) & (length <= eps)).any() for length in lengths)
    return (
        "torch divides by eps where a norm is less, but differentiates as if it had divided by the norm" if held else ""
    )


def pdist(input: torch.Tensor, p: float = 2.0) -> torch.Tensor:
    """torch's own, but for no rows at all, where its backward crashes (a segmentation fault in 2.13)."""
    return F.pdist(input, p) if len(input) else input.sum(1)


def no_cusps(plan: Plan) -> dict[str, Any]:
    """Another array where entries of two rows may not be equal: with 0 < p < 1 the slope is infinite there."""
    return {"input": Filled("N D", all_distinct, grad=True)} if 0 < plan["p"] < 1 else {}


def all_distinct(stream: Stream, shape: tuple[int, ...], _: Plan) -> Array:
    """Odd multiples of 1/8 about 0, in random order."""
    count = math.prod(shape)
    return ((2 * stream.permutation(count) - count // 2 * 2 + 1) / 8).reshape(shape)


def ties(arguments: Mapping[str, Any]) -> str:
    """Where torch's pdist counts a slope several times."""
    input = arguments["input"]
    apart = abs(input[:, None] - input) if input.size else np.zeros((0, 0, 1))
    tied = ((apart == apart.max(2, keepdims=True)).sum(2) > 1) & (apart.max(2) > 0)
    reason = "where several entries are the largest, torch gives each the whole gradient, not a share"
    return reason if arguments.get("p") == INF and tied.any() else ""


KINDS = {"input": "*shape", "x1": "*left", "x2": "*right"}
PAIR = {"x1": Real("*left"), "x2": Real("*right")}
SPECS = [
    Spec(
        "normalize",
        ref.normalize,
        F.normalize,
        arguments={
            "input": Real("*shape"),
            "p": Choice(NORMS),
            "dim": Choice((1,)),
            "eps": Choice((1e-12,)),
        },
        together=norm_along,
        parameters=no_zeros("input"),
    ),
    Spec(
        "cosine_similarity",
        ref.cosine_similarity,
        F.cosine_similarity,
        covers=("CosineSimilarity",),
        arguments={**PAIR, "dim": Choice((1,)), "eps": Choice((1e-8,))},
        together=joint_dim,
        parameters=no_zeros("x1", "x2"),
        differs=short,
    ),
    Spec(
        "pairwise_distance",
        ref.pairwise_distance,
        F.pairwise_distance,
        covers=("PairwiseDistance",),
        arguments={
            **PAIR,
            "p": Choice((*NORMS, 2.0, 2.0)),
            "eps": Choice((1e-6, 0.0, 0.5, 0.0)),
            "keepdim": Choice((False, True)),
        },
        together=last_axis,
    ),
    Spec(
        "pdist",
        ref.pdist,
        pdist,
        arguments={"input": Real("N D"), "p": Choice((2.0, 1.0, 3.0, INF, 0.5, 0.0))},
        sizes={"N": (0, 4), "D": (0, 3)},
        parameters=no_cusps,
        differs=ties,
    ),
]

TWO, EMPTY = np.zeros((2, 3)), np.zeros((2, 0))
REFUSED = [
    ("normalize", {"input": np.zeros((2, 3), int)}, TypeError, "input is of dtype int64, but should be floating"),
    ("normalize", {"input": TWO, "dim": 2}, ValueError, "dim is 2, but should be an axis of input, of shape (2, 3)"),
    ("normalize", {"input": TWO[0]}, ValueError, "dim is 1, but should be an axis of input, of shape (3,)"),
    ("normalize", {"input": TWO, "dim": (0, -2)}, ValueError, "dim is (0, -2), but should be without repetition"),
    ("normalize", {"input": EMPTY, "p": INF}, ValueError, "p is inf, but should be a finite number of 0 or more"),
    ("normalize", {"input": EMPTY, "p": -1.0}, ValueError, "p is -1.0, but should be a finite number of 0 or more"),
    (
        "cosine_similarity",
        {"x1": TWO, "x2": TWO[:, :2]},
        ValueError,
        "x2.shape is (2, 2), but should be one that broadcasts",
    ),
    (
        "cosine_similarity",
        {"x1": TWO, "x2": TWO, "dim": 2},
        ValueError,
        "dim is 2, but should be an axis of x1 and x2, of",
    ),
    ("cosine_similarity", {"x1": TWO[0], "x2": TWO[0]}, ValueError, "dim is 1, but should be an axis of x1 and x2, of"),
    (
        "cosine_similarity",
        {"x1": np.zeros((2, 3), int), "x2": np.zeros((2, 3), int)},
        TypeError,
        "x1 is of dtype int64, but should be floating",
    ),
    (
        "pairwise_distance",
        {"x1": TWO, "x2": TWO[:, :2]},
        ValueError,
        "x2.shape is (2, 2), but should be one that broadcasts",
    ),
    (
        "pairwise_distance",
        {"x1": EMPTY, "x2": EMPTY, "p": INF},
        ValueError,
        "p is inf, but should be a finite number of 0",
    ),
    (
        "pairwise_distance",
        {"x1": TWO, "x2": TWO.astype(int)},
        TypeError,
        "x2 is of dtype int64, but should be floating",
    ),
    ("pdist", {"input": TWO[0]}, ValueError, "input.ndim is 1, but should be 2"),
    ("pdist", {"input": TWO, "p": -1.0}, ValueError, "p is -1.0, but should be 0 or more"),
    ("pdist", {"input": np.zeros((2, 3), int)}, TypeError, "input is of dtype int64, but should be floating"),
]
