"""What a case can come to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .inputs import Case
from .spec import Array


class Kind(StrEnum):
    """AGREE and KINK are passes, INCONCLUSIVE never is, the others are mistakes."""

    AGREE = "AGREE"
    HANDWRITTEN = "HANDWRITTEN"  # the hand-written gradient is wrong
    AUTOGRAD = "AUTOGRAD"  # torch's gradient is wrong
    FORWARD = "FORWARD"  # the outputs differ: it is another function
    KINK = "KINK"  # not smooth here; the gradient lies between the one-sided ones
    INCONCLUSIVE = "INCONCLUSIVE"  # the differences are too coarse here, cannot be taken, or contradict both others
    IMPURE = "IMPURE"  # something is mutated, aliased, remembered or random, or of another dtype
    ERROR = "ERROR"  # it raised, or returned what the contract does not allow

    @property
    def passed(self) -> bool:
        """Nothing is wrong, and that was shown."""
        return self in (Kind.AGREE, Kind.KINK)

    @property
    def mistaken(self) -> bool:
        """Something is wrong."""
        return self not in (Kind.AGREE, Kind.KINK, Kind.INCONCLUSIVE)


class Nothing(Exception):
    """There is nothing to judge at this case; the message says why."""


@dataclass
class Verdict:
    """What one case came to, with the evidence.

    error        the largest error met, in units of its bound: below 1 when all is well; below 1/2 perhaps only a number
                 that it does not pass
    got, want    the wrong gradient (or output) and the right one, where they are known
    """

    kind: Kind
    case: Case
    message: str = ""
    argument: str = ""
    pattern: str = ""
    source_used: str = ""
    error: float = 0.0
    got: Array | None = None
    want: Array | None = None
