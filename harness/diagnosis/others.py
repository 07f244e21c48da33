"""The gradient of something else: of another call, of another argument, of a part of the function."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..spec import Choice
from .evidence import Evidence, Found
from .places import inverted

MOST_PARTS = 8  # entries along an axis that are asked for one by one


def ignores_cotangent(e: Evidence) -> Found:
    ones = e.instead(tuple(np.ones(v.shape) for v in e.cotangents))
    if ones is not None and e.fits(ones):
        yield "cotangent ignored", "the cotangent is ignored: this is the gradient for a cotangent of ones"


def one_output(e: Evidence) -> Found:
    for k in range(len(e.cotangents)) if len(e.cotangents) > 1 else ():
        without = e.instead(tuple(0 * v if i == k else v for i, v in enumerate(e.cotangents)))
        if without is not None and e.fits(without):
            yield f"output {k}", f"what comes back through output {k} is missing"


def option_ignored(e: Evidence) -> Found:
    for name, value in e.case.arguments.items():
        if name == e.argument:
            continue
        for other in _others(e, name, value):
            instead = e.instead(None, **{name: other})
            if instead is None:  # refused: without it another option may not be on
                tried = (e.instead(None, **{name: other, flag: False}) for flag in _on(e, name))
                instead = next((one for one in tried if one is not None), None)
            if instead is not None and e.fits(instead):
                yield f"{name} ignored", f"{name} is ignored: this is the gradient for {name}={other!r}"
                break


def _others(e: Evidence, name: str, value: Any) -> list[Any]:
    """What an option might be taken for: its default, another of its choices, nothing."""
    if isinstance(value, bool):
        return [not value]
    if name not in e.case.spec.defaults:
        return []
    if isinstance(value, np.ndarray):
        return [None] if e.case.spec.defaults[name] is None else []
    kind, choices = e.case.kinds.get(name), []
    if isinstance(kind, Choice) and isinstance(kind.values, Sequence) and not isinstance(value, float):
        choices = list(kind.values)
    usual = [0.0] if isinstance(value, float) else ["none", "mean", "sum", "max"] if isinstance(value, str) else []
    tried = [e.case.spec.defaults[name], *choices, *usual]
    return [other for i, other in enumerate(tried) if other != value and other not in tried[:i]]


def _on(e: Evidence, name: str) -> list[str]:
    """The other options that are on."""
    return [other for other, value in e.case.arguments.items() if value is True and other != name]


def swapped(e: Evidence) -> Found:
    for name, gradient in e.others.items():
        if gradient.any() and e.fits(gradient):
            yield f"swapped {name}", f"this is the gradient of {name}"


def added(e: Evidence) -> Found:
    for name, gradient in e.others.items():
        for sign in (1, -1):
            if gradient.shape == e.want.shape and gradient.any() and e.fits(e.want + sign * gradient):
                yield (
                    f"added {sign} {name}",
                    f"the gradient of {name} is {'added' if sign > 0 else 'subtracted'} as well",
                )


def diagonal(e: Evidence) -> Found:
    """Each entry has only what comes back through its own output: the rest of the Jacobian is missing."""
    if len(e.cotangents) != 1 or e.cotangents[0].shape != e.want.shape:
        return
    (v,) = e.cotangents
    for axis, length in enumerate(e.want.shape):
        index = np.arange(length).reshape([-1 if k == axis else 1 for k in range(v.ndim)])
        parts = [e.instead((np.where(index == i, v, 0.0),)) for i in range(length)] if 1 < length <= MOST_PARTS else []
        known = [part for part in parts if part is not None]
        if known and len(known) == length:
            own = sum(np.where(index == i, part, 0.0) for i, part in enumerate(known))
            if e.fits(np.asarray(own)):
                yield (
                    "diagonal",
                    f"only the diagonal along axis {axis} is there: what each entry does to the others is missing",
                )


def branches(e: Evidence) -> Found:
    """Every entry off by one factor, up or down: the two branches are exchanged."""
    for name, value in e.case.arguments.items():
        if not isinstance(value, float) or abs(value) == 1:
            continue
        up = abs(e.got - e.want * value) <= abs(e.got * value - e.want)
        exchanged = np.where(up, e.want * value, e.want / (value or 1.0))
        if e.fits(exchanged) if value else any(inverted(e)):
            yield (
                f"branches {name}",
                f"the branches are exchanged: {name} where it should not be, and the other way round",
            )


def residual(e: Evidence) -> Found:
    for sign, v in itertools.product((1, -1), e.cotangents):
        if v.shape == e.want.shape and e.fits(e.want + sign * v):
            yield (
                f"residual {sign}",
                "the cotangent itself is " + ("there once too often" if sign > 0 else "missing once"),
            )


def is_cotangent(e: Evidence) -> Found:
    if any(e.factor(v) for v in e.cotangents):
        yield "cotangent", "this is the cotangent itself: the function's own derivative is missing"
