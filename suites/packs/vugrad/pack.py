"""A package that walks back through a graph: ops, functions, modules, and the scripts that train (from 2021 on).

What the course leaves open has these names here: a class ReLU and a function relu, in vugrad/ or in a script; and the
scripts of the experiments, which take -b, -e and -l as the one that is given: train_mlp.py, train_mlp_relu.py,
train_mlp_3layers.py, train_mlp_momentum.py. For the engine of 2020: vugrad-2020.
"""

from functools import partial

import numpy as np
import reference
import training

import reference_impls as ref
from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import Choice, Filled, Index, Pick, Real, Spec

CORE, OPS, FUNCTIONS, MODULES = (f"vugrad/{name}.py" for name in ("core", "ops", "functions", "modules"))
SCRIPT, RELU, THREE, MOMENTUM = (f"experiments/train_mlp{name}.py" for name in ("", "_relu", "_3layers", "_momentum"))


def at_one(pick: Pick) -> None:
    """An axis of size 1."""
    shape = pick.shape("shape", dims=(1, 3), low=1)
    dim = pick.option("dim", range(len(shape)))
    pick.put("shape", (*shape[:dim], 1, *shape[dim + 1 :]))


def between(pick: Pick) -> None:
    """A place for one more axis."""
    _ = pick.option("dim", range(len(pick.shape("shape", dims=(0, 2), low=1)) + 1))


def net(pick: Pick) -> None:
    """A hidden layer some times as wide as the input."""
    pick.put("H", pick.size("I", 1, 3) * pick.size("times", 1, 4))


ONE, TWO, MATRIX = {"x": Real("*shape")}, {"a": Real("*shape"), "b": Real("*shape")}, {"x": Real("N D")}
SHARES = {"x": Filled("N D", lambda rng, shape, _: 0.05 + 0.9 * rng.uniform(shape), grad=True)}
AXIS = {**ONE, "dim": Choice((0,))}
MANY = {"N": (2, 5), "D": (1, 4)}  # of a single row Select makes a scalar, in the code that is given: loss.one_row
NO_TIES = dict.fromkeys(("ties", "zeros"), "where two are largest, either may take the gradient, or both")
LINEAR = Spec("Linear", reference.linear, None, {"x": Real("N I"), "weight": Real("O I"), "bias": Real("O")})
MLP = Spec(
    "MLP",
    reference.mlp,
    None,
    arguments={
        "X": Real("N I", grad=False),
        "W1": Real("H I"),
        "b1": Real("H"),
        "W2": Real("C H"),
        "b2": Real("C"),
    },
    together=net,
    sizes={"C": (2, 4), "N": (1, 4)},
)
UPSTREAM = "Multiply what comes from above by the slope; it is an argument, and 1 only at the end of the graph."
HINTS = {
    "ReLU": "What should a negative entry become?",
    "ReLU.backward.x": "The slope at an entry of x is 1 or 0. " + UPSTREAM,
    "relu": "Wrap the op, as sigmoid does: a node goes in, and a node comes out.",
    "celoss": "Minus the logarithm of what the target's class was given, added up over the batch: no mean.",
    "linear": "Every row goes through the matrix, and the bias is expanded to every row.",
    "linear.backward": "A value that is taken out of its node leaves the graph: nothing comes back to it.",
    "mlp": "Linear, sigmoid, linear, and the (log-)softmax of each row.",
    "chain": "Gradients add up in .grad until zero_grad, and clear leaves the leaves as they were.",
    "diamond": "Walk on from a node only when all that use it have been there: else its gradient is counted twice.",
    "start": "Glorot: a standard deviation of sqrt(2 / (inputs + outputs)); and the bias starts at zero.",
    "train": "For each batch: the loss, backward, a step for every parameter, zero_grad, clear.",
    "momentum": "Keep a velocity for each parameter: a part of the one before, and the gradient's step; add it.",
    "one_row": "Only a note: Select is given with the task, and squeezes too much. Squeeze the axis that you mean.",
}


def op(name, right, arguments, file=OPS, worth=0.125, **spec):
    """An op: its forward, and the gradient of each input."""
    drawn = Spec(name, right, None, arguments, **spec)
    of = partial(Check, file=file, points=worth, call=name, spec=drawn)
    yield of(name, target=f"{name}.forward", hint=HINTS.get(name, ""))
    for key, one in arguments.items():
        if getattr(one, "grad", False):
            id = f"{name}.backward.{key}"
            yield of(id, target=f"{name}.backward", judges=key, needs=(name,), hint=HINTS.get(id, UPSTREAM))


def function(name, right, arguments, worth=0.125, hint="", **spec):
    """A function of nodes: its value, and the gradient that arrives at its input."""
    drawn = Spec(name, right, None, arguments, **spec)
    of = partial(Check, file=FUNCTIONS, target=name, points=worth, call=name, spec=drawn, hint=hint)
    yield of(name)
    yield of(f"{name}.backward.x", judges="x", needs=(name,))


def module(name, spec, file, target, worth, backward):
    """A module: its output, and the gradients of what it is made of."""
    of = partial(Check, file=file, target=target, points=worth, call=name, spec=spec)
    yield of(f"{name}.forward", hint=HINTS[name])
    for key, one in spec.arguments.items():
        if getattr(one, "grad", False):
            yield of(f"{name}.backward.{key}", judges=key, needs=(f"{name}.forward",), hint=backward)


