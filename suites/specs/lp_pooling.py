"""Poolings that take the p-norm of a window."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Plan, Real, Spec

from .conv import SIZES
from .pooling import sliding

EITHER_SIGN = (2.0, 1, 4, math.inf, -math.inf)
POSITIVE = (3, 1.5, 0.5, -1.0)


def domain(dims: int) -> Callable[[Plan], Mapping[str, Real]]:
    """A root of a negative sum is none."""

    def input_by_power(plan: Plan) -> Mapping[str, Real]:
        low = 0 if plan["norm_type"] in POSITIVE else -math.inf
        return {"input": Real(f"*batch C {' '.join(SIZES[-dims:])}", low=low)}

    return input_by_power


def no_gradient_of_a_sum(dims: int) -> Callable[..., str]:
    """For p = 1, the pooling is a sum, whose gradient does not depend on its value; also where it is rounded to 0."""
    pool = getattr(ref, f"lp_pool{dims}d")

    def differs(arguments: Mapping[str, Any], roundoff: float = 0.0) -> str:
        if arguments["norm_type"] != 1:
            return ""
        sums, sizes = pool(**arguments)[0], pool(**{**arguments, "input": abs(arguments["input"])})[0]
        lost = (abs(sums) <= 32 * roundoff * sizes).any()
        return "torch gives gradient 0 where the sum of a window is 0, but for p = 1 it is 1" if lost else ""

    return differs


SPECS = [
    Spec(
        f"lp_pool{dims}d",
        getattr(ref, f"lp_pool{dims}d"),
        getattr(F, f"lp_pool{dims}d"),
        covers=(f"LPPool{dims}d",),
        arguments={
            "input": Real(f"*batch C {' '.join(SIZES[-dims:])}"),
            "norm_type": Choice(EITHER_SIGN + POSITIVE),
            "kernel_size": Choice((1,)),
            "stride": Choice((None,)),
            "ceil_mode": Choice((False, True)),
        },
        sizes={"C": (1, 3)},
        # torch multiplies by the kernel's size in 1 dimension, which must be a number; see avg_pool3d for 3 dimensions
        together=sliding(dims, padded=False, smallest=2 if dims == 3 else 1, tuples=dims > 1),
        parameters=domain(dims),
        differs=no_gradient_of_a_sum(dims),
        lower=no_gradient_of_a_sum(dims),
    )
    for dims in (1, 2, 3)
]

IMAGE = np.ones((2, 3, 5, 4))

REFUSED = [
    (
        "lp_pool2d",
        {"input": IMAGE, "norm_type": 0, "kernel_size": 2},
        ValueError,
        "norm_type is 0, but should be any number but 0",
    ),
    (
        "lp_pool1d",
        {"input": IMAGE, "norm_type": 2, "kernel_size": 2},
        ValueError,
        "input.ndim is 4, but should be 2, or 3",
    ),
    (
        "lp_pool2d",
        {"input": IMAGE, "norm_type": 2, "kernel_size": 5},
        ValueError,
        "kernel_size is 5, but should be one",
    ),
    ("lp_pool3d", {"input": IMAGE.astype(int), "norm_type": 2, "kernel_size": 2}, TypeError, "input is of dtype int64"),
]
