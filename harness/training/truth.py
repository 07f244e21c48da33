"""No step is timed before it is right: its loss, gradients and update against torch's autograd in float64 on the CPU.

How far off they may be is measured as a whole, array by array: |got - want| / |want|. This is a gate against a fast
wrong step, and no gradient check: those are `backprove verify` and the suites.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from .backend import Backend
from .step import Outcome, Step
from .torch_step import mean_loss
from .workload import Array, Workload

# A relu whose input is as near to 0 as its rounding error may take the other branch, and then its part of the gradient
# is there or not. One such in a batch of 100 with 400 units is 0.7 % of a gradient; in bfloat16 one unit in 200 is as
# near as that, and the square root of such a share, over several layers, is a tenth and more. A mistake that is worth
# the name (a sign, a factor, a missing term) is off by half and more.
TOLERANCE = {"float32": 0.01, "tf32": 0.1, "bfloat16": 0.3}
ROUNDOFF = {"float32": 2.0**-24, "tf32": 2.0**-24, "bfloat16": 2.0**-8}  # of a stored parameter


class Wrong(Exception):
    """This step does not do what it should."""


@lru_cache(maxsize=1)
def truth(workload: Workload) -> Outcome:
    """The first step, in float64."""
    module = workload.twin().double()
    start = {name: torch.from_numpy(array).double() for name, array in workload.start().items()}
    _ = module.load_state_dict(start)
    input, classes = (torch.from_numpy(one) for one in workload.a_batch())
    loss = mean_loss(module, input.double() if input.is_floating_point() else input, classes)
    _ = loss.backward()
    gradients = {name: p.grad.numpy() for name, p in module.named_parameters() if p.grad is not None}
    after = {name: start[name].numpy() - workload.lr * gradient for name, gradient in gradients.items()}
    return Outcome(float(loss.detach()), gradients, after)


def check(step: Step, workload: Workload, backend: Backend) -> float:
    """How far the worst of loss and gradients is off. The step is left at the start. Raises Wrong."""
    step.reset()
    step()
    got, want = step.outcome(), truth(workload)
    step.reset()
    allowed, roundoff = TOLERANCE[backend.precision], ROUNDOFF[backend.precision]
    if set(got.gradients) != set(want.gradients):
        raise Wrong(f"gradients of {sorted(got.gradients)}, but should be of {sorted(want.gradients)}")
    off = {"the loss": abs(got.loss - want.loss) / abs(want.loss)}
    updates: dict[str, float] = {}
    for name, gradient in want.gradients.items():
        off[f"the gradient of {name}"] = _size(got.gradients[name] - gradient) / _size(gradient)
        # The update is as long as lr times the gradient, and what it is added to is rounded.
        moved = workload.lr * _size(gradient) + roundoff / allowed * _size(want.parameters[name])
        updates[f"{name} after the update"] = _size(got.parameters[name] - want.parameters[name]) / moved
    for what, share in (off | updates).items():
        if not share <= allowed:  # NaN is not
            raise Wrong(f"{what} is off by {share:.2g} of its size, but should be within {allowed:g}: not timed")
    return float(max(off.values()))


def _size(array: Array) -> float:
    """Root of the sum of squares; never 0, so that 0 may be divided by."""
    return float(np.linalg.norm(array)) + np.finfo(float).tiny
