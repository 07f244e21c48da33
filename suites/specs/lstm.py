"""Long short-term memory."""

import numpy as np
from torch import nn

import reference_impls as ref

from .rnn import cell_spec, layers_spec

SPECS = [
    layers_spec("lstm", ref.lstm, nn.LSTM, 4, "LSTM"),
    cell_spec("lstm_cell", ref.lstm_cell, nn.LSTMCell, 4, "LSTMCell"),
]

X, STATE = np.zeros((5, 2, 3)), np.zeros((1, 2, 4))
LAYER = {"weight_ih_l0": np.zeros((16, 3)), "weight_hh_l0": np.zeros((16, 4))}
CELL = {"weight_ih": np.zeros((16, 3)), "weight_hh": np.zeros((16, 4))}
REFUSED = [
    ("lstm", {"input": X, **LAYER, "h_0": STATE}, ValueError, "c_0 is None, but should be given"),
    ("lstm", {"input": X, **LAYER, "h_0": STATE, "c_0": STATE[0]}, ValueError, "c_0.shape is (2, 4)"),
    ("lstm", {"input": X, **LAYER, "weight_hr_l0": np.zeros((2, 4))}, ValueError, "weight_hh_l0.shape is (16, 4)"),
    (
        "lstm",
        {"input": X, **LAYER, "weight_hh_l0": LAYER["weight_hh_l0"][:15]},
        ValueError,
        "weight_hh_l0.shape is (15, 4)",
    ),
    ("lstm", {"input": X[..., :2], **LAYER}, ValueError, "weight_ih_l0.shape is (16, 3), but should be (16, 2)"),
    ("lstm_cell", {"input": X[0], **CELL, "h_0": STATE[0]}, ValueError, "c_0 is None, but should be given"),
    ("lstm_cell", {"input": X[0], **CELL, "bias_hh": np.zeros(16)}, ValueError, "bias_ih is missing"),
    ("lstm_cell", {"input": X[0].astype(int), **CELL}, TypeError, "input is of dtype int64, but should be floating"),
]
