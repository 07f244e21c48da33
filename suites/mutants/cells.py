"""Recurrent layers and cells from within: slopes of gates, both ways back in time, layers above each other, ends."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from reference_impls._array import sigmoid
from reference_impls.gru import _gru_step
from reference_impls.lstm import _lstm_step
from reference_impls.rnn import _cell, _Options, _recurrent, _relu_step, _tanh_step

from . import Call, Gradients, mutant

STEPS = {"lstm": (_lstm_step, 4), "gru": (_gru_step, 3), "rnn_tanh": (_tanh_step, 1), "rnn_relu": (_relu_step, 1)}
Change = Callable[..., tuple[Any, ...]]


def stepping(call: Call, change: Change) -> Gradients:
    """The gradients where each step sends back what `change(given, cotangents, right)` makes of the right ones."""
    name, arguments = call.function.__name__, call.arguments
    kind = name.removesuffix("_cell")
    step, gates = STEPS[f"rnn_{call['nonlinearity']}" if kind == "rnn" else kind]

    def changed(*given: np.ndarray) -> Any:
        new, back = step(*given)
        return new, lambda *d: change(given, d, back(*d))

    states = {state: arguments[state] for state in ("h_0", "c_0") if state in arguments}
    weights = {name: value for name, value in arguments.items() if name.startswith(("weight", "bias"))}
    if name.endswith("_cell"):
        _, pullback = _cell(changed, gates, call["input"], states, weights)
    else:
        options = _Options(*(arguments[option] for option in _Options._fields))
        _, pullback = _recurrent(changed, gates, call["input"], states, options, weights)
    return {**call.right, **pullback(*call.cotangents)}


def steps(call: Call) -> int:
    """How many there are."""
    return call["input"].shape[1 if call["batch_first"] and call["input"].ndim == 3 else 0]


def one_way(call: Call) -> bool:
    """Whether a single layer goes forward only."""
    return call["num_layers"] == 1 and not call["bidirectional"]


class Gates(NamedTuple):
    """Those of an LSTM's step, its cell state, and what reaches that."""

    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    new: np.ndarray
    d_cell: np.ndarray


