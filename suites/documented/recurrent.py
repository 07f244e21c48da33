"""`nn.RNN(10, 20, 2)` on `torch.randn(5, 3, 10)`, and so on, shrunk; the cells in a loop of their own."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from . import Array, Example, draws, example, parameters

randn, _, _ = draws(29)
STEPS, BATCH, SIZE, HIDDEN = 5, 3, 4, 3
INPUT, LENGTHS = randn(STEPS, BATCH, SIZE), np.array([5, 2, 3])
LAYERS = {"rnn_tanh": nn.RNN, "rnn_relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
CELLS = {"rnn_cell": nn.RNNCell, "gru_cell": nn.GRUCell, "lstm_cell": nn.LSTMCell}


def states(name: str, *shape: int) -> dict[str, Array]:
    """h_0, and for an LSTM c_0."""
    return {"h_0": randn(*shape)} | ({"c_0": randn(*shape)} if name.startswith("lstm") else {})


def layers(
    name: str, input: Array = INPUT, *, start: bool = False, lengths: Array | None = None, **options: Any
) -> Example:
    """A stack of layers; torch's module says which parameters there are."""
    own = {"nonlinearity": "relu"} if name == "rnn_relu" else {}
    module = LAYERS[name](SIZE, HIDDEN, **own, **options, dtype=torch.float64)
    weights = parameters(module, 31)
    first = {}
    if start:
        ways = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
        first = states(name, ways, *([BATCH] if input.ndim == 3 else []), HIDDEN)

    def call(input: torch.Tensor, h_0: Any = None, c_0: Any = None, lengths: Any = None, **rest: Any) -> Any:
        values = {key: rest[key] for key in weights}
        state = (h_0, c_0) if c_0 is not None else h_0
        by_batch = options.get("batch_first", False)
        if lengths is None:
            output, last = functional_call(module, values, (input, state))
        else:
            packed = pack_padded_sequence(input, lengths, by_batch, enforce_sorted=False)
            packed, last = functional_call(module, values, (packed, state))
            output, _ = pad_packed_sequence(packed, by_batch, total_length=input.shape[int(by_batch)])
        return output, *(last if isinstance(last, tuple) else (last,))

    told = {name: value for name, value in options.items() if name not in ("bias", "proj_size")}
    given = {"lengths": lengths} if lengths is not None else {}
    return example(name, call, input=input, **first, **given, **told, **weights)


def dropping(name: str) -> Example:
    """Two layers with dropout between them: torch draws the mask, the reference is told it."""
    module = LAYERS[name](
        SIZE, HIDDEN, 2, dropout=0.5, dtype=torch.float64, **({"nonlinearity": "relu"} if name == "rnn_relu" else {})
    )
    weights, mask = parameters(module, 37), randn(1, STEPS, BATCH, HIDDEN) > 0

    def call(input: torch.Tensor, dropout_mask: torch.Tensor, **rest: Any) -> Any:
        last = []
        for layer in range(2):
            alone = LAYERS[name](
                input.shape[-1], HIDDEN, dtype=torch.float64, **({"nonlinearity": "relu"} if name == "rnn_relu" else {})
            )
            own = {key.replace(f"_l{layer}", "_l0"): rest[key] for key in weights if key.endswith(f"_l{layer}")}
            input, state = functional_call(alone, own, (input,))
            last.append(state if isinstance(state, tuple) else (state,))
            input = input * dropout_mask[0] / 0.5 if layer == 0 else input
        return input, *(torch.cat(both) for both in zip(*last, strict=True))

    return example(name, call, input=INPUT, num_layers=2, dropout=0.5, dropout_mask=mask, **weights)


def cell(name: str, *, start: bool = False, bias: bool = True, input: Array = INPUT[0], **options: Any) -> Example:
    """One step."""
    module = CELLS[name](SIZE, HIDDEN, bias, **options, dtype=torch.float64)
    weights = parameters(module, 41)
    first = states(name, *input.shape[:-1], HIDDEN) if start else {}

    def call(input: torch.Tensor, h_0: Any = None, c_0: Any = None, nonlinearity: str = "tanh", **values: Any) -> Any:
        del nonlinearity
        state = (h_0, c_0) if c_0 is not None else h_0
        return functional_call(module, values, (input, state))

    return example(name, call, input=input, **first, **options, **weights)


EXAMPLES = [
    *(
        row
        for name in LAYERS
        for row in (
            layers(name),
            layers(name, INPUT[:, 0]),
            layers(name, start=True, num_layers=2),
            layers(name, start=True, bidirectional=True),
            layers(name, INPUT.swapaxes(0, 1), batch_first=True, bias=False),
            layers(name, lengths=LENGTHS, bidirectional=True, num_layers=2),
            dropping(name),
        )
    ),
    layers("lstm", proj_size=2),
    *(
        row
        for name in CELLS
        for row in (
            cell(name),
            cell(name, start=True),
            cell(name, bias=False),
            cell(name, start=True, input=INPUT[0, 0]),
        )
    ),
    cell("rnn_cell", nonlinearity="relu"),
]
