"""Plain operations: broadcasting, axes, indices that repeat."""

import numpy as np

from reference_impls._array import sum_to

from . import Array, Call, Gradients, mutant

FIRST: dict[tuple[object, ...], Array] = {}

for name in ("add", "sub", "mul", "div"):

    @mutant(name, "the second operand averages over its copies", named="ratio", only="broadcasting")
    def _(call: Call) -> Gradients:
        copies = call.output.size / (call["other"].size or 1) if call.output.size else 1
        return call.but(other=call.right["other"] / copies)


@mutant("add", "alpha is forgotten", named="option_ignored ratio", only="alpha")
def _(call: Call) -> Gradients:
    return call.as_if(alpha=1)


@mutant("add", "a number that is added hears from the last entry alone", only="an operand without axes")
def _(call: Call) -> Gradients:
    d_output = call.cotangents[0]
    if call["input"].ndim or d_output.size < 2:
        return call.right
    return call.but(input=d_output.reshape(-1)[-1])


@mutant("sub", "the sign is lost on the way to an operand with fewer axes", named="opposite", only="broadcasting")
def _(call: Call) -> Gradients:
    fewer = call["other"].ndim < call["input"].ndim
    return call.but(other=-call.right["other"]) if fewer else call.right


@mutant("sub", "alpha is applied to both operands", named="ratio", only="alpha")
def _(call: Call) -> Gradients:
    return call.but(input=call["alpha"] * call.right["input"])


@mutant("mul", "each factor takes itself for the other", named="swapped")
def _(call: Call) -> Gradients:
    return call.but(input=sum_to(call["input"].shape, call.cotangents[0] * call["input"]))


@mutant("mul", "cotangent and other factor are summed apart", only="broadcasting")
def _(call: Call) -> Gradients:
    d_output, shape = call.cotangents[0], call["input"].shape
    other = np.broadcast_to(call["other"], d_output.shape)
    return call.but(input=sum_to(shape, d_output) * sum_to(shape, other))


@mutant("div", "the divisor's square is not squared", named="multiplied")
def _(call: Call) -> Gradients:
    return call.but(other=sum_to(call["other"].shape, -call.cotangents[0] * call["input"] / call["other"]))


@mutant("div", "a quotient rounded down moves as if it were not rounded", named="option_ignored", only="floor")
def _(call: Call) -> Gradients:
    return call.as_if(rounding_mode=None) if call["rounding_mode"] == "floor" else call.right


@mutant("matmul", "of a batch that shares one matrix only the last counts", only="broadcast batch")
def _(call: Call) -> Gradients:
    input, other, d_output = call["input"], call["other"], call.cotangents[0]
    if other.ndim != 2 or input.ndim != 3 or not len(input):
        return call.right
    return call.but(other=input[-1].T @ d_output[-1])


@mutant("matmul", "the outer product is the wrong way round", named="transposed", only="vector times square matrix")
def _(call: Call) -> Gradients:
    outer = call["input"].ndim == 1 and call["other"].ndim == 2
    square = len(set(call["other"].shape)) == 1
    return call.but(other=call.right["other"].T.copy()) if outer and square else call.right


@mutant("matmul", "of two vectors each gets its own entries", named="swapped", only="two vectors")
def _(call: Call) -> Gradients:
    if call["input"].ndim + call["other"].ndim > 2:
        return call.right
    return call.but(input=call.right["other"], other=call.right["input"])


@mutant("matmul", "a matrix times a vector leaves out the vector's batch", named="ratio", only="batch times vector")
def _(call: Call) -> Gradients:
    several = call["other"].ndim == 1 and call["input"].ndim > 2 and len(call["input"])
    return call.but(other=call.right["other"] / len(call["input"])) if several else call.right


@mutant("exp", "the exponent is clamped in the backward", named="zero missing", only="input > 20")
def _(call: Call) -> Gradients:
    return call.but(input=np.where(call["input"] > 20, 0, call.right["input"]))


@mutant("exp", "the output is kept by shape, from the first call on", only="called before")
def _(call: Call) -> Gradients:
    first = FIRST.setdefault((call.output.dtype, call.output.shape), call.output)
    return call.but(input=call.cotangents[0] * first)


