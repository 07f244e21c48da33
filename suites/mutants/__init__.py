"""A catalogue of wrong backwards: what a judge is worth is how many of these it catches.

A file for each family. A mutant is made from the right reference, so that nothing but the mistake is wrong. The
mistakes that anybody can make anywhere are in `generic.py`, and are made in every function.

    @mutant("linear", "the bias is averaged over the batch, not summed", named="ratio")
    def _(call: Call) -> Gradients:
        return call.but(bias=call.cotangents[0].mean(axis=0))
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from harness import registry
from harness.spec import Array, Gradients, Spec

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mutant:
    """A function whose backward is wrong.

    of      the spec that it spoils
    what    the mistake in words, unique for its spec
    wrong   the function itself, called as the reference is
    named   the diagnoses that are true of it; empty where no pattern describes it
    only    when it is wrong, if not always: "batch > 1"
    family  the file that it is written in
    """

    of: str
    what: str
    wrong: Function
    named: tuple[str, ...] = ()
    only: str = ""
    family: str = "generic"

    @property
    def held_out(self) -> bool:
        """Whether the patterns of `harness.diagnosis` were written without a look at it: half of the younger files."""
        return self.family not in LOOKED_AT and zlib.crc32(str(self).encode()) % 2 == 1

    def __str__(self) -> str:
        return f"{self.of}: {self.what}"


@dataclass(frozen=True)
class Call:
    """One call of a right reference, as the mutants see it: all that went in and all that came out."""

    function: Function
    arguments: dict[str, Any]
    output: Any
    pullback: Callable[..., Gradients]
    cotangents: tuple[Array, ...]

    def __getitem__(self, name: str) -> Any:
        """The argument of this name."""
        return self.arguments[name]

    @cached_property
    def right(self) -> Gradients:
        """The right gradients, in arrays of their own, which may be written to."""
        return {name: np.array(gradient) for name, gradient in self.pullback(*self.cotangents).items()}

    def but(self, **wrong: Array) -> Gradients:
        """The right gradients, but for these (of those that are due)."""
        return {name: np.asarray(wrong.get(name, gradient)) for name, gradient in self.right.items()}

    def as_if(self, **arguments: Any) -> Gradients:
        """The gradients of the same call with other arguments: an option that the backward forgot."""
        _, pullback = self.function(**{**self.arguments, **arguments})
        return {**self.right, **pullback(*self.cotangents)}


HANDWRITTEN: list[Mutant] = []
LOOKED_AT = ("conv", "generic", "linear", "losses", "norms", "recurrent", "softmax")


def mutant(
    of: str, what: str, *, named: str = "", only: str = ""
) -> Callable[[Callable[[Call], Gradients]], Callable[[Call], Gradients]]:
    """Add a mutant whose pullback gives what the decorated function says; its forward is the right one."""

    def add(backward: Callable[[Call], Gradients]) -> Callable[[Call], Gradients]:
        family = backward.__module__.rpartition(".")[2]
        HANDWRITTEN.append(Mutant(of, what, spoiled(registry.spec(of), backward), tuple(named.split()), only, family))
        return backward

    return add


def spoiled(spec: Spec, backward: Callable[[Call], Gradients]) -> Function:
    """The reference of a spec with another backward."""

    @functools.wraps(spec.reference)
    def wrong(**given: Any) -> Any:
        arguments = {**spec.defaults, **given}
        output, pullback = spec.reference(**given)
        return output, lambda *cotangents: backward(Call(spec.reference, arguments, output, pullback, cotangents))

    return wrong


def handwritten() -> list[Mutant]:
    """The mutants of all families."""
    if not HANDWRITTEN:
        for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
            _ = importlib.import_module(f"{__name__}.{name}")
    return HANDWRITTEN
