"""Documented forms beside the options: dropout as torch draws it, all kinds of masks, empty bags, no batch."""

import warnings
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import reference_impls as ref
from suites.documented import Array, Example, draws, example, kept, parameters, seeded
from suites.documented.attention import (
    ALLOWED,
    BOTH,
    DECODER,
    DECODER_LAYER,
    ENCODER,
    ENCODER_LAYER,
    FUTURE,
    HEADS,
    MEMORY,
    PADDED,
    SIZE,
    SMALL,
    SOURCE_ONLY,
    TARGET,
    heads,
    net,
    whole,
)
from suites.documented.norms import AFFINE, BATCH, IMAGE, INSTANCE, KEPT, NONE, SENTENCE
from suites.documented.sparse import FLAT, OFFSETS, TABLE, WORDS, renewed

randn, rand, randint = draws(71)

NORMS = [
    # CrossMapLRN2d itself, where its two mistakes cannot show: all channels are near each other
    *(
        example(
            "cross_map_lrn2d",
            lambda input, **rest: nn.CrossMapLRN2d(**rest)(input),
            input=randn(2, c, 3, 2),
            size=s,
            **rest,
        )
        for c, s in ((1, 2), (1, 3), (1, 4), (2, 5), (3, 9))
        for rest in ({}, {"alpha": 0.5}, {"alpha": 0.5, "beta": 0.3, "k": 2.0})
    ),
    example("local_response_norm", input=randn(2, 5, 2, 2, 2, 2), size=2, alpha=0.5),
    example("local_response_norm", input=randn(2, 3, 4), size=7, alpha=0.5),
    example("layer_norm", input=SENTENCE, normalized_shape=(4,), weight=randn(4)),
    example("group_norm", input=randn(2, 6, 3, 3), num_groups=3),
    example("batch_norm", BATCH, input=IMAGE, **KEPT, **AFFINE, eps=0.1),
    example("batch_norm", BATCH, input=IMAGE, training=True, weight=randn(4), **NONE),
    example("batch_norm", BATCH, input=IMAGE, training=True, momentum=0.0, **KEPT),
    example("batch_norm", BATCH, input=IMAGE, training=True, momentum=1.0, **KEPT),
    example("instance_norm", INSTANCE, input=IMAGE, use_input_stats=False, **KEPT, **AFFINE, eps=0.1),
]

SPARSE = [
    example("embedding", input=np.array(3), weight=TABLE),
    example("embedding", input=WORDS, weight=TABLE, padding_idx=-1, scale_grad_by_freq=True),
    renewed("embedding", input=WORDS, weight=TABLE, max_norm=1.0, norm_type=np.inf, padding_idx=4),
    example("embedding_bag", input=FLAT, weight=TABLE, offsets=np.array([0, 4, 4, 7]), mode="max"),
    example("embedding_bag", input=FLAT, weight=TABLE, offsets=np.array([0, 4, 4, 7])),
    example(
        "embedding_bag",
        input=FLAT,
        weight=TABLE,
        offsets=OFFSETS,
        mode="sum",
        per_sample_weights=rand(8),
        padding_idx=2,
    ),
    example("embedding_bag", input=WORDS, weight=TABLE, mode="max", padding_idx=-8),
    example(
        "embedding_bag",
        input=np.array([2, 2, 2, 2, 4, 3, 2, 9]),
        weight=TABLE,
        offsets=OFFSETS,
        padding_idx=2,
        mode="sum",
    ),
    example("embedding_bag", input=np.array([2, 2, 2, 2, 4, 3, 2, 9]), weight=TABLE, offsets=OFFSETS, mode="max"),
    example("embedding_bag", input=WORDS % 2, weight=TABLE[:2], mode="sum", scale_grad_by_freq=True),
    renewed("embedding_bag", input=WORDS, weight=TABLE, mode="max", max_norm=1.0, norm_type=np.inf),
]

