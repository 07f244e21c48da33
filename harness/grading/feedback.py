"""What a student is told: the claim, where, what it looks like, the smallest inputs that show it, a hint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import diagnosis
from ..diagnosis import Evidence
from ..sources import handwritten
from ..sources.handwritten import Refused
from ..spec import Array, Gradients
from .asking import Asked, overwrites, unwritten
from .blame import of_pack
from .box import StudentError
from .deciding import Finding, Group
from .handin import HandIn
from .judge import Said, within
from .pack import Check, Trajectory

MOST_CASES = 5  # beside the one that is shown, which a name must explain
MOST_NUMBERS = 60  # of an array that is printed
FOLLOWS = "it is the derivative of your forward as it stands, which is wrong: its points are yours all the same"


@dataclass(frozen=True)
class Told:
    """The words for one check; `got` and `want` for a picture."""

    message: str = ""
    verdict: str = ""
    pattern: str = ""
    case: str = ""
    inputs: str = ""  # Python to paste
    got: Array | None = None
    want: Array | None = None


def told(check: Check, finding: Finding, group: Group, handin: HandIn) -> Told:
    """What is said of one finding."""
    said = finding.shown
    if said is None or finding.status in ("timeout", "died"):
        verdict = "INCONCLUSIVE" if said is None else "ERROR"
        return Told(finding.message, verdict, case="" if said is None else said.case.id)
    if finding.status == "pass":
        return Told(f"right: {FOLLOWS}" if said.follows else "", "AGREE", case=said.case.id if said.follows else "")
    inputs = _inputs(group, said)
    if finding.status == "mutation":
        lines = [
            "the values are right, but an array that is passed in is changed: work on a copy",
            *_own(check, handin),
        ]
        return Told(message(lines, inputs, check.hint), "IMPURE", "mutated", said.case.id, inputs)
    if said.kind == "absent":
        lines = raised(said.error, handin) if said.error else [f"not written yet: {said.message}"]
        return Told(message(lines, "", check.hint))
    if said.error is not None:
        lines = raised(said.error, handin)
        return Told(message(lines, inputs, check.hint), "ERROR", "", said.case.id, inputs)
    return _wrong(check, finding, group, handin, said, inputs)


def _wrong(check: Check, finding: Finding, group: Group, handin: HandIn, said: Said, inputs: str) -> Told:
    if said.want is None:
        said = replace(said, want=group.judge.slopes(said))
    random = not group.judge.steady(said)
    pattern = "random" if random else said.pattern or _name(said, finding.others, group)
    lines = [said.message or claim(said.argument, said.got, said.want, check.tolerance)]
    if said.got is not None and said.want is not None and said.got.shape == said.want.shape:
        lines.append(f"wrong: {diagnosis.where(_off(said.got, said.want, check.tolerance))}")
    if pattern:
        lines.append(f"pattern: {pattern}")
    lines += _own(check, handin)
    if random:
        lines.append("note: it changes from call to call with the same inputs: is something drawn, or remembered?")
    if said.empty:
        lines.append("note: your forward does not depend on this argument at all, of which 0 is the derivative")
    elif said.follows:
        lines.append("note: the forward is wrong too, and this is not the derivative of that forward either")
    if finding.status == "unstable":
        lines.append("note: only extreme values go wrong, which the task does not ask for")
    if said.mutated:
        lines.append("note: an array that is passed in is changed as well: work on a copy")
    verdict = "HANDWRITTEN" if said.argument.startswith("d_") else "FORWARD"
    return Told(message(lines, inputs, check.hint), verdict, pattern, said.case.id, inputs, said.got, said.want)


def _own(check: Check | Trajectory, handin: HandIn) -> list[str]:
    """Where the student wrote what is judged."""
    number = handin.definition(check.file, check.target)
    return [f"in {handin.place(check.file, number)}"] if number else []


def raised(error: StudentError, handin: HandIn) -> list[str]:
    """An exception, with the student's own line."""
    what = f"{error.type}: {error.message}".removesuffix(": ")
    if overwrites(error):
        what = "an array that is passed in is changed: work on a copy"
    elif unwritten(error):
        reason = error.message or "it raises NotImplementedError"
        what = f"not written yet: {f'something is None ({reason})' if 'NoneType' in reason else reason}"
    lines = [what]
    if error.file and error.file != "adapter.py":
        lines.append(f"at {handin.place(error.file, error.line)}")
    return lines


def claim(name: str, got: Array | None, want: Array | None, tolerance: float, order: bool = False) -> str:
    """The entry that is furthest off; or the first that is wrong, where the order tells when it went wrong."""
    if got is None or want is None:
        return f"{name} disagrees with the differences of the forward"
    off = _off(got, want, tolerance)
    with np.errstate(all="ignore"):
        apart = np.where(np.isfinite(got), abs(got.astype(complex) - want), np.inf)
    at = int(off.argmax() if order else np.where(off, apart, -1.0).argmax())
    index = np.unravel_index(at, got.shape) if got.ndim else ()
    place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
    is_, should = got[index].item(), want[index].item()
    digits = next((d for d in (6, 12) if _shown(is_, d) != _shown(should, d)), 17)
    return f"{name}{place} is {_shown(is_, digits)}, but should be {_shown(should, digits)}"


def _shown(value: Any, digits: int) -> str:
    return f"{value + 0.0:.{digits}g}" if isinstance(value, float | complex) else str(value)  # never -0


