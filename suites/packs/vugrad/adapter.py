"""Calls a vugrad package: ops by themselves, functions and modules through the graph, scripts as they are.

Names are looked for in vugrad/ first and in the scripts then: students put a new op or an MLP into either.
"""

import functools
import importlib
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import numpy as np


@functools.cache
def find(name, kind="class"):
    """The student's class or function of this name, in whichever file; of a class capitals do not matter."""
    root = Path(sys.path[0])
    pattern = rf"(?im)^class +({name})\b" if kind == "class" else rf"(?m)^(?:def +)?({name})\b *[(=]"
    for path in [*sorted(root.glob("vugrad/*.py")), *sorted(root.rglob("*.py"))]:
        if found := re.search(pattern, path.read_text(errors="replace")):
            module = importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
            return getattr(module, found[1])
    raise NotImplementedError(f"no file defines {name}")


def node(value):
    """A leaf of the graph."""
    return find("TensorNode")(value)


def pull(output, d_output):
    """Walk back from a node that is no scalar: what `backward` does once it has put the 1 there."""
    output.grad = d_output
    output.source.backward()


# ------------------------------------------------------------------------------------------------------------- ops


def op(name, inputs, d_output=None, **given):
    """`forward(context, *inputs, **constants)`, and `backward(context, d_output)`."""
    made, context = find(name), {}
    constants = {key: value for key, value in given.items() if key not in inputs}
    output = made.forward(context, *(given[key] for key in inputs), **constants)
    if d_output is None or output is None:
        return {"output": output}
    gradients = made.backward(context, d_output)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    if len(gradients) != len(inputs):
        raise ValueError(f"{name}.backward returns {len(gradients)} gradients, but should return {len(inputs)}")
    return {"output": output, **dict(zip(inputs, gradients, strict=True))}


OF_TWO = dict.fromkeys(("Add", "Sub", "Multiply", "MatrixMultiply"), ("a", "b")) | {"BatchMM": ("matrix", "vectors")}
OF_ONE = ("Log", "Id", "Exp", "Sum", "RowMax", "RowSum", "Normalize", "Sigmoid", "ReLU")
SHAPING = ("Expand", "Select", "Squeeze", "Unsqueeze")
for one, names in (OF_TWO | dict.fromkeys(OF_ONE + SHAPING, ("x",))).items():
    globals()[one] = functools.partial(op, one, names)


# ------------------------------------------------------------------------------------------------------- functions


def function(name, x, *, d_output=None, **constants):
    """`relu(node)`, `celoss(node, targets)`: the value, and the gradient that arrives at the node."""
    leaf = node(x)
    output = find(name, "def")(leaf, *constants.values())
    if output is None:
        raise NotImplementedError(f"{name} returns nothing")
    answer = {"output": output.value}
    if d_output is not None:
        pull(output, d_output)
        answer["x"] = leaf.grad
    return answer


for one in ("relu", "sigmoid", "softmax", "logsoftmax", "celoss", "logceloss"):
    globals()[one] = functools.partial(function, one)


# --------------------------------------------------------------------------------------------------------- modules


def fill(layer, weight, bias):
    """Give a linear layer these parameters."""
    layer.w.value, layer.b.value = weight.copy(), bias.reshape(1, -1).copy()


def linear(x, weight, bias, d_output=None):
    """`Linear(…)(x)`."""
    layer, leaf = find("Linear")(*weight.shape[::-1]), node(x)
    fill(layer, weight, bias)
    output = layer(leaf)
    answer = {"output": output.value}
    if d_output is not None:
        pull(output, d_output)
        answer |= {"x": leaf.grad, "weight": layer.w.grad, "bias": layer.b.grad.reshape(bias.shape)}
    return answer


def start(inputs, outputs):
    """What a fresh linear layer holds."""
    layer = find("Linear")(inputs, outputs)
    return {"weight": layer.w.value, "bias": layer.b.value, "count": len(layer.parameters())}


def layers(module, x):
    """The linear layers of a module in the order in which they are called."""
    linear, called = find("Linear"), []
    forward = linear.forward

    def noted(self, *args):
        called.append(self)
        return forward(self, *args)

    with patch.object(linear, "forward", noted):
        _ = module(node(x))
    return called


