"""`nn.MultiheadAttention(embed_dim, num_heads)`, the transformer's layers and stacks, scaled dot products."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from . import Array, Example, draws, example, kept, parameters, seeded

randn, rand, _ = draws(59)
LENGTH, SOURCE, BATCH, SIZE, HEADS = 3, 4, 2, 4, 2
QUERY, KEY, VALUE = randn(BATCH, HEADS, LENGTH, 3), randn(BATCH, HEADS, SOURCE, 3), randn(BATCH, HEADS, SOURCE, 5)
ALLOWED = np.array([[True, True, False, True], [False, True, True, True], [True, False, True, True]])
TARGET, MEMORY = randn(LENGTH, BATCH, SIZE), randn(SOURCE, BATCH, SIZE)
PADDED = np.array([[False, False, False, True], [False, False, False, False]])
FUTURE = np.triu(np.ones((LENGTH, LENGTH), bool), 1)
OPTIONS = {"nhead": HEADS, "dropout": 0.0}


def heads(
    query: Array = TARGET, key: Array = MEMORY, value: Array = MEMORY, *, built: Any = None, **options: Any
) -> Example:
    """nn.MultiheadAttention with other values for its parameters; `built` are options that show in them alone."""
    own = {name: options[name] for name in ("add_zero_attn", "batch_first", "dropout") if name in options}
    module = nn.MultiheadAttention(SIZE, HEADS, **own, **(built or {}), dtype=torch.float64)
    weights = parameters(module, 61)

    def call(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **rest: Any) -> Any:
        values = {name: rest.pop(name) for name in weights}
        called = {name: rest[name] for name in rest if name not in (*own, "num_heads", "dropout_mask")}
        output, seen = functional_call(module, values, (query, key, value), called)
        return output if seen is None else (output, seen)

    arrays = {"query": query, "key": key, "value": value}
    twin = seeded(call) if "dropout_mask" in options else call
    return example("multi_head_attention", twin, **arrays, num_heads=HEADS, **options, **weights)


def net(name: str, make: Callable[..., nn.Module], inputs: dict[str, Array], **options: Any) -> Example:
    """A layer, a stack or the whole transformer, with other values for its parameters."""
    given = {name: options.pop(name) for name in list(options) if name.endswith(("_mask", "is_causal", "mask"))}
    options = {**OPTIONS, **options}
    module = make(**options)
    weights = parameters(module, 67)

    def call(**arguments: Any) -> Any:
        values = {name: arguments.pop(name) for name in weights}
        return functional_call(module, values, (), {name: v for name, v in arguments.items() if name not in options})

    return example(name, call, **inputs, **given, **options, **weights)


def layer(kind: type[nn.Module]) -> Callable[..., nn.Module]:
    """One layer in float64."""
    return lambda **options: kind(d_model=SIZE, dim_feedforward=3, dtype=torch.float64, **options)


def stack(kind: Callable[..., nn.Module], of: type[nn.Module]) -> Callable[..., nn.Module]:
    """Layers one after the other; torch's nested tensors are for inference only."""

    def make(num_layers: int, **options: Any) -> nn.Module:
        more: dict[str, Any] = {"enable_nested_tensor": False} if kind is nn.TransformerEncoder else {}
        return kind(layer(of)(**options), num_layers, **more)

    return make


