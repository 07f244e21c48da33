"""Normalisation of each channel over the batch, or by running statistics."""

import math
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Maybe, Pick, Plan, Real, Spec


def batch_norm(
    input: torch.Tensor, running_mean: torch.Tensor | None, running_var: torch.Tensor | None, **options: Any
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """torch's own, on copies of the running statistics, which it changes in place."""
    if running_mean is None or running_var is None:
        return F.batch_norm(input, running_mean, running_var, **options)
    running = running_mean.clone(), running_var.clone()
    return F.batch_norm(input, *running, **options), *running


def batch_size(pick: Pick, low: int = 1) -> None:
    """A small batch, and now and then an empty one."""
    if pick.draw(st.integers(0, 7)) == 7:
        pick.put("N", 0)
    else:
        _ = pick.size("N", low, 3)


def spatial_sizes(pick: Pick, low: int = 0) -> int:
    """Up to three sizes, and now and then one that is 0. The number of values."""
    spatial = pick.shape("spatial", dims=(low, 3), low=1, high=3)
    if spatial and pick.draw(st.integers(0, 7)) == 7:
        pick.put("spatial", (*spatial[:-1], 0))
    return math.prod(pick.plan["spatial"])


def any_batch(pick: Pick) -> None:
    """Training wants more than one value for each channel; only training does without running statistics."""
    training = pick.option("training", (True, False))
    batch_size(pick, low=2 if spatial_sizes(pick) == 1 and training else 1)
    pick.put("tracked", not training or pick.draw(st.booleans()))


def running_statistics(plan: Plan) -> dict[str, Real]:
    """Both or neither. torch does not differentiate them."""
    if not plan["tracked"]:
        return {}
    return {"running_mean": Real("C", grad=False), "running_var": Real("C", low=0, grad=False)}


SPECS = [
    Spec(
        "batch_norm",
        ref.batch_norm,
        batch_norm,
        covers=("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"),  # the last in a single process
        arguments={
            "input": Real("N C *spatial"),
            "running_mean": None,
            "running_var": None,
            "weight": Maybe(Real("C")),
            "bias": Maybe(Real("C")),
            "training": Choice((True, False)),
            "momentum": Choice((0.1, 0.0, 0.5, 1.0)),
            "eps": Choice((1e-05, 0.1)),
        },
        together=any_batch,
        parameters=running_statistics,
    ),
]


def refused(start: str, error: type[Exception] = ValueError, **arguments: Any) -> tuple[str, Any, type[Exception], str]:
    """A bad call, where only what is bad is said."""
    good = {"input": np.zeros((3, 2)), "running_mean": np.zeros(2), "running_var": np.ones(2)}
    return "batch_norm", {**good, **arguments}, error, start


REFUSED = [
    refused("input.ndim is 1, but should be 2 or more", input=np.zeros(2)),
    refused("input is of dtype int64, but should be floating", TypeError, input=np.zeros((3, 2), dtype=np.int64)),
    refused("input.shape is (1, 2), but should be of more than one value", input=np.zeros((1, 2)), training=True),
    refused("running_mean.shape is (3,), but should be (2,)", running_mean=np.zeros(3)),
    refused("running_var.shape is (2, 1), but should be (2,)", running_var=np.zeros((2, 1))),
    refused("weight.shape is (3,), but should be (2,)", weight=np.ones(3)),
    refused("bias.shape is (1,), but should be (2,)", bias=np.ones(1)),
    refused("weight is of dtype float32, but should be float64", TypeError, weight=np.ones(2, dtype=np.float32)),
    refused("running_var is None, but should be given, as the other", running_var=None, training=True),
    refused("running_mean is None, but should be given", running_mean=None, running_var=None),
    refused("eps is 0, but should be positive", eps=0, training=True),
    refused("eps is -1.0, but should be 0 or more", eps=-1.0),
]