def mlp(X, W1, b1, W2, b2, d_output=None):
    """`MLP(…)(X)` as logarithms of probabilities, whichever of the two it returns."""
    made = find("MLP")(X.shape[1], len(W2), len(W1) // X.shape[1])
    found = layers(made, np.zeros((2, X.shape[1])))
    if len(found) != 2:
        raise ValueError(f"MLP has {len(found)} linear layers, but should have 2")
    for layer, weight, bias in zip(found, (W1, W2), (b1, b2), strict=True):
        fill(layer, weight, bias)
    output = made(node(X))
    rows = np.sum(output.value, axis=1)
    probable = bool((output.value.real >= 0).all() and np.allclose(rows, 1))
    answer = {"output": np.log(output.value) if probable else output.value}
    if d_output is not None:
        pull(output, d_output / output.value if probable else d_output)
        for number, (layer, bias) in enumerate(zip(found, (b1, b2), strict=True), start=1):
            answer |= {f"W{number}": layer.w.grad, f"b{number}": layer.b.grad.reshape(bias.shape)}
    return answer


# ----------------------------------------------------------------------------------------------------------- graph


def chain(x, w):
    """The gradient at x of sum(sigmoid(exp(x)·w)): once, added up by a second walk, zeroed, and once more."""
    leaf, answer = node(x), {}

    def walk():
        loss = find("Sum").do_forward(find("Sigmoid").do_forward(find("Exp").do_forward(leaf) * node(w)))
        loss.backward()
        return loss

    walk().clear()
    answer["first"] = leaf.grad.copy()
    loss = walk()
    answer["added"] = leaf.grad.copy()
    loss.zero_grad()
    answer["zeroed"] = leaf.grad.copy()
    loss.clear()
    _ = walk()
    return {**answer, "again": leaf.grad}


def diamond(x):
    """The gradient at x where a node that was computed is used twice; and where such a node is used twice again."""
    answer = {}
    for name, times in (("one", 1), ("two", 2)):
        leaf = node(x)
        end = find("Exp").do_forward(leaf)
        for _ in range(times):
            end = find("Sigmoid").do_forward(end) + end
        find("Sum").do_forward(end).backward()
        answer[name] = leaf.grad
    return answer


def alone():
    """The loss of a single row, and its gradient."""
    return function("celoss", np.array([[0.25, 0.75]]), d_output=np.array(1.0), targets=np.array([1]))


# --------------------------------------------------------------------------------------------------------- training


def train(x, y, script, rate, batch, epochs):
    """Run a script on data of ours. Before each walk back, and at the end: the layers that made the loss."""
    linear, tensor = find("Linear"), find("TensorNode")
    forward, backward = linear.forward, tensor.backward
    now, steps = [], []

    def noted(self, input):
        if input.source is None:  # data: a pass begins
            now[:] = [input.value]
        now.append(self)
        return forward(self, input)

    def walked(self, start=True):
        if start:
            steps.append((now[0], [(layer.w.value.copy(), layer.b.value.copy()) for layer in now[1:]], now[1:]))
        return backward(self, start)

    def load(*_, **__):
        return (x, y), (x, y), int(y.max()) + 1

    asked = [script, "-b", str(batch), "-e", str(epochs), "-l", str(rate)]
    name = script.removesuffix(".py").replace("/", ".")
    _ = sys.modules.pop(name, None)  # it may have been looked into for a class
    np.random.seed(0)
    with ExitStack() as changed:
        for place in (importlib.import_module("vugrad"), importlib.import_module("vugrad.functions")):
            _ = changed.enter_context(patch.object(place, "load_synth", load, create=True))
            _ = changed.enter_context(patch.object(place, "load_mnist", load, create=True))
        _ = changed.enter_context(patch.object(linear, "forward", noted))
        _ = changed.enter_context(patch.object(tensor, "backward", walked))
        _ = changed.enter_context(patch.object(sys, "argv", asked))
        ran = importlib.import_module(name)
    if len(steps) < epochs * -(-len(x) // batch):
        try:
            return ran.training
        except AttributeError as error:  # of another type where nothing went wrong in the script
            if not steps or type(error) is AttributeError:
                raise
    shapes = {tuple(weight.shape for weight, _ in values) for _, values, _ in steps}
    if len(shapes) > 1:
        raise ValueError(f"the layers of {script} change from step to step, but should be the same")
    path = [values for _, values, _ in steps] + [[(layer.w.value, layer.b.value) for layer in steps[-1][2]]]
    answer = {"rows": np.concatenate([data for data, _, _ in steps]), "sizes": [len(data) for data, _, _ in steps]}
    for number in range(len(path[0])):
        answer[f"w{number}"] = [values[number][0] for values in path]
        answer[f"b{number}"] = [values[number][1] for values in path]
    return answer
