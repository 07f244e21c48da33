"""The layers of the transformer and their stacks, composed of other references, and so is the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ._array import Array, Gradients, Pullback, Shape, check, check_floating
from ._parameters import Parameters, check_parameters, given
from .activation import gelu, relu
from .arithmetic import add
from .attention import multi_head_attention
from .dropout import dropout as drop
from .linear import linear
from .normalization import layer_norm

__all__ = [
    "transformer",
    "transformer_decoder",
    "transformer_decoder_layer",
    "transformer_encoder",
    "transformer_encoder_layer",
]

Names = Mapping[str, str]
Activation = Callable[[Array], tuple[Array, Pullback]]

_ACTIVATIONS: dict[Any, Activation] = {"relu": relu, "gelu": gelu}
_HEADS = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")


class _Composition:
    """A function made of functions: values by name, and the steps between them."""

    def __init__(self, values: Mapping[str, Array | None]) -> None:
        self.values = given(values)
        self._steps: list[tuple[str, Names, Pullback]] = []

    def apply(self, into: str, function: Callable[..., tuple[Any, Pullback]], names: Names, **options: Any) -> None:
        """Call a function on the values of these names, by argument, and keep its output under the name `into`."""
        arguments = {argument: self.values.get(name) for argument, name in names.items()}
        self.values[into], pullback = function(**arguments, **options)
        self._steps.append((into, names, pullback))

    def result(self, name: str) -> tuple[Array, Pullback]:
        """The value of this name, as the output of all that was applied."""

        def composed_pullback(d_output: Array) -> Gradients:
            # The chain rule: steps in reverse order, and a value that several steps used adds up what each sends back.
            grads = {name: d_output}
            for into, names, pullback in reversed(self._steps):
                for argument, grad in pullback(grads.pop(into)).items():
                    source = names[argument]
                    grads[source] = grads[source] + grad if source in grads else grad
            return grads

        return self.values[name], composed_pullback


class _Options(NamedTuple):
    """The options that all layers of a transformer have."""

    nhead: int
    dropout: float
    activation: str | Activation
    layer_norm_eps: float
    batch_first: bool
    norm_first: bool


class _Layer(_Composition):
    """Parts that change the value `main` one after the other, by what they add to it."""

    def __init__(self, main: str, options: _Options, values: Mapping[str, Array | None]) -> None:
        super().__init__(values)
        self._main, self._options = main, options

    def part(self, number: int, inner: Callable[[str], None]) -> None:
        """Add what `inner` makes of main, normalised before (Xiong et al. 2020, arXiv:2002.04745) or after."""
        names = {"input": self._main, "weight": f"norm{number}.weight", "bias": f"norm{number}.bias"}
        shape = self.values["linear2.weight"].shape[:1]
        norm = partial(layer_norm, normalized_shape=shape, eps=self._options.layer_norm_eps)
        if self._options.norm_first:
            self.apply("inner", norm, names)
        inner("inner" if self._options.norm_first else self._main)
        self.apply("inner", drop, {"input": "inner", "mask": f"dropout{number}.mask"}, p=self._options.dropout)
        self.apply(self._main, add, {"input": self._main, "other": "inner"})
        if not self._options.norm_first:
            self.apply(self._main, norm, names)

    def attend(self, name: str, source: str, memory: str, masks: str, is_causal: bool) -> None:
        """inner = attention of `source` to `memory`."""
        names = {"query": source, "key": memory, "value": memory, "dropout_mask": f"{name}.mask"}
        names |= {"attn_mask": f"{masks}_mask", "key_padding_mask": f"{masks}_key_padding_mask"}
        names |= {parameter: f"{name}.{parameter}" for parameter in _HEADS}
        options = {"need_weights": False, "is_causal": is_causal, "num_heads": self._options.nhead}
        options |= {"dropout": self._options.dropout, "batch_first": self._options.batch_first}
        self.apply("inner", multi_head_attention, names, **options)

    def feed_forward(self, source: str) -> None:
        """inner = two linear maps of `source`, with the activation between them."""
        activation = self._options.activation
        self.apply("inner", linear, {"input": source, "weight": "linear1.weight", "bias": "linear1.bias"})
        self.apply("inner", activation if callable(activation) else _ACTIVATIONS[activation], {"input": "inner"})
        self.apply("inner", drop, {"input": "inner", "mask": "dropout.mask"}, p=self._options.dropout)
        self.apply("inner", linear, {"input": "inner", "weight": "linear2.weight", "bias": "linear2.bias"})


def transformer_encoder_layer(
    src: Array,
    src_mask: Array | None = None,
    src_key_padding_mask: Array | None = None,
    is_causal: bool = False,
    *,
    nhead: int,
    dropout: float = 0.1,
    activation: str | Activation = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    **parameters: Array | None,
) -> tuple[Array, Pullback]:
    """Self-attention, then two linear maps at each position.  Vaswani et al. 2017, arXiv:1706.03762, section 3.1.

    src (S, N, E), or (N, S, E) if batch_first, or (S, E) -> output as src; masks as in multi_head_attention

    Parameters: self_attn.NAME with the names of multi_head_attention; linear1.weight (F, E), linear2.weight (E, F),
    norm1.weight (E), norm2.weight (E), and their biases. The draws of dropout come by the names of torch's modules:
    self_attn.mask (N, heads, S, S), dropout.mask (S, N, F), dropout1.mask and dropout2.mask (S, N, E).
    """
    options = _Options(nhead, dropout, activation, layer_norm_eps, batch_first, norm_first)
    own = given(parameters)
    _check(own, _layer_shapes(own, "", options, src, {"self_attn": src}), src=src)
    masks = {"src_mask": src_mask, "src_key_padding_mask": src_key_padding_mask}
    layer = _Layer("src", options, {"src": src, **masks, **own})
    layer.part(1, lambda at: layer.attend("self_attn", at, at, "src", is_causal))
    layer.part(2, layer.feed_forward)
    return layer.result("src")


def transformer_decoder_layer(
    tgt: Array,
    memory: Array,
    tgt_mask: Array | None = None,
    memory_mask: Array | None = None,
    tgt_key_padding_mask: Array | None = None,
    memory_key_padding_mask: Array | None = None,
    tgt_is_causal: bool = False,
    memory_is_causal: bool = False,
    *,
    nhead: int,
    dropout: float = 0.1,
    activation: str | Activation = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    **parameters: Array | None,
) -> tuple[Array, Pullback]:
    """As transformer_encoder_layer, with attention to `memory` in between.

    tgt (T, N, E), memory (S, N, E) -> output (T, N, E)

    Parameters: those of transformer_encoder_layer, and multihead_attn.NAME, norm3.weight (E), norm3.bias (E);
    multihead_attn.mask (N, heads, T, S), dropout3.mask (T, N, E).
    """
    options = _Options(nhead, dropout, activation, layer_norm_eps, batch_first, norm_first)
    own = given(parameters)
    _check_memory("memory", memory, tgt, batch_first)
    shapes = _layer_shapes(own, "", options, tgt, {"self_attn": tgt, "multihead_attn": memory})
    _check(own, shapes, tgt=tgt, memory=memory)
    masks = {"tgt_mask": tgt_mask, "tgt_key_padding_mask": tgt_key_padding_mask}
    masks |= {"memory_mask": memory_mask, "memory_key_padding_mask": memory_key_padding_mask}
    layer = _Layer("tgt", options, {"tgt": tgt, "memory": memory, **masks, **own})
    layer.part(1, lambda at: layer.attend("self_attn", at, at, "tgt", tgt_is_causal))
    layer.part(2, lambda at: layer.attend("multihead_attn", at, "memory", "memory", memory_is_causal))
    layer.part(3, layer.feed_forward)
    return layer.result("tgt")


def transformer_encoder(
    src: Array,
    mask: Array | None = None,
    src_key_padding_mask: Array | None = None,
    is_causal: bool | None = None,
    *,
    nhead: int,
    num_layers: int,
    dropout: float = 0.1,
    activation: str | Activation = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    **parameters: Array | None,
) -> tuple[Array, Pullback]:
    """Encoder layers on top of each other, and layer_norm if there is a norm.weight.

    src (S, N, E) -> output (S, N, E)

    Parameters: layers.0.NAME … with the names of transformer_encoder_layer; norm.weight (E), norm.bias (E).
    """
    options = _Options(nhead, dropout, activation, layer_norm_eps, batch_first, norm_first)
    own = given(parameters)
    _check(own, _stack_shapes(own, "", options, num_layers, src, {"self_attn": src}), src=src)
    net = _Composition({"src": src, "mask": mask, "src_key_padding_mask": src_key_padding_mask, **own})
    names = {"src": "src", "src_mask": "mask", "src_key_padding_mask": "src_key_padding_mask"}
    for depth in range(num_layers):
        layer = names | _under(f"layers.{depth}.", own)
        net.apply("src", transformer_encoder_layer, layer, is_causal=bool(is_causal), **options._asdict())
    _last_norm(net, "src", layer_norm_eps)
    return net.result("src")


def transformer_decoder(
    tgt: Array,
    memory: Array,
    tgt_mask: Array | None = None,
    memory_mask: Array | None = None,
    tgt_key_padding_mask: Array | None = None,
    memory_key_padding_mask: Array | None = None,
    tgt_is_causal: bool | None = None,
    memory_is_causal: bool = False,
    *,
    nhead: int,
    num_layers: int,
    dropout: float = 0.1,
    activation: str | Activation = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    **parameters: Array | None,
) -> tuple[Array, Pullback]:
    """Decoder layers on top of each other, all with the same memory, and layer_norm if there is a norm.weight.

    tgt (T, N, E), memory (S, N, E) -> output (T, N, E)

    Parameters: layers.0.NAME … with the names of transformer_decoder_layer; norm.weight (E), norm.bias (E).
    """
    options = _Options(nhead, dropout, activation, layer_norm_eps, batch_first, norm_first)
    own, hints = given(parameters), {"tgt_is_causal": bool(tgt_is_causal), "memory_is_causal": memory_is_causal}
    memories = {"self_attn": tgt, "multihead_attn": memory}
    _check_memory("memory", memory, tgt, batch_first)
    _check(own, _stack_shapes(own, "", options, num_layers, tgt, memories), tgt=tgt, memory=memory)
    arrays = {"tgt": tgt, "memory": memory, "tgt_mask": tgt_mask, "memory_mask": memory_mask}
    arrays |= {"tgt_key_padding_mask": tgt_key_padding_mask, "memory_key_padding_mask": memory_key_padding_mask}
    net = _Composition({**arrays, **own})
    for depth in range(num_layers):
        layer = {name: name for name in arrays} | _under(f"layers.{depth}.", own)
        net.apply("tgt", transformer_decoder_layer, layer, **hints, **options._asdict())
    _last_norm(net, "tgt", layer_norm_eps)
    return net.result("tgt")


def transformer(
    src: Array,
    tgt: Array,
    src_mask: Array | None = None,
    tgt_mask: Array | None = None,
    memory_mask: Array | None = None,
    src_key_padding_mask: Array | None = None,
    tgt_key_padding_mask: Array | None = None,
    memory_key_padding_mask: Array | None = None,
    src_is_causal: bool | None = None,
    tgt_is_causal: bool | None = None,
    memory_is_causal: bool = False,
    *,
    nhead: int = 8,
    num_encoder_layers: int = 6,
    num_decoder_layers: int = 6,
    dropout: float = 0.1,
    activation: str | Activation = "relu",
    layer_norm_eps: float = 1e-5,
    batch_first: bool = False,
    norm_first: bool = False,
    **parameters: Array | None,
) -> tuple[Array, Pullback]:
    """What the encoder makes of src is the memory of the decoder.  Vaswani et al. 2017, arXiv:1706.03762, figure 1.

    src (S, N, E), tgt (T, N, E) -> output (T, N, E)

    Parameters: encoder.NAME and decoder.NAME with the names of transformer_encoder and transformer_decoder.
    """
    options = _Options(nhead, dropout, activation, layer_norm_eps, batch_first, norm_first)
    own = given(parameters)
    _check_memory("src", src, tgt, batch_first)
    shapes = _stack_shapes(own, "encoder.", options, num_encoder_layers, src, {"self_attn": src})
    memories = {"self_attn": tgt, "multihead_attn": src}
    shapes |= _stack_shapes(own, "decoder.", options, num_decoder_layers, tgt, memories)
    shapes |= {f"{name}.norm.weight": src.shape[-1:] for name in ("encoder", "decoder")}
    _check(own, shapes, src=src, tgt=tgt)
    masks = {"src_mask": src_mask, "src_key_padding_mask": src_key_padding_mask}
    own_masks = {"tgt_mask": tgt_mask, "tgt_key_padding_mask": tgt_key_padding_mask}
    own_masks |= {"memory_mask": memory_mask, "memory_key_padding_mask": memory_key_padding_mask}
    net = _Composition({"src": src, "tgt": tgt, **masks, **own_masks, **own})
    names = {"src": "src", "mask": "src_mask", "src_key_padding_mask": "src_key_padding_mask"}
    hints = {"is_causal": src_is_causal, "num_layers": num_encoder_layers, **options._asdict()}
    net.apply("memory", transformer_encoder, names | _under("encoder.", own), **hints)
    names = {name: name for name in ("tgt", "memory", *own_masks)}
    hints = {"tgt_is_causal": tgt_is_causal, "memory_is_causal": memory_is_causal, "num_layers": num_decoder_layers}
    net.apply("tgt", transformer_decoder, names | _under("decoder.", own), **hints, **options._asdict())
    return net.result("tgt")


def _under(prefix: str, parameters: Parameters) -> dict[str, str]:
    """The parameters of a part, by the names that they have there."""
    return {name.removeprefix(prefix): name for name in parameters if name.startswith(prefix)}


def _last_norm(net: _Composition, main: str, eps: float) -> None:
    """Layer normalisation after the last layer, where it is given."""
    weight = net.values.get("norm.weight")
    if weight is not None:
        names = {"input": main, "weight": "norm.weight", "bias": "norm.bias"}
        net.apply(main, layer_norm, names, normalized_shape=weight.shape, eps=eps)


def _check(parameters: Parameters, shapes: Mapping[str, Shape], **arrays: Array) -> None:
    """Refuse parameters that do not fit; those that end in .mask are boolean."""
    check_parameters(parameters, shapes)
    masks = {name: array for name, array in parameters.items() if name.endswith(".mask")}
    check_floating(**arrays, **{name: array for name, array in parameters.items() if name not in masks})
    for name, mask in masks.items():
        if mask.dtype != bool:
            raise TypeError(f"{name} is of dtype {mask.dtype}, but should be bool: True where an entry is kept")


def _check_memory(name: str, memory: Array, tgt: Array, batch_first: bool) -> None:
    """Refuse a memory of other samples or features than tgt."""
    check(memory.ndim == tgt.ndim, f"{name}.ndim", memory.ndim, f"{tgt.ndim}, as tgt")
    time_axis = 1 if batch_first and tgt.ndim == 3 else 0
    wanted = [*map(str, tgt.shape)]
    wanted[time_axis] = "S"
    fits = all(a == b for axis, (a, b) in enumerate(zip(memory.shape, tgt.shape, strict=True)) if axis != time_axis)
    check(fits, f"{name}.shape", memory.shape, f"({', '.join(wanted)}) to fit tgt")


def _layer_shapes(
    parameters: Parameters, prefix: str, options: _Options, main: Array, memories: Mapping[str, Array]
) -> dict[str, Shape]:
    """The parameters of a layer with these attentions, each to its memory; biases if there is one, draws if needed."""
    check(main.ndim in (2, 3), "src.ndim" if len(memories) == 1 else "tgt.ndim", main.ndim, "3, or 2 for one sequence")
    known = options.activation in _ACTIVATIONS or callable(options.activation)
    check(known, "activation", repr(options.activation), "'relu', 'gelu' or a reference")
    check(0 <= options.dropout <= 1, "dropout", options.dropout, "a probability, from 0 to 1")
    first = f"{prefix}linear1.weight"
    check(first in parameters, first, "missing", "given")
    (size,), hidden = main.shape[-1:], len(parameters[first])
    batch = () if main.ndim == 2 else main.shape[:1] if options.batch_first else main.shape[1:2]
    shapes: dict[str, Shape] = {"linear1.weight": (hidden, size), "linear2.weight": (size, hidden)}
    biases: dict[str, Shape] = {"linear1.bias": (hidden,), "linear2.bias": (size,)}
    draws: dict[str, Shape] = {"dropout.mask": (*main.shape[:-1], hidden)}
    for name, memory in memories.items():
        shapes |= {f"{name}.in_proj_weight": (3 * size, size), f"{name}.out_proj.weight": (size, size)}
        biases |= {f"{name}.in_proj_bias": (3 * size,), f"{name}.out_proj.bias": (size,)}
        steps = 1 if batch and options.batch_first else 0
        draws[f"{name}.mask"] = (*batch, options.nhead, main.shape[steps], memory.shape[steps])
    for number in range(1, len(memories) + 2):
        shapes[f"norm{number}.weight"] = biases[f"norm{number}.bias"] = (size,)
        draws[f"dropout{number}.mask"] = main.shape
    if any(prefix + name in parameters for name in biases):
        shapes |= biases
    drawn = 0 < options.dropout < 1
    shapes |= {name: shape for name, shape in draws.items() if drawn or prefix + name in parameters}
    return {prefix + name: shape for name, shape in shapes.items()}


def _stack_shapes(
    parameters: Parameters,
    prefix: str,
    options: _Options,
    num_layers: int,
    main: Array,
    memories: Mapping[str, Array],
) -> dict[str, Shape]:
    """The parameters of all layers, and of the norm behind them if there is one."""
    check(num_layers >= 1, "num_layers", num_layers, "at least 1")
    shapes: dict[str, Shape] = {}
    for depth in range(num_layers):
        shapes |= _layer_shapes(parameters, f"{prefix}layers.{depth}.", options, main, memories)
    for name in (f"{prefix}norm.weight", f"{prefix}norm.bias"):
        if name in parameters:
            shapes |= {f"{prefix}norm.weight": main.shape[-1:], name: main.shape[-1:]}
    return shapes