LAYERS = {"rnn_tanh": nn.RNN, "rnn_relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def stacked(name: str, input: Array, state: dict[str, Array], lengths: Array | None = None, **options: Any) -> Example:
    """Recurrent layers with torch's own dropout between them, from the fixed seed."""
    own = {"nonlinearity": "relu"} if name == "rnn_relu" else {}
    module = LAYERS[name](4, 3, **own, **options, dtype=torch.float64)
    weights = parameters(module, 31)
    first = options.get("batch_first", False) and input.ndim == 3
    more: dict[str, Any] = {}
    if options.get("dropout"):
        steps, batch = input.shape[:2][::-1] if first else input.shape[:2]
        size = (options.get("proj_size") or 3) * (1 + options.get("bidirectional", False))
        masks = np.stack(kept(options["dropout"], *[(steps, batch, size)] * (options["num_layers"] - 1)))
        more["dropout_mask"] = masks.swapaxes(1, 2) if first else masks

    def call(input: Any, h_0: Any = None, c_0: Any = None, lengths: Any = None, **rest: Any) -> Any:
        state = h_0 if c_0 is None else (h_0, c_0)
        values = {key: rest[key] for key in weights}
        if lengths is not None:
            packed = pack_padded_sequence(input, lengths, first, enforce_sorted=False)
            packed, last = functional_call(module, values, (packed, state))
            output, _ = pad_packed_sequence(packed, first, total_length=input.shape[int(first)])
        else:
            output, last = functional_call(module, values, (input, state))
        return output, *(last if isinstance(last, tuple) else (last,))

    told = {key: value for key, value in options.items() if key not in ("bias", "proj_size")}
    if lengths is not None:
        more["lengths"] = lengths
    return example(name, seeded(call), input=input, **state, **told, **more, **weights)


def start(name: str, *shape: int, cell: int = 3) -> dict[str, Array]:
    """The first states; with a projection the cell is wider."""
    return {"h_0": randn(*shape)} | ({"c_0": randn(*shape[:-1], cell)} if name == "lstm" else {})


X = randn(5, 3, 4)
RECURRENT = [
    *(
        row
        for name in LAYERS
        for row in (
            stacked(name, X, {}, num_layers=2, dropout=0.5),
            stacked(name, X.swapaxes(0, 1), {}, num_layers=3, dropout=0.3, bidirectional=True, batch_first=True),
            stacked(name, X, start(name, 2, 3, 3), num_layers=2, dropout=1.0),
            stacked(
                name,
                X.swapaxes(0, 1),
                start(name, 4, 3, 3),
                np.array([2, 5, 3]),
                num_layers=2,
                bidirectional=True,
                batch_first=True,
            ),
            stacked(name, X[:, 0], start(name, 4, 3), num_layers=2, bidirectional=True, batch_first=True),
        )
    ),
    stacked("lstm", X, start("lstm", 4, 3, 2), num_layers=2, bidirectional=True, proj_size=2),
    stacked("lstm", X, start("lstm", 2, 3, 2), np.array([5, 1, 3]), num_layers=2, proj_size=2, bias=False),
    stacked("lstm", X, start("lstm", 4, 3, 2), num_layers=2, bidirectional=True, proj_size=2, dropout=0.5),
]

L, S, N, E = 3, 4, 2, SIZE
Q, K, V = randn(N, HEADS, L, 3), randn(N, HEADS, S, 3), randn(N, HEADS, S, 5)
SDPA = "scaled_dot_product_attention"
ATTENTION = [
    example(SDPA, query=randn(3, 4), key=randn(5, 4), value=randn(5, 2)),
    example(SDPA, query=Q, key=K, value=V, attn_mask=rand(N, 1, L, S) > 0.3),
    example(SDPA, query=Q, key=K, value=V, attn_mask=randn(N, HEADS, 1, S)),
    example(SDPA, query=Q, key=K, value=V, is_causal=True, scale=0.3),
    example(
        SDPA,
        query=randn(2, 4, 3, 4),
        key=randn(2, 2, 5, 4),
        value=randn(2, 2, 5, 4),
        enable_gqa=True,
        attn_mask=randn(3, 5),
    ),
    example(SDPA, query=Q, key=K, value=V, dropout_p=1.0),
    example(
        SDPA,
        seeded(F.scaled_dot_product_attention, "dropout_mask"),
        query=randn(2, 4, 3, 4),
        key=randn(2, 2, 5, 4),
        value=randn(2, 2, 5, 4),
        enable_gqa=True,
        dropout_p=0.4,
        dropout_mask=kept(0.4, (2, 4, 3, 5))[0],
        is_causal=True,
    ),
    heads(key_padding_mask=randn(N, S)),
    heads(key_padding_mask=randn(N, S), attn_mask=randn(L, S), average_attn_weights=False),
    heads(attn_mask=rand(N * HEADS, L, S) > 0.7, need_weights=False),
    heads(key_padding_mask=PADDED, attn_mask=~ALLOWED, add_zero_attn=True, built={"add_bias_kv": True}),
    heads(TARGET[:, 0], MEMORY[:, 0], MEMORY[:, 0], key_padding_mask=PADDED[0], average_attn_weights=False),
    heads(TARGET[:, 0], MEMORY[:, 0], MEMORY[:, 0], attn_mask=randn(HEADS, L, S)),
    heads(TARGET[:, 0], MEMORY[:, 0], MEMORY[:, 0], batch_first=True),
    heads(TARGET, TARGET, TARGET, attn_mask=FUTURE, is_causal=True),
    heads(need_weights=False, dropout=0.4, dropout_mask=kept(0.4, (N, HEADS, L, S))[0]),
    heads(dropout=1.0),
]

# torch's layers drop, in this order: attention weights, what the attention adds, hidden features, what they add.
FEATURES = 3


def layer_draws(prefix: str, main: tuple[int, ...], looks: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """The masks of one layer by name, with their shapes, in torch's order."""
    shapes: dict[str, tuple[int, ...]] = {}
    for number, (name, source) in enumerate(looks.items(), 1):
        shapes |= {f"{prefix}{name}.mask": (main[1], HEADS, main[0], source), f"{prefix}dropout{number}.mask": main}
    return shapes | {f"{prefix}dropout.mask": (*main[:2], FEATURES), f"{prefix}dropout{len(looks) + 1}.mask": main}


def dropping(
    name: str, make: Any, inputs: dict[str, Array], shapes: dict[str, tuple[int, ...]], p: float = 0.4, **options: Any
) -> Example:
    """A layer or a stack with dropout as torch draws it from the fixed seed."""
    own = {"nhead": HEADS, "dropout": p, **options}
    module = make(**own)
    weights = parameters(module, 67)
    masks = dict(zip(shapes, kept(p, *shapes.values()), strict=True)) if p < 1 else {}

    def call(**arguments: Any) -> Any:
        values = {key: arguments.pop(key) for key in weights}
        return functional_call(module, values, (), {key: v for key, v in arguments.items() if key in inputs})

    return example(name, seeded(call), **inputs, **own, **masks, **weights)


SRC, TGT = (S, N, E), (L, N, E)
OF_SRC, OF_TGT = {"self_attn": S}, {"self_attn": L, "multihead_attn": S}
ENC, DEC = layer_draws("", SRC, OF_SRC), layer_draws("", TGT, OF_TGT)
ENC2 = {k: v for i in (0, 1) for k, v in layer_draws(f"layers.{i}.", SRC, OF_SRC).items()}
DEC2 = {k: v for i in (0, 1) for k, v in layer_draws(f"layers.{i}.", TGT, OF_TGT).items()}
ALL = {f"encoder.{k}": v for k, v in ENC2.items() if k.startswith("layers.0.")} | {
    f"decoder.{k}": v for k, v in DEC2.items()
}


def activated(name: str, make: Any, inputs: dict[str, Array], **options: Any) -> Example:
    """`activation` may be a function: torch's own here, the reference of it there."""
    module = make(nhead=HEADS, dropout=0.0, activation=F.silu, **options)
    weights = parameters(module, 67)
    return example(
        name,
        lambda nhead, dropout, activation, **rest: functional_call(
            module, {k: rest[k] for k in weights}, (), {k: rest[k] for k in inputs}
        ),
        **inputs,
        nhead=HEADS,
        dropout=0.0,
        activation=ref.silu,
        **options,
        **weights,
    )


def normed(name: str, kind: Any, of: Any, inputs: dict[str, Array], norm_bias: bool = True) -> Example:
    """A stack with its own last norm."""
    module = kind(
        of(nhead=HEADS, dropout=0.0),
        2,
        nn.LayerNorm(E, 0.1, bias=norm_bias, dtype=torch.float64),
        **({"enable_nested_tensor": False} if kind is nn.TransformerEncoder else {}),
    )
    for one in module.layers:
        for part in one.children():
            if isinstance(part, nn.LayerNorm):
                part.eps = 0.1
    weights = parameters(module, 67)
    return example(
        name,
        lambda **rest: functional_call(module, {k: rest[k] for k in weights}, (), {k: rest[k] for k in inputs}),
        **inputs,
        nhead=HEADS,
        num_layers=2,
        dropout=0.0,
        layer_norm_eps=0.1,
        **weights,
    )


def bare(name: str, kind: Any, inputs: dict[str, Array], **more: Any) -> Example:
    """`bias=False`."""
    module = kind(
        d_model=E, nhead=HEADS, dim_feedforward=FEATURES, dropout=0.0, bias=False, dtype=torch.float64, **more
    )
    weights = parameters(module, 67)
    return example(
        name,
        lambda **rest: functional_call(module, {k: rest[k] for k in weights}, (), {k: rest[k] for k in inputs}),
        **inputs,
        nhead=HEADS,
        dropout=0.0,
        **more,
        **weights,
    )


ONE = {k: v[:, 0] for k, v in BOTH.items()}
FLOATING = {
    "tgt_mask": randn(L, L),
    "memory_mask": randn(L, S),
    "tgt_key_padding_mask": randn(N, L),
    "memory_key_padding_mask": randn(N, S),
}
PAIR = {"src": MEMORY, "tgt": TARGET}


def quiet(*sizes: Any, **options: Any) -> nn.Module:
    """nn.Transformer without its warning, which is of nested tensors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return nn.Transformer(*sizes, **options)


TRANSFORMER = [
    dropping("transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY, ENC),
    dropping("transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY, ENC, norm_first=True),
    dropping("transformer_decoder_layer", DECODER_LAYER, BOTH, DEC),
    dropping("transformer_decoder_layer", DECODER_LAYER, BOTH, DEC, norm_first=True),
    dropping("transformer_encoder", ENCODER, SOURCE_ONLY, ENC2, num_layers=2),
    dropping("transformer_decoder", DECODER, BOTH, DEC2, num_layers=2),
    dropping("transformer", whole, PAIR, ALL, **SMALL),
    dropping("transformer", whole, PAIR, ALL, p=1.0, **SMALL),
    activated("transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY),
    activated("transformer_decoder_layer", DECODER_LAYER, BOTH),
    activated("transformer", whole, PAIR, **SMALL),
    normed("transformer_encoder", nn.TransformerEncoder, ENCODER_LAYER, SOURCE_ONLY),
    normed("transformer_encoder", nn.TransformerEncoder, ENCODER_LAYER, SOURCE_ONLY, norm_bias=False),
    normed("transformer_decoder", nn.TransformerDecoder, DECODER_LAYER, BOTH),
    bare("transformer_encoder_layer", nn.TransformerEncoderLayer, SOURCE_ONLY),
    bare("transformer_decoder_layer", nn.TransformerDecoderLayer, BOTH, norm_first=True),
    bare("transformer", quiet, PAIR, **SMALL),
    net("transformer_encoder_layer", ENCODER_LAYER, {"src": MEMORY[:, 0]}),
    net(
        "transformer_encoder_layer",
        ENCODER_LAYER,
        {"src": MEMORY[:, 0]},
        batch_first=True,
        src_key_padding_mask=PADDED[0],
    ),
    net(
        "transformer_decoder_layer",
        DECODER_LAYER,
        ONE,
        tgt_mask=FUTURE,
    ),
    net("transformer", whole, {"src": MEMORY[:, 0], "tgt": TARGET[:, 0]}, **SMALL),
    net(
        "transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY, src_mask=randn(S, S), src_key_padding_mask=randn(N, S)
    ),
    net("transformer_encoder_layer", ENCODER_LAYER, SOURCE_ONLY, src_mask=randn(N * HEADS, S, S)),
    net("transformer_decoder_layer", DECODER_LAYER, BOTH, **FLOATING),
    net("transformer_decoder", DECODER, BOTH, num_layers=2, **FLOATING),
    net("transformer", whole, PAIR, **SMALL, src_mask=randn(S, S), src_key_padding_mask=randn(N, S), **FLOATING),
]
EXAMPLES = [*NORMS, *SPARSE, *RECURRENT, *ATTENTION, *TRANSFORMER]
