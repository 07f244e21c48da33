"""Layers of layers: skip connections, norms, the masks and memories of each depth."""

import importlib
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from reference_impls import gelu

from . import Array, Call, Gradients, mutant

MODULE = importlib.import_module("reference_impls.transformer")
LAYERS = ("transformer_encoder_layer", "transformer_decoder_layer")
Wrong = Callable[[int, dict[str, Any], Gradients, tuple[Array, ...]], Gradients]


def with_part(call: Call, part: str, wrong: Wrong) -> Gradients:
    """The gradients where `wrong` changes those of each use of a part: its number, arguments, gradients, cotangents."""
    right, uses = getattr(MODULE, part), [-1]

    def spoiled(**arguments: Any) -> Any:
        uses[0] += 1
        output, pullback, number = *right(**arguments), uses[0]
        return output, lambda *d: wrong(number, arguments, pullback(*d), d)

    with mock.patch.object(MODULE, part, spoiled):
        return call.function(**call.arguments)[1](*call.cotangents)


def without(name: str, grads: Gradients) -> Gradients:
    """The gradient of one argument is 0."""
    return {**grads, name: np.zeros_like(grads[name])}


for name in LAYERS:

    @mutant(name, "what skips the attention is lost", named="", only="norm_first")
    def _(call: Call) -> Gradients:
        if not call["norm_first"]:
            return call.right
        return with_part(call, "add", lambda number, _, grads, __: without("input", grads) if number == 0 else grads)


@mutant("transformer_encoder_layer", "gelu is differentiated as its approximation by tanh", named="nearly", only="gelu")
def _(call: Call) -> Gradients:
    def rough(input: Array) -> Any:
        return gelu(input)[0], gelu(input, approximate="tanh")[1]

    with mock.patch.dict(vars(MODULE)["_ACTIVATIONS"], gelu=rough):
        return call.function(**call.arguments)[1](*call.cotangents)


@mutant("transformer_decoder_layer", "the norms take the mean for a constant")
def _(call: Call) -> Gradients:
    def wrong(_: int, arguments: dict[str, Any], grads: Gradients, d: tuple[Array, ...]) -> Gradients:
        x = arguments["input"]
        scaled = d[0] * arguments["weight"]
        if not x.size:
            return grads
        deviation = np.sqrt(x.var(-1, keepdims=True) + call["layer_norm_eps"])
        return {**grads, "input": grads["input"] + scaled.mean(-1, keepdims=True) / deviation}

    return with_part(call, "layer_norm", wrong)


@mutant("transformer_encoder_layer", "eps is the usual one", named="option_ignored", only="layer_norm_eps")
def _(call: Call) -> Gradients:
    return call.as_if(layer_norm_eps=1e-5)


@mutant("transformer_decoder_layer", "the first draw of dropout is used twice", only="dropout")
def _(call: Call) -> Gradients:
    return call.as_if(**{"dropout2.mask": call["dropout1.mask"]}) if 0 < call["dropout"] < 1 else call.right


@mutant(
    "transformer_encoder_layer", "the first bias is averaged over the steps", named="ratio", only="bias, several steps"
)
def _(call: Call) -> Gradients:
    rows = call.output.size // (call.output.shape[-1] or 1) or 1
    return (
        call.but(**{"linear1.bias": call.right["linear1.bias"] / rows}) if "linear1.bias" in call.right else call.right
    )


@mutant("transformer_encoder_layer", "the mask is forgotten", named="option_ignored", only="src_mask")
def _(call: Call) -> Gradients:
    return call.but(src=call.as_if(src_mask=None, is_causal=False)["src"])


@mutant("transformer_encoder_layer", "only the queries hear of the source", only="self attention")
def _(call: Call) -> Gradients:
    return with_part(call, "multi_head_attention", lambda _, __, grads, ___: without("key", without("value", grads)))


@mutant("transformer_decoder_layer", "memory hears from the values alone")
def _(call: Call) -> Gradients:
    return with_part(
        call, "multi_head_attention", lambda number, _, grads, __: without("key", grads) if number else grads
    )


@mutant("transformer_decoder_layer", "what asks the memory hears nothing back")
def _(call: Call) -> Gradients:
    return with_part(
        call, "multi_head_attention", lambda number, _, grads, __: without("query", grads) if number else grads
    )


@mutant(
    "transformer_decoder_layer",
    "the padding of the memory is forgotten",
    named="option_ignored",
    only="memory_key_padding_mask",
)
def _(call: Call) -> Gradients:
    return call.but(memory=call.as_if(memory_key_padding_mask=None)["memory"])


@mutant("transformer_decoder_layer", "both attentions share a mask", only="a boolean tgt_mask, as many steps")
def _(call: Call) -> Gradients:
    mask, other = call["tgt_mask"], call["memory_mask"]
    square = call["tgt"].shape == call["memory"].shape and mask is not None and mask.dtype == bool
    return call.as_if(memory_mask=mask) if square and other is None else call.right


