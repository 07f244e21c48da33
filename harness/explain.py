"""From a failing case to words: which entries, expected and got, what the mistake looks like, and the inputs."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from . import diagnosis, registry, tolerance
from .court import Court
from .diagnosis import Evidence, Oracle
from .inputs import Case, own_size
from .sources import autograd, handwritten
from .sources.handwritten import Answer, Refused
from .spec import Array, Gradients
from .verdict import Kind, Verdict

MOST_CASES = 6  # besides the one that is shown, which a name must explain
MOST_ENTRIES = 256  # differences of single entries cost five calls each

WHO = {
    Kind.HANDWRITTEN: "hand-written",
    Kind.AUTOGRAD: "autograd",
    Kind.FORWARD: "the forward",
}


def explain(verdict: Verdict, others: Sequence[Verdict] = ()) -> Verdict:
    """The verdict with its pattern and its message; `others` are further cases in which the same went wrong."""
    if verdict.kind not in WHO or verdict.got is None:
        return replace(verdict, message=_plain(verdict))
    with np.errstate(all="ignore"):
        court = _court(verdict.case)
        if court is None:
            return replace(verdict, message=_plain(verdict))
        known = _with_truth(verdict, court)
        known = replace(known, pattern=known.pattern or recognise(known, others).words)
        return replace(known, message=_message(known, court))


def answers(case: Case) -> dict[str, dict[str, Array]]:
    """What each source says of a case, for as many of them as answer."""
    court = _court(case)
    if court is None:
        return {}
    said = {
        "cotangent": _numbered("d_output", court.cotangents),
        "output": _numbered("output", court.hand.outputs),
        "hand-written": {f"d_{name}": gradient for name, gradient in court.hand.gradients.items()},
    }
    if court.twin is not None:
        said["autograd"] = {f"d_{name}": gradient for name, gradient in court.twin.gradients.items()}
    elif reason := case.spec.differs(case.arguments):
        with contextlib.suppress(Refused):
            gradients = _autograd(case, court.cotangents).gradients  # type: ignore[union-attr]  # it differs: it is there
            said[f"autograd, not believed: {reason}"] = {f"d_{name}": g for name, g in gradients.items()}
    small = [name for name in case.differentiable if case.arguments[name].size <= MOST_ENTRIES]
    said["differences"] = {f"d_{name}": entrywise(court, name) for name in small}
    return said


def _numbered(name: str, arrays: Sequence[Array]) -> dict[str, Array]:
    """One array under its name, several with their numbers."""
    return {f"{name} {i}" if len(arrays) > 1 else name: array for i, array in enumerate(arrays)}


def _court(case: Case) -> Court | None:
    try:
        hand, cotangents, _ = handwritten.run(case)
        believed = None if case.spec.differs(case.arguments) else _autograd(case, cotangents)
    except Refused:
        return None
    return Court(case, hand, believed, cotangents)


def _autograd(case: Case, cotangents: Sequence[Array]) -> Answer | None:
    """What torch says, if there is a twin. Raises Refused."""
    twin = case.spec.twin
    return None if twin is None else autograd.run(twin, case.arguments, case.differentiable, cotangents)


def _with_truth(verdict: Verdict, court: Court) -> Verdict:
    """Where no other source knows the right gradient, differences find it entry by entry."""
    if verdict.want is not None or verdict.got is None or verdict.got.size > MOST_ENTRIES:
        return verdict
    return replace(verdict, want=entrywise(court, verdict.argument))


def entrywise(court: Court, argument: str) -> Array:
    """The gradient of one argument by differences, an entry at a time."""
    x = court.case.arguments[argument]
    found = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        found[index] = _entry(court, argument, index)
    return found


def _entry(court: Court, argument: str, index: tuple[int, ...]) -> float:
    x = court.case.arguments[argument]
    step = own_size(x)[index]
    direction = np.zeros(x.shape)
    direction[index] = step
    return court.slope({argument: direction}).value / float(step)


def recognise(verdict: Verdict, others: Sequence[Verdict] = ()) -> diagnosis.Name:
    """The mistake that explains a verdict and the others; a name without words where none does."""
    evidence = []
    telling = sorted(others, key=lambda other: 0 if other.got is None else -other.got.size)[:MOST_CASES]
    for other in (verdict, *telling):
        court = _court(other.case)
        one = _with_truth(other, court) if court and verdict.kind is not Kind.FORWARD else other
        if court is not None and one.got is not None and one.want is not None:
            evidence.append(_evidence(one, court))
    with np.errstate(all="ignore"):
        return diagnosis.name(evidence)


def _evidence(verdict: Verdict, court: Court) -> Evidence:
    case, twin, others = verdict.case, verdict.case.spec.twin, {}
    right: Oracle | None = None
    trusted = case.spec.stands_for or getattr(registry.specs().get(case.spec.name), "reference", None)
    if twin is not None and verdict.kind is Kind.HANDWRITTEN and (court.twin is not None or trusted is not None):

        def asked(arguments: Mapping[str, Any], cotangents: tuple[Array, ...]) -> Gradients:
            due = [name for name in case.differentiable if arguments[name] is not None]
            try:  # first the reference, which refuses what would crash torch
                if trusted is not None:
                    _, pullback = handwritten.forward(trusted, arguments)
                    if case.spec.differs(arguments):
                        return pullback(*cotangents)
                return autograd.run(twin, arguments, due, cotangents).gradients
            except (Refused, ValueError):  # or the output is of another shape then, and the cotangents do not fit it
                return {}

        right = asked
        everything = court.twin.gradients if court.twin is not None else asked(case.arguments, court.cotangents)
        others = {name: gradient for name, gradient in everything.items() if name != verdict.argument}

    got, want = np.asarray(verdict.got), np.asarray(verdict.want)
    return Evidence(case, verdict.argument, got, want, others, court.cotangents, court.hand.outputs, right)


def _plain(verdict: Verdict) -> str:
    """A message for what has no entries to show."""
    pattern = [f"  pattern: {verdict.pattern}"] if verdict.pattern else []
    return "\n".join([f"{verdict.case.spec.title}: {verdict.message}", *pattern, *_inputs(verdict.case)])


def _message(verdict: Verdict, court: Court) -> str:
    spec, got = verdict.case.spec, np.asarray(verdict.got)
    what = verdict.argument if verdict.kind is Kind.FORWARD else f"d_{verdict.argument}"
    lines = []
    if verdict.want is None:
        lines.append(f"{spec.title}: {what} disagrees with the differences of the forward")
    else:
        want = np.asarray(verdict.want)
        errors = tolerance.excess(got, want)
        index = np.unravel_index(int(errors.argmax()), errors.shape) if errors.ndim else ()
        at = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
        digits = next((d for d in (6, 12) if f"{got[index]:.{d}g}" != f"{want[index]:.{d}g}"), 17)
        said = "; ".join(f"{source} {value:.{digits}g}" for source, value in _says(verdict, court, index).items())
        lines.append(
            f"{spec.title}: {what}{at} is {got[index]:.{digits}g}, but should be {want[index]:.{digits}g}\n  ({said})"
        )
        lines.append(f"  odd one out: {WHO[verdict.kind]}; {diagnosis.where(errors > 1)}")
    if verdict.pattern:
        lines.append(f"  pattern: {verdict.pattern}")
    if verdict.message:
        lines.append(f"  note: {verdict.message}")
    return "\n".join([*lines, *_inputs(verdict.case, court)])


def _says(verdict: Verdict, court: Court, index: tuple[Any, ...]) -> dict[str, float]:
    """What each source says of one entry."""

    def of(answer: Answer) -> float:
        key = verdict.argument
        if verdict.kind is Kind.FORWARD:
            position = int(key.split()[1]) if " " in key else 0
            return float(answer.outputs[position][index])
        return float(answer.gradients[key][index])

    says = {"hand-written" if verdict.case.spec.order == 1 else "autograd": of(court.hand)}
    if court.twin is not None:
        says["autograd" if verdict.kind is not Kind.FORWARD else "torch"] = of(court.twin)
    if verdict.kind is not Kind.FORWARD:
        says["differences"] = _entry(court, verdict.argument, tuple(int(i) for i in index))
    return says


def _inputs(case: Case, court: Court | None = None) -> list[str]:
    """The arguments as they would be pasted, and the cotangent."""
    given = {name: value for name, value in case.arguments.items() if value is not None and case.spec.takes(name)}
    if court is not None:
        given |= _numbered("d_output", court.cotangents)
    return [f"  {name} = {literal(value)}" for name, value in given.items()]


def literal(value: Any, most: int = 60) -> str:
    """A value in one line of Python; a large array as its shape."""
    if not isinstance(value, np.ndarray):
        return repr(value)
    if value.size > most:
        return f"<array of dtype {value.dtype}, shape {value.shape}>"
    if value.size == 0:
        return f"zeros({value.shape})"
    text = np.array2string(value, separator=", ", max_line_width=10**6, threshold=10**6, floatmode="maxprec")
    return " ".join(text.split())
