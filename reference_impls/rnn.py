"""Recurrent layers: the walk over time that all of them share, and the plain cell (LSTM and GRU have their own files).

A cell is a step: from what the input and the hidden state send to its gates, and the state before, to the new state,

    step(x_gates, h_gates, *state) -> new state, pullback

with state (h), or (h, c) for the LSTM. Its pullback takes a cotangent for each part of the new state and returns
d_x_gates, d_h_gates, and for each part of the state before what reaches it other than through h_gates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ._array import Array, Gradients, Pullback, Shape, check, check_floating, check_integer
from ._parameters import Parameters, check_dropout, check_parameters, given
from .dropout import dropout as drop

__all__ = ["rnn_cell", "rnn_relu", "rnn_tanh"]

State = tuple[Array, ...]
Stepped = tuple[State, Callable[..., tuple[Any, ...]]]

_KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


class RNNOutput(NamedTuple):
    """The hidden states of the last layer at all times, and those of all layers after the last step."""

    output: Array
    h_n: Array


def rnn_tanh(
    input: Array,
    h_0: Array | None = None,
    *,
    num_layers: int = 1,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    lengths: Array | None = None,
    dropout_mask: Array | None = None,
    **parameters: Array | None,
) -> tuple[RNNOutput, Pullback]:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh) at each step.  Elman 1990, doi:10.1207/s15516709cog1402_1.

    input (T, N, I), or (N, T, I) if batch_first, or (T, I); h_0 (S, N, H) with S = layers × directions
    -> output as input, with directions × H for I; h_n (S, N, H)

    Parameters: weight_ih_l0 (H, I), weight_hh_l0 (H, H), bias_ih_l0 (H), bias_hh_l0 (H), weight_ih_l0_reverse …,
    weight_ih_l1 (H, directions × H) …. Without biases they are left out. `lengths` (N) says where sequences end, as
    packing does; `dropout_mask` (layers - 1, *output) is True where an entry passes to the next layer.
    """
    options = _Options(num_layers, batch_first, dropout, bidirectional, lengths, dropout_mask)
    outputs, pullback = _recurrent(_tanh_step, 1, input, {"h_0": h_0}, options, parameters)
    return RNNOutput(*outputs), pullback


def rnn_relu(
    input: Array,
    h_0: Array | None = None,
    *,
    num_layers: int = 1,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    lengths: Array | None = None,
    dropout_mask: Array | None = None,
    **parameters: Array | None,
) -> tuple[RNNOutput, Pullback]:
    """h' = max(W_ih x + b_ih + W_hh h + b_hh, 0) at each step.

    As rnn_tanh.
    """
    options = _Options(num_layers, batch_first, dropout, bidirectional, lengths, dropout_mask)
    outputs, pullback = _recurrent(_relu_step, 1, input, {"h_0": h_0}, options, parameters)
    return RNNOutput(*outputs), pullback


def rnn_cell(
    input: Array,
    h_0: Array | None = None,
    *,
    nonlinearity: str = "tanh",
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
) -> tuple[Array, Pullback]:
    """One step of rnn_tanh or rnn_relu.

    input (*batch, I), h_0 (*batch, H), weight_ih (H, I), weight_hh (H, H), biases (H) -> h_1 (*batch, H)
    """
    check(nonlinearity in ("tanh", "relu"), "nonlinearity", repr(nonlinearity), "'tanh' or 'relu'")
    step = _tanh_step if nonlinearity == "tanh" else _relu_step
    parameters = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}
    (h_1,), pullback = _cell(step, 1, input, {"h_0": h_0}, parameters)
    return h_1, pullback


def _tanh_step(x_gates: Array, h_gates: Array, _: Array) -> Stepped:
    h = np.tanh(x_gates + h_gates)

    def tanh_step_pullback(d_h: Array) -> tuple[Any, ...]:
        d_sum = d_h * (1 - h * h)
        return d_sum, d_sum, 0

    return (h,), tanh_step_pullback


