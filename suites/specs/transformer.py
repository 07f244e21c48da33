"""The transformer's layers and stacks, against torch's own modules with the drawn arrays as parameters."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call

import reference_impls as ref
from harness.spec import Choice, Filled, Mask, Maybe, Pick, Plan, Real, Spec

from .attention import drawn, masks, masks_drawn

OPTIONS: dict[str, Any] = {
    "nhead": Choice((1, 2)),
    "dropout": Choice((0.0, 0.5, 0.25, 1.0)),
    "activation": Choice(("relu", "gelu")),
    "layer_norm_eps": Choice((1e-5, 0.125)),
    "batch_first": Choice((False, True)),
    "norm_first": Choice((False, True)),
}


# Each layer norm divides by the spread of the features. Where that is nothing but rounding, every norm makes a gradient
# 300 times as large, and none of its digits is right after a few: features differ, and weights leave them different.
weight = partial(Real, low=-2.0, high=2.0)
varied = partial(Filled, fill=lambda rng, shape, _: rng.uniform(shape) * 8 - 4, grad=True)


class Look(NamedTuple):
    """One attention: its masks, the hint that the first is causal, from which sequence it looks and at which."""

    mask: str
    padding: str
    hint: str
    main: str
    memory: str


class Part(NamedTuple):
    """A layer or, with the name of the option that counts them, a stack of them; with its attentions."""

    prefix: str
    counted_by: str
    looks: tuple[Look, ...]


ATTENTIONS, COUNTS = ("self_attn", "multihead_attn"), ("num_layers", "num_encoder_layers", "num_decoder_layers")


@cache
def built(make: Callable[..., nn.Module], norm: tuple[str, ...], size: int, **options: Any) -> nn.Module:
    """A module without values of its own; a stack is made of one layer and perhaps a norm."""
    layers = options.pop("num_layers", 0)
    layer = {nn.TransformerEncoder: nn.TransformerEncoderLayer, nn.TransformerDecoder: nn.TransformerDecoderLayer}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on nested tensors, which torch has for inference only
        inner = layer.get(make, make)(size, device="meta", **options)
        if not layers:
            return inner
        last = nn.LayerNorm(size, options["layer_norm_eps"], bias="norm.bias" in norm, device="meta") if norm else None
        return make(inner, layers, last)


def run(make: Callable[..., nn.Module], **arguments: Any) -> torch.Tensor:
    """torch's own module: parameters are those with a dot in their name, the rest is given to it or to its forward."""
    options = {name: arguments.pop(name) for name in (*OPTIONS, *COUNTS) if name in arguments}
    draws = [arguments.pop(name) for name in list(arguments) if name.endswith(".mask")]
    parameters = {name: arguments.pop(name) for name in list(arguments) if "." in name}
    first = next(name for name in parameters if name.endswith("linear1.weight"))
    options |= {"bias": first.replace("weight", "bias") in parameters, "dim_feedforward": len(parameters[first])}
    norm = tuple(name for name in parameters if name.startswith("norm."))
    with drawn(options["dropout"], *draws):
        return functional_call(built(make, norm, parameters[first].shape[1], **options), parameters, (), arguments)


def hints(part: Part, look: Look) -> tuple[bool | None, ...]:
    """Stacks take None: torch then has a look at the mask."""
    return (None, False, True) if part.counted_by and look.main == look.memory else (False, True)


def sizes(pick: Pick, parts: tuple[Part, ...]) -> None:
    """Heads that divide the embedding, the lengths of both sequences, masks of all kinds."""
    heads = pick.option("nhead", (1, 2))
    pick.put("E", pick.draw(st.sampled_from((4, 6))))
    _ = pick.size("F", 1, 3)
    batch, first = pick.shape("batch", dims=(0, 1), high=2), pick.option("batch_first", (False, True))
    steps = {"src": pick.size("S", 1, 3), "tgt": pick.size("T", 1, 3)}
    for name, length in steps.items():
        pick.put(name, (*batch, length) if first else (length, *batch))
    for part in parts:
        for look in part.looks:
            causal = pick.option(look.hint, hints(part, look)) is True
            masks(pick, (look.mask, look.padding), causal, heads, batch, steps[look.main], steps[look.memory])
        if part.counted_by:
            _ = pick.option(part.counted_by, (1, 2))
    pick.put("bias", pick.draw(st.booleans()))
    pick.put("norm", len(parts) > 1 or pick.draw(st.booleans()))


