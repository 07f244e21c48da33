"""Gated recurrent unit."""

import numpy as np
from torch import nn

import reference_impls as ref

from .rnn import cell_spec, layers_spec

SPECS = [
    layers_spec("gru", ref.gru, nn.GRU, 3, "GRU"),
    cell_spec("gru_cell", ref.gru_cell, nn.GRUCell, 3, "GRUCell"),
]

X = np.zeros((5, 2, 3))
LAYER = {"weight_ih_l0": np.zeros((12, 3)), "weight_hh_l0": np.zeros((12, 4))}
CELL = {"weight_ih": np.zeros((12, 3)), "weight_hh": np.zeros((12, 4))}
REFUSED = [
    ("gru", {"input": X, **LAYER, "weight_hr_l0": np.zeros((2, 4))}, ValueError, "weight_hr_l0 is given"),
    ("gru", {"input": X, **LAYER, "h_0": X[:1]}, ValueError, "h_0.shape is (1, 2, 3), but should be (1, 2, 4)"),
    ("gru", {"input": X, **LAYER, "weight_hh_l0": np.zeros((16, 4))}, ValueError, "weight_hh_l0.shape is (16, 4)"),
    ("gru_cell", {"input": X[0, :, :2], **CELL}, ValueError, "weight_ih.shape is (12, 3), but should be (12, 2)"),
    ("gru_cell", {"input": X[0], **CELL, "h_0": X[0]}, ValueError, "h_0.shape is (2, 3), but should be (2, 4)"),
]
