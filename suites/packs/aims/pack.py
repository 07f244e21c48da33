"""Nets on torch's autograd alone: layer, MLP, momentum, an adversarial step, an RNN and an LSTM that read characters.

The package `nn` has Layer, Mlp, activations, cross_entropy_loss, Sgd, SgdMomentum, CharRnn and CharLstm, which take the
nets inside them as arguments; adversarial.py has adversarial_step(model, x, z, target, max_perturbation, learning_rate)
and gives back what the net was shown, and the next z.
"""

import math
from functools import partial

import numpy as np
import truth

from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import Choice, Index, Real, Spec

PARAMETERS = {
    "W1": Real("H D"),
    "b1": Real("H"),
    "W2": Real("H H"),
    "b2": Real("H"),
    "W3": Real("C H"),
    "b3": Real("C"),
}
DECODER = {"W_decoder": Real("C H"), "b_decoder": Real("C")}
SIZES = {"C": (2, 4), "H": (1, 3), "M": (1, 3), "T": (2, 4), "K": (1, 1), "N": (1, 4)}


def image(pick):
    """Samples of any shape."""
    pick.put("D", math.prod(pick.shape("pixels", dims=(1, 3), low=1, high=3)))


def seen(pick):
    """A character and the hidden state, one after the other."""
    pick.put("S", pick.size("C", 2, 4) + pick.size("H", 1, 3))


def gates():
    """The weights of an LSTM's five gates: they look at S numbers, and one at the cell."""
    outs = {"forget": "M", "input": "M", "input_select": "M", "output_select": "H", "output": "H"}
    ins = dict.fromkeys(outs, "S") | {"output": "M"}
    weights = {f"W_{name}": Real(f"{outs[name]} {ins[name]}") for name in outs}
    return weights | {f"b_{name}": Real(outs[name]) for name in outs}


def reads(name, step, weights, texts=1):
    def consume(texts, **weights):
        return truth.reading(step, texts, weights)

    arguments = {"texts": Index("K T", "C"), **weights, **DECODER}
    return Spec(name, consume, None, arguments, together=seen, sizes=SIZES | {"K": (texts, texts)})


PIXELS = {"x": Real("N *pixels", grad=False)}
FLAT = Spec("flat", truth.mlp, None, PIXELS | {"W1": Real("C D"), "b1": Real("C")}, together=image, sizes=SIZES)
MLP = Spec("mlp", truth.mlp, None, PIXELS | PARAMETERS, together=image, sizes=SIZES)
COLUMNS = {"x": Real("D N"), "W": Real("O D"), "b": Real("O"), "name": Choice(("sigmoid", "tanh"))}
LAYER = Spec("layer", truth.layer, None, COLUMNS)
LOSS = Spec("loss", truth.loss, None, {"logits": Real("N C"), "targets": Index("N", "C")}, sizes=SIZES)
ENCODER = {"W_encoder": Real("H S"), "b_encoder": Real("H")}
RNN, AGAIN = reads("rnn", truth.rnn_step, ENCODER), reads("rnn_again", truth.rnn_step, ENCODER, texts=2)
LSTM = reads("lstm", truth.lstm_step, gates())


def some(**shapes):
    """Arrays of these shapes."""
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


SLOPES = some(W=(2, 3), b=(2,), dW=(4, 2, 3), db=(4, 2))
ATTACK = some(x=(1, 2, 3), z=(1, 2, 3), W=(4, 6), b=(4,))
ATTACK["z"][0, 1, 2] = -2.0  # the largest is negative
ONE, FOUR = ({"target": 2, "steps": steps, "max_perturbation": 0.1, "learning_rate": 0.5} for steps in (1, 4))
SHOWN = {"x_adv": truth.attack(**ATTACK, **ONE)["x_adv"]}
TWICE = some(x=(4, 2, 3), d_output=(4, 3), W1=(5, 6), b1=(5,), W2=(5, 5), b2=(5,), W3=(3, 5), b3=(3,))
SECOND = truth.mlp(TWICE["x"], **{name: TWICE[name] for name in PARAMETERS})[1](TWICE["d_output"])


def attacked(answer):
    """Whether z is normalised on the way, or in place as in the report, is the same to us."""
    paths = [truth.attack(**ATTACK, **FOUR, in_place=in_place)["z"] for in_place in (False, True)]
    z = answer.get("z", np.zeros(0))
    if z.shape != paths[0].shape:
        return f"the shape of z in {len(paths[0])} steps is {z.shape}, but should be {paths[0].shape}"
    right = max(
        sum(np.cumprod([np.allclose(*pair, 1e-8, 1e-12) for pair in zip(z, one, strict=True)])) for one in paths
    )
    if right == len(z):
        return ""
    got, want = (np.array2string(one[right], precision=6, separator=", ") for one in (z, paths[0]))
    return f"z after step {right + 1} of {len(z)} is {got}, but should be {want}"