@mutant("transformer_encoder", "a layer is told what the layer above is", named="swapped", only="two layers")
def _(call: Call) -> Gradients:
    above = {name: name.replace("layers.0.", "layers.1.") for name in call.right}
    return {name: call.right.get(above[name], grad).copy() for name, grad in call.right.items()}


@mutant("transformer_encoder", "only the first layer knows the mask", only="two layers, mask")
def _(call: Call) -> Gradients:
    def wrong(number: int, arguments: dict[str, Any], grads: Gradients, d: tuple[Array, ...]) -> Gradients:
        if not number or arguments["src_mask"] is None:
            return grads
        unmasked = {**arguments, "src_mask": None, "is_causal": False}
        return {**grads, **transformer_encoder_layer(**unmasked)[1](*d)}

    transformer_encoder_layer = MODULE.transformer_encoder_layer
    return with_part(call, "transformer_encoder_layer", wrong)


@mutant("transformer_encoder", "the norm behind the last layer is passed by", only="norm.weight")
def _(call: Call) -> Gradients:
    last = 2 * call["num_layers"]
    return with_part(
        call, "layer_norm", lambda number, _, grads, d: {**grads, "input": d[0]} if number == last else grads
    )


@mutant(
    "transformer_encoder",
    "with a causal hint the padding is forgotten",
    named="option_ignored",
    only="is_causal, padding",
)
def _(call: Call) -> Gradients:
    padding = call["src_key_padding_mask"]
    return call.as_if(src_key_padding_mask=None) if padding is not None and call["is_causal"] else call.right


@mutant("transformer_decoder", "memory hears from the first layer alone", only="two layers")
def _(call: Call) -> Gradients:
    return with_part(
        call, "transformer_decoder_layer", lambda number, _, grads, __: without("memory", grads) if number else grads
    )


@mutant(
    "transformer_decoder",
    "batches come first in the memory's gradient",
    named="transposed misplaced",
    only="batch_first, as many steps",
)
def _(call: Call) -> Gradients:
    shape = call["memory"].shape
    square = call["batch_first"] and len(shape) == 3 and shape[0] == shape[1]
    return call.but(memory=call.right["memory"].swapaxes(0, 1).copy()) if square else call.right


@mutant("transformer_decoder", "memory_mask is dropped with the hint", named="option_ignored", only="memory_is_causal")
def _(call: Call) -> Gradients:
    return call.as_if(memory_mask=None, memory_is_causal=False) if call["memory_is_causal"] else call.right


@mutant("transformer_decoder", "the skip around the feed-forward is lost in the last layer", only="norm_first")
def _(call: Call) -> Gradients:
    last = 3 * call["num_layers"] - 1 if call["norm_first"] else -1
    return with_part(call, "add", lambda number, _, grads, __: without("input", grads) if number == last else grads)


@mutant("transformer", "the memory is detached: the encoder hears nothing", named="zero")
def _(call: Call) -> Gradients:
    return with_part(call, "transformer_decoder", lambda _, __, grads, ___: without("memory", grads))


@mutant("transformer", "memory hears from the last decoder layer alone", only="two decoder layers")
def _(call: Call) -> Gradients:
    last = call["num_decoder_layers"] - 1
    return with_part(
        call,
        "transformer_decoder_layer",
        lambda number, _, grads, __: without("memory", grads) if number < last else grads,
    )


@mutant("transformer", "the decoder's padding of the memory is the encoder's", only="src_key_padding_mask alone")
def _(call: Call) -> Gradients:
    padding, other = call["src_key_padding_mask"], call["memory_key_padding_mask"]
    plain = padding is not None and padding.dtype == bool and other is None
    return call.as_if(memory_key_padding_mask=padding) if plain else call.right


@mutant("transformer", "the norm of the encoder is passed by", only="norm_first")
def _(call: Call) -> Gradients:
    last = 2 * call["num_encoder_layers"] if call["norm_first"] else -1
    return with_part(
        call, "layer_norm", lambda number, _, grads, d: {**grads, "input": d[0]} if number == last else grads
    )


@mutant("transformer", "layers of the encoder are told in reverse", named="swapped", only="two encoder layers")
def _(call: Call) -> Gradients:
    if call["num_encoder_layers"] < 2:
        return call.right
    other = {"encoder.layers.0.": "encoder.layers.1.", "encoder.layers.1.": "encoder.layers.0."}
    grads = dict(call.right)
    for name in grads:
        prefix = name[: len("encoder.layers.0.")]
        if prefix in other:
            grads[name] = call.right[other[prefix] + name.removeprefix(prefix)]
    return grads
