"""The purity battery: nothing may be mutated, aliased, remembered or random, and the dtype is followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import tolerance
from .inputs import Case
from .sources import handwritten
from .sources.handwritten import Answer, Refused
from .spec import Array

SOMETIMES = 4  # one case in four, by its seed, is also run again, with another cotangent, and in float32


def look(case: Case, answer: Answer, cotangents: tuple[Array, ...], pullback: Callable[..., Any]) -> None:
    """Raise `Refused` with the verdict IMPURE at the first fault. Called after other points have been evaluated."""
    for name, pristine in case.pristine.items():
        if not _same(case.arguments[name], pristine):
            raise _impure(f"{name} is modified in place: work on a copy", name, "mutated")
    for position, given in enumerate(cotangents):
        if not _same(given, case.cotangent(position, given.shape)):
            raise _impure("the cotangent is modified in place: work on a copy", "", "mutated")
    _aliases(case, answer, cotangents)
    if case.seed % SOMETIMES == 0:
        _remembers(case, answer, cotangents, pullback)
        _random(case, answer)
        _dtype(case, answer, cotangents)


def _aliases(case: Case, answer: Answer, cotangents: tuple[Array, ...]) -> None:
    others = [
        (f"the argument {name}", value) for name, value in case.arguments.items() if isinstance(value, np.ndarray)
    ]
    others += [("the cotangent", value) for value in cotangents]
    for name, gradient in answer.gradients.items():
        for what, other in others:
            if np.may_share_memory(gradient, other) and np.shares_memory(gradient, other):
                raise _impure(f"d_{name} shares memory with {what}: return a copy", name, "aliased")
        others.append((f"d_{name}", gradient))


def _remembers(case: Case, answer: Answer, cotangents: tuple[Array, ...], pullback: Callable[..., Any]) -> None:
    """A pullback is linear: four times the cotangent, exactly four times the gradient, however often it is called."""

    def call(factor: int) -> dict[str, Array]:
        return handwritten.back(case, pullback, tuple(factor * v for v in cotangents))

    def off(got: dict[str, Array], factor: int) -> list[str]:
        return [name for name, g in answer.gradients.items() if tolerance.worst(got[name], factor * g) > 1]

    wrong = off(call(-4), -4)
    if wrong and (repeated := off(call(1), 1)):
        message = f"d_{repeated[0]} differs when the pullback is called a second time"
        raise _impure(message, repeated[0], "remembers")
    if wrong:
        message = f"d_{wrong[0]} is not linear in the cotangent: -4 times the cotangent is not -4 times the gradient"
        raise _impure(message, wrong[0], "not linear in the cotangent")


def _random(case: Case, answer: Answer) -> None:
    again, _ = handwritten.forward(case.spec.reference, case.arguments)
    if any(tolerance.worst(b, a) > 1 for a, b in zip(answer.outputs, again, strict=True)):
        raise _impure("the output differs when the function is called again with the same arguments", "", "random")


def _dtype(case: Case, answer: Answer, cotangents: tuple[Array, ...]) -> None:
    """float32 in, float32 out."""
    real = {n: v for n, v in case.arguments.items() if isinstance(v, np.ndarray) and v.dtype == np.float64}
    if not real:
        return
    single = {**case.arguments, **{name: value.astype(np.float32) for name, value in real.items()}}
    outputs, pullback = handwritten.forward(case.spec.reference, single)
    for double, output in zip(answer.outputs, outputs, strict=True):
        if double.dtype == np.float64 and output.dtype != np.float32:
            raise _impure(f"an output is {output.dtype}, but should be float32, as the arguments", "", "dtype")
    given = [v.astype(np.float32) for v in cotangents]
    for name, gradient in handwritten.back(case, pullback, given).items():
        if gradient.dtype != np.float32:
            raise _impure(f"d_{name} is {gradient.dtype}, but should be float32, as the arguments", name, "dtype")


def _same(a: Array, b: Array) -> bool:
    return bool((a == b).all()) or np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def _impure(message: str, argument: str, pattern: str) -> Refused:
    return Refused("IMPURE", message, argument, pattern)
