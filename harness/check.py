"""READ FIRST: the whole flow. A spec says what, a case says where, three sources answer, a court says who is wrong."""

from __future__ import annotations

import numpy as np

from . import purity
from .court import Court, judge
from .inputs import Case
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
            verdict = judge(Court(case, hand, twin, cotangents))
            if not verdict.kind.mistaken:
                purity.look(case, hand, cotangents, pullback)
            return verdict
    except Refused as refused:
        return Verdict(Kind(refused.kind), case, refused.message, refused.argument, refused.pattern)
