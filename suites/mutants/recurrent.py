"""Recurrent layers: gates, states, and the way back through time."""

import numpy as np

from . import Call, Gradients, mutant

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def steps(call: Call) -> int:
    """How many there are."""
    return call["input"].shape[1 if call["batch_first"] and call["input"].ndim == 3 else 0]


for name, gates in GATES.items():

    @mutant(name, "one of the biases is forgotten", named="zero")
    def _(call: Call) -> Gradients:
        return call.but(**{n: 0 * g for n, g in call.right.items() if n.startswith("bias_hh")})

    @mutant(name, "the initial state has no gradient", named="zero", only="h_0 given")
    def _(call: Call) -> Gradients:
        return call.but(**{n: 0 * g for n, g in call.right.items() if n == "h_0"})

    @mutant(name, "the weight between steps is overwritten, not accumulated", named="zero ratio", only="T > 1")
    def _(call: Call) -> Gradients:
        grads = call.right
        return call.but(**{n: g / 2 for n, g in grads.items() if n.startswith("weight_hh") and steps(call) > 1})

    @mutant(name, "the second layer goes back into the first with the wrong sign", named="opposite", only="two layers")
    def _(call: Call) -> Gradients:
        return call.but(input=-call.right["input"]) if call["num_layers"] > 1 else call.right

    @mutant(name, "the way from behind is reversed in time", named="flipped misplaced", only="bidirectional")
    def _(call: Call) -> Gradients:
        axis = 1 if call["batch_first"] and call["input"].ndim == 3 else 0
        return call.but(input=np.flip(call.right["input"], axis)) if call["bidirectional"] else call.right

    if gates > 1:

        @mutant(name, "the gates are in another order", named="permuted shifted misplaced")
        def _(call: Call, gates: int = gates) -> Gradients:
            blocks = {n: np.split(g, gates) for n, g in call.right.items() if n.startswith("weight_ih")}
            return call.but(**{n: np.concatenate([*b[1:], b[0]]) for n, b in blocks.items()})


@mutant("lstm", "the gradient that comes into the last cell state is dropped", named="one_output")
def _(call: Call) -> Gradients:
    output, state, cell = call.cotangents
    return call.pullback(output, state, np.zeros_like(cell))


for name in ("lstm_cell", "gru_cell", "rnn_cell"):

    @mutant(name, "without a state the weight between steps has a gradient", named="offset constant", only="no h_0")
    def _(call: Call) -> Gradients:
        return call.but(weight_hh=call.right["weight_hh"] + 1) if call["h_0"] is None else call.right

    @mutant(name, "the state's gradient is that of the input", named="swapped", only="as many inputs as states")
    def _(call: Call) -> Gradients:
        same = call["h_0"] is not None and call["h_0"].shape == call["input"].shape
        return call.but(h_0=call.right["input"].copy()) if same else call.right
