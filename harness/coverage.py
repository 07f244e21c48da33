"""Which classes of torch.nn are covered: computed from torch's own list, never kept by hand."""

from __future__ import annotations

import torch
from torch import nn

from . import registry

# In torch.nn.modules.__all__, but no layer or loss.
NOT_LAYERS = {
    "Module": "the base of all",
    "Container": "a container, deprecated",
    "Sequential": "a container",
    "ModuleList": "a container",
    "ModuleDict": "a container",
    "ParameterList": "a container",
    "ParameterDict": "a container",
    "LinearCrossEntropyOptions": "options of a loss",
    "RNNBase": "a base of RNN, LSTM and GRU",
    "RNNCellBase": "a base of the cells",
    "NLLLoss2d": "a deprecated alias of NLLLoss",
}


def version() -> str:
    """Of the torch whose list is used."""
    return torch.__version__


def classes() -> dict[str, list[str]]:
    """Each concrete class of torch.nn, with the names of the references that stand for it."""
    names = [name for name in nn.modules.__all__ if not name.startswith("Lazy") and name not in NOT_LAYERS]
    covered: dict[str, list[str]] = {name: [] for name in names}
    for spec in registry.specs().values():
        for name in spec.covers:
            if name in covered:
                covered[name].append(spec.name)
            elif not hasattr(nn, name) and name not in NEWER:
                raise ValueError(f"{spec.name} covers {name}, but torch.nn {version()} has no such class")
    return covered


# Classes that only some of the supported versions of torch have.
NEWER = {"LinearCrossEntropyLoss"}
