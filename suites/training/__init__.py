"""Training: NumPy and torch from the same start, on the same batches, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from harness.spec import Array
from reference_impls.loss_classification import cross_entropy

STEPS = 50
Parameters = dict[str, Any]  # Any: they are given as **parameters, beside options
Batch = tuple[Array, Array]


@dataclass(frozen=True)
class Work:
    """A model, both ways, and what it is trained on.

    model       ours: called with an input and the parameters; its first output are scores (*batch, C)
    start       the parameters at the start
    twin        a new torch module with parameters of the same names
    batch       (input, classes) of one step
    """

    model: Callable[..., Any]
    start: Callable[[], Parameters]
    twin: Callable[[], nn.Module]
    batch: Callable[[np.random.Generator], Batch]


def gradients(model: Callable[..., Any], parameters: Mapping[str, Any], batch: Batch) -> tuple[float, Parameters]:
    """The mean cross-entropy, and its gradients."""
    input, classes = batch
    output, model_pullback = model(input, **parameters)
    scores = output[0] if isinstance(output, tuple) else output
    loss, loss_pullback = cross_entropy(scores.reshape(-1, scores.shape[-1]), classes.reshape(-1))
    d_scores = loss_pullback(np.ones_like(loss))["input"]
    return float(loss), model_pullback(d_scores.reshape(scores.shape))


def batches(work: Work, steps: int = STEPS) -> list[Batch]:
    """The same for both."""
    rng = np.random.default_rng(7)
    return [work.batch(rng) for _ in range(steps)]


def ours(work: Work, make: Callable[..., Any], options: Mapping[str, Any], steps: int = STEPS) -> Parameters:
    """The parameters after these steps."""
    parameters = work.start()
    optimizer = make(parameters, **options)
    for batch in batches(work, steps):
        _, grads = gradients(work.model, parameters, batch)
        optimizer.step(grads)
    return parameters


def theirs(work: Work, make: Callable[..., Any], options: Mapping[str, Any], steps: int = STEPS) -> Parameters:
    """The parameters of torch's module, trained by torch's autograd and optimiser."""
    module = work.twin()
    start = {name: torch.from_numpy(array) for name, array in work.start().items()}
    _ = module.load_state_dict(start)  # refuses names and shapes that are not the module's
    optimizer = make(module.parameters(), **options)
    for input, classes in batches(work, steps):
        optimizer.zero_grad()
        output = module(torch.from_numpy(input))
        scores = output[0] if isinstance(output, tuple) else output
        loss = F.cross_entropy(scores.flatten(0, -2), torch.from_numpy(classes).flatten())
        _ = loss.backward()
        _ = optimizer.step()
    return {name: array.detach().numpy() for name, array in module.named_parameters()}


def same(got: Mapping[str, Array], want: Mapping[str, Array], accuracy: float = 1e-10) -> None:
    """The same names, and the same numbers."""
    assert set(got) == set(want)
    for name, array in want.items():
        assert got[name].shape == array.shape, name
        assert np.isfinite(array).all(), name
        np.testing.assert_allclose(got[name], array, rtol=0, atol=accuracy, err_msg=name)
