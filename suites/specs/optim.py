"""Optimisers: they are no functions with a derivative, so there is no Spec, but each has its twin in torch."""

from typing import Any, NamedTuple

import torch

from reference_impls import optim


class Optimiser(NamedTuple):
    """Ours, torch's, and the options that are tried, each with a learning rate."""

    ours: type[Any]
    torch: type[torch.optim.Optimizer]
    options: tuple[dict[str, Any], ...]


ADAM = (
    {},
    {"lr": 0.01, "betas": (0.8, 0.95)},
    {"lr": 0.01, "eps": 1e-3},
    {"lr": 0.01, "weight_decay": 0.1},
    {"lr": 0.01, "amsgrad": True, "betas": (0.5, 0.6)},
    {"lr": 0.01, "maximize": True, "weight_decay": 0.1},
    {"lr": 0.01, "betas": (0.0, 0.9)},
)
OPTIMISERS = [
    Optimiser(
        optim.SGD,
        torch.optim.SGD,
        (
            {},
            {"lr": 0.1},
            {"lr": 0.05, "momentum": 0.8},
            {"lr": 0.05, "momentum": 0.8, "dampening": 0.3},
            {"lr": 0.05, "momentum": 0.8, "nesterov": True},
            {"lr": 0.1, "weight_decay": 0.1},
            {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
            {"lr": 0.01, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1, "maximize": True},
        ),
    ),
    Optimiser(
        optim.RMSprop,
        torch.optim.RMSprop,
        (
            {},
            {"lr": 0.01, "alpha": 0.9},
            {"lr": 0.01, "eps": 1e-3},
            {"lr": 0.01, "weight_decay": 0.1},
            {"lr": 0.01, "momentum": 0.8},
            {"lr": 0.01, "centered": True},
            {"lr": 0.003, "centered": True, "momentum": 0.5, "weight_decay": 0.1, "maximize": True},
        ),
    ),
    Optimiser(
        optim.Adam,
        torch.optim.Adam,
        (*ADAM, {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ),
    Optimiser(optim.AdamW, torch.optim.AdamW, ADAM),
]
# Options of torch that say how it computes, not what.
HOW = {"foreach", "fused", "capturable", "differentiable"}
