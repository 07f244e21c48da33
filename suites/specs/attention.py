"""Attention, by the function and by the class of several heads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Mask, Maybe, Pick, Plan, Real, Spec, Stream

from .rnn import module

ATTEND, DROPOUT = F.scaled_dot_product_attention, F.dropout


def scaled_dot_product_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    dropout_mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """torch's own; where it would draw, its weights (what it makes of one-hot values) are dropped by the mask."""
    options: dict[str, Any] = {"is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
    if dropout_p in (0, 1) or dropout_mask is None:
        return ATTEND(query, key, value, attn_mask, dropout_p, **options)
    one_hot = torch.eye(key.shape[-2], dtype=key.dtype, device=key.device).expand(*value.shape[:-1], -1)
    weights = ATTEND(query, key, one_hot, attn_mask, **options)
    if enable_gqa:
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    return weights * dropout_mask / (1 - dropout_p) @ value


def additive(rng: Stream, shape: tuple[int, ...], _: Plan) -> Array:
    """What is added to the scores; minus infinity hides a key."""
    return np.where(rng.integers(4, shape) == 0, -np.inf, (rng.integers(64, shape) - 31.5) / 16)


MASKS: dict[str, Any] = {"boolean": Mask, "additive": Real, "hiding": lambda shape: Filled(shape, additive, grad=True)}


def stretched(pick: Pick, shape: tuple[int, ...]) -> tuple[int, ...]:
    """One that broadcasts to `shape`."""
    return tuple(1 if pick.draw(st.integers(0, 3)) == 3 else size for size in shape)


def sequences(pick: Pick) -> None:
    """Queries and keys of their own number, batches that broadcast, heads that are shared."""
    steps = pick.size("L", 1, 4)
    sources = pick.size("S", pick.draw(st.sampled_from((1, 1, 1, 0))), 4)
    batch = pick.shape("batch", dims=(0, 2), high=3)
    heads: tuple[tuple[int, ...], ...] = ((), (), ())
    if pick.option("enable_gqa", (False, True)):
        own = pick.draw(st.sampled_from((1, 2)))
        heads = ((pick.draw(st.sampled_from((1, 2))) * 2,), (own,), (own,))
    for word, own_heads in zip(("ahead", "ahead_key", "ahead_value"), heads, strict=True):
        # torch does not broadcast where an array is empty
        broadcast = sources and 0 not in batch and pick.draw(st.integers(0, 2)) == 2
        pick.put(word, (*(stretched(pick, batch) if broadcast else batch), *own_heads))
    ahead = np.broadcast_shapes(*(pick.plan[word][: len(batch)] for word in ("ahead", "ahead_key")))
    whole = (*ahead, *heads[0], steps, sources)
    pick.put("weights", whole)
    causal = pick.option("is_causal", (False, True))
    kind = "none" if causal else pick.draw(st.sampled_from(("none", *MASKS)))
    pick.put("kind", kind)
    pick.put("masked", stretched(pick, whole)[pick.draw(st.integers(0, len(whole) - 2)) :])
    if kind == "none":
        pick.put("attn_mask", None)


def one_mask(plan: Plan) -> Mapping[str, Any]:
    """The mask, of the kind that was drawn."""
    return {} if plan["kind"] == "none" else {"attn_mask": MASKS[plan["kind"]]("*masked")}


def causal_not_a_number(arguments: Mapping[str, Any]) -> str:
    """torch 2.13's kernel for the CPU hides keys by minus infinity first, and scales afterwards."""
    scale = arguments.get("scale")
    if arguments.get("is_causal") and scale is not None and scale <= 0:
        return "torch multiplies the minus infinity of the causal mask by scale: NaN for 0, no mask below"
    return ""


@contextmanager
def drawn(p: float, *masks: torch.Tensor | None) -> Iterator[None]:
    """What the code of torch.nn drops inside is not left to chance: these masks are taken, one after the other."""
    left = list(masks)

    def dropout(input: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> torch.Tensor:
        del training, inplace
        mask = left.pop(0)
        assert mask is not None
        return input * mask.reshape(input.shape) / (1 - p)

    def attend(
        query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, p: float, causal: bool
    ) -> torch.Tensor:
        return scaled_dot_product_attention(query, key, value, mask, p, causal, dropout_mask=left.pop(0))

    if p in (0, 1):
        yield
    else:
        with mock.patch.multiple(F, dropout=dropout, scaled_dot_product_attention=attend):
            yield
        assert not left


def multi_head_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    key_padding_mask: torch.Tensor | None = None,
    need_weights: bool = True,
    attn_mask: torch.Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    *,
    num_heads: int,
    dropout: float = 0.0,
    add_zero_attn: bool = False,
    batch_first: bool = False,
    dropout_mask: torch.Tensor | None = None,
    **parameters: torch.Tensor,
) -> tuple[torch.Tensor, ...]:
    """torch's own."""
    options = {"kdim": key.shape[-1], "vdim": value.shape[-1], "add_zero_attn": add_zero_attn}
    options |= {"bias": "in_proj_bias" in parameters, "add_bias_kv": "bias_k" in parameters}
    options |= {"dropout": dropout, "batch_first": batch_first}
    layer = module(nn.MultiheadAttention, query.shape[-1], num_heads, **options)
    call = {"key_padding_mask": key_padding_mask, "attn_mask": attn_mask, "is_causal": is_causal}
    call |= {"need_weights": need_weights, "average_attn_weights": average_attn_weights}
    if dropout_mask is not None and query.dim() == 2:
        dropout_mask = dropout_mask[None]
    with drawn(dropout, dropout_mask):
        output = functional_call(layer, parameters, (query, key, value), call)
    return output if need_weights else output[:1]


def hiding(rng: Stream, shape: tuple[int, ...], _: Plan) -> Array:
    """True where a query may not look."""
    return rng.integers(4, shape) == 0


def future(_: Stream, shape: tuple[int, ...], __: Plan) -> Array:
    """True where a query would look ahead."""
    return np.broadcast_to(np.triu(np.ones(shape[-2:], dtype=bool), 1), shape)


HIDING: dict[str, Any] = {
    "boolean": lambda shape: Filled(shape, hiding),
    "additive": Real,
    "hiding": lambda shape: Filled(shape, additive, grad=True),
}


def masks(
    pick: Pick, names: tuple[str, str], causal: bool, heads: int, batch: tuple[int, ...], steps: int, sources: int
) -> None:
    """Draw which kinds of masks there are for the queries and for the keys: torch wants one type for both."""
    mask, padding = names
    kinds = ("none",) if 0 in batch else ("none", *HIDING)  # torch takes no masks of an empty batch
    kind = pick.draw(st.sampled_from(("causal",) if causal else kinds))
    alike = {"none": kinds, "boolean": ("none", "boolean"), "causal": kinds[:2]}.get(kind, ("none", *list(HIDING)[1:]))
    each = (math.prod(batch) * heads, steps, sources)
    pick.put(f"{mask}_kind", kind)
    pick.put(f"{mask}_shape", each if pick.draw(st.booleans()) and 0 not in batch else each[1:])
    pick.put(f"{padding}_kind", pick.draw(st.sampled_from(alike)))
    pick.put(f"{padding}_shape", (*batch, sources))
    for name in names:
        if pick.plan[f"{name}_kind"] == "none":
            pick.put(name, None)


def masks_drawn(plan: Plan) -> dict[str, Any]:
    """The masks, of the kinds that were drawn."""
    kinds = {**HIDING, "causal": lambda shape: Filled(shape, future)}
    names = [key.removesuffix("_kind") for key in plan if key.endswith("_kind")]
    there = [name for name in names if plan[f"{name}_kind"] != "none"]
    return {name: kinds[plan[f"{name}_kind"]](f"*{name}_shape") for name in there}


def heads_and_masks(pick: Pick) -> None:
    """Sizes that heads divide, sources of their own size or not, masks of one type, biases there or not."""
    steps, sources, heads = pick.size("L", 1, 4), pick.size("S", 1, 4), pick.option("num_heads", (1, 2, 3))
    size = heads * pick.draw(st.integers(1, 3))
    pick.put("E", size)
    pick.put("packed", pick.draw(st.booleans()))
    other = st.integers(1, 4)
    key_size, value_size = (size, size) if pick.plan["packed"] else (pick.draw(other), pick.draw(other))
    pick.put("K", key_size)
    pick.put("V", value_size)
    pick.put("packed", key_size == value_size == size)  # torch has separate weights where sizes differ
    batch = pick.shape("batch", dims=(0, 1), high=3)
    first = pick.option("batch_first", (False, True))
    for word, length in (("query", steps), ("source", sources)):
        pick.put(word, (*batch, length) if first else (length, *batch))
    for word in ("bias", "bias_kv"):
        pick.put(word, pick.draw(st.booleans()))
    further = pick.plan["bias_kv"] + pick.option("add_zero_attn", (False, True))
    pick.put("weights", (*batch, heads, steps, sources + further))
    causal = pick.option("is_causal", (False, True))
    masks(pick, ("attn_mask", "key_padding_mask"), causal, heads, batch, steps, sources)


def head_parameters(plan: Plan) -> Mapping[str, Any]:
    """As torch's state_dict, and the masks of the kinds that were drawn."""
    size = plan["E"]
    weights = {"in_proj_weight": Real(f"{3 * size} E")}
    if not plan["packed"]:
        weights = {"q_proj_weight": Real("E E"), "k_proj_weight": Real("E K"), "v_proj_weight": Real("E V")}
    weights["out_proj.weight"] = Real("E E")
    if plan["bias"]:
        weights |= {"in_proj_bias": Real(f"{3 * size}"), "out_proj.bias": Real("E")}
    if plan["bias_kv"]:
        weights |= {"bias_k": Real("1 1 E"), "bias_v": Real("1 1 E")}
    return weights | masks_drawn(plan)


def hidden_or_hint(arguments: Mapping[str, Any]) -> str:
    """Where torch makes NaN of a row without keys, or takes a hint for more than it says."""
    further = "bias_k" in arguments or arguments.get("add_zero_attn", False)
    padding, mask = arguments.get("key_padding_mask"), arguments.get("attn_mask")
    if further and arguments.get("is_causal") and padding is None and not arguments.get("need_weights", True):
        return "torch hides the keys of bias_k and add_zero_attn as well, as if the causal mask went on over them"
    if further or not arguments.get("need_weights", True):
        return ""
    hidden = np.zeros((1, 1, 1, 1), dtype=bool)
    if padding is not None:
        hidden = hidden | _hides(padding).reshape(-1, 1, 1, padding.shape[-1])
    if mask is not None:
        heads = arguments["num_heads"] if mask.ndim == 3 else 1
        hidden = hidden | _hides(mask).reshape(-1, heads, *mask.shape[-2:])
    return "torch makes NaN of a row without any key, though 0 without need_weights" if hidden.all(-1).any() else ""


def _hides(mask: Array) -> Array:
    return mask if mask.dtype == bool else mask == -np.inf


def heads_spec(name: str, need_weights: bool) -> Spec:
    """The entry with both outputs, or with one."""
    weighing = {"average_attn_weights": Choice((True, False))} if need_weights else {}
    undrawn = {"need_weights": "two entries, one for each value"}
    if not need_weights:
        undrawn["average_attn_weights"] = "there are no weights"
    return Spec(
        name,
        ref.multi_head_attention,
        multi_head_attention,
        covers=("MultiheadAttention",),
        arguments={
            "query": Real("*query E"),
            "key": Real("*source K"),
            "value": Real("*source V"),
            "key_padding_mask": Maybe(Mask("*key_padding_mask_shape")),
            "need_weights": need_weights,
            "attn_mask": Maybe(Mask("*attn_mask_shape")),
            **weighing,
            "is_causal": Choice((False, True)),
            "num_heads": Choice((1, 2, 3)),
            "dropout": Choice((0.0, 0.5, 0.25, 1.0)),
            "add_zero_attn": Choice((False, True)),
            "batch_first": Choice((False, True)),
            "dropout_mask": Mask("*weights"),
        },
        together=heads_and_masks,
        parameters=head_parameters,
        outputs=1 + need_weights,
        avoid={"huge": "the product of four large numbers is the score: its rounding alone decides"},
        undrawn=undrawn,
        differs=hidden_or_hint,
    )


SPECS = [
    Spec(
        "scaled_dot_product_attention",
        ref.scaled_dot_product_attention,
        scaled_dot_product_attention,
        arguments={
            "query": Real("*ahead L E"),
            "key": Real("*ahead_key S E"),
            "value": Real("*ahead_value S V"),
            "attn_mask": Maybe(Mask("*attn_mask_shape")),
            "dropout_p": Choice((0.0, 0.5, 0.25, 1.0)),
            "is_causal": Choice((False, True)),
            "scale": Choice((None, 1.0, 0.25, -0.5, 0.0)),
            "enable_gqa": Choice((False, True)),
            "dropout_mask": Mask("*weights"),
        },
        sizes={"E": (1, 4), "V": (1, 4)},
        together=sequences,
        parameters=one_mask,
        differs=causal_not_a_number,
    ),
    heads_spec("multi_head_attention", True),
    heads_spec("multi_head_attention_without_weights", False),  # it has one output, and torch takes another way
]

Q, KEYS, LOOK = np.zeros((2, 3, 4)), np.zeros((2, 5, 4)), np.ones((3, 5), bool)
ATTENTION = {"query": Q, "key": KEYS, "value": KEYS}
HEADS = {"query": Q, "key": Q, "value": Q, "num_heads": 2, "in_proj_weight": np.zeros((12, 4))}
HEADS |= {"out_proj.weight": np.zeros((4, 4))}
REFUSED = [
    *(
        ("scaled_dot_product_attention", {**ATTENTION, **wrong}, error, words)
        for wrong, error, words in (
            ({"query": Q[0, 0]}, ValueError, "query.ndim is 1, but should be at least 2"),
            ({"query": Q.astype(int)}, TypeError, "query is of dtype int64, but should be floating"),
            ({"key": KEYS.astype("f4")}, TypeError, "key is of dtype float32, but should be float64, as query"),
            ({"key": KEYS[..., :3]}, ValueError, "key.shape is (2, 5, 3), but should be (…, S, 4) to fit query"),
            ({"value": KEYS[:, :4]}, ValueError, "value.shape is (2, 4, 4), but should be (…, 5, V) to fit key"),
            (
                {"key": np.zeros((3, 5, 4))},
                ValueError,
                "key.shape is (3, 5, 4), but should be of a batch",
            ),
            ({"attn_mask": LOOK[:, :4]}, ValueError, "attn_mask.shape is (3, 4), but should be broadcast to (2, 3, 5)"),
            ({"attn_mask": LOOK.astype(int)}, TypeError, "attn_mask is of dtype int64, but should be bool, or float64"),
            ({"attn_mask": LOOK, "is_causal": True}, ValueError, "attn_mask is given, but should be None"),
            ({"dropout_p": 1.5}, ValueError, "dropout_p is 1.5, but should be a probability, from 0 to 1"),
            ({"dropout_p": 0.5}, ValueError, "dropout_mask is None, but should be given, of shape (2, 3, 5)"),
            (
                {"enable_gqa": True, "query": np.zeros((3, 3, 4))},
                ValueError,
                "key.shape is (2, 5, 4)",
            ),
        )
    ),
    *(
        ("multi_head_attention", {**HEADS, **wrong}, error, words)
        for wrong, error, words in (
            ({"query": Q[0, 0]}, ValueError, "query.ndim is 1, but should be 3, or 2 for a single sample"),
            ({"key": Q[0]}, ValueError, "key.ndim is 2, but should be 3, as query"),
            ({"value": Q[:1]}, ValueError, "value.shape is (1, 3, 4), but should be (2, 3, V) to fit key"),
            ({"key": Q[:, :2], "value": Q[:, :2]}, ValueError, "key.shape is (2, 2, 4), but should be of 3 samples"),
            ({"num_heads": 3}, ValueError, "num_heads is 3, but should be a divisor of 4, the last size of query"),
            ({"in_proj_weight": None}, ValueError, "q_proj_weight is missing, but should be given, of shape (4, 4)"),
            ({"in_proj_weight": Q[0]}, ValueError, "in_proj_weight.shape is (3, 4), but should be (12, 4)"),
            ({"out_proj.bias": Q[0, 0]}, ValueError, "in_proj_bias is missing, but should be given, of shape (12,)"),
            ({"bias_k": Q[:1, :1]}, ValueError, "bias_v is missing, but should be given, of shape (1, 1, 4)"),
            ({"bias": Q[0, 0]}, ValueError, "bias is given, but should be left out"),
            ({"attn_mask": LOOK}, ValueError, "attn_mask.shape is (3, 5), but should be (2, 2)"),
            ({"key_padding_mask": LOOK}, ValueError, "key_padding_mask.shape is (3, 5), but should be (3, 2)"),
            ({"is_causal": True}, ValueError, "attn_mask is None, but should be given, since is_causal says"),
            ({"dropout": 0.5}, ValueError, "dropout_mask is None, but should be given, of shape (3, 2, 2, 2)"),
        )
    ),
]