def whole(**options: Any) -> nn.Module:
    """nn.Transformer in float64."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # on nested tensors
        return nn.Transformer(SIZE, dim_feedforward=3, dtype=torch.float64, **options)


SOURCE_ONLY, BOTH = {"src": MEMORY}, {"tgt": TARGET, "memory": MEMORY}
ENCODER_LAYER, DECODER_LAYER = layer(nn.TransformerEncoderLayer), layer(nn.TransformerDecoderLayer)
ENCODER = stack(nn.TransformerEncoder, nn.TransformerEncoderLayer)
DECODER = stack(nn.TransformerDecoder, nn.TransformerDecoderLayer)
SMALL = {"num_encoder_layers": 1, "num_decoder_layers": 2}
SRC_MASK, MEMORY_MASK = np.triu(np.ones((SOURCE, SOURCE), bool), 1), ~ALLOWED
SHARED: tuple[dict[str, Any], ...] = ({"activation": "gelu"}, {"layer_norm_eps": 0.1}, {"norm_first": True})
DECODING: tuple[dict[str, Any], ...] = (
    {"tgt_mask": FUTURE},
    {"tgt_mask": FUTURE, "tgt_is_causal": True},
    {"memory_mask": MEMORY_MASK},
    {"memory_mask": np.triu(np.ones((LENGTH, SOURCE), bool), 1), "memory_is_causal": True},
    {"tgt_key_padding_mask": PADDED[:, 1:]},
    {"memory_key_padding_mask": PADDED},
)


def by_batch(inputs: dict[str, Array]) -> dict[str, Array]:
    """The batch first."""
    return {name: array.swapaxes(0, 1) for name, array in inputs.items()}


EXAMPLES = [
    example("scaled_dot_product_attention", query=QUERY, key=KEY, value=VALUE),
    example("scaled_dot_product_attention", query=QUERY, key=KEY, value=VALUE, attn_mask=ALLOWED),
    example("scaled_dot_product_attention", query=QUERY, key=KEY, value=VALUE, attn_mask=randn(LENGTH, SOURCE)),
    example("scaled_dot_product_attention", query=QUERY, key=KEY, value=VALUE, is_causal=True),
    example("scaled_dot_product_attention", query=QUERY, key=KEY, value=VALUE, scale=0.3),
    example(
        "scaled_dot_product_attention",
        query=randn(2, 6, 3, 4),
        key=randn(2, 2, 5, 4),
        value=randn(2, 2, 5, 4),
        enable_gqa=True,
    ),
    example(
        "scaled_dot_product_attention",
        seeded(F.scaled_dot_product_attention, "dropout_mask"),
        query=QUERY,
        key=KEY,
        value=VALUE,
        dropout_p=0.4,
        dropout_mask=kept(0.4, (BATCH, HEADS, LENGTH, SOURCE))[0],
    ),
    heads(),
    heads(TARGET[:, 0], MEMORY[:, 0], MEMORY[:, 0]),
    heads(key_padding_mask=PADDED),
    heads(attn_mask=~ALLOWED),
    heads(attn_mask=randn(BATCH * HEADS, LENGTH, SOURCE)),
    heads(TARGET, TARGET, TARGET, attn_mask=FUTURE, is_causal=True, need_weights=False),
    heads(need_weights=False),
    heads(average_attn_weights=False),
    heads(add_zero_attn=True),
    heads(built={"bias": False}),
    heads(built={"add_bias_kv": True}),
    heads(TARGET, randn(SOURCE, BATCH, 3), randn(SOURCE, BATCH, 5), built={"kdim": 3, "vdim": 5}),
    heads(*(array.swapaxes(0, 1) for array in (TARGET, MEMORY, MEMORY)), batch_first=True),
    heads(
        dropout=0.4, dropout_mask=kept(0.4, (BATCH * HEADS, LENGTH, SOURCE))[0].reshape(BATCH, HEADS, LENGTH, SOURCE)
    ),
    *(
        row
        for name, make, inputs, more in (
            ("transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY, {}),
            ("transformer_decoder_layer", DECODER_LAYER, BOTH, {}),
            ("transformer_encoder", ENCODER, SOURCE_ONLY, {"num_layers": 2}),
            ("transformer_decoder", DECODER, BOTH, {"num_layers": 2}),
            ("transformer", whole, {"src": MEMORY, "tgt": TARGET}, SMALL),
        )
        for row in (
            net(name, make, inputs, **more),
            *(net(name, make, inputs, **more, **shared) for shared in SHARED),
            net(name, make, by_batch(inputs), **more, batch_first=True),
        )
    ),
    *(net("transformer_decoder_layer", DECODER_LAYER, BOTH, **masks) for masks in DECODING),
    *(net("transformer_decoder", DECODER, BOTH, num_layers=1, **masks) for masks in DECODING),
    *(net("transformer", whole, {"src": MEMORY, "tgt": TARGET}, **SMALL, **masks) for masks in DECODING),
    net("transformer", whole, {"src": MEMORY, "tgt": TARGET}, **SMALL, src_mask=SRC_MASK),
    net("transformer", whole, {"src": MEMORY, "tgt": TARGET}, **SMALL, src_mask=SRC_MASK, src_is_causal=True),
    net("transformer", whole, {"src": MEMORY, "tgt": TARGET}, **SMALL, src_key_padding_mask=PADDED),
    net("transformer", whole, {"src": MEMORY, "tgt": TARGET}, **{**SMALL, "nhead": 1}),
    net("transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY, src_mask=SRC_MASK),
    net("transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY, src_mask=SRC_MASK, is_causal=True),
    net("transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY, src_key_padding_mask=PADDED),
    net("transformer_encoder", ENCODER, SOURCE_ONLY, num_layers=1, mask=SRC_MASK),
    net("transformer_encoder", ENCODER, SOURCE_ONLY, num_layers=1, mask=SRC_MASK, is_causal=True),
    net("transformer_encoder", ENCODER, SOURCE_ONLY, num_layers=1, src_key_padding_mask=PADDED),
]
