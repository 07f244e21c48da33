"""The first source: the function's own pullback, held to the contract `(output, pullback)`."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import tolerance
from ..inputs import Case
from ..spec import Array

NUMBER = (np.generic, float, int)


class Refused(Exception):
    """The function broke the contract; `kind` is the verdict that follows."""

    def __init__(self, kind: str, message: str, argument: str = "", pattern: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.argument, self.pattern = kind, message, argument, pattern


@dataclass
class Answer:
    """What one source says: every output, and the gradient of each argument."""

    outputs: tuple[Array, ...]
    gradients: dict[str, Array]

    def __post_init__(self) -> None:
        """A mask among the outputs is numbers as well, which can be compared."""
        if "?" in [y.dtype.char for y in self.outputs]:
            self.outputs = tuple([y * 1 for y in self.outputs])


def run(case: Case) -> tuple[Answer, tuple[Array, ...], Callable[..., Any]]:
    """Call the function and its pullback; returns the answer, the cotangents used and the pullback."""
    outputs, pullback = forward(case.spec.reference, case.arguments)
    if len(outputs) < case.spec.outputs:
        raise Refused("ERROR", f"the number of outputs is {len(outputs)}, but should be {case.spec.outputs} or more")
    if case.differentiable:
        for output in outputs[: case.spec.outputs]:
            follows(output, np.float64)
    kept = tuple([np.array(y) for y in outputs])  # whatever is done to the function's own arrays later
    cotangents = tuple([case.cotangent(i, output.shape) for i, output in enumerate(outputs[: case.spec.outputs])])
    gradients = back(case, pullback, cotangents)
    if case.thorough and not all(tolerance.same(y, before) for y, before in zip(outputs, kept, strict=True)):
        raise Refused("IMPURE", "an output is modified in place by the pullback: work on a copy", "", "mutated")
    return Answer(kept, gradients), cotangents, pullback


def forward(function: Callable[..., Any], arguments: Mapping[str, Any]) -> tuple[tuple[Array, ...], Callable[..., Any]]:
    """Call the function; its outputs as a tuple of arrays, and its pullback."""
    try:
        result = copy_context().run(function, **arguments)  # a function's own settings of NumPy end with it
    except Refused:
        raise
    except Exception as error:  # whatever somebody's code raises is a finding
        raise _raised(error, function) from error
    if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
        raise Refused("ERROR", f"the result is {_describe(result)}, but should be (output, pullback)")
    outputs = result[0] if isinstance(result[0], tuple) else (result[0],)
    outputs = tuple([_array(one, arguments) if isinstance(one, NUMBER) else one for one in outputs])
    for position, output in enumerate(outputs):
        if type(output) is not np.ndarray or output.dtype.kind not in "fciub":
            raise Refused("ERROR", f"output {position} is {_describe(output)}, but should be an array of numbers")
    return outputs, result[1]


def again(
    case: Case, arguments: Mapping[str, Any], before: Sequence[Array]
) -> tuple[tuple[Array, ...], Callable[..., Any]]:
    """Call the function once more, here or elsewhere. Raises Refused where its outputs are not shaped as before."""
    outputs, pullback = forward(case.spec.reference, arguments)
    keeps_shape(case, outputs, before)
    return outputs, pullback


def keeps_shape(case: Case, outputs: Sequence[Array], before: Sequence[Array]) -> None:
    """Raise `Refused` where the outputs are not shaped as those before, which are of the case's own arguments."""
    shapes, due = [y.shape for y in outputs], [y.shape for y in before]
    if shapes == due:
        return
    if len(shapes) != len(due):
        what, was, now = "the number of outputs", len(due), len(shapes)
    else:
        what = "an output's shape"
        was, now = next((a, b) for a, b in zip(due, shapes, strict=True) if a != b)
    if [y.shape for y in forward(case.spec.reference, case.arguments)[0]] != due:
        message = f"{what} was {was}, but is {now} when the function is called again with the same arguments"
        raise Refused("IMPURE", message, "", "random")
    raise Refused("INCONCLUSIVE", f"{what} is {was} here and {now} beside it: there is no derivative to be taken")


def _array(number: Any, arguments: Mapping[str, Any]) -> Array:
    """One of Python's own numbers follows the arguments: a sum over nothing is 0, whatever is summed."""
    if isinstance(number, np.generic):
        return np.asarray(number)
    dtypes = [x.dtype for x in arguments.values() if isinstance(x, np.ndarray) and x.dtype.kind in "fc"]
    return np.asarray(number, np.result_type(*dtypes) if dtypes else None)


