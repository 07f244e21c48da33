"""What judging a case costs beside torch.autograd.gradcheck's fast mode, and what each of the two sees.

    python -m benchmarks.beside_gradcheck [NAME…]

For each reference the same ordinary cases, one thread, the two checkers taking turns; medians. The judge runs all three
sources and the purity battery, gradcheck compares torch with differences. Then one entry of one gradient, the largest,
is made wrong by a part in 10⁸: does each of them notice?
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from hypothesis import Phase, given, seed, settings

from harness import registry
from harness.check import check
from harness.inputs import Case, cases
from harness.sources import handwritten
from harness.spec import Spec

CASES, ROUNDS, WRONG = 8, 5, 1e-8


def ordinary(spec: Spec) -> list[Case]:
    """The first ordinary cases that have something to differentiate."""
    found: list[Case] = []

    @seed(0)
    @settings(max_examples=200, phases=(Phase.generate,), database=None, deadline=None)
    @given(cases(spec))
    def draw(case: Case) -> None:
        plain = replace(case, profile="ordinary", layout="C")
        sizes = [plain.arguments[name].size for name in plain.differentiable]
        if len(found) < CASES and sizes and min(sizes) > 0:
            found.append(plain)

    draw()
    return found


class Spoiled(torch.autograd.Function):
    """The twin with the largest entry of its first gradient off."""

    @staticmethod
    def forward(ctx: Any, run: Any, *inputs: torch.Tensor) -> Any:
        """Keep the inputs: the backward runs the twin again."""
        ctx.run = run
        ctx.save_for_backward(*inputs)
        return run(*inputs)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        """The twin's gradients, but for one entry."""
        with torch.enable_grad():
            inputs = [x.detach().requires_grad_() for x in ctx.saved_tensors]
            grads = list(torch.autograd.grad(ctx.run(*inputs), inputs, cotangents, allow_unused=True))
        first = next((i for i, g in enumerate(grads) if g is not None and g.any()), None)
        if first is not None:
            grads[first] = grads[first].clone(memory_format=torch.contiguous_format)
            grads[first].view(-1)[grads[first].abs().argmax()] *= 1 + WRONG
        return None, *grads


def gradcheck(case: Case, spoiled: bool = False) -> bool:
    """torch's verdict on its own function at this case."""
    names, twin = case.differentiable, case.spec.twin
    fixed = {n: torch.from_numpy(v.copy()) if isinstance(v, np.ndarray) else v for n, v in case.arguments.items()}
    inputs = tuple(fixed[name].requires_grad_() for name in names)

    def run(*tensors: torch.Tensor) -> Any:
        result = twin(**{**fixed, **dict(zip(names, tensors, strict=True))})  # type: ignore[misc]
        several = tuple(result) if isinstance(result, tuple | list) else (result,)
        return several[: case.spec.outputs]

    function = (lambda *tensors: Spoiled.apply(run, *tensors)) if spoiled else run
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.autograd.gradcheck(function, inputs, fast_mode=True, raise_exception=False)


def spoil(case: Case) -> Case:
    """The reference with the largest entry of its first gradient off."""
    right = case.spec.reference

    def wrong(**arguments: Any) -> Any:
        output, pullback = right(**arguments)

        def off(*cotangents: Any) -> Any:
            grads = pullback(*cotangents)
            name = next(name for name, g in grads.items() if g.any())
            grads[name] = np.array(grads[name])
            grads[name].flat[abs(grads[name]).argmax()] *= 1 + WRONG
            return grads

        return output, off

    return replace(case, spec=replace(case.spec, reference=wrong))


def matters(case: Case) -> bool:
    """Whether there is anything to spoil: some gradients are zero."""
    answer, _, _ = handwritten.run(case)
    return any(g.any() for g in answer.gradients.values())


def timed(function: Any, case: Case) -> float:
    """Milliseconds of processor time of one call: others on the machine do not count."""
    start = time.process_time()
    _ = function(case)
    return 1e3 * (time.process_time() - start)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, NumPy {np.__version__}, one thread; ms of processor time for one case, medians")
    print(f"{'reference':34}{'ours':>8}{'gradcheck':>11}{'ratio':>8}   seen at 1e-8: ours, gradcheck")
    ratios = []
    for spec in [registry.spec(n) for n in sys.argv[1:]] or list(registry.specs().values()):
        found = ordinary(spec) if spec.twin else []
        if not found:
            continue
        times = [[timed(check, case), timed(gradcheck, case)] for _ in range(ROUNDS) for case in found]
        ours, theirs = (statistics.median(column) for column in zip(*times[len(found) :], strict=True))
        spoilt = [case for case in found if matters(case)]
        seen = sum(check(spoil(case)).kind.mistaken for case in spoilt)
        seen_by_torch = sum(not gradcheck(case, spoiled=True) for case in spoilt)
        ratios.append(ours / theirs)
        print(
            f"{spec.name:34}{ours:8.2f}{theirs:11.2f}{ours / theirs:8.2f}"
            f"   {seen} and {seen_by_torch} of {len(spoilt)}",
            flush=True,
        )
    print(f"median ratio over {len(ratios)} references: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
