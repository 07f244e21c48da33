"""Losses of a number against the number that was wanted."""

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Maybe, Pick, Plan, Real, Spec

REDUCTION = Choice(("mean", "sum", "none"))


def quiet(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Torch's own function without its warning that input and target are of different shapes."""

    @wraps(loss)
    def quiet_loss(**arguments: Any) -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return loss(**arguments)

    return quiet_loss


def stretching(pick: Pick, word: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that stretches to `shape`: that of an array which is given once for many entries."""
    first = pick.draw(st.integers(0, len(shape)))
    stretched = [pick.draw(st.booleans()) for _ in shape]
    pick.put(word, tuple(1 if one else size for size, one in zip(shape, stretched, strict=True))[first:])
    return pick.plan[word]


def mostly_equal_shapes(pick: Pick) -> None:
    """Mostly one shape for both. Torch stretches others, but warns: not asked of a function that leaves out options."""
    shape = pick.shape("shape", dims=(0, 3))
    pick.put("target_shape", shape)
    # The mean of nothing is NaN: no array that holds something is stretched to hold nothing.
    if 0 not in shape and not pick._spec.left_out:
        stretched = pick.draw(st.sampled_from(("neither", "neither", "input", "target", "both")))
        if stretched in ("input", "both"):
            _ = stretching(pick, "shape", shape)
        if stretched in ("target", "both"):
            _ = stretching(pick, "target_shape", shape)


def rate_or_its_log(pick: Pick) -> None:
    """Either has its own domain."""
    mostly_equal_shapes(pick)
    _ = pick.option("log_input", (True, False))


def rates(plan: Plan) -> dict[str, Any]:
    """Unless its logarithm is given, the number of events that is expected is positive."""
    return {} if plan["log_input"] else {"input": Real("*shape", low=0)}


def stirling_below_0(arguments: Mapping[str, Any]) -> str:
    """Torch takes the logarithm of each target, and then replaces what it does not want."""
    none = arguments.get("full", False) and (arguments["target"] <= 0).any()
    return "torch's gradient of a target of 0 is NaN, 0 times the infinite slope of its logarithm" if none else ""


def any_variance(pick: Pick) -> None:
    """One variance for each entry, for each row, for each column, or for all."""
    mostly_equal_shapes(pick)
    _ = pick.option("eps", (1e-6, 0.5))
    shape = pick.plan["shape"]
    kinds = ("each", "number", "row", "axis") if shape and 0 not in shape else ("each", "number")
    kind = pick.draw(st.sampled_from(kinds))
    axis = pick.draw(st.integers(0, len(shape) - 1)) if kind == "axis" else None
    ones = tuple(1 if number == axis else size for number, size in enumerate(shape))
    pick.put("var_shape", shape[:-1] if kind == "row" else ones)
    pick.put("number", pick.draw(st.sampled_from((1.0, 0.25, 0.0))) if kind == "number" else None)


def variance(plan: Plan) -> dict[str, Any]:
    """A number may lie below eps. An array does not: by torch's own word its gradient is not the derivative there."""
    return {"var": Real("*var_shape", low=plan["eps"], high=8) if plan["number"] is None else plan["number"]}


SPECS = [
    Spec(
        "mse_loss",
        ref.mse_loss,
        quiet(F.mse_loss),
        covers=("MSELoss",),
        arguments={
            "input": Real("*shape"),
            "target": Real("*target_shape"),
            "reduction": REDUCTION,
            "weight": Maybe(Real("*shape", low=0)),
        },
        together=mostly_equal_shapes,
    ),
    Spec(
        "l1_loss",
        ref.l1_loss,
        quiet(F.l1_loss),
        covers=("L1Loss",),
        arguments={
            "input": Real("*shape"),
            "target": Real("*target_shape"),
            "reduction": REDUCTION,
            "weight": Maybe(Real("*shape", low=0)),
        },
        together=mostly_equal_shapes,
    ),
    Spec(
        "smooth_l1_loss",
        ref.smooth_l1_loss,
        quiet(F.smooth_l1_loss),
        covers=("SmoothL1Loss",),
        arguments={
            "input": Real("*shape"),
            "target": Real("*target_shape"),
            "reduction": REDUCTION,
            "beta": Choice((1.0, 0.5, 3.0, 0.0)),
        },
        together=mostly_equal_shapes,
    ),
    Spec(
        "huber_loss",
        ref.huber_loss,
        quiet(F.huber_loss),
        covers=("HuberLoss",),
        arguments={
            "input": Real("*shape"),
            "target": Real("*target_shape"),
            "reduction": REDUCTION,
            "delta": Choice((1.0, 0.5, 3.0)),
            "weight": Maybe(Real("*shape")),
        },
        together=mostly_equal_shapes,
    ),
    Spec(
        "poisson_nll_loss",
        ref.poisson_nll_loss,
        F.poisson_nll_loss,
        covers=("PoissonNLLLoss",),
        arguments={
            "input": Real("*shape", low=-64, high=64),
            "target": Real("*target_shape"),
            "log_input": Choice((True, False)),
            "full": Choice((False, True)),
            "eps": Choice((1e-8, 0.1)),
            "reduction": REDUCTION,
        },
        together=rate_or_its_log,
        parameters=rates,
        differs=stirling_below_0,
    ),
    Spec(
        "gaussian_nll_loss",
        ref.gaussian_nll_loss,
        F.gaussian_nll_loss,
        covers=("GaussianNLLLoss",),
        arguments={
            "input": Real("*shape"),
            "target": Real("*target_shape"),
            "var": Real("*var_shape", low=0),
            "full": Choice((False, True)),
            "eps": Choice((1e-6, 0.5)),
            "reduction": REDUCTION,
        },
        together=any_variance,
        parameters=variance,
    ),
]

REFUSED = [
    (
        "mse_loss",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 4))},
        ValueError,
        "target.shape is (2, 4), but should be (2, 3), as input",
    ),
    (
        "mse_loss",
        {"input": np.zeros(3, int), "target": np.zeros(3, int)},
        TypeError,
        "input is of dtype int64, but should be floating",
    ),
    (
        "mse_loss",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 3)), "weight": np.zeros(3)},
        ValueError,
        "weight.shape is (3,), but should be (2, 3), as input",
    ),
    (
        "l1_loss",
        {"input": np.zeros(3), "target": np.zeros(3), "reduction": "average"},
        ValueError,
        "reduction is 'average', but should be one of 'none', 'mean', 'sum'",
    ),
    (
        "l1_loss",
        {"input": np.zeros(3), "target": np.zeros((2, 4))},
        ValueError,
        "target.shape is (2, 4), but should be (3,), as input",
    ),
    (
        "smooth_l1_loss",
        {"input": np.zeros(3), "target": np.zeros(3), "beta": -1.0},
        ValueError,
        "beta is -1.0, but should be 0 or more",
    ),
    (
        "huber_loss",
        {"input": np.zeros(3), "target": np.zeros(3), "delta": 0.0},
        ValueError,
        "delta is 0.0, but should be more than 0",
    ),
    (
        "huber_loss",
        {"input": np.zeros(3), "target": np.zeros(3), "weight": np.ones(1)},
        ValueError,
        "weight.shape is (1,), but should be (3,), as input",
    ),
    (
        "poisson_nll_loss",
        {"input": np.zeros(3), "target": np.zeros(3), "reduction": "batchmean"},
        ValueError,
        "reduction is 'batchmean', but should be one of 'none', 'mean', 'sum'",
    ),
    (
        "poisson_nll_loss",
        {"input": np.array([-1.0]), "target": np.ones(1), "log_input": False},  # NaN in torch
        ValueError,
        "the lowest input is -1.0, but should be more than -1e-08, as a number of events",
    ),
    (
        "gaussian_nll_loss",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 3)), "var": np.ones(3)},
        ValueError,
        "var.shape is (3,), but should be (2, 3), as input, but for the last axis or one of size 1",
    ),
    (
        "gaussian_nll_loss",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 3)), "var": np.ones((1, 1))},
        ValueError,
        "var.shape is (1, 1), but should be (2, 3), as input, but for the last axis or one of size 1",
    ),
    (
        "gaussian_nll_loss",
        {"input": np.zeros(3), "target": np.zeros(3), "var": np.array([1.0, -1.0, 1.0])},
        ValueError,
        "the lowest var is -1.0, but should be 0 or more",
    ),
]
