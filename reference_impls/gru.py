"""Gated recurrent unit: a layer, and its cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._array import Array, Pullback, sigmoid
from .rnn import RNNOutput, Stepped, _cell, _Options, _recurrent

__all__ = ["gru", "gru_cell"]


def gru(
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
    """A hidden state that moves towards a new one as far as the update gate lets it.  Cho et al. 2014, arXiv:1406.1078.

    As rnn_tanh, with 3H rows (reset, update, new gate) in weight_ih_l0 (3H, I), weight_hh_l0 (3H, H),
    bias_ih_l0 (3H), bias_hh_l0 (3H), ….
    """
    options = _Options(num_layers, batch_first, dropout, bidirectional, lengths, dropout_mask)
    outputs, pullback = _recurrent(_gru_step, 3, input, {"h_0": h_0}, options, parameters)
    return RNNOutput(*outputs), pullback


def gru_cell(
    input: Array,
    h_0: Array | None = None,
    *,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
) -> tuple[Array, Pullback]:
    """One step of gru.

    input (*batch, I), h_0 (*batch, H), weight_ih (3H, I), weight_hh (3H, H), biases (3H) -> h_1 (*batch, H)
    """
    parameters = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}
    (h_1,), pullback = _cell(_gru_step, 3, input, {"h_0": h_0}, parameters)
    return h_1, pullback


def _gru_step(x_gates: Array, h_gates: Array, h: Array) -> Stepped:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = (
        [gates[..., k * h.shape[-1] : (k + 1) * h.shape[-1]] for k in range(3)] for gates in (x_gates, h_gates)
    )
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)  # torch resets after the product with weight_hh, the paper before it

    def gru_step_pullback(d_new: Array) -> tuple[Any, ...]:
        d_n = d_new * (1 - z) * (1 - n * n)
        d_z = d_new * (h - n) * z * (1 - z)
        d_r = d_n * h_n * r * (1 - r)
        # Input and hidden state reach the gates alike, but for the new gate: there the hidden state is scaled by r.
        d_x_gates = np.concatenate([d_r, d_z, d_n], axis=-1)
        d_h_gates = np.concatenate([d_r, d_z, d_n * r], axis=-1)
        return d_x_gates, d_h_gates, d_new * z

    return ((1 - z) * n + z * h,), gru_step_pullback
