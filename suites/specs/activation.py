"""Activations of each entry alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Pick, Plan, Real, Spec, Stream


def channels(pick: Pick) -> None:
    """One weight for each channel, or one for all."""
    shape = pick.shape("shape", dims=(0, 4), high=3)
    weights = [(), (1,), (shape[1],)] if len(shape) > 1 else [(), (1,)]
    pick.put("weights", pick.draw(st.sampled_from(weights)))


def bounds(pick: Pick) -> None:
    """The least and the greatest slope."""
    lower = pick.option("lower", (1 / 8, 0.25, -0.5))
    _ = pick.option("upper", (1 / 3, 0.5, lower) if lower <= 1 / 3 else (lower,))


def between(stream: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """Slopes within their bounds."""
    return plan["lower"] + (plan["upper"] - plan["lower"]) * stream.uniform(shape)


def rrelu(
    input: torch.Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    *,
    slopes: torch.Tensor | None = None,
) -> torch.Tensor:
    """torch's own, but for the draw."""
    if not training or slopes is None:
        return F.rrelu(input, lower, upper, training)
    return torch.where(input > 0, input, slopes * input)


def sixth(arguments: Mapping[str, Any]) -> str:
    """Where torch's hardsigmoid has a slope."""
    slopes = (abs(arguments["input"]) < 3).any()
    return "torch multiplies by 1/6 rounded to float32, in float64 as well: wrong by 3e-8" if slopes else ""


def no_gap(arguments: Mapping[str, Any]) -> str:
    """Where shrinking by 0 meets 0."""
    at_zero = arguments.get("lambd") == 0 and (arguments["input"] == 0).any()
    return "with lambd 0 the function is its input, yet torch's slope at 0 is 0" if at_zero else ""


def few_digits(arguments: Mapping[str, Any]) -> str:
    """Where torch's own gelu is not exact."""
    far = (arguments["input"] < -4).any()
    return "torch adds 1 to an erf or tanh near -1, which leaves few digits of the small sum" if far else ""


