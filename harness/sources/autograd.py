"""The second source: torch's autograd on the twin, in float64, with the same cotangent."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..spec import Array, Gradients
from .handwritten import Answer, Refused

if TYPE_CHECKING:  # it takes two seconds, which who grades NumPy need not wait
    import torch

    Tensors = dict[str, torch.Tensor]


def run(
    twin: Callable[..., Any], arguments: Mapping[str, Any], differentiable: Sequence[str], cotangents: Sequence[Array]
) -> Answer:
    """Call the twin once, forward and backward; every output, and the gradient of each differentiable argument."""
    try:
        outputs, leaves = _forward(twin, arguments, differentiable)
        gradients = _backward(outputs, leaves, [_tensor(v) for v in cotangents])
        return Answer(tuple([_array(output) for output in outputs]), gradients)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise Refused("ERROR", f"torch refuses what the function accepts: {type(error).__name__}: {reason}") from error


def as_reference(function: Callable[..., Any]) -> Callable[..., Any]:
    """A torch function or module as `(output, pullback)`: what its own backward says is the hand-written side."""

    def call(**arguments: Any) -> tuple[Any, Callable[..., Gradients]]:
        real = [n for n, v in arguments.items() if isinstance(v, np.ndarray) and v.dtype.kind in "fc"]
        outputs, leaves = _forward(function, arguments, real)
        for name, leaf in leaves.items():
            if not np.array_equal(_array(leaf), arguments[name], equal_nan=True):
                raise Refused("IMPURE", f"{name} is modified in place by the forward", name, "mutated")

        def pullback(*cotangents: Array) -> Gradients:
            given = [_tensor(v) for v in cotangents]
            gradients = _backward(outputs, leaves, given)
            if not all(np.array_equal(_array(g), v) for g, v in zip(given, cotangents, strict=True)):
                raise Refused("IMPURE", "the cotangent is modified in place by the backward", "", "mutated")
            return gradients

        arrays = tuple(_array(output) for output in outputs)
        return arrays[0] if len(arrays) == 1 else arrays, pullback

    return call


def _forward(
    function: Callable[..., Any], arguments: Mapping[str, Any], differentiable: Sequence[str]
) -> tuple[tuple[torch.Tensor, ...], Tensors]:
    inputs = {name: _tensor(value) if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
    leaves: Tensors = {name: inputs[name].requires_grad_() for name in differentiable}
    result = function(**inputs)
    return tuple(result) if isinstance(result, tuple | list) else (result,), leaves


def _backward(outputs: Sequence[torch.Tensor], leaves: Tensors, cotangents: Sequence[torch.Tensor]) -> Gradients:
    pairs = [pair for pair in zip(outputs, cotangents, strict=False) if pair[0].requires_grad]
    found: Sequence[torch.Tensor | None] = [None] * len(leaves)
    if leaves and pairs:
        roots, given = zip(*pairs, strict=True)
        found = _engine().run_backward(
            roots,
            given,
            True,  # the graph is kept: a pullback may be called again
            False,  # and is not differentiated itself
            tuple(leaves.values()),
            True,  # an argument may be unused
            accumulate_grad=False,
        )
    return {
        # None says that no output depends on the argument here.
        name: _array(leaf.new_zeros(leaf.shape) if gradient is None else gradient)
        for (name, leaf), gradient in zip(leaves.items(), found, strict=True)
    }


@functools.cache
def _engine() -> Any:
    """What torch.autograd.grad calls in the end, after symbolic checks of shapes that take twice as long as a case."""
    import torch  # noqa: PLC0415

    return torch.autograd.Variable._execution_engine


def _tensor(array: Array) -> torch.Tensor:
    """A writable, contiguous copy: torch knows no negative strides and no read-only memory."""
    import torch  # noqa: PLC0415

    return torch.from_numpy(np.array(array, order="C"))


def _array(tensor: torch.Tensor) -> Array:
    return tensor.numpy(force=True)  # torch keeps zeros that nobody has looked at as a promise
