"""Bilinear maps, and maps of a single vector: which axis belongs to which factor, and what there is no batch to sum."""

import numpy as np

from . import Call, Gradients, mutant

KEPT: dict[object, np.ndarray] = {}


def rows(a: np.ndarray) -> np.ndarray:
    """All samples below each other."""
    return a.reshape(-1, a.shape[-1])


def by_batch(call: Call) -> bool:
    """Whether there are several axes of samples, with samples in them."""
    return call.output.ndim > 2 and call.output.size > 0


@mutant("bilinear", "the inputs change places in a square weight", named="transposed")
def _(call: Call) -> Gradients:
    grad = call.right["weight"]
    return call.but(weight=grad.swapaxes(1, 2).copy()) if grad.shape[1] == grad.shape[2] else call.right


@mutant("bilinear", "the second input meets the weight of the first", only="square weight")
def _(call: Call) -> Gradients:
    weight = call["weight"]
    if weight.shape[1] != weight.shape[2]:
        return call.right
    return call.but(input2=np.einsum("...o,oij,...j->...i", call.cotangents[0], weight, call["input1"]))


@mutant("bilinear", "the first input's gradient forgets the second")
def _(call: Call) -> Gradients:
    return call.but(input1=np.einsum("...o,oij->...i", call.cotangents[0], call["weight"]))


@mutant("bilinear", "the weight is averaged over the samples", named="ratio", only="batch > 1")
def _(call: Call) -> Gradients:
    count = len(rows(call["input1"])) if call["input1"].size else 1
    return call.but(weight=call.right["weight"] / max(count, 1))


@mutant("bilinear", "all outputs share one weight's gradient", named="summed", only="outputs > 1")
def _(call: Call) -> Gradients:
    grad = call.right["weight"]
    return call.but(weight=np.broadcast_to(grad.sum(0, keepdims=True), grad.shape).copy())


@mutant("bilinear", "of several batch axes only the first is summed for the bias", only="batch axes > 1")
def _(call: Call) -> Gradients:
    if call["bias"] is None or not by_batch(call):
        return call.right
    v = call.cotangents[0]
    return call.but(bias=v.sum(0)[(0,) * (v.ndim - 2)])


@mutant("bilinear", "of several batch axes the last alone counts for the weight", only="batch axes > 1")
def _(call: Call) -> Gradients:
    if not by_batch(call):
        return call.right
    v, x, y = (rows(a.reshape(-1, *a.shape[-2:])[-1]) for a in (call.cotangents[0], call["input1"], call["input2"]))
    return call.but(weight=np.einsum("no,ni,nj->oij", v, x, y))


@mutant("bilinear", "a single vector's weight is zero", named="zero", only="no batch axes")
def _(call: Call) -> Gradients:
    return call.but(weight=0 * call.right["weight"]) if call.output.ndim == 1 else call.right


@mutant("bilinear", "without a bias the second input is doubled", named="ratio", only="no bias")
def _(call: Call) -> Gradients:
    return call.right if call["bias"] is not None else call.but(input2=2 * call.right["input2"])


@mutant("bilinear", "a single output drops the other input's axis", named="constant summed", only="one output")
def _(call: Call) -> Gradients:
    grad = call.right["weight"]
    if len(grad) != 1:
        return call.right
    return call.but(weight=np.broadcast_to(grad.sum(2, keepdims=True), grad.shape).copy())


@mutant("bilinear", "the bias is never set back to zero between calls", named="remembers", only="a second call")
def _(call: Call) -> Gradients:
    grad = call.right.get("bias")
    if grad is None:
        return call.right
    key = grad.dtype, grad.shape
    KEPT[key] = KEPT.get(key, 0) + grad
    return call.but(bias=KEPT[key].copy())


@mutant("bilinear", "in float32 the weight passes through float16", named="not_finite", only="float32")
def _(call: Call) -> Gradients:
    if call["weight"].dtype != np.float32:
        return call.right
    return call.but(weight=call.right["weight"].astype(np.float16).astype(np.float32))


@mutant("linear", "a single vector's weight is left without the input", named="summed multiplied", only="no batch axes")
def _(call: Call) -> Gradients:
    if call["input"].ndim != 1 or call["weight"].ndim != 2:
        return call.right
    return call.but(weight=np.outer(call.cotangents[0], np.ones_like(call["input"])))


@mutant("linear", "a single vector's bias is summed over the outputs", named="constant summed", only="no batch axes")
def _(call: Call) -> Gradients:
    v = call.cotangents[0]
    due = call["bias"] is not None and v.ndim == 1
    return call.but(bias=np.full_like(v, v.sum())) if due else call.right


@mutant("linear", "a weight of one output has the input's gradient squared", named="multiplied", only="one output")
def _(call: Call) -> Gradients:
    weight = call["weight"]
    return call.but(input=call.right["input"] * weight) if weight.ndim == 1 else call.right


@mutant("linear", "of several batch axes only the first is summed for the bias", only="batch axes > 1")
def _(call: Call) -> Gradients:
    v = call.cotangents[0]
    due = call["bias"] is not None and v.ndim > 2 and v.size
    return call.but(bias=v.sum(0)[(0,) * (v.ndim - 2)]) if due else call.right


@mutant("linear", "batch axes are flattened in Fortran's order", only="batch axes > 1")
def _(call: Call) -> Gradients:
    v, x = call.cotangents[0], call["input"]
    if call["weight"].ndim != 2 or v.ndim < 3:
        return call.right
    count = v[..., 0].size if v.shape[-1] else 0
    fortran = v.reshape(count, v.shape[-1], order="F")
    return call.but(weight=fortran.T @ x.reshape(count, x.shape[-1]))


@mutant("linear", "weight decay is part of the gradient", named="nearly projection")
def _(call: Call) -> Gradients:
    return call.but(weight=call.right["weight"] + 1e-3 * call["weight"])