def _relu_step(x_gates: Array, h_gates: Array, _: Array) -> Stepped:
    h = np.maximum(x_gates + h_gates, 0)

    def relu_step_pullback(d_h: Array) -> tuple[Any, ...]:
        d_sum = d_h * (np.real(h) > 0)
        return d_sum, d_sum, 0

    return (h,), relu_step_pullback


def _scan(
    step: Callable[..., Stepped],
    input: Array,
    state: State,
    parameters: Parameters,
    active: Array | None = None,
    input_grad: bool = True,
) -> tuple[Array, State, Callable[..., tuple[Any, State, Gradients]]]:
    """One layer in one direction. A sequence keeps its state at the steps at which it is not `active`.

    input (T, *batch, I), state (*batch, H) each, active (T, N, 1) -> output (T, *batch, H), state after T steps

    The pullback's d_input is None without `input_grad`.
    """
    weight_hh, weight_hr = parameters["weight_hh"], parameters.get("weight_hr")
    # What the input sends to the gates waits for no step before: one product for all of them.
    rows = input.reshape(-1, input.shape[-1])
    x_gates = rows @ parameters["weight_ih"].T
    x_gates += parameters.get("bias_ih", 0)
    before, hiddens, step_pullbacks, output = [], [], [], []
    for t, x in enumerate(x_gates.reshape(*input.shape[:-1], len(weight_hh))):
        before.append(state[0])
        h_gates = state[0] @ weight_hh.T + parameters.get("bias_hh", 0)
        (hidden, *cell), step_pullback = step(x, h_gates, *state)
        new = (hidden if weight_hr is None else hidden @ weight_hr.T, *cell)
        state = new if active is None else tuple(np.where(active[t], a, b) for a, b in zip(new, state, strict=True))
        hiddens.append(hidden)
        step_pullbacks.append(step_pullback)
        output.append(state[0])

    def scan_pullback(d_output: Array, *d_state: Array) -> tuple[Any, State, Gradients]:
        d_h_news, d_x_gates, d_h_gates = [], [], []
        for t in reversed(range(len(step_pullbacks))):
            # A state is used twice: it is the output of its step, and the next step starts from it.
            d_new, d_kept = [d_state[0] + d_output[t], *d_state[1:]], [0] * len(d_state)
            if active is not None:
                d_kept = [np.where(active[t], 0, d) for d in d_new]
                d_new = [np.where(active[t], d, 0) for d in d_new]
            d_h_news.append(d_new[0])
            if weight_hr is not None:
                d_new[0] = d_new[0] @ weight_hr
            d_x, d_h, *d_direct = step_pullbacks[t](*d_new)
            d_x_gates.append(d_x)
            d_h_gates.append(d_h)
            d_direct[0] = d_direct[0] + d_h @ weight_hh
            d_state = tuple(a + b for a, b in zip(d_direct, d_kept, strict=True))
        # Every step used the same weights, so their gradients add up over time: again one product for all steps.
        d_x_rows = _rows(d_x_gates[::-1])
        # All cells but the GRU add up what the two send to the gates: then both have one gradient.
        d_h_rows = d_x_rows if d_x_gates[0] is d_h_gates[0] else _rows(d_h_gates[::-1])
        grads = {"weight_ih": d_x_rows.T @ rows, "weight_hh": d_h_rows.T @ _rows(before)}
        if "bias_hh" in parameters:
            grads |= {"bias_ih": d_x_rows.sum(0), "bias_hh": d_h_rows.sum(0)}
        if weight_hr is not None:
            grads["weight_hr"] = _rows(d_h_news[::-1]).T @ _rows(hiddens)
        d_input = (d_x_rows @ parameters["weight_ih"]).reshape(input.shape) if input_grad else None
        return d_input, d_state, grads

    return np.stack(output), state, scan_pullback


def _rows(steps: list[Array]) -> Array:
    """All samples of all steps below each other."""
    return np.stack(steps).reshape(-1, steps[0].shape[-1])


