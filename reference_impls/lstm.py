"""Long short-term memory: a layer, and its cell."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._array import Array, Pullback
from .rnn import Stepped, _cell, _Options, _recurrent

__all__ = ["lstm", "lstm_cell"]


class LSTMOutput(NamedTuple):
    """The hidden states of the last layer at all times, and both states of all layers after the last step."""

    output: Array
    h_n: Array
    c_n: Array


class LSTMState(NamedTuple):
    """Hidden and cell state after one step."""

    h_1: Array
    c_1: Array


def lstm(
    input: Array,
    h_0: Array | None = None,
    c_0: Array | None = None,
    *,
    num_layers: int = 1,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    lengths: Array | None = None,
    dropout_mask: Array | None = None,
    **parameters: Array | None,
) -> tuple[LSTMOutput, Pullback]:
    """A cell c that is kept, added to and read through gates.  Hochreiter & Schmidhuber 1997; Gers et al. 2000.

    As rnn_tanh, with 4H rows (input, forget, cell, output gate) in weight_ih_l0 (4H, I), weight_hh_l0 (4H, H),
    bias_ih_l0 (4H), bias_hh_l0 (4H), …, and c_0, c_n (S, N, H). With weight_hr_l0 (P, H), … the hidden states are
    projected to size P, which then stands for H in all shapes but those of c and of the rows.  Sak et al. 2014.
    """
    options = _Options(num_layers, batch_first, dropout, bidirectional, lengths, dropout_mask)
    outputs, pullback = _recurrent(_lstm_step, 4, input, {"h_0": h_0, "c_0": c_0}, options, parameters)
    return LSTMOutput(*outputs), pullback


def lstm_cell(
    input: Array,
    h_0: Array | None = None,
    c_0: Array | None = None,
    *,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
) -> tuple[LSTMState, Pullback]:
    """One step of lstm.

    input (*batch, I), h_0, c_0 (*batch, H), weight_ih (4H, I), weight_hh (4H, H), biases (4H) -> h_1, c_1 (*batch, H)
    """
    parameters = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}
    state, pullback = _cell(_lstm_step, 4, input, {"h_0": h_0, "c_0": c_0}, parameters)
    return LSTMState(*state), pullback


def _lstm_step(x_gates: Array, h_gates: Array, _: Array, c: Array) -> Stepped:
    gates = (x_gates + h_gates).reshape(*c.shape[:-1], 4, c.shape[-1])
    # One tanh serves all four gates, for sigmoid(x) = tanh(x / 2) / 2 + 1 / 2.
    scale = np.array([0.5, 0.5, 1, 0.5], gates.dtype)[:, None]
    gates *= scale
    _ = np.tanh(gates, out=gates)
    gates *= scale
    gates += 1 - scale
    i, f, g, o = (gates[..., k, :] for k in range(4))
    new_c = f * c + i * g
    squashed = np.tanh(new_c)

    def lstm_step_pullback(d_h: Array, d_new_c: Array) -> tuple[Any, ...]:
        # The cell is read twice: by this step's output, and by the next step. On its way to the step before, its
        # cotangent is only scaled by the forget gate, and passes through no weights.
        d_cell = d_new_c + d_h * o * (1 - squashed * squashed)
        slopes = gates * (1 - gates)
        slopes[..., 2, :] = 1 - g * g
        d_gates = np.stack([d_cell * g, d_cell * c, d_cell * i, d_h * squashed], axis=-2)
        d_gates *= slopes
        d_gates = d_gates.reshape(x_gates.shape)
        return d_gates, d_gates, 0, d_cell * f

    return (o * squashed, new_c), lstm_step_pullback
