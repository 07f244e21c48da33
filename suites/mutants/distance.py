"""Norms and distances: the length's own slope, p, eps, equal points."""

import numpy as np

from reference_impls._array import axes_of, scatter_rows, sum_to

from . import Array, Call, Gradients, mutant


def length(call: Call) -> tuple[Array, tuple[int, ...]]:
    """The p-norm of the input where p is finite and positive, and the axes along which it is taken."""
    axes, size = axes_of(call["dim"], call["input"]), abs(call["input"])
    return (size ** call["p"]).sum(axes, keepdims=True) ** (1 / call["p"]), axes


def apart(call: Call) -> tuple[Array, Array]:
    """The difference of two points, and the cotangent of their distance."""
    d_output = call.cotangents[0] if call["keepdim"] else call.cotangents[0][..., None]
    return call["x1"] - call["x2"] + call["eps"], d_output


def both(call: Call, d_difference: Array) -> Gradients:
    """What two points hear from their difference."""
    x1, x2 = call["x1"], call["x2"]
    return call.but(x1=sum_to(x1.shape, d_difference), x2=sum_to(x2.shape, -d_difference))


@mutant("normalize", "the length is taken for a constant", named="projection", only="p = 2")
def _(call: Call) -> Gradients:
    if call["p"] != 2 or not call["input"].size:
        return call.right
    return call.but(input=call.cotangents[0] / np.maximum(length(call)[0], call["eps"]))


@mutant("normalize", "what is shorter than eps still loses its length", named="option_ignored", only="shorter than eps")
def _(call: Call) -> Gradients:
    return call.as_if(eps=1e-30) if call["p"] > 0 and call["input"].all() else call.right


@mutant("normalize", "the sign is left out of the slope of the norm", only="p = 3")
def _(call: Call) -> Gradients:
    if call["p"] != 3 or not call["input"].all() or not call["input"].size:
        return call.right
    norm, axes = length(call)
    along = (call.cotangents[0] * call.output).sum(axes, keepdims=True) * call["input"] ** 2 / norm**2
    return call.but(input=np.where(norm > call["eps"], (call.cotangents[0] - along) / norm, call.right["input"]))


@mutant("normalize", "the norm is taken along the first of several axes", only="several dims")
def _(call: Call) -> Gradients:
    dim = call["dim"]
    return call.as_if(dim=dim[0]) if isinstance(dim, tuple) and len(dim) > 1 else call.right


@mutant("cosine_similarity", "the length of the second vector is taken for a constant", named="projection")
def _(call: Call) -> Gradients:
    x1, x2 = np.broadcast_arrays(call["x1"], call["x2"])
    if not x1.ndim:
        return call.right
    length1, length2 = (np.maximum(np.sqrt((x * x).sum(call["dim"], keepdims=True)), call["eps"]) for x in (x1, x2))
    d_cosine = np.expand_dims(call.cotangents[0], call["dim"])
    return call.but(x2=sum_to(call["x2"].shape, d_cosine * x1 / length1 / length2))


@mutant("cosine_similarity", "a vector shorter than eps gets nothing", named="missing zero", only="shorter than eps")
def _(call: Call) -> Gradients:
    x1 = call["x1"]
    if x1.ndim < max(call["x2"].ndim, 1):
        return call.right
    short = (x1 * x1).sum(call["dim"], keepdims=True) < call["eps"] ** 2
    return call.but(x1=np.where(short, 0, call.right["x1"]))


@mutant("cosine_similarity", "a vector of zeros gets NaN", named="not_finite", only="x1 zero")
def _(call: Call) -> Gradients:
    x1 = call["x1"]
    if x1.ndim < max(call["x2"].ndim, 1):
        return call.right
    return call.but(x1=np.where((x1 == 0).all(call["dim"], keepdims=True), np.nan, call.right["x1"]))


@mutant("pairwise_distance", "eps is forgotten", named="option_ignored nearly")
def _(call: Call) -> Gradients:
    return call.as_if(eps=0.0)


@mutant("pairwise_distance", "with keepdim both points move the same way", named="opposite swapped", only="keepdim")
def _(call: Call) -> Gradients:
    return call.but(x2=-call.right["x2"]) if call["keepdim"] else call.right


@mutant("pairwise_distance", "the slope of |x| is 1", named="signs opposite", only="p = 1")
def _(call: Call) -> Gradients:
    difference, d_output = apart(call)
    return both(call, d_output * (difference != 0)) if call["p"] == 1 else call.right


@mutant("pairwise_distance", "the root is not differentiated", named="factors ratio multiplied", only="p = 2")
def _(call: Call) -> Gradients:
    difference, d_output = apart(call)
    return both(call, d_output * difference) if call["p"] == 2 else call.right


@mutant("pairwise_distance", "points that coincide get NaN", named="not_finite", only="p = 2, equal points")
def _(call: Call) -> Gradients:
    difference, d_output = apart(call)
    if call["p"] != 2:
        return call.right
    with np.errstate(all="ignore"):
        return both(call, d_output * difference / np.sqrt((difference**2).sum(-1, keepdims=True)))


@mutant("pairwise_distance", "every largest entry gets the whole slope", named="factors ratio", only="p = inf, ties")
def _(call: Call) -> Gradients:
    difference, d_output = apart(call)
    if call["p"] != np.inf:
        return call.right
    largest = abs(difference) == abs(difference).max(-1, keepdims=True)
    return both(call, d_output * largest * np.sign(difference))


def pairs(call: Call) -> tuple[Array, Array]:
    """The rows that pdist compares."""
    return np.triu_indices(len(call["input"]), 1)


@mutant("pdist", "a row hears only from the rows after it", named="path")
def _(call: Call) -> Gradients:
    first, _ = pairs(call)
    rows = [call.function(call["input"][[i, j]], call["p"])[1](d[None])["input"][0] for i, j, d in triples(call)]
    slopes = np.array(rows, call["input"].dtype).reshape(len(first), call["input"].shape[1])
    return call.but(input=scatter_rows(call["input"].shape, first, slopes))


def triples(call: Call) -> list[tuple[int, int, Array]]:
    """Each pair of rows, with the cotangent of its distance."""
    first, second = pairs(call)
    return list(zip(first, second, call.cotangents[0], strict=True))


@mutant("pdist", "every pair is counted from both sides", named="ratio")
def _(call: Call) -> Gradients:
    return call.but(input=2 * call.right["input"])


@mutant("pdist", "the cotangents are taken column by column", only="four rows")
def _(call: Call) -> Gradients:
    first, second = pairs(call)
    return call.but(**call.pullback(call.cotangents[0][np.lexsort((first, second))]))


@mutant("pdist", "p is forgotten", named="option_ignored", only="p = inf")
def _(call: Call) -> Gradients:
    return call.as_if(p=2.0) if call["p"] == np.inf else call.right


@mutant("pdist", "rows that are equal get NaN", named="not_finite", only="p = 2, equal rows")
def _(call: Call) -> Gradients:
    input = call["input"]
    equal = (input[:, None] == input).all(2).sum(1) > 1
    return call.but(input=np.where(equal[:, None], np.nan, call.right["input"])) if call["p"] == 2 else call.right
