"""The second source: torch's autograd on the twin, in float64, with the same cotangent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ..spec import Array
from .handwritten import Answer


def run(
    twin: Callable[..., Any], arguments: Mapping[str, Any], differentiable: Sequence[str], cotangents: Sequence[Array]
) -> Answer:
    """Call the twin once, forward and backward; every output, and the gradient of each differentiable argument."""
    inputs = {name: _tensor(value) if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
    for name in differentiable:
        inputs[name] = inputs[name].requires_grad_()
    result = twin(**inputs)
    outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
    wanted = [inputs[name] for name in differentiable]
    pairs = [(o, _tensor(v)) for o, v in zip(outputs, cotangents, strict=False) if o.requires_grad]
    gradients: Sequence[torch.Tensor | None] = [None] * len(wanted)
    if wanted and pairs:
        gradients = torch.autograd.grad([o for o, _ in pairs], wanted, [v for _, v in pairs], allow_unused=True)
    return Answer(
        tuple(output.detach().numpy() for output in outputs),
        {
            # None says that no output depends on the argument here.
            name: np.zeros(arguments[name].shape, arguments[name].dtype) if gradient is None else gradient.numpy()
            for name, gradient in zip(differentiable, gradients, strict=True)
        },
    )


def _tensor(array: Array) -> torch.Tensor:
    """A writable, contiguous copy: torch knows no negative strides and no read-only memory."""
    return torch.from_numpy(np.array(array, order="C"))


def as_reference(function: Callable[..., Any], differentiable: Sequence[str] = ()) -> Callable[..., Any]:
    """A torch function, autograd.Function or module as `(output, pullback)`: its own backward is the hand-written side."""
