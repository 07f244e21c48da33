"""Inputs written by hand from torch's documentation: what `suites/specs` draws is not the only thing that was tried."""

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

Array = np.ndarray[Any, Any]
SEED = 2147  # of what torch draws


@dataclass(frozen=True)
class Example:
    """One call of a reference, and the same call in torch: by the same name, unless `torch` says another.

    `ours` takes the place of the reference where only a composition of it can be held against torch. Of the arrays
    named in `constant` torch has no gradient.
    """

    name: str
    arguments: Mapping[str, Any]
    torch: Callable[..., Any]
    ours: Callable[..., Any] | None = None
    constant: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The options, without the arrays."""
        options = {name: value for name, value in self.arguments.items() if not isinstance(value, np.ndarray)}
        return " ".join(
            [self.name, *(f"{name}={getattr(value, '__name__', value)}" for name, value in options.items())]
        )


def example(name: str, own: Callable[..., Any] | None = None, constant: str = "", /, **arguments: Any) -> Example:
    """A row. `own` is torch's call where torch has no function of this name."""
    twin = own or (getattr(F, name) if hasattr(F, name) else getattr(torch, name))
    return Example(name, arguments, twin, constant=tuple(constant.split()))


def draws(seed: int) -> tuple[Callable[..., Array], Callable[..., Array], Callable[..., Array]]:
    """randn, rand and randint, which torch's examples are made with; randint(high, *shape)."""
    rng = np.random.default_rng(seed)
    return (
        lambda *shape: rng.standard_normal(shape),
        lambda *shape: rng.random(shape),
        lambda high, *shape: rng.integers(high, size=shape),
    )


def seeded(function: Callable[..., Any], *told: str) -> Callable[..., Any]:
    """torch's own, from a fixed seed; without the arguments by which the reference is told what torch draws from it."""

    def call(**arguments: Any) -> Any:
        with torch.random.fork_rng(devices=[]):
            _ = torch.manual_seed(SEED)
            return function(**{name: value for name, value in arguments.items() if name not in told})

    return call


def kept(p: float, *shapes: tuple[int, ...]) -> list[Array]:
    """What torch's dropout keeps of arrays of these shapes, one after the other from the fixed seed."""
    return seeded(lambda: [F.dropout(torch.ones(shape, dtype=torch.float64), p).numpy() > 0 for shape in shapes])()


def parameters(module: torch.nn.Module, seed: int) -> dict[str, Array]:
    """Other values for the parameters that a module of torch has."""
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(-1, 1, tuple(value.shape)) for name, value in module.named_parameters()}


def examples() -> list[Example]:
    """Those of all files."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [row for name in names for row in importlib.import_module(f"{__name__}.{name}").EXAMPLES]


INF = math.inf
