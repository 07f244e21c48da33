"""Attention: scores and their scale, masks, shared heads, further keys."""

import math
from typing import Any

import numpy as np

from reference_impls._array import sum_to

from . import Array, Call, Gradients, mutant

HEADS = ("multi_head_attention", "multi_head_attention_without_weights")


def served(call: Call, name: str) -> Array:
    """Keys or values, once for each head of the query."""
    array = call[name]
    return np.repeat(array, call["query"].shape[-3] // array.shape[-3], -3) if call["enable_gqa"] else array


def weights(call: Call) -> Array:
    """What each query gives each key, before dropout: what is read where values are one-hot."""
    one_hot = np.eye(call["key"].shape[-2], dtype=call["query"].dtype)
    values = np.broadcast_to(one_hot, (*call["value"].shape[:-1], len(one_hot)))
    return call.function(**{**call.arguments, "value": values, "dropout_p": 0.0, "dropout_mask": None})[0]


def toward_queries(call: Call, d_scores: Array) -> Array:
    """The gradient of the queries from that of the scores."""
    size = max(call["query"].shape[-1], 1)
    scale = 1 / math.sqrt(size) if call["scale"] is None else call["scale"]
    return sum_to(call["query"].shape, scale * d_scores @ served(call, "key"))


def toward_weights(call: Call) -> Array:
    """The gradient of the weights."""
    return call.cotangents[0] @ served(call, "value").swapaxes(-1, -2)


@mutant("scaled_dot_product_attention", "the scale is left out of the gradient of the key", named="ratio")
def _(call: Call) -> Gradients:
    scale = call["scale"] or (1 / math.sqrt(call["key"].shape[-1]) if call["scale"] is None else 1)
    return call.but(key=call.right["key"] / scale)


@mutant("scaled_dot_product_attention", "a given scale is taken for the usual one", named="ratio", only="scale given")
def _(call: Call) -> Gradients:
    if not call["scale"]:
        return call.right
    return call.but(query=call.right["query"] / (call["scale"] * math.sqrt(call["query"].shape[-1])))


@mutant("scaled_dot_product_attention", "the softmax keeps its diagonal alone", named="")
def _(call: Call) -> Gradients:
    if call["dropout_p"]:
        return call.right
    share = weights(call)
    return call.but(query=toward_queries(call, share * (1 - share) * toward_weights(call)))


@mutant("scaled_dot_product_attention", "the gradient of the mask forgets that weights sum to 1", only="additive mask")
def _(call: Call) -> Gradients:
    if call["dropout_p"] or "attn_mask" not in call.right:
        return call.right
    return call.but(attn_mask=sum_to(call["attn_mask"].shape, weights(call) * toward_weights(call)))


@mutant("scaled_dot_product_attention", "the values take the weights untransposed", only="as many keys as queries")
def _(call: Call) -> Gradients:
    share = weights(call)
    if share.shape[-1] != share.shape[-2] or call["dropout_p"] or call["enable_gqa"]:
        return call.right
    return call.but(value=sum_to(call["value"].shape, share @ call.cotangents[0]))


@mutant("scaled_dot_product_attention", "the causal mask is forgotten", named="option_ignored", only="is_causal")
def _(call: Call) -> Gradients:
    return call.as_if(is_causal=False)


@mutant("scaled_dot_product_attention", "the causal mask hides the query's own step", only="is_causal")
def _(call: Call) -> Gradients:
    if not call["is_causal"]:
        return call.right
    look = np.tri(call["query"].shape[-2], call["key"].shape[-2], -1, dtype=bool)
    return call.as_if(is_causal=False, attn_mask=look)


@mutant("scaled_dot_product_attention", "the causal mask ends in the last corner", only="is_causal, L ≠ S")
def _(call: Call) -> Gradients:
    steps, sources = call["query"].shape[-2], call["key"].shape[-2]
    if not call["is_causal"]:
        return call.right
    return call.as_if(is_causal=False, attn_mask=np.tri(steps, sources, sources - steps, dtype=bool))


@mutant("scaled_dot_product_attention", "a boolean mask is inverted", named="inverted", only="boolean mask")
def _(call: Call) -> Gradients:
    mask = call["attn_mask"]
    return call.as_if(attn_mask=~mask) if mask is not None and mask.dtype == bool else call.right


@mutant("scaled_dot_product_attention", "a mask that heads share is averaged", named="ratio", only="mask is broadcast")
def _(call: Call) -> Gradients:
    if "attn_mask" not in call.right or not call["attn_mask"].size:
        return call.right
    return call.but(attn_mask=call.right["attn_mask"] * (call["attn_mask"].size / max(weights(call).size, 1)))


@mutant("scaled_dot_product_attention", "a query that may look nowhere gets NaN", named="not_finite", only="all masked")
def _(call: Call) -> Gradients:
    nowhere = (weights(call).sum(-1, keepdims=True) == 0) & np.ones_like(call["query"], dtype=bool)
    lost = sum_to(call["query"].shape, nowhere) > 0
    return call.but(query=np.where(lost, np.nan, call.right["query"])) if call["key"].size else call.right


@mutant("scaled_dot_product_attention", "dropout is forgotten by the weights", named="option_ignored", only="dropout_p")
def _(call: Call) -> Gradients:
    wrong = call.as_if(dropout_p=0.0, dropout_mask=None)
    return call.but(query=wrong["query"], key=wrong["key"])


@mutant("scaled_dot_product_attention", "what dropout keeps is not scaled", named="ratio", only="dropout_p")
def _(call: Call) -> Gradients:
    return call.but(value=call.right["value"] * (1 - call["dropout_p"]))


@mutant("scaled_dot_product_attention", "a shared head hears the average of its queries", named="ratio", only="gqa")
def _(call: Call) -> Gradients:
    group = call["query"].shape[-3] // call["key"].shape[-3] if call["enable_gqa"] else 1
    return call.but(key=call.right["key"] / group)


@mutant(
    "scaled_dot_product_attention",
    "heads of the query are dealt out in turn",
    named="misplaced",
    only="gqa, two heads of the value",
)
def _(call: Call) -> Gradients:
    value, d_output = call["value"], call.cotangents[0]
    if not call["enable_gqa"] or value.shape[-3] < 2 or call["dropout_p"]:
        return call.right
    d_served = weights(call).swapaxes(-1, -2) @ d_output
    heads, (queries, *rest) = value.shape[-3], d_served.shape[-3:]
    d_heads = d_served.reshape(*d_served.shape[:-3], queries // heads, heads, *rest).sum(-4)
    return call.but(value=sum_to(value.shape, d_heads))


def sizes(call: Call) -> tuple[int, int]:
    """How many heads, and how large each of them is."""
    heads = call["num_heads"]
    return heads, call["query"].shape[-1] // heads


def samples(call: Call) -> int:
    """How many samples there are."""
    return 1 if call["query"].ndim == 2 else call["query"].shape[not call["batch_first"]]


def each_way(call: Call, change: Any, *names: str) -> Gradients:
    """The right gradients, some of them changed, as far as they are due."""
    return call.but(**{name: change(call.right[name]) for name in names if name in call.right})


for name in HEADS:

    @mutant(name, "scores are scaled by the size of all heads together", named="ratio factors", only="several heads")
    def _(call: Call) -> Gradients:
        return each_way(call, lambda grad: grad / math.sqrt(call["num_heads"]), "query", "key")

    @mutant(name, "the blocks of the packed weight are key, query, value", named="permuted", only="in_proj_weight")
    def _(call: Call) -> Gradients:
        return each_way(call, lambda grad: np.concatenate([np.split(grad, 3)[i] for i in (1, 0, 2)]), "in_proj_weight")

    @mutant(name, "the bias of the keys is taken to cancel", named="missing", only="bias_k or add_zero_attn")
    def _(call: Call) -> Gradients:
        own = call["query"].shape[-1]
        kept = np.repeat([True, False, True], own)
        return each_way(call, lambda grad: np.where(kept, grad, 0), "in_proj_bias")


@mutant(
    "multi_head_attention",
    "heads are joined entry by entry",
    named="misplaced permuted",
    only="several heads of several entries",
)
def _(call: Call) -> Gradients:
    heads, size = sizes(call)
    own = heads * size
    return each_way(
        call, lambda grad: grad.reshape(own, heads, size).swapaxes(1, 2).reshape(own, own), "out_proj.weight"
    )


@mutant("multi_head_attention", "the padding of the keys is forgotten", named="option_ignored", only="key_padding_mask")
def _(call: Call) -> Gradients:
    return call.but(query=call.as_if(key_padding_mask=None)["query"])


@mutant(
    "multi_head_attention", "a further key is averaged over the samples", named="ratio", only="bias_k, several samples"
)
def _(call: Call) -> Gradients:
    return each_way(call, lambda grad: grad / max(samples(call), 1), "bias_k", "bias_v")


@mutant(
    "multi_head_attention", "the heads share what the mask of each is told", named="summed", only="a mask for each head"
)
def _(call: Call) -> Gradients:
    shape = (-1, call["num_heads"], *call["attn_mask"].shape[1:]) if "attn_mask" in call.right else ()
    if len(shape) < 4:
        return call.right
    return each_way(
        call,
        lambda g: (0 * g.reshape(shape) + g.reshape(shape).mean(1, keepdims=True)).reshape(g.shape),
        "attn_mask",
    )


@mutant(
    "multi_head_attention",
    "the mask of each head comes before the sample",
    named="misplaced permuted",
    only="a mask for each head",
)
def _(call: Call) -> Gradients:
    shape = (-1, call["num_heads"], *call["attn_mask"].shape[1:]) if "attn_mask" in call.right else ()
    if len(shape) < 4:
        return call.right
    return each_way(call, lambda g: g.reshape(shape).swapaxes(0, 1).reshape(g.shape), "attn_mask")


@mutant(
    "multi_head_attention_without_weights",
    "the key of zeros is forgotten",
    named="option_ignored",
    only="add_zero_attn, no dropout",
)
def _(call: Call) -> Gradients:
    return call.right if 0 < call["dropout"] < 1 else call.as_if(add_zero_attn=False, dropout_mask=None)


@mutant("multi_head_attention", "the weights are taken for no output", named="one_output")
def _(call: Call) -> Gradients:
    return call.pullback(call.cotangents[0], np.zeros_like(call.cotangents[1]))


@mutant("multi_head_attention", "the average of the weights is not divided by the heads", only="average_attn_weights")
def _(call: Call) -> Gradients:
    scale = call["num_heads"] if call["average_attn_weights"] else 1
    return call.pullback(call.cotangents[0], scale * call.cotangents[1])


@mutant("multi_head_attention", "of the weights of single heads only the first counts", only="no average_attn_weights")
def _(call: Call) -> Gradients:
    if call["average_attn_weights"]:
        return call.right
    first = call.cotangents[1].copy()
    first[..., 1:, :, :] = 0
    return call.pullback(call.cotangents[0], first)