def of_lstm(given: tuple[np.ndarray, ...], d: tuple[np.ndarray, ...]) -> Gates:
    """What the step computed."""
    x, h, _, c = given
    i, f, g, o = np.split(x + h, 4, axis=-1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    new = f * c + i * g
    return Gates(i, f, g, o, new, d[1] + d[0] * o * (1 - np.tanh(new) ** 2))


def replaced(gates: np.ndarray, number: int, of: int, block: np.ndarray) -> np.ndarray:
    """Gates with one of them exchanged."""
    blocks = np.split(gates, of, axis=-1)
    blocks[number] = block
    return np.concatenate(blocks, axis=-1)


for name in ("lstm", "lstm_cell"):

    @mutant(name, "the slope of the cell gate is 1 - g, not 1 - g²")
    def _(call: Call) -> Gradients:
        def change(given: Any, d: Any, right: Any) -> tuple[Any, ...]:
            s = of_lstm(given, d)
            gates = replaced(right[0], 2, 4, s.d_cell * s.i * (1 - s.g))
            return gates, gates, *right[2:]

        return stepping(call, change)

    @mutant(name, "the way to the cell is not bent by its tanh")
    def _(call: Call) -> Gradients:
        def change(given: Any, d: Any, _: Any) -> tuple[Any, ...]:
            s = of_lstm(given, d)
            d_cell = d[1] + d[0] * s.o
            blocks = d_cell * s.g * s.i * (1 - s.i), d_cell * given[3] * s.f * (1 - s.f), d_cell * s.i * (1 - s.g**2)
            gates = np.concatenate([*blocks, d[0] * np.tanh(s.new) * s.o * (1 - s.o)], axis=-1)
            return gates, gates, 0, d_cell * s.f

        return stepping(call, change)

    @mutant(name, "the forget gate sees the cell that it has made")
    def _(call: Call) -> Gradients:
        def change(given: Any, d: Any, right: Any) -> tuple[Any, ...]:
            s = of_lstm(given, d)
            gates = replaced(right[0], 1, 4, s.d_cell * s.new * s.f * (1 - s.f))
            return gates, gates, *right[2:]

        return stepping(call, change)

    @mutant(name, "input and forget gate are exchanged in one bias", named="permuted shifted misplaced", only="biases")
    def _(call: Call) -> Gradients:
        grads = call.right
        for bias in [name for name in grads if name.startswith("bias_hh")]:
            i, f, g, o = np.split(grads[bias], 4)
            grads[bias] = np.concatenate([f, i, g, o])
        return grads


@mutant("lstm", "the way back is through the hidden state alone", named="path zero", only="T > 1 or c_0 given")
def _(call: Call) -> Gradients:
    return stepping(call, lambda given, d, right: (*right[:3], 0 * given[3]))


@mutant("lstm", "the way back is through the cell alone", named="path", only="T > 1, one layer")
def _(call: Call) -> Gradients:
    if not one_way(call):
        return call.right
    weight = call["weight_hh_l0"]
    return call.but(
        **stepping(call, lambda given, d, right: (*right[:2], right[2] - right[1] @ weight, right[3]))
        | {name: call.right[name] for name in ("h_0",) if name in call.right}
    )


@mutant("lstm", "a projection is averaged over the steps", named="ratio", only="projection, T > 1")
def _(call: Call) -> Gradients:
    return call.but(**{n: g / steps(call) for n, g in call.right.items() if n.startswith("weight_hr")})


@mutant("lstm_cell", "the cell's cotangent is left out where the hidden state has one", named="one_output")
def _(call: Call) -> Gradients:
    return call.pullback(call.cotangents[0], np.zeros_like(call.cotangents[1]))


@mutant("lstm_cell", "c_0 is taken for the new cell", only="c_0 given")
def _(call: Call) -> Gradients:
    if call["c_0"] is None:
        return call.right
    return call.but(c_0=stepping(call, lambda given, d, right: (*right[:3], of_lstm(given, d).d_cell))["c_0"])


@mutant("lstm_cell", "in float32 the fused path takes the gates in another order", only="float32")
def _(call: Call) -> Gradients:
    if call["input"].dtype != np.float32:
        return call.right
    order = [0, 1, 3, 2]
    return call.but(
        weight_ih=np.concatenate([np.split(call.right["weight_ih"], 4)[number] for number in order]),
    )


def of_gru(given: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reset, update and new gate."""
    (x_r, x_z, x_n), (h_r, h_z, h_n) = (np.split(gates, 3, axis=-1) for gates in given[:2])
    r = sigmoid(x_r + h_r)
    return r, sigmoid(x_z + h_z), np.tanh(x_n + r * h_n)


for name in ("gru", "gru_cell"):

    @mutant(name, "the hidden state's part of the new gate is not scaled by the reset gate")
    def _(call: Call) -> Gradients:
        return stepping(call, lambda given, d, right: (right[0], right[0], right[2]))

    @mutant(name, "the reset gate's own bias is that of the input", named="swapped", only="biases")
    def _(call: Call) -> Gradients:
        grads = call.right
        return call.but(**{n: grads[n.replace("hh", "ih")].copy() for n in grads if n.startswith("bias_hh")})

    @mutant(name, "the slope of the new gate is 1 - n, not 1 - n²")
    def _(call: Call) -> Gradients:
        def change(given: Any, d: Any, right: Any) -> tuple[Any, ...]:
            r, z, n = of_gru(given)
            d_n = d[0] * (1 - z) * (1 - n)
            return replaced(right[0], 2, 3, d_n), replaced(right[1], 2, 3, d_n * r), right[2]

        return stepping(call, change)

    @mutant(name, "the update gate forgets the state that is kept")
    def _(call: Call) -> Gradients:
        def change(given: Any, d: Any, right: Any) -> tuple[Any, ...]:
            _, z, n = of_gru(given)
            d_z = -d[0] * n * z * (1 - z)
            return replaced(right[0], 1, 3, d_z), replaced(right[1], 1, 3, d_z), right[2]

        return stepping(call, change)


@mutant("gru", "the state that is kept brings nothing back", named="path", only="T > 1 or h_0 given")
def _(call: Call) -> Gradients:
    return stepping(call, lambda given, d, right: (*right[:2], 0 * right[2]))


@mutant("gru_cell", "what is kept and what is new are exchanged on the way to the state", only="h_0 given")
def _(call: Call) -> Gradients:
    return stepping(call, lambda given, d, right: (*right[:2], d[0] - right[2]))


@mutant("gru", "in float32 the fused path resets before the product", only="float32")
def _(call: Call) -> Gradients:
    if call["input"].dtype != np.float32:
        return call.right
    return stepping(call, lambda given, d, right: (right[0], right[0], right[2]))


for name in ("rnn_tanh", "rnn_cell"):

    @mutant(name, "the slope is 1 - h, not 1 - h²", only="tanh")
    def _(call: Call) -> Gradients:
        def change(given: Any, d: Any, _: Any) -> tuple[Any, ...]:
            d_sum = d[0] * (1 - np.tanh(given[0] + given[1]))
            return d_sum, d_sum, 0

        return call.right if call.arguments.get("nonlinearity") == "relu" else stepping(call, change)


@mutant("rnn_relu", "the mask looks at the input's part alone")
def _(call: Call) -> Gradients:
    def change(given: Any, d: Any, _: Any) -> tuple[Any, ...]:
        d_sum = np.where(given[0] > 0, d[0], 0)
        return d_sum, d_sum, 0

    return stepping(call, change)


for name in ("rnn_tanh", "rnn_relu"):

    @mutant(name, "the way back ends after one step", named="path", only="T > 1, one layer")
    def _(call: Call) -> Gradients:
        if not one_way(call):
            return call.right
        weight = call["weight_hh_l0"]
        cut = stepping(call, lambda given, d, right: (*right[:2], -right[1] @ weight))
        return call.but(**{n: g for n, g in cut.items() if n != "h_0"})


@mutant("rnn_cell", "nonlinearity is forgotten", named="option_ignored", only="relu")
def _(call: Call) -> Gradients:
    return call.as_if(nonlinearity="tanh")


@mutant("rnn_cell", "without a batch the state and its cotangent change places", named="transposed", only="no batch")
def _(call: Call) -> Gradients:
    return call.but(weight_hh=call.right["weight_hh"].T.copy()) if call["input"].ndim == 1 else call.right


def from_top(call: Call) -> Gradients:
    """What comes back from the last layer alone: not what reaches the states of the others."""
    ways, cotangents = 1 + call["bidirectional"], []
    for v in call.cotangents[1:]:
        own = np.zeros_like(v)
        own[-ways:] = v[-ways:]
        cotangents.append(own)
    return call.pullback(call.cotangents[0], *cotangents)


for name in ("lstm", "gru"):

    @mutant(name, "what dropout lets through is not enlarged", only="dropout, two layers")
    def _(call: Call) -> Gradients:
        if call["num_layers"] != 2 or call["dropout"] in (0, 1):
            return call.right
        grads, top = call.right, from_top(call)
        return call.but(**{n: grads[n] - call["dropout"] * top[n] for n in grads if n == "input" or "_l0" in n})

    @mutant(name, "steps after the end of a sequence bring their cotangents", only="lengths")
    def _(call: Call) -> Gradients:
        if call["lengths"] is None:
            return call.right
        d_output, d_state, *rest = call.cotangents
        late = np.moveaxis(d_output, 1, 0) if call["batch_first"] else d_output
        late = np.where(np.arange(len(late))[:, None, None] < call["lengths"][:, None], 0, late).sum(0)
        d_state = d_state.copy()
        d_state[-1 - call["bidirectional"]] += late[:, : d_state.shape[-1]]
        return call.pullback(d_output, d_state, *rest)

    @mutant(
        name,
        "the layers' first states come back from the last to the first",
        named="flipped shifted permuted misplaced",
        only="several layers, h_0",
    )
    def _(call: Call) -> Gradients:
        return call.but(
            **{n: g[::-1].copy() for n, g in call.right.items() if n == "h_0" and not call["bidirectional"]}
        )


for name in ("lstm", "rnn_tanh"):

    @mutant(name, "the second layer reaches only the way forward of the first", only="bidirectional, two layers")
    def _(call: Call) -> Gradients:
        if call["num_layers"] != 2:
            return call.right
        grads, top = call.right, from_top(call)
        return call.but(**{n: grads[n] - top[n] for n in grads if n.endswith("_l0_reverse")})

    @mutant(
        name, "of batch and steps, as many, the input's come back exchanged", named="transposed misplaced", only="T = N"
    )
    def _(call: Call) -> Gradients:
        grad = call.right["input"]
        due = call["batch_first"] and grad.ndim == 3 and grad.shape[0] == grad.shape[1]
        return call.but(input=grad.swapaxes(0, 1).copy()) if due else call.right

    @mutant(name, "with a single step nothing reaches the weights between steps", named="zero", only="T 1, h_0")
    def _(call: Call) -> Gradients:
        due = steps(call) == 1
        return call.but(**{n: 0 * g for n, g in call.right.items() if due and n.startswith("weight_hh")})
