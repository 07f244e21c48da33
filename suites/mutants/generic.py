"""Common mistakes, as a change to any right reference."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from harness import registry
from harness.spec import Array

from . import Function, Gradients, Mutant


def gradients(change: Callable[..., Gradients]) -> Callable[[Function], Function]:
    """A mistake in the pullback: `change(gradients, *cotangents)`."""

    def spoil(function: Function) -> Function:
        @functools.wraps(function)
        def spoiled(**arguments: Any) -> Any:
            output, pullback = function(**arguments)
            return output, lambda *cotangents: change(pullback(*cotangents), *cotangents)

        return spoiled

    return spoil


def cotangents(change: Callable[[Array], Array]) -> Callable[[Function], Function]:
    """A mistake in how the cotangent is used."""

    def spoil(function: Function) -> Function:
        @functools.wraps(function)
        def spoiled(**arguments: Any) -> Any:
            output, pullback = function(**arguments)
            return output, lambda *given: pullback(*(change(v) for v in given))

        return spoiled

    return spoil


def each(change: Callable[[Array], Array]) -> Callable[[Function], Function]:
    """The same change to every gradient."""
    return gradients(lambda grads, *_: {name: change(g) for name, g in grads.items()})


def transposed(g: Array) -> Array:
    """The last two axes swapped, where that keeps the shape."""
    square = g.ndim >= 2 and g.shape[-1] == g.shape[-2]
    return g.swapaxes(-1, -2).copy() if square else g


def one_entry_off(by: float) -> Callable[[Array], Array]:
    """The largest entry wrong by a small relative error."""

    def change(g: Array) -> Array:
        g = g.copy()
        if g.size:
            g.flat[abs(g).argmax()] *= 1 + by
        return g

    return change


def last_row_dropped(g: Array) -> Array:
    """Zero in the last index of the first axis."""
    g = g.copy()
    if g.ndim and len(g):
        g[-1] = 0
    return g


def first_missing(grads: Gradients, *_: Array) -> Gradients:
    """One argument forgotten."""
    return dict(list(grads.items())[1:])


def aliased(grads: Gradients, d_output: Array, *_: Array) -> Gradients:
    """The cotangent itself as a gradient, wherever the shapes allow it."""
    return {name: d_output if g.shape == d_output.shape else g for name, g in grads.items()}


def input_mutated(function: Function) -> Function:
    """Works in place on its first array."""

    @functools.wraps(function)
    def spoiled(**arguments: Any) -> Any:
        first = next(value for value in arguments.values() if isinstance(value, np.ndarray) and value.dtype.kind == "f")
        if first.dtype == np.float64:
            first *= 1
        return function(**arguments)

    return spoiled


def accumulates(function: Function) -> Function:
    """Adds to what the last call left behind."""

    @functools.wraps(function)
    def spoiled(**arguments: Any) -> Any:
        output, pullback = function(**arguments)
        calls = []

        def again(*given: Array) -> Gradients:
            calls.append(given)
            return {name: g * len(calls) for name, g in pullback(*given).items()}

        return output, again

    return spoiled


MISTAKES: dict[str, Callable[[Function], Function]] = {
    "twice": each(lambda g: 2 * g),
    "sign": each(lambda g: -g),
    "zero": each(lambda g: 0 * g),
    "1/N": each(lambda g: g / max(g.size, 1)),
    "transposed": each(transposed),
    "argument missing": gradients(first_missing),
    "entry off by 1e-6": each(one_entry_off(1e-6)),
    "entry off by 1e-9": each(one_entry_off(1e-9)),
    "cotangent ignored": cotangents(np.ones_like),
    "last row dropped": each(last_row_dropped),
    "input mutated": input_mutated,
    "cotangent aliased": gradients(aliased),
    "accumulates": accumulates,
    "not linear": cotangents(abs),
    "float64 always": each(lambda g: g.astype(np.float64)),
}


def everywhere() -> list[Mutant]:
    """Every mistake in every function that has a gradient to get wrong."""
    specs = registry.specs().values()
    return [Mutant(spec.name, name, mistake(spec.reference)) for spec in specs for name, mistake in MISTAKES.items()]