ANY = {"input": Real("*shape")}
SPECS = [
    Spec("relu", ref.relu, F.relu, covers=("ReLU",), arguments=ANY),
    Spec("relu6", ref.relu6, F.relu6, covers=("ReLU6",), arguments={"input": Real("*shape", kinks=(0.0, 6.0))}),
    Spec(
        "leaky_relu",
        ref.leaky_relu,
        F.leaky_relu,
        covers=("LeakyReLU",),
        arguments={**ANY, "negative_slope": Choice((0.01, 0.5, 0.0, 2.0, -0.5))},
    ),
    Spec(
        "prelu", ref.prelu, F.prelu, covers=("PReLU",), arguments={**ANY, "weight": Real("*weights")}, together=channels
    ),
    Spec(
        "rrelu",
        ref.rrelu,
        rrelu,
        covers=("RReLU",),
        arguments={
            **ANY,
            "lower": Choice((1 / 8,)),
            "upper": Choice((1 / 3,)),
            "training": Choice((True, False)),
            "slopes": Filled("*shape", between),
        },
        together=bounds,
    ),
    Spec(
        "threshold",
        ref.threshold,
        F.threshold,
        covers=("Threshold",),
        arguments={**ANY, "threshold": Choice((0.0, 0.5, -1.0)), "value": Choice((0.0, 3.0, -2.0))},
    ),
    Spec(
        "hardtanh",
        ref.hardtanh,
        F.hardtanh,
        covers=("Hardtanh",),
        arguments={**ANY, "min_val": Choice((-1.0, -0.5, 0.5)), "max_val": Choice((1.0, 2.0, 0.5))},
    ),
    Spec(
        "hardsigmoid",
        ref.hardsigmoid,
        F.hardsigmoid,
        covers=("Hardsigmoid",),
        arguments={"input": Real("*shape", kinks=(-3.0, 3.0))},
        differs=sixth,
    ),
    Spec(
        "hardswish",
        ref.hardswish,
        F.hardswish,
        covers=("Hardswish",),
        arguments={"input": Real("*shape", kinks=(-3.0, 3.0))},
    ),
    Spec(
        "hardshrink",
        ref.hardshrink,
        F.hardshrink,
        covers=("Hardshrink",),
        arguments={**ANY, "lambd": Choice((0.5, 0.0, 1.0))},
        differs=no_gap,
    ),
    Spec(
        "softshrink",
        ref.softshrink,
        F.softshrink,
        covers=("Softshrink",),
        arguments={**ANY, "lambd": Choice((0.5, 0.0, 1.0))},
        differs=no_gap,
    ),
    Spec("softsign", ref.softsign, F.softsign, covers=("Softsign",), arguments=ANY),
    Spec("sigmoid", ref.sigmoid, torch.sigmoid, covers=("Sigmoid",), arguments=ANY),
    Spec("logsigmoid", ref.logsigmoid, F.logsigmoid, covers=("LogSigmoid",), arguments=ANY),
    Spec(
        "softplus",
        ref.softplus,
        F.softplus,
        covers=("Softplus",),
        arguments={**ANY, "beta": Choice((1.0, 0.5, 2.0)), "threshold": Choice((20.0, 2.0))},
    ),
    Spec("tanh", ref.tanh, torch.tanh, covers=("Tanh",), arguments=ANY),
    Spec(
        "tanhshrink",
        ref.tanhshrink,
        F.tanhshrink,
        covers=("Tanhshrink",),
        arguments=ANY,
        avoid=dict.fromkeys(
            ("tiny", "mixed"), "input - tanh(input) is about input³ / 3: the rounding of input hides it"
        ),
    ),
    Spec("elu", ref.elu, F.elu, covers=("ELU",), arguments={**ANY, "alpha": Choice((1.0, 0.5, 2.0))}),
    Spec("celu", ref.celu, F.celu, covers=("CELU",), arguments={**ANY, "alpha": Choice((1.0, 0.5, 2.0))}),
    Spec("selu", ref.selu, F.selu, covers=("SELU",), arguments=ANY),
    Spec("silu", ref.silu, F.silu, covers=("SiLU",), arguments=ANY),
    Spec("mish", ref.mish, F.mish, covers=("Mish",), arguments=ANY),
    Spec(
        "gelu",
        ref.gelu,
        F.gelu,
        covers=("GELU",),
        arguments={**ANY, "approximate": Choice(("none", "tanh"))},
        differs=few_digits,
    ),
]

THREE, FOUR = np.zeros(3), np.zeros((2, 4))
NEEDED = {"prelu": {"weight": np.zeros(1)}, "threshold": {"threshold": 0.0, "value": 0.0}}
REFUSED = [
    *(
        (
            spec.name,
            {"input": np.arange(3), **NEEDED.get(spec.name, {})},
            TypeError,
            "input is of dtype int64, but should be floating",
        )
        for spec in SPECS
    ),
    ("relu", {"input": [1.0]}, TypeError, "input is of type list, but should be a NumPy array"),
    ("prelu", {"input": FOUR, "weight": np.zeros((1, 4))}, ValueError, "weight.ndim is 2, but should be 0 or 1"),
    ("prelu", {"input": FOUR, "weight": THREE}, ValueError, "weight.shape is (3,), but should be (4,), the channels"),
    ("prelu", {"input": THREE, "weight": THREE}, ValueError, "weight.shape is (3,), but should be (1,)"),
    ("rrelu", {"input": THREE, "training": True}, ValueError, "slopes is None, but should be given when training"),
    ("rrelu", {"input": THREE, "lower": 0.5}, ValueError, "lower is 0.5, but should be at most upper"),
    (
        "rrelu",
        {"input": FOUR, "training": True, "slopes": np.full(3, 0.25)},
        ValueError,
        "slopes.shape is (3,), but should be (2, 4)",
    ),
    ("hardtanh", {"input": THREE, "min_val": 2.0}, ValueError, "min_val is 2.0, but should be at most max_val, 1.0"),
    ("softshrink", {"input": THREE, "lambd": -1.0}, ValueError, "lambd is -1.0, but should be 0 or more"),
    ("celu", {"input": THREE, "alpha": 0.0}, ValueError, "alpha is 0.0, but should be a number other than 0"),
    ("gelu", {"input": THREE, "approximate": "erf"}, ValueError, "approximate is 'erf', but should be 'none' or"),
]
