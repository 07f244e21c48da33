"""Initialisers: they have no derivative, so there is no Spec, but each has its twin in torch."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from reference_impls import init


class Initialiser(NamedTuple):
    """Ours, torch's, and the options that are tried."""

    ours: Callable[..., Any]
    torch: Callable[..., Any]
    options: tuple[dict[str, Any], ...] = ({},)


KAIMING = (
    {},
    {"a": 0.2},
    {"mode": "fan_out"},
    {"nonlinearity": "relu"},
    {"a": 5**0.5, "mode": "fan_in", "nonlinearity": "leaky_relu"},
    {"mode": "fan_out", "nonlinearity": "tanh"},
    *({"nonlinearity": name} for name in ("linear", "sigmoid", "selu", "conv2d", "conv_transpose3d")),
)
INITIALISERS = [
    Initialiser(init.uniform, nn.init.uniform_, ({}, {"a": -2.0, "b": 3.0})),
    Initialiser(init.normal, nn.init.normal_, ({}, {"mean": 1.5, "std": 0.25})),
    Initialiser(init.constant, nn.init.constant_, ({"val": 0.75},)),
    Initialiser(init.zeros, nn.init.zeros_),
    Initialiser(init.ones, nn.init.ones_),
    Initialiser(init.xavier_uniform, nn.init.xavier_uniform_, ({}, {"gain": 5 / 3})),
    Initialiser(init.xavier_normal, nn.init.xavier_normal_, ({}, {"gain": 5 / 3})),
    Initialiser(init.kaiming_uniform, nn.init.kaiming_uniform_, KAIMING),
    Initialiser(init.kaiming_normal, nn.init.kaiming_normal_, KAIMING),
    Initialiser(init.he_normal, lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu")),
    Initialiser(init.orthogonal, nn.init.orthogonal_, ({}, {"gain": 2.0})),
]
# Of torch.nn.init, and not here.
LEFT_OUT = {
    "dirac_": "no model here has convolutions",
    "eye_": "is np.eye",
    "sparse_": "no model here starts sparse",
    "trunc_normal_": "no model here starts so",
}
