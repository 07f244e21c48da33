"""Models: layers of this package, one after the other. The pullback walks back through theirs in reverse order.

Parameters arrive by name, as in the state_dict of a torch module with the same parts, and the gradients have the same
names. So a step of training is

    scores, model_pullback = mlp(images, **parameters)
    loss, loss_pullback = cross_entropy(scores, labels)
    optimizer.step(model_pullback(loss_pullback(np.ones_like(loss))["input"]))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from . import init
from ._array import Array, Gradients, Pullback, check, check_floating, check_integer, elementwise
from ._parameters import Parameters, check_parameters, given
from .activation import celu, elu, gelu, leaky_relu, mish, relu, selu, sigmoid, silu, softplus, softsign, tanh
from .flatten import identity
from .linear import linear
from .lstm import _lstm_step
from .rnn import Stepped, _Options, _recurrent
from .sparse import embedding

__all__ = [
    "ACTIVATIONS",
    "cauchy",
    "char_lstm",
    "char_parameters",
    "char_rnn",
    "gaussian",
    "mlp",
    "mlp_parameters",
]

Activation = Callable[[Array], tuple[Array, Pullback]]


def gaussian(input: Array) -> tuple[Array, Pullback]:
    """e^-input², as in the AIMS report (document 000).

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    output = np.exp(-input * input)
    return elementwise(output, lambda: -2 * input * output)


def cauchy(input: Array) -> tuple[Array, Pullback]:
    """1 / (1 + input²), as in the AIMS report (document 000).

    input (*shape) -> output (*shape)
    """
    check_floating(input=input)
    output = 1 / (1 + input * input)
    return elementwise(output, lambda: -2 * input * output * output)


_NAMED = (relu, leaky_relu, elu, celu, selu, gelu, silu, mish, softplus, softsign, sigmoid, tanh, gaussian, cauchy)
ACTIVATIONS: Mapping[str, Activation] = {"linear": identity, **{one.__name__: one for one in _NAMED}}


