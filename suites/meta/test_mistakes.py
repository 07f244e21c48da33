"""Every spec catches every common mistake, and an unspoiled reference passes."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from harness import registry
from harness.check import check
from harness.draw import drawn
from harness.inputs import Case
from harness.spec import Spec
from harness.verdict import Kind, Verdict
from suites.mutants.generic import MISTAKES, each, gradients

CASES = 60

SPECS = list(registry.specs().values())
every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)


@cache
def cases(name: str) -> list[Case]:
    """The same cases for every mistake: drawing them is the dear part."""
    return drawn(registry.spec(name), CASES)


def caught(spec: Spec, spoiled: Spec) -> tuple[Verdict | None, int]:
    """The first case that convicts a spoiled spec, and how many it took."""
    for count, case in enumerate(cases(spec.name), 1):
        verdict = check(replace(case, spec=spoiled))
        if verdict.kind.mistaken:
            return verdict, count
    return None, CASES


def differentiable(spec: Spec) -> bool:
    """Whether there is any gradient to get wrong."""
    return any(case.differentiable for case in cases(spec.name))


@every_spec
def test_each_mistake_is_noticed(spec: Spec) -> None:
    """Ten of the mistakes or more apply to every function, and each that applies is caught."""
    if not differentiable(spec):
        pytest.skip("there is no gradient to get wrong")
    missed = []
    for name, mistake in MISTAKES.items():
        verdict, _ = caught(spec, replace(spec, reference=mistake(spec.reference)))
        if verdict is None:
            missed.append(name)
    assert [name for name in missed if not _inapplicable(spec, name)] == []
    assert len(MISTAKES) - len(missed) >= 10


def _inapplicable(spec: Spec, mistake: str) -> bool:
    """Whether the mistake changes no gradient in any of the cases."""
    for case in cases(spec.name):
        spoiled = replace(case, spec=replace(spec, reference=MISTAKES[mistake](spec.reference)))
        right, wrong = (_gradients(one) for one in (case, spoiled))
        if set(wrong) != set(right) or any(not np.array_equal(g, wrong[n], equal_nan=True) for n, g in right.items()):
            return False
    return True


def _gradients(case: Case) -> dict[str, Any]:
    output, pullback = case.spec.reference(**case.arguments)
    outputs = output if isinstance(output, tuple) else (output,)
    with np.errstate(all="ignore"):
        return pullback(*(case.cotangent(i, np.shape(y)) for i, y in enumerate(outputs[: case.spec.outputs])))


@every_spec
def test_control_is_not_accused(spec: Spec) -> None:
    """The first of the same cases, unspoiled, pass; `test_gradients` looks at more."""
    wrong = [verdict for case in cases(spec.name)[:15] if (verdict := check(case)).kind.mistaken]
    assert wrong == []


@every_spec
def test_wrong_forward_with_its_own_derivative_is_forward(spec: Spec) -> None:
    """Another function, correctly differentiated, is told from a wrong derivative."""

    def doubled(**arguments: Any) -> Any:
        output, pullback = spec.reference(**arguments)
        if not isinstance(output, tuple):
            return 2 * output, lambda *v: {name: 2 * g for name, g in pullback(*v).items()}
        fields = tuple(2 * y if i < spec.outputs else y for i, y in enumerate(output))
        return fields, lambda *v: {name: 2 * g for name, g in pullback(*v).items()}

    verdict, _ = caught(spec, replace(spec, reference=doubled))
    assert verdict is not None
    assert verdict.kind is Kind.FORWARD


@every_spec
def test_wrong_twin_is_autograd(spec: Spec) -> None:
    """Where torch is wrong, torch is named."""
    if spec.twin is None or not differentiable(spec):
        pytest.skip("there is no gradient of torch's to get wrong")
    right = spec.twin

    def doubles_its_gradient(**arguments: Any) -> Any:
        moved = {n: 2 * v - v.detach() if _leaf(v) else v for n, v in arguments.items()}
        return right(**moved)

    verdict, _ = caught(spec, replace(spec, twin=doubles_its_gradient))
    if verdict is None and all(spec.differs(c.arguments) or _no_gradient(c) for c in cases(spec.name)):
        pytest.skip("torch is known to be wrong wherever there is a gradient, and is not asked")
    assert verdict is not None
    assert verdict.kind is Kind.AUTOGRAD


def _no_gradient(case: Case) -> bool:
    return not any(gradient.any() for gradient in _gradients(case).values())


def _leaf(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def test_catching_takes_few_cases() -> None:
    """The mistakes of this file are caught by the first dozen cases, most by the first three."""
    spec = registry.spec("linear")
    took = [caught(spec, replace(spec, reference=mistake(spec.reference)))[1] for mistake in MISTAKES.values()]
    assert np.median(took) <= 3
    assert max(took) < CASES


def test_a_mistake_that_is_none_is_not_caught() -> None:
    """The catalogue itself is checked: a change that changes nothing is not accused."""
    spec = registry.spec("linear")
    for nothing in (each(lambda g: g.copy()), gradients(lambda grads, *_: dict(grads))):
        assert caught(spec, replace(spec, reference=nothing(spec.reference)))[0] is None
