"""Calls functions that return `(output, pullback)`, whichever file of the submission defines them."""

import functools
import importlib
import inspect
import re
import sys
from pathlib import Path

import numpy as np


def find(name):
    """The student's function of this name. A file is imported only if it defines it."""
    for path in sorted(Path(sys.path[0]).glob("*.py")):
        if re.search(rf"^(def +{name}\b|{name} *=)", path.read_text(errors="replace"), re.MULTILINE):
            return getattr(importlib.import_module(path.stem), name)
    raise NotImplementedError(f"no file defines {name}")


def call(name, d_output=None, **arguments):
    """The output; and, for a cotangent, what the pullback returns for it, by argument."""
    function = find(name)
    result = function(**arguments)
    if result is None:
        raise NotImplementedError(f"{name} returns nothing")
    if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
        raise TypeError(f"{name} returns a {type(result).__name__}, but should return (output, pullback)")
    output, pullback = result
    if d_output is None:
        return {"output": output}
    gradients = pullback(d_output)
    if isinstance(gradients, tuple | list):
        gradients = by_name(function, arguments, gradients)
    if gradients is not None and not isinstance(gradients, dict):
        raise TypeError(f"the pullback of {name} returns a {type(gradients).__name__}, but should return a dict")
    return {"output": output, **{key: one for key, one in (gradients or {}).items() if one is not None}}


def by_name(function, arguments, gradients):
    """A tuple of gradients is in the order of the arguments: all of them, the arrays, or the real arrays."""
    arrays = {key: one for key, one in arguments.items() if isinstance(one, np.ndarray)}
    real = [key for key, one in arrays.items() if one.dtype.kind in "fc"]
    order = [key for key in inspect.signature(function).parameters if key in arguments]
    for wanted in (real, arrays, order):
        if len(gradients) == len(wanted):
            return dict(zip([key for key in order if key in wanted], gradients, strict=True))
    raise ValueError(f"the pullback returns {len(gradients)} gradients, but should return {len(real)}: {real}")


ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax")
OTHERS = ("linear", "mul", "layer_norm", "conv2d", "mse_loss", "cross_entropy")
for one in ACTIVATIONS + OTHERS:
    globals()[one] = functools.partial(call, one)