def layer(plan: Plan, prefix: str, part: Part) -> dict[str, Any]:
    """Parameters of a layer, and its draws in the order in which torch takes them."""
    triple, letters = f"{3 * plan['E']}", {"src": "S", "tgt": "T"}
    shapes = {"linear1.weight": "F E", "linear2.weight": "E F"}
    biases = {"linear1.bias": "F", "linear2.bias": "E"}
    draws: dict[str, str] = {}
    for number, (name, look) in enumerate(zip(ATTENTIONS, part.looks, strict=False), 1):
        shapes |= {f"{name}.in_proj_weight": f"{triple} E", f"{name}.out_proj.weight": "E E"}
        biases |= {f"{name}.in_proj_bias": triple, f"{name}.out_proj.bias": "E"}
        draws[f"{name}.mask"] = f"*batch {plan['nhead']} {letters[look.main]} {letters[look.memory]}"
        draws[f"dropout{number}.mask"] = f"*{look.main} E"
    main, last = part.looks[0].main, len(part.looks) + 1
    draws |= {"dropout.mask": f"*{main} F", f"dropout{last}.mask": f"*{main} E"}
    for number in range(1, last + 1):
        shapes[f"norm{number}.weight"] = biases[f"norm{number}.bias"] = "E"
    if plan["bias"]:
        shapes |= biases
    kinds: dict[str, Any] = {name: weight(shape) for name, shape in shapes.items()}
    kinds |= {name: Mask(shape) for name, shape in draws.items()}
    return {prefix + name: kind for name, kind in kinds.items()}


def parameters(plan: Plan, parts: tuple[Part, ...]) -> dict[str, Any]:
    """As torch's state_dict, the draws of dropout, and the masks of the kinds that were drawn."""
    kinds = masks_drawn(plan)
    for part in parts:
        for depth in range(plan[part.counted_by] if part.counted_by else 0):
            kinds |= layer(plan, f"{part.prefix}layers.{depth}.", part)
        if not part.counted_by:
            kinds |= layer(plan, part.prefix, part)
        elif plan["norm"]:
            names = ("norm.weight", "norm.bias") if plan["bias"] else ("norm.weight",)
            kinds |= {part.prefix + name: weight("E") for name in names}
    return kinds


def spec(name: str, reference: Callable[..., Any], make: Callable[..., nn.Module], *parts: Part) -> Spec:
    """The entry of a layer, of a stack of layers or of two stacks."""
    looks = [(part, look) for part in parts for look in part.looks]
    arguments: dict[str, Any] = {name: varied(f"*{name} E") for _, look in looks for name in (look.main, look.memory)}
    if [*arguments] == ["tgt", "src"]:  # alone, the decoder calls it memory
        arguments = {"tgt": varied("*tgt E"), "memory": varied("*src E")}
    arguments |= {look.mask: Maybe(Mask(f"*{look.mask}_shape")) for _, look in looks}
    arguments |= {look.padding: Maybe(Mask(f"*{look.padding}_shape")) for _, look in looks}
    arguments |= {look.hint: Choice(hints(part, look)) for part, look in looks}
    return Spec(
        name,
        reference,
        partial(run, make),
        covers=(make.__name__,),
        arguments={**arguments, **OPTIONS, **{part.counted_by: Choice((1, 2)) for part in parts if part.counted_by}},
        together=partial(sizes, parts=parts),
        parameters=partial(parameters, parts=parts),
    )


OWN = Look("src_mask", "src_key_padding_mask", "is_causal", "src", "src")
DECODES = (
    Look("tgt_mask", "tgt_key_padding_mask", "tgt_is_causal", "tgt", "tgt"),
    Look("memory_mask", "memory_key_padding_mask", "memory_is_causal", "tgt", "src"),
)
STACKS = (
    Part("encoder.", "num_encoder_layers", (OWN._replace(hint="src_is_causal"),)),
    Part("decoder.", "num_decoder_layers", DECODES),
)
SPECS = [
    spec("transformer_encoder_layer", ref.transformer_encoder_layer, nn.TransformerEncoderLayer, Part("", "", (OWN,))),
    spec("transformer_decoder_layer", ref.transformer_decoder_layer, nn.TransformerDecoderLayer, Part("", "", DECODES)),
    spec(
        "transformer_encoder",
        ref.transformer_encoder,
        nn.TransformerEncoder,
        Part("", "num_layers", (OWN._replace(mask="mask"),)),
    ),
    spec("transformer_decoder", ref.transformer_decoder, nn.TransformerDecoder, Part("", "num_layers", DECODES)),
    spec("transformer", ref.transformer, nn.Transformer, *STACKS),
]

