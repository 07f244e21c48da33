"""READ FIRST: the whole flow. A spec says what, a case says where, three sources answer, a court says who is wrong."""

from __future__ import annotations

import numpy as np

from . import purity, single
from .court import Court
from .inputs import Case
from .ruling import judge
from .sources import autograd, handwritten
from .sources.handwritten import Refused
from .verdict import Kind, Verdict


def check(case: Case) -> Verdict:
    """Ask three independent sources for the same gradients; say who, if anyone, stands alone."""
    spec = case.spec
    _ = case.pristine  # copies, made before anybody sees the arguments
    try:
        with np.errstate(all="ignore"):  # what overflows shows in the values
            hand, cotangents, pullback = handwritten.run(case)
            twin = None
            if spec.twin is not None and not spec.differs(case.arguments):
                twin = autograd.run(spec.twin, case.arguments, case.differentiable, cotangents)
                handwritten.same_form(hand, twin, case)
            court = Court(case, hand, twin, cotangents)
            verdict = judge(court)
            if verdict.kind.mistaken:
                purity.excuse(court)
                return verdict
            purity.look(court, pullback)
            if case.thorough or case.profile in single.WIDE:
                single.look(court)
            return verdict
    except Refused as refused:
        return Verdict(Kind(refused.kind), case, refused.message, refused.argument, refused.pattern)
