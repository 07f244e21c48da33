"""Normalisation of each channel of each sample, or by running statistics."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Maybe, Pick, Real, Spec

from .batchnorm import batch_size, running_statistics, spatial_sizes


def instance_norm(
    input: torch.Tensor,
    running_mean: torch.Tensor | None = None,
    running_var: torch.Tensor | None = None,
    **options: Any,
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """torch's own, on copies of the running statistics, which it changes in place."""
    if running_mean is None or running_var is None:
        return F.instance_norm(input, running_mean, running_var, **options)
    running = running_mean.clone(), running_var.clone()
    return F.instance_norm(input, *running, **options), *running


def any_sample(pick: Pick) -> None:
    """Own statistics want more than one value for each channel; only then may there be no running ones."""
    own = pick.option("use_input_stats", (True, False))
    if spatial_sizes(pick, low=1 if own else 0) == 1 and own:
        pick.put("spatial", (*pick.plan["spatial"][:-1], 2))
    batch_size(pick)
    pick.put("tracked", not own or pick.draw(st.booleans()))


def empty_batch(arguments: Mapping[str, Any]) -> str:
    """torch takes the channels of all samples together, and then there are none."""
    if len(arguments["input"]):
        return ""
    return "running statistics become NaN in an empty batch, and the backward of a weight or bias raises IndexError"


SPECS = [
    Spec(
        "instance_norm",
        ref.instance_norm,
        instance_norm,
        covers=("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"),
        arguments={
            "input": Real("N C *spatial"),
            "running_mean": None,
            "running_var": None,
            "weight": Maybe(Real("C")),
            "bias": Maybe(Real("C")),
            "use_input_stats": Choice((True, False)),
            "momentum": Choice((0.1, 0.0, 0.5, 1.0)),
            "eps": Choice((1e-05, 0.1)),
        },
        together=any_sample,
        parameters=running_statistics,
        differs=empty_batch,
    ),
]


def refused(start: str, error: type[Exception] = ValueError, **arguments: Any) -> tuple[str, Any, type[Exception], str]:
    """A bad call, where only what is bad is said."""
    return "instance_norm", {"input": np.zeros((3, 2, 4)), **arguments}, error, start


REFUSED = [
    refused("input.ndim is 1, but should be 2 or more", input=np.zeros(2)),
    refused("input is of dtype int64, but should be floating", TypeError, input=np.zeros((3, 2, 4), dtype=np.int64)),
    refused("input.shape is (3, 2), but should be of more than one value", input=np.zeros((3, 2))),
    refused("input.shape is (3, 2, 1), but should be of more than one value", input=np.zeros((3, 2, 1))),
    refused("weight.shape is (4,), but should be (2,)", weight=np.ones(4)),
    refused("bias.shape is (3,), but should be (2,)", bias=np.ones(3)),
    refused("running_mean.shape is (6,), but should be (2,)", running_mean=np.zeros(6), running_var=np.ones(2)),
    refused("running_mean is None, but should be given, as the other", running_var=np.ones(2)),
    refused("running_mean is None, but should be given, unless use_input_stats", use_input_stats=False),
]