X = np.zeros((3, 2, 4))
ATTENTION = {"in_proj_weight": np.zeros((12, 4)), "out_proj.weight": np.zeros((4, 4))}
LAYER = {f"self_attn.{name}": array for name, array in ATTENTION.items()}
LAYER |= {"linear1.weight": np.zeros((5, 4)), "linear2.weight": np.zeros((4, 5))}
LAYER |= {"norm1.weight": np.ones(4), "norm2.weight": np.ones(4)}
MORE = {f"multihead_attn.{name}": array for name, array in ATTENTION.items()} | {"norm3.weight": np.ones(4)}
PLAIN: dict[str, Any] = {"nhead": 2, "dropout": 0.0}
STACK = {f"layers.0.{name}": array for name, array in LAYER.items()} | PLAIN
DECODER = {f"layers.0.{name}": array for name, array in (LAYER | MORE).items()}
BOTH = {f"encoder.{name}": array for name, array in STACK.items() if name not in PLAIN}
BOTH |= {f"decoder.{name}": array for name, array in DECODER.items()} | {"encoder.norm.weight": np.ones(4)}
BOTH |= {"num_encoder_layers": 1, "num_decoder_layers": 1, **PLAIN}
REFUSED = [
    *(
        ("transformer_encoder_layer", {"src": X, **PLAIN, **LAYER, **wrong}, error, words)
        for wrong, error, words in (
            ({"src": X[0, 0]}, ValueError, "src.ndim is 1, but should be 3, or 2 for one sequence"),
            ({"src": X.astype(int)}, TypeError, "src is of dtype int64, but should be floating"),
            (
                {"src": X.astype("f4")},
                TypeError,
                "self_attn.in_proj_weight is of dtype float64, but should be float32, as",
            ),
            ({"src": X[..., :3]}, ValueError, "linear1.weight.shape is (5, 4), but should be (5, 3)"),
            ({"nhead": 3}, ValueError, "num_heads is 3, but should be a divisor of 4"),
            ({"dropout": 1.5}, ValueError, "dropout is 1.5, but should be a probability, from 0 to 1"),
            ({"dropout": 0.5}, ValueError, "dropout.mask is missing, but should be given, of shape (3, 2, 5)"),
            ({"activation": "cos"}, ValueError, "activation is 'cos', but should be 'relu', 'gelu' or a reference"),
            ({"linear1.weight": None}, ValueError, "linear1.weight is missing, but should be given"),
            ({"norm1.bias": np.ones(4)}, ValueError, "linear1.bias is missing, but should be given, of shape (5,)"),
            ({"norm3.weight": np.ones(4)}, ValueError, "norm3.weight is given, but should be left out"),
            ({"is_causal": True}, ValueError, "attn_mask is None, but should be given, since is_causal says"),
        )
    ),
    *(
        ("transformer_decoder_layer", {"tgt": X, "memory": X, **PLAIN, **LAYER, **MORE, **wrong}, ValueError, words)
        for wrong, words in (
            ({"memory": X[0]}, "memory.ndim is 2, but should be 3, as tgt"),
            ({"memory": X[..., :3]}, "memory.shape is (3, 2, 3), but should be (S, 2, 4) to fit tgt"),
            ({"memory": X[:, :1]}, "memory.shape is (3, 1, 4), but should be (S, 2, 4) to fit tgt"),
            ({"norm3.weight": None}, "norm3.weight is missing, but should be given, of shape (4,)"),
        )
    ),
    *(
        (name, wrong, ValueError, words)
        for name, wrong, words in (
            ("transformer_encoder", {"src": X, **STACK, "num_layers": 0}, "num_layers is 0, but should be at least 1"),
            ("transformer_encoder", {"src": X, **STACK, "num_layers": 2}, "layers.1.linear1.weight is missing"),
            (
                "transformer_decoder",
                {"tgt": X, "memory": X, **STACK, "num_layers": 1},
                "layers.0.multihead_attn.in_proj_",
            ),
            ("transformer", {"src": X, "tgt": X, **BOTH}, "decoder.norm.weight is missing, but should be given"),
            ("transformer", {"src": X[..., :3], "tgt": X, **BOTH}, "src.shape is (3, 2, 3), but should be (S, 2, 4)"),
        )
    ),
]
