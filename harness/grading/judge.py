"""One case, one check: the pack's reference is the truth, and differences of the student's own forward are the appeal.

A gradient is right if it is the reference's, or lies within a kink's two sides, or, where the forward is wrong, is the
derivative of that wrong forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..court import Court, implied
from ..inputs import Case
from ..ruling import judge
from ..sources import handwritten
from ..sources.handwritten import Answer, Refused
from ..spec import Array, Gradients
from ..tolerance import PRECISION
from ..verdict import Kind
from .asking import Asked, Asker, name_of, place_of, unwritten
from .box import StudentError
from .pack import Check
from .runner import Gone
from .wire import DTYPES

EXTREME = ("mixed", "saturated", "huge", "tiny")  # profiles that no course asks for
SAME = 1e-3  # of the largest entry: a forward that is further off is another function
MOST_ENTRIES = 50_000  # of an output that is differentiated
PRECISE = 1e-4  # of the natural size: what the derivative of a wrong forward must be known to


@dataclass(frozen=True)
class Said:
    """What one case says of one check.

    kind      right, wrong, error, absent (not written), unsure, or gone (the box ended)
    follows   right, or wrong, as the derivative of a forward that is wrong itself
    empty     a gradient that is right, and 0 everywhere
    """

    kind: str
    case: Case
    message: str = ""
    pattern: str = ""
    argument: str = ""
    got: Array | None = None
    want: Array | None = None
    error: StudentError | None = None
    status: str = ""
    follows: bool = False
    empty: bool = False
    mutated: bool = False

    @property
    def bad(self) -> bool:
        """Not right, and that was shown."""
        return self.kind in ("wrong", "error", "absent", "gone")

    @property
    def extreme(self) -> bool:
        """Whether the task never asks for such values."""
        return self.case.profile in EXTREME


class Judge:
    """Judges the checks of one call."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.misled = False  # whether the forward is known to be another function
        self._own: dict[str, bool] = {}  # by case

    def differs(self, case: Case) -> bool | None:
        """Whether the forward is another function, as far as this case tells; None where there is no answer."""
        asked = self.asker[case]
        if asked.error or asked.gone:
            return None
        pairs = zip(asked.outputs, asked.want.outputs, strict=False)
        return case.profile not in EXTREME and any(not within(y, right, SAME) for y, right in pairs)

    def at(self, check: Check, case: Case) -> Said | None:
        """What a case says of a check; nothing where its argument is left out."""
        place = place_of(check)
        if place is None and check.judges not in case.differentiable:
            return None
        try:
            asked = self.asker[case]
            if gone := asked.gone if place is None else asked.forward_gone:
                raise gone
            return self._gradient(check, case, asked) if place is None else self._output(check, place, case, asked)
        except Gone as gone:  # or while differences were taken
            return Said("gone", case, gone.message, status=gone.status)

    def _output(self, check: Check, place: int, case: Case, asked: Asked) -> Said:
        if asked.forward_error is not None:
            return _raised(case, asked.forward_error)
        for one in range(len(asked.cotangents)) if place == 0 else [place]:
            name = name_of(one)
            if name not in asked.got:
                return Said("absent", case, f"no {name} is returned", argument=name)
            got, want = asked.got[name], asked.want.outputs[one]
            if got.dtype.kind == "c":
                return Said("wrong", case, f"{name} is complex, but should be real", argument=name)
            about: dict[str, Any] = {"argument": name, "got": got, "want": want, "mutated": asked.forward_mutated}
            if got.shape != want.shape:
                return Said("wrong", case, f"the shape of {name} is {got.shape}, but should be {want.shape}", **about)
            if not within(got, want, check.tolerance) and not self._noise(case, got, want, one):
                return Said("wrong", case, **about)
        return Said("right", case, mutated=asked.forward_mutated)

    def _noise(self, case: Case, got: Array, want: Array, place: int) -> bool:
        """Whether a wrong output is no more than rounding, at an ill-conditioned point."""
        if got.dtype.kind not in "fc" or not np.isfinite(got).all():
            return False
        bench = _Bench(_only(case, None), Answer((got,), {}), Answer((want,), {}), (), self.asker, (place,))
        try:
            return judge(bench).kind.passed
        except Refused:
            return False

    def _gradient(self, check: Check, case: Case, asked: Asked) -> Said:
        name = check.judges
        if asked.error is not None:
            return _raised(case, asked.error)
        if name not in asked.got:
            return Said("absent", case, f"no gradient of {name} is returned", argument=f"d_{name}")
        got, want = asked.got[name], asked.want.gradients[name]
        about: dict[str, Any] = {"argument": f"d_{name}", "got": got, "want": want, "mutated": asked.mutated}
        try:
            hand = handwritten.back(_only(case, name), lambda *_: {name: got}, ())
        except Refused as refused:
            return Said("wrong", case, refused.message, refused.pattern, **about)
        if not asked.refitted and within(got, want, check.tolerance):
            return Said("right", case, empty=not got.any(), mutated=asked.mutated)
        if not np.isfinite(got).all() and np.isfinite(want).all():
            return Said("wrong", case, **about)
        try:
            kind, follows = self._appeal(check, case, asked, hand, want)
        except Refused as refused:  # the forward raises beside the point
            return Said("unsure", case, refused.message)
        if kind.passed or kind is Kind.AUTOGRAD:  # the differences side with the submission
            return Said("right", case, follows=follows, empty=not got.any(), **about)
        if kind is Kind.INCONCLUSIVE:
            return Said("unsure", case)
        about["want"] = None if follows else want
        return Said("wrong", case, follows=follows, **about)

    def _appeal(self, check: Check, case: Case, asked: Asked, hand: Gradients, want: Array) -> tuple[Kind, bool]:
        """What differences make of a gradient that is not the reference's, and whether the forward is wrong too.

        Raises Refused.
        """
        name, outputs = check.judges, asked.outputs
        for y in outputs:
            if y.dtype.kind == "c" or y.size > MOST_ENTRIES:
                what = "complex, but should be real" if y.dtype.kind == "c" else f"of {y.size} entries"
                raise Refused("ERROR", f"the output is {what}")
        if any(y.shape != v.shape for y, v in zip(outputs, asked.cotangents, strict=False)):  # though made to fit
            raise Refused("IMPURE", "the output's shape changes from call to call")
        places = tuple(range(len(outputs)))
        follows = asked.refitted or any(not within(y, asked.want.outputs[i], SAME) for i, y in enumerate(outputs))
        if (follows or self.misled) and self._follow(case, asked):
            return Kind.AGREE, True
        twin = None if follows else Answer(outputs, {name: want})
        bench = _Bench(_only(case, name), Answer(outputs, hand), twin, asked.cotangents, self.asker, places)
        kind = Kind.HANDWRITTEN if follows else judge(bench).kind
        if self.misled and not kind.passed:  # the outputs may be the same here, and their derivatives not
            own = _derivative(replace(bench, twin=None), name, check.tolerance)
            if follows or own.passed:
                return own, True
        return kind, follows

    def _follow(self, case: Case, asked: Asked) -> bool:
        """Whether all gradients together are seen at once to be those of the submission's own forward.

        Two calls, where asking of each argument with a bound takes thirty: for that there must be a doubt.
        """
        if case.id not in self._own:
            self._own[case.id] = False
            got = {name: asked.got[name] for name in case.differentiable if name in asked.got}
            with suppress(Refused):
                hand = Answer(asked.outputs, handwritten.back(case, lambda *_: got, ()))
                places = tuple(range(len(asked.outputs)))
                bench = _Bench(case, hand, None, asked.cotangents, self.asker, places)
                confirms = bench.ray(case.nudge).confirms
                self._own[case.id] = bool(case.nudge) and confirms(implied(hand, case.nudge), PRECISION, (1, -1))
        return self._own[case.id]

    def slopes(self, said: Said) -> Array | None:
        """For the backward of a wrong forward: its right gradient, by differences, entry by entry."""
        from ..explain import entrywise  # noqa: PLC0415 - not needed where all is right

        asked, name = self.asker[said.case], said.argument.removeprefix("d_")
        if said.got is None or said.got.size > 64 or said.got.shape != said.case.arguments[name].shape:
            return None
        hand, places = Answer(asked.outputs, {name: said.got}), tuple(range(len(asked.outputs)))
        bench = _Bench(_only(said.case, name), hand, None, asked.cotangents, self.asker, places)
        with suppress(Refused, Gone):
            return entrywise(bench, name)
        return None

    def steady(self, said: Said) -> bool:
        """Whether the same call gives the same again."""
        if said.got is None:
            return True
        cotangents = self.asker[said.case].cotangents if said.argument.startswith("d_") else ()
        with suppress(StudentError, Gone):
            for _ in range(2):
                again = self.asker.ask(said.case.arguments, cotangents)[0].get(said.argument.removeprefix("d_"))
                if again is None or not np.array_equal(again, said.got, equal_nan=True):
                    return again is not None and within(again, said.got, 1e-9)
        return True