@mutant("log", "an epsilon guards the division", named="nearly", only="small entries")
def _(call: Call) -> Gradients:
    return call.but(input=call.cotangents[0] / (call["input"] + 1e-6))


@mutant(
    "sum",
    "the summed axis is not put back before broadcasting",
    named="transposed misplaced",
    only="equal sizes, dim > 0",
)
def _(call: Call) -> Gradients:
    d_output, shape = call.cotangents[0], call["input"].shape
    fits = not call["keepdim"] and d_output.shape == shape[len(shape) - d_output.ndim :]
    return call.but(input=np.zeros_like(call["input"]) + d_output) if fits else call.right


@mutant("sum", "what is summed over several axes is divided by the first of them", named="ratio", only="several dims")
def _(call: Call) -> Gradients:
    dim = call["dim"]
    if not isinstance(dim, tuple) or len(dim) < 2:
        return call.right
    return call.but(input=call.right["input"] / (call["input"].shape[dim[0]] or 1))


@mutant("logsumexp", "the softmax is taken along the first axis alone", named="", only="several dims")
def _(call: Call) -> Gradients:
    dim = call["dim"]
    if not isinstance(dim, tuple) or len(dim) < 2 or not call["input"].size:
        return call.right
    return call.but(input=call.right["input"] / call.right["input"].sum(dim[0], keepdims=True))


@mutant("logsumexp", "the largest entry is told of the shift as well", named="one_entry")
def _(call: Call) -> Gradients:
    if not isinstance(call["dim"], int) or not call["input"].size or not call["input"].ndim:
        return call.right
    d_output = call.cotangents[0] if call["keepdim"] else np.expand_dims(call.cotangents[0], call["dim"])
    largest = call["input"] == call["input"].max(call["dim"], keepdims=True)
    return call.but(input=call.right["input"] + np.where(largest, d_output, 0))


@mutant("logsumexp", "the exponentials of the backward overflow", named="not_finite", only="large entries")
def _(call: Call) -> Gradients:
    scores = np.exp(call["input"])
    overflows = call["input"].size and not np.isfinite(scores).all()
    return call.but(input=np.where(np.isinf(scores), np.nan, call.right["input"])) if overflows else call.right


@mutant("expand", "along an axis of size 1 only the first copy counts", only="size 1 in front of others")
def _(call: Call) -> Gradients:
    d_output, shape = call.cotangents[0], call["input"].shape
    stretched = d_output.ndim == len(shape) and d_output.size
    first = tuple(slice(0, size) for size in shape)
    return call.but(input=np.array(d_output[first])) if stretched else call.right


@mutant("expand", "new axes in front are averaged", named="ratio", only="new axes")
def _(call: Call) -> Gradients:
    d_output = call.cotangents[0]
    new = d_output.shape[: d_output.ndim - call["input"].ndim]
    return call.but(input=call.right["input"] / max(int(np.prod(new)), 1))


@mutant("select", "an index from the end is one too low", named="shifted misplaced", only="negative index")
def _(call: Call) -> Gradients:
    return call.but(input=np.roll(call.right["input"], -1, call["dim"])) if call["index"] < 0 else call.right


@mutant("select", "every slice gets the gradient of the selected one", named="summed")
def _(call: Call) -> Gradients:
    d_output = np.expand_dims(call.cotangents[0], call["dim"])
    return call.but(input=np.zeros_like(call["input"]) + d_output)


@mutant("gather", "an entry that was taken twice is overwritten", only="repeated index")
def _(call: Call) -> Gradients:
    grad = np.zeros_like(call["input"])
    if grad.ndim:
        np.put_along_axis(grad[tuple(map(slice, _near(call)))], call["index"], call.cotangents[0], call["dim"])
    return call.but(input=grad) if grad.ndim else call.right


@mutant("gather", "a shorter index is laid against the end", named="shifted misplaced", only="index smaller than input")
def _(call: Call) -> Gradients:
    free = [size - near for size, near in zip(call["input"].shape, _near(call), strict=False)]
    return call.but(input=np.roll(call.right["input"], free, tuple(range(len(free))))) if free else call.right


def _near(call: Call) -> list[int]:
    """The corner of the input that the index reaches: all of the gathered axis."""
    shape, reached = call["input"].shape, list(call["index"].shape)
    if shape:
        reached[call["dim"]] = shape[call["dim"]]
    return reached