def _off(got: Array, want: Array, tolerance: float) -> Array:
    """Which entries are wrong."""
    finite = np.isfinite(want)
    bound = tolerance * float(abs(want[finite]).max(initial=0.0))
    with np.errstate(all="ignore"):
        close = abs(got.astype(complex) - want) <= bound
        same = close | (got == want) | (np.isnan(got) & np.isnan(want))
    return ~same if not same.all() else got != want


def trajectory(
    check: Trajectory, handin: HandIn, got: Mapping[str, Array], want: Mapping[str, Any]
) -> tuple[str, Told]:
    """The status of an answer that is known, and what is said of it. Raises Broken."""
    inputs = _given(check)

    def fail(lines: list[str], own: Array | None = None, right: Array | None = None) -> tuple[str, Told]:
        words = message([*lines, *_own(check, handin)], inputs, check.hint)
        return "fail", Told(words, "FORWARD", inputs=inputs, got=own, want=right)

    for name, value in want.items():
        right = np.asarray(value)
        if name not in got:
            return "missing", Told(message([f"not written yet: no {name} is returned"], "", check.hint))
        own = got[name]
        bound = check.tolerance if right.any() else 0.0
        if own.shape != right.shape:
            return fail([f"the shape of {name} is {own.shape}, but should be {right.shape}"], own, right)
        if not within(own, right, bound) and not (bound == 0.0 and (abs(own) <= check.tolerance).all()):
            wrong = _off(own, right, bound)
            first = [f"wrong: {wrong.sum()} of {wrong.size} entries, of which this is the first"] if own.ndim else []
            return fail([claim(name, own, right, bound, order=True), *first], own, right)
    if check.judge is not None:
        try:
            reason = check.judge(got)
        except Exception as error:
            raise of_pack(f"judge of {check.id}", error) from error
        if reason:
            return fail([reason])
    return "pass", Told("", "AGREE")


def _given(check: Trajectory) -> str:
    """What a call is given, where it is little enough to be read."""
    given = {**check.arguments, **check.options}
    small = sum(np.size(value) for value in check.arguments.values()) <= MOST_NUMBERS
    return "\n".join(f"{name} = {literal(value)}" for name, value in given.items()) if small else ""


def message(lines: list[str], inputs: str, hint: str) -> str:
    """The claim, and the rest below it."""
    rest = [*lines[1:], *inputs.splitlines(), *([f"hint: {hint}"] if hint else [])]
    return "\n".join([lines[0], *(f"  {line}" for line in rest)])


def _inputs(group: Group, said: Said) -> str:
    """The arguments, and the cotangent where it matters, as Python."""
    given = dict(said.case.arguments)
    if said.argument.startswith("d_"):
        cotangents = group.asker[said.case].cotangents
        given |= {f"d_output_{i}" if i else "d_output": v for i, v in enumerate(cotangents)}
    return "\n".join(f"{name} = {literal(value)}" for name, value in given.items())


def literal(value: Any) -> str:
    """A value as one line of Python."""
    if not isinstance(value, np.ndarray):
        return repr(value)
    if value.size == 0:
        return f"np.zeros({value.shape})"
    if value.size > MOST_NUMBERS:
        return f"...  # {value.dtype}, shape {value.shape}"
    return f"np.array({value.tolist()})"


def _name(said: Said, others: list[Said], group: Group) -> str:
    """The mistake that explains the cases at hand, in words; "" where none does."""
    largest = sorted(others, key=lambda one: -np.asarray(one.got).size)[:MOST_CASES]
    telling = [said, *(one for one in largest if one.want is not None)]
    evidence = [
        _evidence(one, group.asker[one.case]) for one in telling if one.got is not None and one.want is not None
    ]
    try:
        words = diagnosis.name(evidence).words
    except Exception:  # noqa: BLE001 - a name is welcome, and no more
        return ""
    words = re.sub(r" \(residual [^)]*\)$", "", words)
    if "a multiple of its input" in words and all(map(_weighs_input, evidence)):
        return "off by a multiple of the argument itself: is the slope of a regulariser wrong, or missing?"
    return re.sub(r" = [-+.\de]+ times", " times", words)  # the number may be another case's


def _weighs_input(one: Evidence) -> bool:
    """Whether what is wrong is the argument itself, times one number: of a sum it would be another in each place."""
    x, off = np.asarray(one.case.arguments[one.argument]), one.got - one.want
    if x.shape != off.shape or not np.isfinite(off).all():
        return False
    rest = off - x * (np.vdot(x, off) / (np.vdot(x, x) or 1.0))
    return bool(abs(rest).max(initial=0.0) <= 1e-6 * abs(off).max(initial=0.0))


def _evidence(said: Said, asked: Asked) -> Evidence:
    argument = said.argument.removeprefix("d_")
    got, want = np.asarray(said.got), np.asarray(said.want)
    outputs = asked.want.outputs
    if not said.argument.startswith("d_") or said.follows:
        return Evidence(said.case, argument, got, want, {}, asked.cotangents, outputs)
    others = {name: gradient for name, gradient in asked.want.gradients.items() if name != argument}

    def right(arguments: Mapping[str, Any], cotangents: tuple[Array, ...]) -> Gradients:
        try:
            _, pullback = handwritten.forward(said.case.spec.reference, arguments)
            return dict(pullback(*cotangents))
        except (Refused, ArithmeticError, ValueError, TypeError, LookupError):
            return {}

    return Evidence(said.case, argument, got, want, others, asked.cotangents, outputs, right)