class _Options(NamedTuple):
    """The options that all recurrent layers of torch have; and whether anybody wants the input's gradient."""

    num_layers: int
    batch_first: bool
    dropout: float
    bidirectional: bool
    lengths: Array | None
    dropout_mask: Array | None
    input_grad: bool = True


def _recurrent(
    step: Callable[..., Stepped],
    gates: int,
    input: Array,
    initial: dict[str, Array | None],
    options: _Options,
    parameters: dict[str, Array | None],
) -> tuple[list[Array], Pullback]:
    """Layers on top of each other, each in one or both directions -> the last one's output, and the last states."""
    num_layers, batch_first, dropout, bidirectional, lengths, dropout_mask, input_grad = options
    check(num_layers >= 1, "num_layers", num_layers, "at least 1")
    turns = {"": slice(None), "_reverse": slice(None, None, -1)} if bidirectional else {"": slice(None)}
    layers = [{f"_l{depth}{way}": turn for way, turn in turns.items()} for depth in range(num_layers)]
    weights = given(parameters)
    check_floating(input=input, **initial, **weights)
    check(input.ndim in (2, 3), "input.ndim", input.ndim, "3, or 2 for a single sequence")
    time_axis = 1 if batch_first and input.ndim == 3 else 0
    sequence = np.moveaxis(input, time_axis, 0)
    check(len(sequence) > 0, "input.shape", input.shape, "of at least one step")
    sizes = _check_sizes(weights, gates, [list(layer) for layer in layers], input.shape[-1])
    lead = (num_layers * len(turns), *sequence.shape[1:-1])
    states = _initial_states(initial, sizes, lead, input.dtype)
    _check_options(options, sequence.shape[:-1], (*input.shape[:-1], len(turns) * sizes[0]))
    active = None if lengths is None else np.arange(len(sequence))[:, None, None] < lengths[:, None]
    last, scan_pullbacks, dropout_pullbacks = [], [], []
    for depth, layer in enumerate(layers):
        if depth and dropout:
            mask = None if dropout_mask is None else np.moveaxis(dropout_mask[depth - 1], time_axis, 0)
            sequence, dropout_pullback = drop(sequence, dropout, mask=mask)
            dropout_pullbacks.append(dropout_pullback)
        outputs = []
        for suffix, turn in layer.items():
            own = {kind: weights[kind + suffix] for kind in _KINDS if kind + suffix in weights}
            state = tuple(array[len(last)] for array in states)
            now_active = None if active is None else active[turn]
            scanned = _scan(step, sequence[turn], state, own, now_active, bool(depth) or input_grad)
            outputs.append(scanned[0][turn])
            last.append(scanned[1])
            scan_pullbacks.append(scanned[2])
        sequence = np.concatenate(outputs, axis=-1)
    output = sequence if active is None else np.where(active, sequence, 0)

    def recurrent_pullback(d_output: Array, *d_last: Array) -> Gradients:
        grads, d_first = {}, []
        d_sequence = np.moveaxis(d_output, time_axis, 0)
        if active is not None:
            d_sequence = np.where(active, d_sequence, 0)
        for depth, layer in reversed(list(enumerate(layers))):
            d_outputs = np.split(d_sequence, len(layer), axis=-1)
            d_inputs, d_states = [], []
            for way, (suffix, turn) in enumerate(layer.items()):
                position = depth * len(layer) + way
                d_way, d_state, d_own = scan_pullbacks[position](d_outputs[way][turn], *(d[position] for d in d_last))
                d_inputs += [d_way[turn]] if depth or input_grad else []
                d_states.append(d_state)
                grads |= {kind + suffix: grad for kind, grad in d_own.items()}
            d_first = d_states + d_first
            d_sequence = sum(d_inputs[1:], *d_inputs[:1])
            if depth and dropout:
                d_sequence = dropout_pullbacks[depth - 1](d_sequence)["input"]
        if input_grad:
            grads["input"] = np.moveaxis(d_sequence, 0, time_axis)
        for name, d_states in zip(initial, zip(*d_first, strict=True), strict=True):
            if initial[name] is not None:
                grads[name] = np.stack(d_states)
        return grads

    return [np.moveaxis(output, 0, time_axis), *map(np.stack, zip(*last, strict=True))], recurrent_pullback