REACH = "Does anything on the way cut the graph: detach, .data, item, numpy, a new tensor made of an old one?"
TIME = "The state of one step goes into the next with its graph: the gradient comes back through all of the text."
HINTS = {
    "activation": "Print it for -2, 0 and 2 beside the formula: does it stay below 1, is it even, what is it at 0?",
    "layer.init": "W spreads by the square root of 2 over the inputs, b by bias_std: is that a spread, or a variance?",
    "layer": "Every sample is a column: W times x, plus b in every column, then the activation that was given.",
    "mlp.flat": "With num_hidden_layers=0 there is one layer, from the input to the output, with output_act.",
    "mlp": "Samples of any shape are rows, and columns to a layer; hidden_act between layers, output_act at the end.",
    "mlp.zero_grad": "After zero_grad a backward starts from nothing, for the weights and biases of all layers.",
    "mlp.get_params": "The optimiser moves what get_params gives, and nothing else: is every layer in it, once?",
    "loss": "The log of the softmax of each sample at its target; then minus the mean over the batch.",
    "sgd": "Each parameter itself has to move, against its gradient, by the learning rate.",
    "momentum": "Is the first step that of Sgd? Is the whole gradient added? Has each parameter a velocity of its own?",
    "rnn": "Each character but the last goes in, one-hot beside the hidden state; the next one is the target.",
    "rnn.again": "A second text starts from the initial hidden state, as the first one did.",
    "lstm": "Which gate scales the old cell, which the new input, which the output? Follow one step on paper.",
    "adversarial.shown": "Equation 3: the largest pixel of what is added, up or down, is max_perturbation.",
    "adversarial": "The target's loss has to fall; its gradient by z goes through the normalisation too, and is fresh.",
}


def part(id, target, call, spec, options=None, **worth):
    """A check of the output, and one for the gradient of each argument that is worth something."""
    checks, hint = [], HINTS.get(id) or HINTS["activation"]
    for judged, points in worth.items():
        own = {"id": id} if judged == "output" else {"id": f"{id}.backward.{judged}", "needs": (id,)}
        own["hint"] = hint if judged == "output" else TIME if call == "consume" else REACH
        own |= {"judges": judged, "points": points, "options": options or {}, "file": FILES[id.split(".")[0]]}
        checks.append(Check(**own, target=target, call=call, spec=spec))
    return checks


def fact(id, target, points, call, arguments, options, want, **others):
    """What one call has to give."""
    where = {"file": FILES[id.split(".")[0]], "target": target, "call": call, "hint": HINTS[id]}
    return Trajectory(id, **where, points=points, arguments=arguments, options=options, want=want, **others)


FILES = {name: f"nn/{name}.py" for name in ("activation", "layer", "mlp", "loss", "rnn", "lstm")}
FILES |= {"sgd": "nn/optimiser.py", "momentum": "nn/optimiser.py", "adversarial": "adversarial.py"}
NAMES = ("relu", "sigmoid", "gaussian", "cauchy")
ALONE = {name: Spec(name, partial(truth.activation, act=name), None, {"x": Real("*shape")}) for name in NAMES}
DEEP, NET = {"hidden_layers": 2, "twice": True}, {"inputs": 6, "outputs": 3, "hidden": 5, "hidden_layers": 2}
COUNT = sum(TWICE[name].size for name in PARAMETERS)
START, SPREAD = {"inputs": 500, "outputs": 1000, "bias_std": 0.3}, {"W": np.sqrt(2 / 500), "b": 0.3}
PLAIN = {"kind": "Sgd", "learning_rate": 0.1}
HEAVY = {"kind": "SgdMomentum", "learning_rate": 0.1, "momentum": 0.8}
RNN_, LSTM_ = ("CharRnn.consume", "consume"), ("CharLstm.consume", "consume")
CHECKS = [
    *(c for n in ALONE for c in part(f"activation.{n}", n, "activation", ALONE[n], {"name": n}, output=0.125, x=0.125)),
    fact("layer.init", "Layer.__init__", 0.25, "init", {}, START, SPREAD, tolerance=0.1),
    *part("layer", "Layer.forward", "layer", LAYER, output=0.5, W=0.25, b=0.25, x=0.25),
    *part("mlp.flat", "Mlp.forward", "mlp", FLAT, {"hidden_layers": 0}, output=0.25),
    *part("mlp", "Mlp.forward", "mlp", MLP, {"hidden_layers": 2}, output=0.5, W1=0.25, b1=0.25, W3=0.25),
    fact("mlp.zero_grad", "Mlp.zero_grad", 0.25, "mlp", TWICE, DEEP, SECOND, needs=("mlp",)),
    fact("mlp.get_params", "Mlp.get_params", 0.25, "count", {}, NET, {"count": COUNT}),
    *part("loss", "cross_entropy_loss", "loss", LOSS, output=0.5, logits=0.25),
    fact("sgd", "Sgd.step", 0.25, "optimiser", SLOPES, PLAIN, truth.steps(**SLOPES, **PLAIN)),
    fact("momentum", "SgdMomentum.step", 1.0, "optimiser", SLOPES, HEAVY, truth.steps(**SLOPES, **HEAVY)),
    *part("rnn", *RNN_, RNN, {"kind": "CharRnn"}, output=0.5, W_encoder=0.5, W_decoder=0.25),
    *part("rnn.again", *RNN_, AGAIN, {"kind": "CharRnn"}, output=0.25),
    *part("lstm", *LSTM_, LSTM, {"kind": "CharLstm"}, output=0.5, W_forget=0.25, W_input=0.25, W_output=0.25),
    fact("adversarial.shown", "adversarial_step", 0.25, "adversarial", ATTACK, ONE, SHOWN),
    fact("adversarial", "adversarial_step", 0.5, "adversarial", ATTACK, FOUR, {}, judge=attacked),
]
PACK = Pack(
    name="aims",
    title="Nets on torch's autograd: MLP, momentum, adversarial step, RNN, LSTM",
    files=tuple(dict.fromkeys(FILES.values())),
    checks=tuple(CHECKS),
    torch=True,
    cases=20,
)
