"""Activations, on `torch.randn(2)` and its like, and on values at both sides of every bend."""

import numpy as np
import torch
from torch.nn import functional as F

from . import Array, draws, example, seeded

randn, _, _ = draws(1)
PAIR, TABLE = randn(2), randn(2, 5)
AROUND = np.array([-30.0, -6.5, -3.5, -1.25, -0.75, -0.25, 0.125, 0.625, 1.5, 2.75, 3.5, 6.5, 30.0])


def slopes(input: Array, lower: float = 1 / 8, upper: float = 1 / 3) -> Array:
    """Those that torch draws: what it makes of -1."""
    ones = torch.where(torch.from_numpy(input) > 0, 1.0, -1.0).double()
    return abs(seeded(F.rrelu)(input=ones, lower=lower, upper=upper, training=True).numpy())


PLAIN = (
    "relu",
    "relu6",
    "hardswish",
    "softsign",
    "sigmoid",
    "logsigmoid",
    "tanh",
    "tanhshrink",
    "selu",
    "silu",
    "mish",
    "leaky_relu",
    "rrelu",
    "hardtanh",
    "hardshrink",
    "softshrink",
    "softplus",
    "elu",
    "celu",
    "gelu",
)
EXAMPLES = [
    *(example(name, input=PAIR) for name in PLAIN),
    *(example(name, input=AROUND[2:] if name == "gelu" else AROUND) for name in PLAIN),
    # Between -3 and 3 torch multiplies by 1/6 in single precision; the documented formula does not.
    example("hardsigmoid", input=AROUND[abs(AROUND) > 3]),
    example("hardsigmoid", lambda input: F.relu6(input + 3) / 6, input=AROUND),
    example("leaky_relu", input=TABLE, negative_slope=0.1),
    example("prelu", input=PAIR, weight=np.array([0.25])),
    example("prelu", input=randn(2, 3, 4), weight=randn(3)),
    example("rrelu", input=TABLE, lower=0.1, upper=0.3),
    example("rrelu", seeded(F.rrelu, "slopes"), input=TABLE, training=True, slopes=slopes(TABLE)),
    example(
        "rrelu",
        seeded(F.rrelu, "slopes"),
        input=AROUND,
        lower=0.1,
        upper=0.3,
        training=True,
        slopes=slopes(AROUND, 0.1, 0.3),
    ),
    example("threshold", input=TABLE, threshold=0.1, value=20.0),
    example("hardtanh", input=AROUND, min_val=-2.0, max_val=2.0),
    example("hardshrink", input=AROUND, lambd=1.0),
    example("softshrink", input=AROUND, lambd=1.0),
    example("softplus", input=AROUND, beta=2.0),
    example("softplus", input=AROUND, beta=0.5, threshold=2.0),
    example("elu", input=AROUND, alpha=0.5),
    example("celu", input=AROUND, alpha=2.0),
    example("gelu", input=TABLE, approximate="tanh"),
]