def _cell(
    step: Callable[..., Stepped],
    gates: int,
    input: Array,
    initial: dict[str, Array | None],
    parameters: dict[str, Array | None],
) -> tuple[State, Pullback]:
    """A walk of a single step."""
    weights = given(parameters)
    check_floating(input=input, **initial, **weights)
    check(input.ndim in (1, 2), "input.ndim", input.ndim, "2, or 1 for a single sample")
    sizes = _check_sizes(weights, gates, [[""]], input.shape[-1])
    state = tuple(_initial_states(initial, sizes, input.shape[:-1], input.dtype))
    _, new, scan_pullback = _scan(step, input[None], state, weights)

    def cell_pullback(*d_new: Array) -> Gradients:
        d_input, d_state, grads = scan_pullback([0], *d_new)
        grads |= {name: d for name, d in zip(initial, d_state, strict=True) if initial[name] is not None}
        return {"input": d_input[0], **grads}

    return new, cell_pullback


def _check_sizes(weights: Parameters, gates: int, layers: list[list[str]], input_size: int) -> tuple[int, int]:
    """Refuse parameters that are missing, superfluous or of another shape.  -> sizes of the hidden and cell state"""
    first = layers[0][0]
    check(f"weight_hh{first}" in weights, f"weight_hh{first}", "missing", "given")
    shape, projects = weights[f"weight_hh{first}"].shape, gates == 4 and f"weight_hr{first}" in weights
    check(len(shape) == 2, f"weight_hh{first}.ndim", len(shape), "2")
    (rows, size), cell_size = shape, shape[0] // gates
    fits = rows == gates * cell_size and (0 < size < cell_size if projects else 0 < size == cell_size)
    wanted = "(4H, P) with P < H" if projects else f"({gates}H, H)" if gates > 1 else "(H, H)"
    check(fits, f"weight_hh{first}.shape", shape, wanted)
    shapes: dict[str, Shape] = {}
    for depth, suffixes in enumerate(layers):
        for suffix in suffixes:
            shapes[f"weight_ih{suffix}"] = (rows, size * len(suffixes) if depth else input_size)
            shapes[f"weight_hh{suffix}"] = (rows, size)
            if f"bias_ih{first}" in weights or f"bias_hh{first}" in weights:
                shapes[f"bias_ih{suffix}"] = shapes[f"bias_hh{suffix}"] = (rows,)
            if projects:
                shapes[f"weight_hr{suffix}"] = (size, cell_size)
    check_parameters(weights, shapes)
    return size, cell_size


def _initial_states(
    initial: dict[str, Array | None], sizes: tuple[int, int], lead: Shape, dtype: np.dtype[Any]
) -> list[Array]:
    """The given initial states, or zeros."""
    states = []
    for (name, array), size in zip(initial.items(), sizes, strict=False):
        some = any(other is not None for other in initial.values())
        check((array is not None) == some, name, "None", f"given, as one of {', '.join(initial)} is")
        shape = (*lead, size)
        state = np.zeros(shape, dtype) if array is None else array
        check(state.shape == shape, f"{name}.shape", state.shape, f"{shape}")
        states.append(state)
    return states


def _check_options(options: _Options, steps: Shape, output_shape: Shape) -> None:
    """Refuse lengths and masks that do not fit: steps (T, *batch)."""
    lengths = options.lengths
    if lengths is not None:
        check_integer(lengths=lengths)
        check(len(steps) == 2, "lengths", "given", "None, since input is a single sequence")
        check(lengths.shape == steps[1:], "lengths.shape", lengths.shape, f"{steps[1:]}, the batch of input")
        fits = bool(np.all((lengths > 0) & (lengths <= steps[0])))
        check(fits, "lengths", lengths.tolist(), f"between 1 and {steps[0]}, the steps of input")
    check_dropout(options.dropout, options.dropout_mask, (options.num_layers - 1, *output_shape))
