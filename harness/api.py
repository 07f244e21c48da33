"""For other projects' tests and notebooks: `verify` and `verifies`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import hypothesis
import torch
from torch import nn

from . import registry
from .check import check
from .explain import explain
from .inputs import Case, case_of, cases
from .search import Check, convicted, examine
from .sources import autograd
from .spec import Real, Spec
from .verdict import Kind


def verify(
    function: Callable[..., Any] | nn.Module | type[torch.autograd.Function],
    like: str | None = None,
    *,
    arguments: Mapping[str, Any] | None = None,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    twin: Callable[..., Any] | None = None,
    outputs: int = 1,
    torch_function: bool = False,
    examples: int = 100,
    seed: int = 0,
    case: str | None = None,
) -> Check:
    """Judge any function.

    function        NumPy: returns (output, pullback), pullback(d_output) gives the gradients by name or in order;
                    or a torch.autograd.Function, a module, a torch function: then its own backward is on trial
    like            the name of a spec: arguments and twin are taken from there; the function's own name by default
    arguments       how each argument is drawn, where there is no spec: {"input": Real("N D"), "b": Maybe(Real("D"))};
                    for a module its inputs, its parameters are added
    sizes           (lowest, highest) of size words that want other bounds than (1, 5): {"N": (2, 5)}
    twin            the same function in torch; without it the differences judge alone
    outputs         how many outputs, from the first, take a cotangent
    torch_function  the function takes and returns tensors (a module or an autograd.Function need not say so)
    examples, seed  how many cases, and which
    case            judge this one case alone, by its id

    The result is true if the gradient is right, and shows itself in a notebook. Raises LookupError for an unknown
    `like`, TypeError for a signature that does not fit.

    >>> from harness import Real, verify
    >>> def square(x):
    ...     return x * x, lambda d_output: {"x": 2 * x * d_output}
    >>> verify(square, arguments={"x": Real("*shape")}).verdict
    <Kind.AGREE: 'AGREE'>
    """
    if isinstance(function, nn.Module):
        spec = _of_module(function, arguments or {})
    elif arguments is None:
        spec = registry.spec(like or function.__name__).of(_called(function, [], torch_function))
    else:
        spec = Spec(function.__name__, _called(function, list(arguments), torch_function), None, dict(arguments))
    if arguments is not None:
        spec = replace(spec, twin=twin, sizes=sizes or {}, outputs=outputs)
    if case is None:
        return examine(spec, examples, seed)
    verdict = explain(check(case_of(case, spec)))
    found = Check(spec.name, verdict=verdict.kind, cases=1, source_used=verdict.source_used, error=verdict.error)
    return found if verdict.kind.passed else convicted(found, verdict)


def verifies(like: str) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """A Hypothesis test that a function's gradient is right, for pytest to collect.

    test_conv2d = verifies("conv2d")(my_conv2d)
    """

    def test_of(function: Callable[..., Any]) -> Callable[[], None]:
        spec = registry.spec(like).of(function)

        @hypothesis.settings(deadline=None, print_blob=False, report_multiple_bugs=False)
        @hypothesis.given(case=cases(spec))
        def test_gradient(case: Case) -> None:
            verdict = check(case)
            if verdict.kind is Kind.INCONCLUSIVE:
                hypothesis.reject()
            if verdict.kind.mistaken:
                # Hypothesis shrinks by the line that raises: one line, one mistake.
                raise AssertionError(f"{explain(verdict).message}\n  replay: backprove replay '{case.id}'")

        return test_gradient

    return test_of


def _called(function: Any, names: list[str], torch_function: bool) -> Callable[..., Any]:
    """A function as `(output, pullback)`, whichever way it is written."""
    if isinstance(function, type) and issubclass(function, torch.autograd.Function):
        return autograd.as_reference(lambda **given: function.apply(*(given[name] for name in names)))
    return autograd.as_reference(function) if torch_function else function


def _of_module(module: nn.Module, inputs: Mapping[str, Any]) -> Spec:
    """A module as a function of its inputs and its parameters."""
    parameters = {name: Real(" ".join(map(str, p.shape))) for name, p in module.named_parameters()}

    def call(**given: Any) -> Any:
        moving = {name: given[name] for name in parameters}
        first = next(iter(moving.values()), next(iter(given.values())))
        state = {n: b.clone().to(first.dtype) if b.is_floating_point() else b for n, b in module.named_buffers()}
        return torch.func.functional_call(module, {**moving, **state}, args=tuple(given[name] for name in inputs))

    return Spec(type(module).__name__, autograd.as_reference(call), None, {**inputs, **parameters})