@dataclass
class _Bench(Court):
    """The court, with the submission on trial: its forward through the box where it is wrong, else the reference's."""

    asker: Asker | None = None
    places: tuple[int, ...] = ()  # of the outputs that it holds

    def _forward(self, arguments: Mapping[str, Any]) -> tuple[Array, ...]:
        if self.twin is not None:
            outputs = handwritten.forward(self.case.spec.reference, arguments)[0]
            return tuple(outputs[one] for one in self.places)
        return self._theirs(arguments)[0]

    def again(self, arguments: Mapping[str, Any]) -> tuple[Answer, Answer | None]:
        outputs, gradients = self._theirs(arguments, backward=bool(self.case.differentiable))
        hand = Answer(outputs, handwritten.back(self.case, lambda *_: gradients, ()))
        if self.twin is None:
            return hand, None
        outputs, pullback = handwritten.forward(self.case.spec.reference, arguments)
        due = pullback(*self.cotangents) if self.case.differentiable else {}
        compared = tuple(outputs[one] for one in self.places)
        return hand, Answer(compared, {name: due[name] for name in self.case.differentiable})

    def _theirs(self, arguments: Mapping[str, Any], backward: bool = False) -> tuple[tuple[Array, ...], Gradients]:
        """The submission's outputs and gradients. Raises Refused."""
        asker = self.asker
        if asker is None:
            raise ValueError("the asker is None, but should be given")

        def call(**given: Any) -> Any:
            if any(isinstance(x, np.ndarray) and x.dtype.str not in DTYPES for x in given.values()):
                raise TypeError("numbers of this precision cannot be handed to the box")
            got, _ = asker.ask(given, self.cotangents if backward else ())
            own = [got.get(name_of(one), y) for one, y in zip(self.places, self.hand.outputs, strict=True)]
            return tuple(own), lambda *_: {name: got[name] for name in self.case.differentiable if name in got}

        outputs, pullback = handwritten.forward(call, arguments)
        handwritten.keeps_shape(self.case, outputs, self.hand.outputs)
        return outputs, pullback()


