"""One call for each case: what the submission answers, with what is right beside it; or why there is no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..inputs import Case
from ..sources.handwritten import Answer
from ..spec import Array
from .box import StudentError
from .known import Known
from .pack import Check
from .runner import Gone, Runner


@dataclass
class Asked:
    """One case: what is right, and what the submission says; or why it says nothing."""

    want: Answer
    cotangents: tuple[Array, ...]
    got: dict[str, Array] = field(default_factory=dict)
    error: StudentError | None = None  # of the call with cotangents
    forward_error: StudentError | None = None
    gone: Gone | None = None
    forward_gone: Gone | None = None
    mutated: bool = False  # in the call with cotangents
    forward_mutated: bool = False
    refitted: bool = False  # the output's shape is another, and so is the cotangent's

    @property
    def outputs(self) -> tuple[Array, ...]:
        """The submission's outputs that take a cotangent; those that it does not give are taken to be right."""
        return tuple(self.got.get(name_of(place), self.want.outputs[place]) for place in range(len(self.cotangents)))


class Asker:
    """Asks one function of the adapter; each case once."""

    def __init__(self, check: Check, runner: Runner, known: Known, backward: bool) -> None:
        self.known = known
        self.call, self.options, self.runner, self.backward = check.call, check.options, runner, backward
        self.gone: Gone | None = None  # for the call with cotangents, which is then made no more, and
        self.forward_gone: Gone | None = None  # without
        self._memory: dict[str, Asked] = {}

    def __getitem__(self, case: Case) -> Asked:
        """With cotangents; and where that fails the forward alone. Raises Broken."""
        if case.id not in self._memory:
            self._memory[case.id] = asked = Asked(*self.known.truth(case))
            self._all(case, asked)
        return self._memory[case.id]

    def _all(self, case: Case, asked: Asked) -> None:
        if self.backward and self.gone is None:
            try:
                self._fitting(case, asked, asked.cotangents)
            except StudentError as error:
                asked.error = error
            except Gone as gone:
                self.gone = gone
        asked.gone = self.gone
        if not asked.got and self.forward_gone is None:
            try:
                self._fitting(case, asked, ())
            except StudentError as error:
                asked.forward_error = error
            except Gone as gone:
                self.forward_gone = gone
        asked.forward_gone = None if asked.got else self.forward_gone

    def _fitting(self, case: Case, asked: Asked, cotangents: tuple[Array, ...]) -> None:
        """Ask; and again with a cotangent of the output's shape, if that is another: only that says anything."""
        asked.got, asked.mutated = self._real(case, cotangents)
        outputs = [asked.got.get(name_of(place)) for place in range(len(cotangents))]
        own = [
            v if y is None or y.shape == v.shape else case.cotangent(place, y.shape)
            for place, (y, v) in enumerate(zip(outputs, cotangents, strict=True))
        ]
        asked.forward_mutated = asked.mutated and self._forward_mutates(case, cotangents)
        if any(one is not v for one, v in zip(own, cotangents, strict=True)):
            asked.cotangents, asked.refitted = tuple(own), True
            with suppress(StudentError):
                asked.got, asked.mutated = self._real(case, asked.cotangents)

    def _forward_mutates(self, case: Case, cotangents: tuple[Array, ...]) -> bool:
        """Whether it is the forward that writes to an argument, and not the backward."""
        if not cotangents:
            return True
        with suppress(StudentError):
            return self.ask(case.arguments, ())[1]
        return True

    def _real(self, case: Case, cotangents: Sequence[Array]) -> tuple[dict[str, Array], bool]:
        """The answer, without imaginary parts that are all 0."""
        got, mutated = self.ask(case.arguments, cotangents)
        return {name: y.real if y.dtype.kind == "c" and not y.imag.any() else y for name, y in got.items()}, mutated

    def ask(self, arguments: Mapping[str, Any], cotangents: Sequence[Array]) -> tuple[dict[str, Array], bool]:
        """The answer, and whether an argument had to be writeable for it. Raises StudentError or Gone."""
        arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
        options = {name: value for name, value in arguments.items() if name not in arrays} | dict(self.options)
        arrays |= {f"d_{name_of(place)}": v for place, v in enumerate(cotangents)}
        return asked(self.runner, self.call, arrays, options)


def asked(
    runner: Runner, call: str, arrays: Mapping[str, Array], options: Mapping[str, Any]
) -> tuple[dict[str, Array], bool]:
    """The answer, and whether an argument had to be writeable for it. Raises StudentError or Gone."""
    try:
        return runner.call(call, arrays, options), False
    except StudentError as error:
        if not overwrites(error):
            raise
    return runner.call(call, arrays, options, writeable=True), True


def name_of(place: int) -> str:
    """What an output is called."""
    return f"output_{place}" if place else "output"


def place_of(check: Check) -> int | None:
    """Which output is judged; None for a gradient."""
    name, _, number = check.judges.partition("_")
    return None if name != "output" else int(number) if number.isdigit() else 0 if not number else None


def overwrites(error: StudentError) -> bool:
    """Whether it was raised because an argument is written to."""
    return error.type == "ValueError" and "read-only" in error.message


def unwritten(error: StudentError) -> bool:
    """Whether what is asked for is not there yet, or gives nothing: seen by who calls it, the adapter."""
    if error.type in ("NotImplementedError", "NotWritten"):
        return True
    if error.file != "adapter.py":
        return False
    return error.type == "AttributeError" or "cannot import name" in error.message or "NoneType" in error.message
