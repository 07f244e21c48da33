"""Which classes of torch.nn are covered, and which options are drawn: computed from torch, never kept by hand."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torch import nn

from . import registry
from .draw import drawn
from .inputs import Case
from .spec import Spec

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

# Options of torch that say nothing of the function.
NO_OPTIONS = {"inplace", "size_average", "reduce", "out", "_stacklevel"}


def options(spec: Spec, examples: int = 100) -> dict[str, str]:
    """Each option of a function, torch's and ours: "drawn", or the reason why it is not, or "" where there is none.

    Drawn is what takes a value other than its default in one of `examples` cases.
    """
    found = {name: spec.undrawn.get(name, "") for name in [*_optional(_torch(spec.name)), *_optional(spec.reference)]}
    for case in drawn(spec, examples):
        for name in found:
            if name in case.arguments and not _is_default(case, name):
                found[name] = "drawn"
    return found


def _torch(name: str) -> Any:
    """torch's function of this name."""
    return getattr(nn.functional, name, None) or getattr(torch, name, None)


def _optional(function: Any) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin, or none at all: the reference has the same names
        return []
    return [p.name for p in parameters if p.default is not p.empty and p.name not in NO_OPTIONS]


def _is_default(case: Case, name: str) -> bool:
    value, default = case.arguments[name], case.spec.defaults.get(name)
    return value is default or (not isinstance(value, np.ndarray) and value == default)
