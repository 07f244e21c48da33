"""The same numbers in another shape, put back in another order."""

import numpy as np

from . import Call, Gradients, mutant


@mutant("identity", "the gradient is laid out as the input is", named="misplaced", only="Fortran order")
def _(call: Call) -> Gradients:
    x, v = call["input"], call.cotangents[0]
    order = "F" if x.flags.f_contiguous and not x.flags.c_contiguous else "C"
    return call.but(input=v.ravel().reshape(x.shape, order=order).copy())


@mutant("identity", "it adds up over the batch", named="summed", only="batch > 1")
def _(call: Call) -> Gradients:
    v = call.cotangents[0]
    return call.but(input=np.zeros_like(v) + v.sum(0)) if v.ndim > 1 else call.right


@mutant("flatten", "put back by columns", named="misplaced", only="several axes")
def _(call: Call) -> Gradients:
    return call.but(input=call.cotangents[0].reshape(call["input"].shape, order="F").copy())


@mutant("flatten", "the axes on the right come first", named="misplaced", only="axes on the right")
def _(call: Call) -> Gradients:
    return (
        call.but(input=call.cotangents[0].T.reshape(call["input"].shape).copy()) if call["end_dim"] < -1 else call.right
    )


@mutant("unflatten", "the sizes are read from the last", named="misplaced", only="several sizes")
def _(call: Call) -> Gradients:
    v, axis = call.cotangents[0], call["dim"] % call["input"].ndim
    many = tuple(range(axis, axis + len(call["sizes"])))
    order = (*range(axis), *reversed(many), *range(many[-1] + 1, v.ndim))
    return call.but(input=v.transpose(order).reshape(call["input"].shape).copy())


@mutant("unflatten", "-1 counts from the wrong end", named="misplaced shifted", only="negative dim")
def _(call: Call) -> Gradients:
    return call.but(input=np.roll(call.right["input"], 1, -call["dim"] - 1)) if call["dim"] < 0 else call.right