def within(got: Array, want: Array, tolerance: float) -> bool:
    """Whether all entries are right to so much of the largest; NaN and infinities where they should be."""
    if got.shape != want.shape:
        return False
    finite = np.isfinite(want)
    bound = tolerance * float(abs(want[finite]).max(initial=0.0))
    with np.errstate(all="ignore"):
        off = abs(got.astype(complex if got.dtype.kind == "c" else float) - want)
        same = (got == want) | (np.isnan(got) & np.isnan(want)) if got.dtype.kind in "fc" else got == want
        return bool((same | (off <= bound)).all())


def _raised(case: Case, error: StudentError) -> Said:
    return Said("absent" if unwritten(error) else "error", case, error=error)


def _derivative(bench: _Bench, name: str, tolerance: float) -> Kind:
    """Whether a gradient is that of the submission's own forward, along one direction."""
    found = judge(bench).kind
    if found.passed:
        return found
    direction = {key: u for key, u in bench.case.direction.items() if key == name}
    if not direction:
        return Kind.AGREE
    claim, slope, scale = implied(bench.hand, direction), bench.slope(direction), bench.scale(direction)
    if not np.isfinite([claim, slope.value, scale]).all():
        return Kind.INCONCLUSIVE
    low, high = (slope.low, slope.high) if slope.kinked else (slope.value, slope.value)
    off = max(low - claim, claim - high, 0.0)
    if off > slope.bound + tolerance * scale:
        return found
    return Kind.AGREE if slope.bound <= PRECISE * scale else Kind.INCONCLUSIVE


def _only(case: Case, name: str | None) -> Case:
    """The same case, of which one gradient is due, or none."""
    one = replace(case)
    vars(one).update(arguments=case.arguments, differentiable=() if name is None else (name,))
    return one
