"""Normalisations of each sample by its own statistics."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, From, Maybe, Pick, Real, Spec

from .batchnorm import batch_size, spatial_sizes


def group_norm_backward(arguments: Mapping[str, Any]) -> str:
    """Two calls that torch cannot differentiate."""
    input, weight, bias = arguments["input"], arguments["weight"], arguments["bias"]
    if weight is None and bias is not None:
        return "backward with a bias but no weight raises RuntimeError: tensor does not have a device"
    return "the gradient of weight is NaN where samples are empty" if len(input) and not input.size else ""


NEIGHBOURS = {
    "size": Choice((1, 2, 3, 4, 5)),
    "alpha": Choice((0.0001, 1.0, 0.25)),
    "beta": Choice((0.75, 1.0, 0.5)),
    "k": Choice((1.0, 2.0, 0.5)),
}


def any_features(pick: Pick) -> None:
    """Several features, now and then a single one."""
    _ = pick.size("D", *((1, 1) if pick.draw(st.integers(0, 7)) == 7 else (2, 5)))


def nothing_but_means(arguments: Mapping[str, Any]) -> str:
    """Samples that are all 0 once standardised: torch multiplies before it subtracts."""
    axes = tuple(range(-len(arguments["normalized_shape"]), 0))
    flat = arguments["input"].size and not np.ptp(arguments["input"], axes).any()
    return "where the values of each sample are equal, rounding errors stand for gradients that are 0" if flat else ""


def any_groups(pick: Pick) -> None:
    """Groups that divide the channels, of two values or more: one alone has gradient 0, and torch's is rounding."""
    groups = pick.option("num_groups", (1, 2, 3))
    pick.put("C", groups * pick.draw(st.integers(2 if spatial_sizes(pick) == 1 else 1, 2)))
    batch_size(pick)


def cross_map_lrn2d(input: torch.Tensor, size: int, alpha: float, beta: float, k: float) -> torch.Tensor:
    """local_response_norm of the channels that it takes.

    torch.nn.CrossMapLRN2d itself is wrong: channels with more than size // 2 channels below them still count channel 0,
    and the derivative sums over the channels one too low (for an odd size; with size 1 it raises).
    """
    odd = (size - 1) // 2 * 2 + 1
    return F.local_response_norm(input, odd, alpha * odd / size, beta, k)


SPECS = [
    Spec(
        "layer_norm",
        ref.layer_norm,
        F.layer_norm,
        covers=("LayerNorm",),
        arguments={
            "input": Real("*batch D *more"),
            "normalized_shape": From(lambda plan: (plan["D"], *plan["more"])),
            "weight": Maybe(Real("D *more")),
            "bias": Maybe(Real("D *more")),
            "eps": Choice((1e-05, 0.1)),
        },
        sizes={"more": (1, 3)},
        together=any_features,
        differs=nothing_but_means,
    ),
    Spec(
        "rms_norm",
        ref.rms_norm,
        F.rms_norm,
        covers=("RMSNorm",),
        arguments={
            "input": Real("*batch D *more"),
            "normalized_shape": From(lambda plan: (plan["D"], *plan["more"])),
            "weight": Maybe(Real("D *more")),
            "eps": Choice((None, 1e-05, 0.1)),
        },
        sizes={"more": (1, 3)},
        together=any_features,
        avoid=dict.fromkeys(("zeros", "kink"), "without eps it bends too close to 0 for differences"),
        lower=lambda arguments, _: "eps is the dtype's own" if arguments["eps"] is None else "",
    ),
    Spec(
        "group_norm",
        ref.group_norm,
        F.group_norm,
        covers=("GroupNorm",),
        arguments={
            "input": Real("N C *spatial"),
            "num_groups": Choice((1,)),
            "weight": Maybe(Real("C")),
            "bias": Maybe(Real("C")),
            "eps": Choice((1e-05, 0.1)),
        },
        together=any_groups,
        differs=group_norm_backward,
    ),
    Spec(
        "local_response_norm",
        ref.local_response_norm,
        F.local_response_norm,
        covers=("LocalResponseNorm",),
        arguments={"input": Real("N C L *more"), **NEIGHBOURS},
        sizes={"C": (1, 6), "L": (1, 3), "more": (1, 2)},
        together=batch_size,
    ),
    Spec(
        "cross_map_lrn2d",
        ref.cross_map_lrn2d,
        cross_map_lrn2d,
        covers=("CrossMapLRN2d",),
        arguments={"input": Real("N C H W"), **NEIGHBOURS},
        sizes={"C": (1, 6), "H": (1, 3), "W": (1, 3)},
        together=batch_size,
    ),
]


def refused(
    name: str, start: str, error: type[Exception] = ValueError, **arguments: Any
) -> tuple[str, Any, type[Exception], str]:
    """A bad call, where only what is bad is said."""
    option = {"group_norm": {"num_groups": 2}, "local_response_norm": {"size": 3}, "cross_map_lrn2d": {"size": 3}}
    good = {"input": np.zeros((2, 4, 3, 3)), **option.get(name, {"normalized_shape": (3,)})}
    return name, {**good, **arguments}, error, start


INTEGERS = np.zeros((2, 4, 3, 3), dtype=np.int64)
FLOATING = "input is of dtype int64, but should be floating"
SINGLE = np.ones(3, dtype=np.float32)

REFUSED = [
    refused("layer_norm", FLOATING, TypeError, input=INTEGERS),
    refused("layer_norm", "normalized_shape is (4,), but should be the last sizes of input", normalized_shape=(4,)),
    refused("layer_norm", "normalized_shape is (), but should be of one size or more", normalized_shape=()),
    refused("layer_norm", "weight.shape is (4, 3), but should be (3,)", weight=np.ones((4, 3))),
    refused("layer_norm", "weight is of dtype float32, but should be float64, as input", TypeError, weight=SINGLE),
    refused("layer_norm", "bias.shape is (4,), but should be (3,)", bias=np.ones(4)),
    refused("rms_norm", FLOATING, TypeError, input=INTEGERS),
    refused("rms_norm", "normalized_shape is (2, 3), but should be the last sizes of input", normalized_shape=(2, 3)),
    refused("rms_norm", "weight.shape is (1,), but should be (3,)", weight=np.ones(1)),
    refused("group_norm", FLOATING, TypeError, input=INTEGERS),
    refused("group_norm", "input.ndim is 1, but should be 2 or more", input=np.zeros(4)),
    refused("group_norm", "num_groups is 3, but should be a divisor of the channels of input, 4", num_groups=3),
    refused("group_norm", "num_groups is 0, but should be a divisor", num_groups=0),
    refused("group_norm", "input.shape is (1, 2), but should be of more than one value", input=np.zeros((1, 2))),
    refused("group_norm", "weight.shape is (2,), but should be (4,)", weight=np.ones(2)),
    refused("group_norm", "bias.shape is (3,), but should be (4,)", bias=np.ones(3)),
    refused("local_response_norm", FLOATING, TypeError, input=INTEGERS),
    refused("local_response_norm", "input.ndim is 2, but should be 3 or more", input=np.zeros((2, 4))),
    refused("local_response_norm", "size is 0, but should be positive", size=0),
    refused("cross_map_lrn2d", FLOATING, TypeError, input=INTEGERS),
    refused("cross_map_lrn2d", "input.ndim is 3, but should be 4", input=np.zeros((2, 4, 3))),
    refused("cross_map_lrn2d", "size is 0, but should be positive", size=0),
]