def follows(output: Array, dtype: type) -> None:
    """Raise `Refused` where an output is of another dtype than the arguments."""
    if output.dtype.type is not dtype:
        message = f"an output is {output.dtype}, but should be {np.dtype(dtype)}, as the arguments"
        raise Refused("IMPURE", message, "", "dtype")


def same_form(hand: Answer, twin: Answer, case: Case) -> None:
    """As many outputs as torch, of the same shapes; a function of one's own may leave out the last."""
    if len(hand.outputs) != len(twin.outputs) and case.spec.stands_for is None:
        message = f"the number of outputs is {len(hand.outputs)}, but should be {len(twin.outputs)}"
        raise Refused("ERROR", message)
    for got, want in zip(hand.outputs, twin.outputs, strict=False):
        if got.shape != want.shape:
            raise Refused("FORWARD", f"the output's shape is {got.shape}, but should be {want.shape}", "output")


def back(case: Case, pullback: Callable[..., Any], cotangents: Sequence[Array]) -> dict[str, Array]:
    """Call the pullback; its gradients by argument, held to the contract."""
    try:
        result = copy_context().run(pullback, *cotangents)
    except Refused:
        raise
    except Exception as error:
        raise _raised(error, case.spec.reference) from error
    due = case.differentiable
    if isinstance(result, (tuple, list)):
        arrays = [name for name in case.arguments if isinstance(case.arguments[name], np.ndarray)]
        names = due if len(result) == len(due) else arrays
        if len(result) != len(names):  # one for an argument that is not there is None
            result = [gradient for gradient in result if gradient is not None]
            names = due
        if len(result) != len(names):
            raise Refused("ERROR", f"the pullback returns {len(result)} gradients, but should return {len(due)}: {due}")
        result = {name: grad for name, grad in zip(names, result, strict=True) if grad is not None or name in due}
    if not isinstance(result, (dict, Mapping)):
        raise Refused("ERROR", f"the pullback returns {_describe(result)}, but should return {{argument: gradient}}")
    for name in due:
        if name not in result:
            raise Refused("ERROR", f"the gradient of {name} is missing from {sorted(result)}", name)
    for name in result:
        if name not in due:
            raise Refused("ERROR", f"a gradient is given for {name!r}, but should be for {', '.join(due)} alone", name)
    return {name: _checked(name, case.arguments[name], result[name]) for name in due}


def _checked(name: str, argument: Array, gradient: Any) -> Array:
    if isinstance(gradient, NUMBER) and not isinstance(gradient, bool):
        gradient = np.asarray(gradient)
    if type(gradient) is not np.ndarray or gradient.dtype.kind not in "fciu":
        raise Refused("ERROR", f"d_{name} is {_describe(gradient)}, but should be an array of {argument.dtype}", name)
    if gradient.shape != argument.shape:
        message = f"d_{name}.shape is {gradient.shape}, but should be {argument.shape}, as {name}"
        raise Refused("HANDWRITTEN", message, name, _shape_pattern(gradient.shape, argument.shape))
    return gradient


def _shape_pattern(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    """What a gradient of the wrong shape looks like."""
    if sorted(got) == sorted(want):
        return "looks transposed"
    if len(got) > len(want) and got[len(got) - len(want) :] == want:
        return "batch axis not summed"
    if len(got) == len(want) and all(w in (1, g) for g, w in zip(got, want, strict=True)):
        return "broadcast axis not summed"
    if not got and want:
        return "summed over every axis"
    if len(got) < len(want) or np.prod(got) < np.prod(want):
        return "summed over too many axes"
    return ""


def _raised(error: Exception, function: Callable[..., Any]) -> Refused:
    """Somebody's exception as one line, with their own line of code."""
    kind = "IMPURE" if isinstance(error, ValueError) and "read-only" in str(error) else "ERROR"
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if kind == "IMPURE":
        message = "an argument or a cotangent is modified in place: work on a copy"
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename] or frames[1:]
    if own:
        message += f"\n  {Path(own[-1].filename).name}:{own[-1].lineno}: {own[-1].line}"
    return Refused(kind, message, pattern="mutated" if kind == "IMPURE" else "")


def _describe(value: Any) -> str:
    """A value in a few words: its type, and its shape and dtype if it has them."""
    if isinstance(value, np.ndarray):
        what = "an array" if type(value) is np.ndarray else f"a {type(value).__name__}"
        return f"{what} of dtype {value.dtype}, shape {value.shape}"
    if isinstance(value, tuple):
        return f"a tuple ({', '.join(_describe(one) for one in value)})"
    return "None" if value is None else f"of type {type(value).__name__}"