def script(id, file, points, hint=HINTS["train"], activation=ref.sigmoid, **judged):
    """A script, step by step."""
    options = {"script": file, "rate": training.RATE, "batch": training.BATCH, "epochs": training.EPOCHS}
    judge = partial(training.judged, activation=activation, **judged)
    about = {"target": "the loop of the script", "call": "train", "arguments": training.data(), "options": options}
    return Trajectory(f"train.{id}", file=file, points=points, judge=judge, hint=hint, **about)


def begun(answer, spreads=((2 / 400) ** 0.5, (2 / 300) ** 0.5, (1 / 300) ** 0.5)):
    """What is wrong with a layer of 300 inputs and 100 outputs that nobody has used: Glorot, He and LeCun are right."""
    if answer["weight"].shape != (100, 300) or answer["bias"].shape != (1, 100):
        return f"the shapes are {answer['weight'].shape}, {answer['bias'].shape}, but should be (100, 300), (1, 100)"
    if answer["count"] != 2:
        return f"parameters() of a linear layer has {answer['count']} nodes, but should have 2"
    if abs(answer["bias"]).max() > 0.1:
        return "the bias does not start at zero, but should"
    spread = float(answer["weight"].std())
    if min(abs(spread / asked - 1) for asked in spreads) > 0.03:
        return f"the weights have the standard deviation {spread:.3g}, but should have {spreads[0]:.3g}"
    return "" if abs(answer["weight"].mean()) < 0.05 * spread else "the mean of the weights is not zero, but should be"


RNG = np.random.default_rng(0)
POINTS = {"x": RNG.normal(size=(3, 2)), "w": RNG.normal(size=(3, 2))}
in_graph = partial(Trajectory, file=CORE, target="TensorNode.backward", points=0.5)

PACK = Pack(
    "vugrad",
    title="vugrad: ops, functions, modules, training",
    cases=20,  # for each of 26 specs
    files=(CORE, OPS, FUNCTIONS, MODULES, SCRIPT, RELU, THREE, MOMENTUM),
    checks=(
        *op("Add", reference.add, TWO, CORE),
        *op("Sub", reference.sub, TWO, CORE),
        *op("Multiply", reference.multiply, TWO, CORE),
        *op("MatrixMultiply", reference.matrix_multiply, {"a": Real("N D"), "b": Real("D M")}, CORE),
        *op("Log", reference.log, {"x": Real("*shape", low=0.0)}),
        *op("Id", reference.identity, ONE),
        *op("Exp", reference.exp, ONE),
        *op("Sum", reference.total, ONE),
        *op("RowMax", reference.row_max, MATRIX, avoid=NO_TIES),
        *op("RowSum", reference.row_sum, MATRIX),
        *op("Normalize", reference.normalize, SHARES),
        *op("BatchMM", reference.batch_mm, {"matrix": Real("O I"), "vectors": Real("N I")}),
        *op("Sigmoid", reference.entrywise(ref.sigmoid), ONE),
        *op("Expand", reference.expand, {**AXIS, "repeats": Choice((3, 1, 5))}, together=at_one),
        *op("Select", reference.select, {**MATRIX, "indices": Index("N", below="D")}, sizes=MANY),
        *op("Squeeze", reference.squeeze, AXIS, together=at_one),
        *op("Unsqueeze", reference.unsqueeze, AXIS, together=between),
        *op("ReLU", reference.entrywise(ref.relu), ONE, worth=0.5),
        *function("sigmoid", reference.entrywise(ref.sigmoid), ONE),
        *function("relu", reference.entrywise(ref.relu), ONE, 0.25, HINTS["relu"]),
        *function("softmax", reference.entrywise(partial(ref.softmax, dim=1)), MATRIX),
        *function("logsoftmax", reference.entrywise(partial(ref.log_softmax, dim=1)), MATRIX),
        *function("celoss", reference.celoss, {**SHARES, "targets": Index("N", "D")}, hint=HINTS["celoss"], sizes=MANY),
        *function(
            "logceloss", reference.logceloss, {**MATRIX, "targets": Index("N", "D")}, hint=HINTS["celoss"], sizes=MANY
        ),
        *module("linear", LINEAR, MODULES, "Linear.forward", 0.25, HINTS["linear.backward"]),
        Trajectory(
            "linear.start",
            file=MODULES,
            target="Linear.__init__",
            points=0.625,
            call="start",
            options={"inputs": 300, "outputs": 100},
            judge=begun,
            hint=HINTS["start"],
        ),
        in_graph("graph.chain", call="chain", arguments=POINTS, want=reference.chain, hint=HINTS["chain"]),
        in_graph(
            "graph.diamond",
            call="diamond",
            arguments={"x": POINTS["x"]},
            want=reference.diamond,
            hint=HINTS["diamond"],
        ),
        *module("mlp", MLP, SCRIPT, "MLP.forward", 0.25, HINTS["linear.backward"]),
        script("sigmoid", SCRIPT, 1.0),
        script("relu", RELU, 1.0, activation=ref.relu),
        script("three_layers", THREE, 1.0, layers=3),
        script("momentum", MOMENTUM, 1.5, HINTS["momentum"], momentum=True),
        Trajectory(
            "loss.one_row",
            file=FUNCTIONS,
            target="celoss",
            points=0.0,
            call="alone",
            want={"output": np.array(-np.log(0.75)), "x": np.array([[0.0, -1 / 0.75]])},
            hint=HINTS["one_row"],
        ),
    ),
)
