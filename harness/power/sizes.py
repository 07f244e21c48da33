"""Cases of a wanted size: a drawn case whose sizes are doubled, one after the other, as the function allows it."""

from __future__ import annotations

from dataclasses import replace

from ..draw import drawn
from ..inputs import Case, words
from ..sources import handwritten
from ..sources.handwritten import Refused
from ..spec import Spec

MOST_JACOBIAN = 1_000_000  # entries; gradcheck's slow mode writes two of them down


def entries(case: Case) -> int:
    """How many numbers are differentiated."""
    return sum(case.arguments[name].size for name in case.differentiable)


def usual(spec: Spec, among: int = 200) -> Case | None:
    """The case that a person would pick by hand: options at their defaults, nothing left out, several of everything."""

    def plainness(case: Case) -> tuple[int, int, int]:
        options = sum(case.plan.get(name, value) == value for name, value in spec.defaults.items())
        return options, -sum(value is None for value in case.plan.values()), entries(case)

    cases = [case for case in drawn(spec, among) if case.differentiable and entries(case)]
    return replace(max(cases, key=plainness), profile="ordinary", layout="C") if cases else None


def grown(case: Case, size: int) -> Case | None:
    """The case with at least `size` entries; None where its words cannot be made larger."""
    while entries(case) < size:
        before = entries(case)
        for word in words(case):
            same = [other for other in words(case) if case.plan[other] == case.plan[word]]
            if entries(case) < size:
                tried = (_as(case, of, twice) for of in ([word], same) for twice in _doubled(case.plan[word]))
                case = next((found for found in tried if found is not None), case)
        if entries(case) == before:
            return None
    return case


def _as(case: Case, words: list[str], size: int | tuple[int, ...]) -> Case | None:
    """With these words of this size; None where that does not fit, or makes nothing larger."""
    found = replace(case, plan={**case.plan, **dict.fromkeys(words, size)})
    try:
        answer, _, _ = handwritten.run(found)
    except (Refused, ValueError, KeyError, IndexError, TypeError):
        return None
    return found if entries(found) > entries(case) and all(y.size for y in answer.outputs) else None


def _doubled(size: int | tuple[int, ...]) -> list[int | tuple[int, ...]]:
    """Twice as large: a number; of a shape one number, the smallest first."""
    if not isinstance(size, tuple):
        return [2 * size]
    places = sorted(range(len(size)), key=lambda place: size[place])
    return [(*size[:place], 2 * size[place], *size[place + 1 :]) for place in places]


def jacobian(case: Case) -> int:
    """The entries of all Jacobians together."""
    outputs = handwritten.run(case)[0].outputs[: case.spec.outputs]
    return entries(case) * sum(y.size for y in outputs)
