"""Second derivatives, on request: the pullback is itself a function, and its own derivative can be judged.

The forward is the hand-written pullback, from (arguments, cotangent) to the gradients. What is on trial is torch's
backward of its backward; the judge are differences of the pullback, which the first order has shown to be right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from .court import Court
from .inputs import Case
from .ruling import judge
from .sources import autograd, handwritten
from .sources.handwritten import Refused
from .spec import Array, Filled, Gradients
from .verdict import Kind, Nothing, Verdict

SMOOTH = ("plain", "ordinary", "mixed", "saturated", "tiny")  # a gradient jumps where its function has a kink
# How torch says that it has no second derivative of something.
NO_SECOND = ("is not implemented", "is not differentiable", "not supported", "trying to differentiate twice")


def check(case: Case) -> Verdict:
    """Judge torch's double backward at a case. Raises Nothing where there is none to judge."""
    if case.spec.twin is None or case.spec.differs(case.arguments):
        raise Nothing("torch is not asked")
    if not case.differentiable:
        raise Nothing("there is no first derivative")
    smooth = [profile for profile in SMOOTH if profile not in case.spec.avoid]
    if case.profile not in smooth:
        case = replace(case, profile=smooth[case.seed % len(smooth)])
    try:
        with np.errstate(all="ignore"):
            derived = pulled_back(case)
            hand, cotangents, _ = handwritten.run(derived)
            verdict = judge(Court(derived, hand, None, cotangents))
    except Refused as refused:
        if any(words in refused.message for words in NO_SECOND):
            raise Nothing(refused.message) from refused
        return Verdict(Kind(refused.kind), case, refused.message, refused.argument, refused.pattern)
    return replace(verdict, kind=Kind.AUTOGRAD) if verdict.kind is Kind.HANDWRITTEN else verdict


def pulled_back(case: Case) -> Case:
    """The same place, for the pullback: its cotangents are arguments now, and its outputs the gradients."""
    spec, names = case.spec, case.differentiable
    outputs, _ = handwritten.forward(spec.reference, case.arguments)
    given = {
        f"d_output{position or ''}": case.cotangent(position + len(outputs), output.shape)
        for position, output in enumerate(outputs[: spec.outputs])
    }

    def reference(**everything: Any) -> tuple[tuple[Array, ...], Callable[..., Gradients]]:
        cotangents = [everything[name] for name in given]
        arguments = {name: value for name, value in everything.items() if name not in given}
        _, pullback = handwritten.forward(spec.reference, arguments)
        gradients = handwritten.back(case, pullback, cotangents)

        def twice(*weights: Array) -> Gradients:
            return autograd.run(twin, everything, [*names, *given], weights).gradients

        return tuple(gradients[name] for name in names), twice

    def twin(**everything: Any) -> tuple[torch.Tensor, ...]:
        cotangents = [everything.pop(name) for name in given]
        result = spec.twin(**everything)  # type: ignore[misc]
        several = tuple(result) if isinstance(result, tuple | list) else (result,)
        pairs = [(o, v) for o, v in zip(several, cotangents, strict=False) if o.requires_grad]
        inputs = [everything[name] for name in names]
        gradients = torch.autograd.grad(
            [o for o, _ in pairs], inputs, [v for _, v in pairs], create_graph=True, allow_unused=True
        )
        return tuple(torch.zeros_like(x) if g is None else g for x, g in zip(inputs, gradients, strict=True))

    def fixed(array: Array) -> Filled:
        return Filled(" ".join(map(str, array.shape)), lambda *_: array.copy(), grad=True)

    kinds = {**case.kinds, **{name: fixed(array) for name, array in given.items()}}
    derived = replace(
        spec, reference=reference, twin=None, arguments=kinds, parameters=None, outputs=len(names), order=2
    )
    return replace(case, spec=derived)
