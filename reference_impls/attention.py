"""Attention: values averaged, each with the weight that its key earns at the query."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._array import Array, Gradients, Pullback, Shape, check, check_floating, sum_to
from ._parameters import Parameters, check_dropout, check_parameters, given
from .dropout import dropout as drop
from .linear import linear

__all__ = ["multi_head_attention", "scaled_dot_product_attention"]


def _attend(
    query: Array,
    key: Array,
    value: Array,
    scale: float,
    allowed: Array | None,
    added: Array | None,
    dropout: float,
    dropout_mask: Array | None,
) -> tuple[Array, Array, Callable[..., tuple[Array, Array, Array, Array]]]:
    """softmax(scale query keyᵀ + added) value, over the keys that are allowed.  -> output, weights, pullback

    query (*batch, L, E), key (*batch, S, E), value (*batch, S, V) -> output (*batch, L, V), weights (*batch, L, S)
    """
    scores = scale * query @ key.swapaxes(-2, -1)
    if added is not None:
        scores = scores + added
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    top = scores.max(-1, keepdims=True, initial=-np.inf)
    weights = np.exp(scores - np.where(np.isneginf(np.real(top)), 0, top))
    total = weights.sum(-1, keepdims=True)
    weights = weights / np.where(total == 0, 1, total)  # a query that may look nowhere gets 0, not NaN
    kept, dropout_pullback = drop(weights, dropout, mask=dropout_mask) if dropout else (weights, None)

    def attend_pullback(d_output: Array, d_kept: Array | None = None) -> tuple[Array, Array, Array, Array]:
        # The weights are told through the values they average, and directly if they are an output themselves.
        d_weights = d_output @ value.swapaxes(-2, -1)
        if d_kept is not None:
            d_weights = d_weights + d_kept
        if dropout_pullback is not None:
            d_weights = dropout_pullback(d_weights)["input"]
        # The weights of a query add up to 1 whatever the scores: a cotangent equal for all of them changes nothing.
        d_scores = weights * (d_weights - (d_weights * weights).sum(-1, keepdims=True))
        d_query, d_key = scale * d_scores @ key, scale * d_scores.swapaxes(-2, -1) @ query
        return d_query, d_key, kept.swapaxes(-2, -1) @ d_output, d_scores

    return kept @ value, kept, attend_pullback


def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    dropout_mask: Array | None = None,
) -> tuple[Array, Pullback]:
    """softmax(query keyᵀ / √E) value.  Vaswani et al. 2017, arXiv:1706.03762, eq. 1; grouped: arXiv:2305.13245.

    query (*batch, L, E), key (*batch, S, E), value (*batch, S, V) -> output (*batch, L, V)
    attn_mask, one that broadcasts to (*batch, L, S), is added to the scores; or boolean, True where a query may look.
    With enable_gqa the heads (…, H, S, E) of key and value each serve as many heads of query as fit.
    """
    check_floating(query=query, key=key, value=value)
    for name, array in {"query": query, "key": key, "value": value}.items():
        check(array.ndim >= 2 + enable_gqa, f"{name}.ndim", array.ndim, f"at least {2 + enable_gqa}")
    check(key.shape[-1] == query.shape[-1], "key.shape", key.shape, f"(…, S, {query.shape[-1]}) to fit query")
    check(value.shape[-2] == key.shape[-2], "value.shape", value.shape, f"(…, {key.shape[-2]}, V) to fit key")
    keys, values = key, value
    if enable_gqa:
        keys, values = _for_each_head("key", key, query), _for_each_head("value", value, query)
    batch = _broadcast(query.shape[:-2], keys.shape[:-2])
    check(batch is not None, "key.shape", key.shape, f"of a batch that fits {query.shape[:-2]} of query")
    shape = (*(batch or ()), query.shape[-2], key.shape[-2])
    fits = _broadcast(shape[:-2], values.shape[:-2]) is not None
    check(fits, "value.shape", value.shape, f"of a batch that fits {shape[:-2]} of query and key")
    allowed, added = _mask("attn_mask", attn_mask, query)
    if attn_mask is not None:
        check(not is_causal, "attn_mask", "given", "None, since is_causal stands for a mask")
        check(_broadcast(attn_mask.shape, shape) == shape, "attn_mask.shape", attn_mask.shape, f"broadcast to {shape}")
    if is_causal:
        allowed = np.tri(*shape[-2:], dtype=bool)
    check_dropout(dropout_p, dropout_mask, shape, name="dropout_p")
    if scale is None:
        scale = 1 / math.sqrt(max(query.shape[-1], 1))
    output, _, attend_pullback = _attend(query, keys, values, scale, allowed, added, dropout_p, dropout_mask)

    def scaled_dot_product_attention_pullback(d_output: Array) -> Gradients:
        d_query, d_keys, d_values, d_scores = attend_pullback(d_output)
        grads = {"query": sum_to(query.shape, d_query)}
        for name, array, d_heads in (("key", key, d_keys), ("value", value, d_values)):
            if not enable_gqa:
                grads[name] = sum_to(array.shape, d_heads)
                continue
            # A head that served several heads of the query hears from each of them.
            heads, served = array.shape[-3], query.shape[-3] // array.shape[-3]
            d_served = d_heads.reshape(*d_heads.shape[:-3], heads, served, *d_heads.shape[-2:])
            grads[name] = sum_to(array.shape, d_served.sum(-3))
        if added is not None:
            grads["attn_mask"] = sum_to(added.shape, d_scores)
        return grads

    return output, scaled_dot_product_attention_pullback


def _for_each_head(name: str, array: Array, query: Array) -> Array:
    """Each head as often as there are heads of the query to serve."""
    heads, wanted = array.shape[-3], query.shape[-3]
    fits = heads > 0 and wanted % heads == 0
    check(fits, f"{name}.shape", array.shape, f"(…, H, S, E) with H heads that divide the {wanted} of query")
    return np.repeat(array, wanted // heads, axis=-3)


def _broadcast(left: Shape, right: Shape) -> Shape | None:
    """The shape of both together, if there is one."""
    try:
        return np.broadcast_shapes(left, right)
    except ValueError:
        return None


def _mask(name: str, mask: Array | None, query: Array) -> tuple[Array | None, Array | None]:
    """A boolean mask on the left, one to be added on the right."""
    if mask is None or mask.dtype == bool:
        return mask, None
    if mask.dtype != query.dtype:
        raise TypeError(f"{name} is of dtype {mask.dtype}, but should be bool, or {query.dtype} as query")
    return None, mask


class MultiHeadAttentionOutput(NamedTuple):
    """What each query reads, and with which weights."""

    attn_output: Array
    attn_output_weights: Array


def multi_head_attention(
    query: Array,
    key: Array,
    value: Array,
    key_padding_mask: Array | None = None,
    need_weights: bool = True,
    attn_mask: Array | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    *,
    num_heads: int,
    dropout: float = 0.0,
    add_zero_attn: bool = False,
    batch_first: bool = False,
    dropout_mask: Array | None = None,
    **parameters: Array | None,
) -> tuple[MultiHeadAttentionOutput | Array, Pullback]:
    """Attention of several heads, each in a space of its own.  Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2.

    query (L, N, E), key (S, N, K), value (S, N, V), or (N, L, E) … if batch_first, or (L, E) …; -> attn_output as
    query, attn_output_weights (N, L, S), or (N, heads, L, S) if they are not averaged; without need_weights the
    attn_output alone. Masks are added, or boolean and True where a query may NOT look: key_padding_mask (N, S),
    attn_mask (L, S) or (N × heads, L, S). `is_causal` says that attn_mask is causal, and changes nothing.

    Parameters: in_proj_weight (3E, E), or q_proj_weight (E, E), k_proj_weight (E, K), v_proj_weight (E, V);
    in_proj_bias (3E), out_proj.weight (E, E), out_proj.bias (E). bias_k, bias_v (1, 1, E) are a further key and value,
    add_zero_attn stands for another one of zeros. dropout_mask (N, heads, L, S) is True where a weight is kept.
    """
    weights = given(parameters)
    masks = given({"key_padding_mask": key_padding_mask, "attn_mask": attn_mask})
    check_floating(query=query, key=key, value=value, **weights)
    batch, steps, sources = _check_multi_head(query, key, value, num_heads, batch_first, weights)
    check(attn_mask is not None or not is_causal, "attn_mask", "None", "given, since is_causal says that it is causal")
    views = _check_masks(masks, query, (batch, num_heads, steps, sources))
    further = ("bias_k" in weights) + add_zero_attn
    shape = (batch, num_heads, steps, sources + further)
    check_dropout(dropout, dropout_mask, shape if query.ndim == 3 else shape[1:])

    def batched(array: Array) -> Array:
        return array[None] if query.ndim == 2 else array if batch_first else array.swapaxes(0, 1)

    def unbatched(array: Array) -> Array:
        return array[0] if query.ndim == 2 else array if batch_first else array.swapaxes(0, 1)

    if dropout_mask is not None:
        dropout_mask = dropout_mask.reshape(shape)
    arrays = {"query": batched(query), "key": batched(key), "value": batched(value)}
    (queries, keys, values), in_pullback = _in_projection(arrays, weights, add_zero_attn, num_heads)
    allowed, added, masks_pullback = _merge(masks, views, further)
    scale = 1 / math.sqrt(query.shape[-1] // num_heads)
    mixed, attended, attend_pullback = _attend(queries, keys, values, scale, allowed, added, dropout, dropout_mask)
    attn_output, out_pullback = linear(_joined(mixed), weights["out_proj.weight"], weights.get("out_proj.bias"))

    def multi_head_attention_pullback(d_attn_output: Array, d_attn_output_weights: Array | None = None) -> Gradients:
        d_attended = d_attn_output_weights
        if d_attended is not None:
            d_attended = d_attended if query.ndim == 3 else d_attended[None]
            d_attended = d_attended[:, None] / num_heads if average_attn_weights else d_attended
        d_out = out_pullback(batched(d_attn_output))
        *d_heads, d_scores = attend_pullback(_split(d_out["input"], num_heads), d_attended)
        grads = {f"out_proj.{name}": d for name, d in d_out.items() if name != "input"}
        grads |= in_pullback(d_heads) | masks_pullback(d_scores)
        return grads | {name: unbatched(grads[name]) for name in arrays}

    if not need_weights:
        return unbatched(attn_output), multi_head_attention_pullback
    attended = attended.mean(1) if average_attn_weights else attended
    output = MultiHeadAttentionOutput(unbatched(attn_output), attended if query.ndim == 3 else attended[0])
    return output, multi_head_attention_pullback


def _split(array: Array, num_heads: int) -> Array:
    """(N, L, E) -> (N, heads, L, E / heads)"""
    return array.reshape(*array.shape[:2], num_heads, array.shape[2] // num_heads).swapaxes(1, 2)


def _joined(heads: Array) -> Array:
    """(N, heads, L, E / heads) -> (N, L, E)"""
    batch, num_heads, steps, size = heads.shape
    return heads.swapaxes(1, 2).reshape(batch, steps, num_heads * size)


def _in_projection(
    arrays: Parameters, weights: Parameters, add_zero_attn: bool, num_heads: int
) -> tuple[list[Array], Callable[[list[Array]], Gradients]]:
    """Map query, key and value each by its own weight, add the further keys and values, and split by heads.

    arrays (N, L, E), (N, S, K), (N, S, V) -> (N, heads, L, E / heads), (N, heads, S + further, E / heads) twice
    """
    packed, biased = "in_proj_weight" in weights, "in_proj_bias" in weights
    in_weights = np.split(weights["in_proj_weight"], 3) if packed else [weights[f"{q}_proj_weight"] for q in "qkv"]
    in_biases = np.split(weights["in_proj_bias"], 3) if biased else [None] * 3
    projected, pullbacks = [], []
    for name, array, weight, bias in zip("qkv", arrays.values(), in_weights, in_biases, strict=True):
        rows, linear_pullback = linear(array, weight, bias)
        further = [weights[f"bias_{name}"]] if f"bias_{name}" in weights else []
        further += [np.zeros((1, 1, len(weight)), rows.dtype)] if add_zero_attn and name != "q" else []
        further = [np.broadcast_to(row, (len(rows), 1, len(weight))) for row in further]
        projected.append(_split(np.concatenate([rows, *further], axis=1), num_heads))
        pullbacks.append(linear_pullback)

    def in_projection_pullback(d_heads: list[Array]) -> Gradients:
        d_projected = {name: _joined(d) for name, d in zip("qkv", d_heads, strict=True)}
        lengths = [array.shape[1] for array in arrays.values()]
        own = [f(d[:, :n]) for f, d, n in zip(pullbacks, d_projected.values(), lengths, strict=True)]
        grads = {name: d["input"] for name, d in zip(arrays, own, strict=True)}
        if packed:
            grads["in_proj_weight"] = np.concatenate([d["weight"] for d in own])
        else:
            grads |= {f"{name}_proj_weight": d["weight"] for name, d in zip("qkv", own, strict=True)}
        if biased:
            grads["in_proj_bias"] = np.concatenate([d["bias"] for d in own])
        for name in ("bias_k", "bias_v"):
            if name in weights:  # the first of the further rows, and the same one in every sample
                grads[name] = sum_to(weights[name].shape, d_projected[name[-1]][:, [lengths[1]]])
        return grads

    return projected, in_projection_pullback


def _merge(
    masks: Parameters, views: dict[str, Shape], further: int
) -> tuple[Array | None, Array | None, Callable[[Array], Gradients]]:
    """All boolean masks in one, and the sum of the others; none of them hides the `further` keys."""
    allowed = added = None
    for name, mask in masks.items():
        wide = np.pad(mask.reshape(views[name]), [(0, 0)] * 3 + [(0, further)])
        if mask.dtype == bool:
            allowed = ~wide if allowed is None else allowed & ~wide
        else:
            added = wide if added is None else added + wide

    def merge_pullback(d_scores: Array) -> Gradients:
        d_masked = d_scores[..., : d_scores.shape[-1] - further]
        floating = {name: mask for name, mask in masks.items() if mask.dtype != bool}
        return {name: sum_to(views[name], d_masked).reshape(mask.shape) for name, mask in floating.items()}

    return allowed, added, merge_pullback


def _check_multi_head(
    query: Array, key: Array, value: Array, num_heads: int, batch_first: bool, weights: Parameters
) -> tuple[int, int, int]:
    """Refuse arrays that do not fit each other.  -> N, L, S"""
    check(query.ndim in (2, 3), "query.ndim", query.ndim, "3, or 2 for a single sample")
    for name, array in {"key": key, "value": value}.items():
        check(array.ndim == query.ndim, f"{name}.ndim", array.ndim, f"{query.ndim}, as query")
    rows = ", ".join(map(str, key.shape[:-1]))
    check(value.shape[:-1] == key.shape[:-1], "value.shape", value.shape, f"({rows}, V) to fit key")
    batch, steps, sources, size = 1, len(query), len(key), query.shape[-1]
    if query.ndim == 3:
        batch, steps, sources = query.shape[not batch_first], query.shape[batch_first], key.shape[batch_first]
        check(key.shape[not batch_first] == batch, "key.shape", key.shape, f"of {batch} samples, as query")
    fits = num_heads > 0 and size > 0 and size % num_heads == 0
    check(fits, "num_heads", num_heads, f"a divisor of {size}, the last size of query")
    if "in_proj_weight" in weights:
        for name, array in {"key": key, "value": value}.items():
            check(array.shape[-1] == size, f"{name}.shape", array.shape, f"(…, {size}) to fit in_proj_weight")
        shapes: dict[str, Shape] = {"in_proj_weight": (3 * size, size)}
    else:
        sizes = (size, key.shape[-1], value.shape[-1])
        shapes = {f"{name}_proj_weight": (size, other) for name, other in zip("qkv", sizes, strict=True)}
    shapes["out_proj.weight"] = (size, size)
    if "in_proj_bias" in weights or "out_proj.bias" in weights:
        shapes |= {"in_proj_bias": (3 * size,), "out_proj.bias": (size,)}
    if "bias_k" in weights or "bias_v" in weights:
        shapes |= {"bias_k": (1, 1, size), "bias_v": (1, 1, size)}
    check_parameters(weights, shapes)
    return batch, steps, sources


def _check_masks(masks: Parameters, query: Array, scores: Shape) -> dict[str, Shape]:
    """Refuse masks that do not fit.  -> their shapes as they broadcast to the scores (N, heads, L, S)"""
    batch, heads, steps, sources = scores
    views: dict[str, Shape] = {"key_padding_mask": (batch, 1, 1, sources), "attn_mask": (1, 1, steps, sources)}
    shapes = {"key_padding_mask": (batch, sources) if query.ndim == 3 else (sources,), "attn_mask": (steps, sources)}
    if "attn_mask" in masks and masks["attn_mask"].ndim == 3:
        views["attn_mask"], shapes["attn_mask"] = scores, (batch * heads, steps, sources)
    for name, mask in masks.items():
        _ = _mask(name, mask, query)
        check(mask.shape == shapes[name], f"{name}.shape", mask.shape, f"{shapes[name]}")
    return views
