"""The purity battery: nothing may be mutated, aliased, remembered or random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import tolerance
from .court import Court
from .sources import handwritten
from .sources.handwritten import Refused
from .spec import Array

OFTEN = 16  # a mask drawn for two entries is the same in one call of four


def look(court: Court, pullback: Callable[..., Any]) -> None:
    """Raise `Refused` with the verdict IMPURE at the first fault. Called after other points have been evaluated."""
    _aliases(court)
    if court.case.thorough:
        _damaged(court)
        _remembers(court, pullback)
        _random(court)


def excuse(court: Court) -> None:
    """Raise `Refused` where a gradient only seems wrong: something is damaged, or random."""
    _damaged(court)
    for _ in range(OFTEN):
        _random(court)


def _damaged(court: Court) -> None:
    case = court.case
    for name, pristine in case.pristine.items():
        if not tolerance.same(case.arguments[name], pristine):
            raise _impure(f"{name} is modified in place: work on a copy", name, "mutated")
    for position, given in enumerate(court.cotangents):
        if not tolerance.same(given, case.fresh_cotangent(position, given.shape)):
            raise _impure("the cotangent is modified in place: work on a copy", "", "mutated")


def _aliases(court: Court) -> None:
    owners = [value if value.base is None else _owner(value) for value in court.hand.gradients.values()]
    own = {id(owner) for owner in owners if owner.base is None and owner.flags.writeable}
    if len(own) == len(owners) and not court.case.thorough:
        return  # quickly: each gradient has memory of its own; what was given cannot be written to
    arguments = court.case.arguments.items()
    others = [(f"the argument {name}", value) for name, value in arguments if isinstance(value, np.ndarray)]
    others += [("the cotangent", value) for value in court.cotangents]
    for name, gradient in court.hand.gradients.items():
        for what, other in others:
            if np.may_share_memory(gradient, other) and np.shares_memory(gradient, other):
                raise _impure(f"d_{name} shares memory with {what}: return a copy", name, "aliased")
        others.append((f"d_{name}", gradient))


def _owner(x: Array) -> Array:
    """The array in whose memory a view lies; what is borrowed from elsewhere has a base of another kind."""
    while isinstance(x.base, np.ndarray):
        x = x.base
    return x


def _remembers(court: Court, pullback: Callable[..., Any]) -> None:
    """A pullback is linear: four times the cotangent, exactly four times the gradient, however often it is called."""
    first = {name: gradient.copy() for name, gradient in court.hand.gradients.items()}

    def call(factor: int) -> dict[str, Array]:
        return handwritten.back(court.case, pullback, tuple(factor * v for v in court.cotangents))

    def off(got: dict[str, Array], factor: int) -> list[str]:
        return [name for name, g in first.items() if tolerance.worst(got[name], factor * g) > 1]

    wrong = off(call(-4), -4)
    for name, gradient in court.hand.gradients.items():
        if not tolerance.same(gradient, first[name]):
            raise _impure(f"d_{name} is overwritten when the pullback is called again: return a copy", name, "aliased")
    if wrong and (repeated := off(call(1), 1)):
        message = f"d_{repeated[0]} differs when the pullback is called a second time"
        raise _impure(message, repeated[0], "remembers")
    if wrong:
        message = f"d_{wrong[0]} is not linear in the cotangent: -4 times the cotangent is not -4 times the gradient"
        raise _impure(message, wrong[0], "not linear in the cotangent")


def _random(court: Court) -> None:
    case, before = court.case, court.hand.outputs
    outputs, pullback = handwritten.again(case, case.arguments, before)
    others, _ = handwritten.again(case, case.arguments, before)
    given = [value for value in case.arguments.values() if isinstance(value, np.ndarray)]
    own = [y for y in outputs if not any(np.may_share_memory(y, x) for x in given)]  # a view shares what is in it
    if any(np.may_share_memory(y, other) for y in own for other in others):
        raise _impure("an output is overwritten when the function is called again: return a copy", "", "aliased")
    if any(tolerance.worst(b, a) > 1 for a, b in zip(before, outputs, strict=True)):
        raise _impure("the output differs when the function is called again with the same arguments", "", "random")
    gradients = handwritten.back(case, pullback, court.cotangents)
    for name, gradient in court.hand.gradients.items():
        if tolerance.worst(gradients[name], gradient) > 1:
            message = f"d_{name} differs when the function is called again with the same arguments"
            raise _impure(message, name, "random")


def _impure(message: str, argument: str, pattern: str) -> Refused:
    return Refused("IMPURE", message, argument, pattern)