def _activation(name: str, activation: str | Activation) -> Activation:
    """By its name, or itself."""
    if callable(activation):
        return activation
    check(activation in ACTIVATIONS, name, repr(activation), f"a reference, or one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[activation]


def _part(parameters: Parameters, prefix: str) -> dict[str, Any]:
    """The parameters of one layer, by the layer's own names."""
    return {name.removeprefix(prefix): array for name, array in parameters.items() if name.startswith(prefix)}


# Multilayer perceptron.


def mlp(
    input: Array,
    activation: str | Activation = "relu",
    output_activation: str | Activation = "linear",
    *,
    input_grad: bool = True,
    **parameters: Array | None,
) -> tuple[Array, Pullback]:
    """Affine maps with an activation after each but the last, which has its own.  Rumelhart, Hinton & Williams 1986.

    input (*batch, I) -> output (*batch, O)

    Parameters: layers.0.weight (H, I), layers.0.bias (H), layers.1.weight (H', H), …; biases may be left out. With
    `input_grad` False the pullback leaves out the input's gradient, for which training has no use: one product of
    three in the first layer, often the widest.
    """
    weights = given(parameters)
    check_floating(input=input, **weights)
    check(input.ndim > 0, "input.ndim", input.ndim, "1 or more: (*batch, I)")
    shapes, size = {}, input.shape[-1:]
    for depth in range(max(1, sum(name.endswith(".weight") for name in weights))):
        rows = weights[f"layers.{depth}.weight"].shape[:1] if f"layers.{depth}.weight" in weights else ("O",)
        shapes[f"layers.{depth}.weight"], size = (*rows, *size), rows
        if f"layers.{depth}.bias" in weights:
            shapes[f"layers.{depth}.bias"] = rows
    check_parameters(weights, shapes)
    layers = [_part(weights, f"layers.{depth}.") for depth in range(sum("weight" in name for name in shapes))]
    hidden = _activation("activation", activation)
    activations = [hidden] * (len(layers) - 1) + [_activation("output_activation", output_activation)]

    output, pullbacks = input, []
    for layer, activate in zip(layers, activations, strict=True):
        weighted, linear_pullback = linear(output, **layer)
        output, activation_pullback = activate(weighted)
        pullbacks.append((linear_pullback, activation_pullback))

    def mlp_pullback(d_output: Array) -> Gradients:
        grads: Gradients = {}
        for depth, (linear_pullback, activation_pullback) in reversed(list(enumerate(pullbacks))):
            d_weighted = activation_pullback(d_output)["input"]
            if depth or input_grad:
                own = linear_pullback(d_weighted)
                d_output = own.pop("input")
            else:
                own = _without_input(input, layers[0], d_weighted)
            grads |= {f"layers.{depth}.{kind}": grad for kind, grad in own.items()}
        return {"input": d_output, **grads} if input_grad else grads

    return output, mlp_pullback


def _without_input(input: Array, layer: Parameters, d_output: Array) -> Gradients:
    """The pullback of linear for its parameters alone."""
    count = math.prod(input.shape[:-1])
    rows, d_rows = input.reshape(count, input.shape[-1]), d_output.reshape(count, d_output.shape[-1])
    grads = {"weight": d_rows.T @ rows}
    if "bias" in layer:
        grads["bias"] = d_rows.sum(0)
    return grads


def mlp_parameters(
    sizes: Sequence[int],
    weights: Callable[..., Array] = init.he_normal,
    biases: Callable[..., Array] | None = init.zeros,
    *,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> dict[str, Any]:
    """The start of an mlp of these sizes: (I, H, …, O), or (I, O) for a single layer.

    `weights` and `biases` are initialisers of `init`, or functions called as they are: init(shape, rng=…, dtype=…).
    Layer by layer, the weight is drawn before the bias. With `biases` None there are none.
    """
    check(len(sizes) >= 2, "sizes", tuple(sizes), "the input's, those of the hidden layers and the output's")
    parameters = {}
    for depth, (columns, rows) in enumerate(pairwise(sizes)):
        parameters[f"layers.{depth}.weight"] = weights((rows, columns), rng=rng, dtype=dtype)
        if biases is not None:
            parameters[f"layers.{depth}.bias"] = biases((rows,), rng=rng, dtype=dtype)
    return parameters


# Character models: at each step, scores of the character that comes next.


class CharRNNOutput(NamedTuple):
    """Scores of the next character at all times, and the hidden states after the last step."""

    scores: Array
    h_n: Array


class CharLSTMOutput(NamedTuple):
    """Scores of the next character at all times, and both states after the last step."""

    scores: Array
    h_n: Array
    c_n: Array


def char_rnn(
    input: Array,
    h_0: Array | None = None,
    *,
    nonlinearity: str | Activation = "tanh",
    num_layers: int = 1,
    batch_first: bool = False,
    **parameters: Array | None,
) -> tuple[CharRNNOutput, Pullback]:
    """Characters, a plain recurrent layer, and an affine map to scores.  Elman 1990; document 000's is "gaussian".

    input (T, N), or (N, T) if batch_first, or (T): characters by number, from 0 to V - 1; h_0 (layers, N, H)
    -> scores (*input, V); h_n (layers, N, H)

    Parameters: rnn.weight_ih_l0, … as those of rnn_tanh, linear.weight (V, H) and linear.bias (V). With
    embedding.weight (V, E) a character enters as its row of that table, else as a vector of V entries, 1 at its
    number and 0 elsewhere. The pullback may be given a cotangent for the scores only.
    """
    step = _step(_activation("nonlinearity", nonlinearity))
    options = _options(num_layers, batch_first, parameters)

    def layers(input: Array, **own: Array | None) -> tuple[list[Array], Pullback]:
        return _recurrent(step, 1, input, {"h_0": h_0}, options, own)

    outputs, pullback = _scores("rnn", layers, input, given(parameters))
    return CharRNNOutput(*outputs), pullback


def _step(activation: Activation) -> Callable[..., Stepped]:
    """The plain cell with any activation: h' = activation(what comes from the input + what comes from h)."""

    def step(x_gates: Array, h_gates: Array, _: Array) -> Stepped:
        h, activation_pullback = activation(x_gates + h_gates)

        def step_pullback(d_h: Array) -> tuple[Any, ...]:
            d_sum = activation_pullback(d_h)["input"]
            return d_sum, d_sum, 0

        return (h,), step_pullback

    return step


def char_lstm(
    input: Array,
    h_0: Array | None = None,
    c_0: Array | None = None,
    *,
    num_layers: int = 1,
    batch_first: bool = False,
    **parameters: Array | None,
) -> tuple[CharLSTMOutput, Pullback]:
    """Characters, an LSTM, and an affine map to scores.  Graves 2013, arXiv:1308.0850.

    As char_rnn, with c_0, c_n (layers, N, H) and the parameters lstm.weight_ih_l0, … as those of lstm.
    """
    options = _options(num_layers, batch_first, parameters)

    def layers(input: Array, **own: Array | None) -> tuple[list[Array], Pullback]:
        return _recurrent(_lstm_step, 4, input, {"h_0": h_0, "c_0": c_0}, options, own)

    outputs, pullback = _scores("lstm", layers, input, given(parameters))
    return CharLSTMOutput(*outputs), pullback


def _options(num_layers: int, batch_first: bool, parameters: Mapping[str, Array | None]) -> _Options:
    """What enters a layer has a gradient that somebody wants only if it is of a table."""
    wanted = parameters.get("embedding.weight") is not None
    return _Options(num_layers, batch_first, 0.0, False, None, None, input_grad=wanted)


def _scores(
    name: str, recurrent: Callable[..., tuple[Any, Pullback]], input: Array, parameters: Parameters
) -> tuple[list[Array], Pullback]:
    """Characters -> vectors -> the recurrent layer called `name` -> scores, and the layer's last states."""
    for kind in parameters:
        known = kind.startswith(f"{name}.") or kind in ("embedding.weight", "linear.weight", "linear.bias")
        wanted = f"left out, the parameters being embedding.weight, {name}.…, linear.weight and linear.bias"
        check(known, kind, "given", wanted)
    for needed in (f"{name}.weight_ih_l0", "linear.weight"):
        check(needed in parameters, needed, "missing", "given")
    check_floating(**parameters)
    check_integer(input=input)
    vectors, embedding_pullback = _vectors(
        input, parameters.get("embedding.weight"), parameters[f"{name}.weight_ih_l0"]
    )
    (output, *last), recurrent_pullback = recurrent(vectors, **_part(parameters, f"{name}."))
    scores, linear_pullback = linear(output, parameters["linear.weight"], parameters.get("linear.bias"))

    def scores_pullback(d_scores: Array, *d_last: Array) -> Gradients:
        d_linear = linear_pullback(d_scores)
        d_output = d_linear.pop("input")
        d_recurrent = recurrent_pullback(d_output, *(d_last or map(np.zeros_like, last)))
        d_embedding = embedding_pullback(d_recurrent.pop("input")) if "input" in d_recurrent else {}
        grads = {state: d_recurrent.pop(state) for state in ("h_0", "c_0") if state in d_recurrent}
        for part, own in (("embedding", d_embedding), (name, d_recurrent), ("linear", d_linear)):
            grads |= {f"{part}.{kind}": grad for kind, grad in own.items()}
        return grads

    return [scores, *last], scores_pullback


def _vectors(input: Array, table: Array | None, weight_ih: Array) -> tuple[Array, Pullback]:
    """The vector of each character: its row of the table, or of the identity matrix if there is no table."""
    check(weight_ih.ndim == 2, "weight_ih_l0.ndim", weight_ih.ndim, "2")
    unit = np.eye(weight_ih.shape[1], dtype=weight_ih.dtype) if table is None else table
    vectors, embedding_pullback = embedding(input, unit)
    return np.asarray(vectors), embedding_pullback


def char_parameters(
    layer: str,
    characters: int,
    hidden_size: int,
    *,
    embedding_size: int | None = None,
    num_layers: int = 1,
    rng: np.random.Generator,
    dtype: Any = np.float64,
) -> dict[str, Any]:
    """The start of char_rnn (layer "rnn") or of char_lstm ("lstm"), drawn as torch's layers are.

    Uniform from -1/√H to 1/√H; the table of `embedding_size` columns, if any, standard normal.
    """
    check(layer in ("rnn", "lstm"), "layer", repr(layer), "'rnn' or 'lstm'")
    bound, rows = 1 / math.sqrt(hidden_size), hidden_size * (4 if layer == "lstm" else 1)
    shapes = {}
    for depth in range(num_layers):
        columns = hidden_size if depth else embedding_size or characters
        shapes[f"{layer}.weight_ih_l{depth}"] = (rows, columns)
        shapes[f"{layer}.weight_hh_l{depth}"] = (rows, hidden_size)
        shapes |= {f"{layer}.{kind}_l{depth}": (rows,) for kind in ("bias_ih", "bias_hh")}
    shapes |= {"linear.weight": (characters, hidden_size), "linear.bias": (characters,)}
    table = {} if embedding_size is None else {"embedding.weight": (characters, embedding_size)}
    parameters = {name: init.normal(shape, rng=rng, dtype=dtype) for name, shape in table.items()}
    return parameters | {n: init.uniform(shape, -bound, bound, rng=rng, dtype=dtype) for n, shape in shapes.items()}
