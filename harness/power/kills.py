"""How many wrong backwards each checker catches, and after how many cases.

A catch counts where the checker accepts the right backward at the same case: crying wolf at every kink catches nothing.
A peer that draws no shapes is asked twice: at the one case that a person would pick by hand, and at ours.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..draw import drawn
from ..inputs import Case
from ..sources import handwritten
from ..sources.handwritten import Refused
from ..spec import Spec
from . import peers, sizes

CASES = 200
GENERIC = 10  # cases for a peer, where a mistake hides in no corner; and only one such mutant in so many
OURS = "backprove"


@dataclass(frozen=True)
class Caught:
    """What became of one mutant before one checker: after how many cases it was caught, None if never.

    group   "generic", "hand-written", or "edge" for those that are wrong in a corner only
    shapes  "drawn" for our cases, "one" for the single case that a person would pick
    """

    mutant: str
    group: str
    checker: str
    shapes: str
    after: int | None


def group(mutant: Any) -> str:
    """Which row of the table a mutant belongs to."""
    return "generic" if mutant.family == "generic" else "edge" if mutant.only else "hand-written"


def trials(
    spec: Spec, mutants: Sequence[Any], asked: Mapping[str, peers.Peer], examples: int = CASES
) -> Iterator[Caught]:
    """Each mutant of one function before each checker; what changes nothing, and so cannot be caught, is left out."""
    cases = drawn(spec, examples)
    usual = sizes.usual(spec)
    accepted: dict[tuple[str, str], bool] = {}

    def after(checker: str, mutant: Any, among: Sequence[Case]) -> int | None:
        for count, case in enumerate(among, 1):
            spoiled = replace(case, spec=replace(spec, reference=mutant.wrong))
            if checker != OURS and harmless(spec, mutant, [case]):
                continue  # it would say what it says of the right backward
            if peers.passes(asked[checker], spoiled) is False:
                if (checker, case.id) not in accepted:
                    accepted[checker, case.id] = peers.passes(asked[checker], case) is True
                if accepted[checker, case.id]:
                    return count
        return None

    for mutant in mutants:
        ours = after(OURS, mutant, cases)
        if ours is None and group(mutant) == "generic" and harmless(spec, mutant, cases):
            continue
        yield Caught(str(mutant), group(mutant), OURS, "drawn", ours)
        if group(mutant) == "generic" and zlib.crc32(str(mutant).encode()) % GENERIC:
            continue
        for checker in asked:
            if checker != OURS:
                among = cases[:GENERIC] if group(mutant) == "generic" else cases
                yield Caught(str(mutant), group(mutant), checker, "drawn", after(checker, mutant, among))
            if usual is not None:
                yield Caught(str(mutant), group(mutant), checker, "one", after(checker, mutant, [usual]))


def harmless(spec: Spec, mutant: Any, cases: Sequence[Case]) -> bool:
    """Whether a mutant changes no gradient in any of the cases: it transposes what is symmetric, say."""
    for case in cases:
        try:
            right = handwritten.run(case)[0].gradients
            wrong = handwritten.run(replace(case, spec=replace(spec, reference=mutant.wrong)))[0].gradients
        except Refused:
            return False
        if any(not np.array_equal(g, wrong[name], equal_nan=True) for name, g in right.items()):
            return False
    return True
