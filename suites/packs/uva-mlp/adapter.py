"""Calls the modules and the MLP the way their assignment does, whichever of its years they were written in.

Found out here, since the assignment leaves it open: whether a weight is (in, out) or (out, in), whether a bias is (n,),
(1, n) or (n, 1), and whether labels are numbers or one-hot rows. Ours are (out, in), (n,) and numbers.
"""

import functools
import inspect
import itertools
from importlib import import_module

import numpy as np


def modules():
    """modules.py."""
    return import_module("modules")


def linear(x, weight, bias, d_output=None):
    """LinearModule: its gradients lie in its `grads`."""
    layer = modules().LinearModule(weight.shape[1], weight.shape[0])
    put(layer, weight, bias)
    answer = through(layer, x, d_output)
    return answer if d_output is None else {**answer, **gradients(layer)}


def activation(x, kind, alpha, d_output=None):
    """ReLUModule(), LeakyReLUModule(neg_slope), ELUModule(alpha); in some years ELUModule(), whose alpha is 1."""
    made = getattr(modules(), kind)
    if inspect.signature(made).parameters:
        return through(made(alpha), x, d_output)
    scale = np.where((x.real < 0) & (kind == "ELUModule"), alpha, 1)  # what theirs leaves to us
    answer = through(made(), x, d_output if d_output is None else d_output * scale)
    return {**answer, "output": answer["output"] * scale}


def softmax(x, d_output=None):
    """SoftMaxModule()."""
    return through(modules().SoftMaxModule(), x, d_output)


def through(module, x, d_output):
    """Forward, and back."""
    output = module.forward(x)
    return {"output": output} if d_output is None else {"output": output, "x": module.backward(d_output)}


def cross_entropy(x, y, d_output=None):
    """CrossEntropyModule: backward is given all that it needs, so it is asked of a fresh one."""
    labels = np.eye(x.shape[1])[y] if one_hot() else y
    output = modules().CrossEntropyModule().forward(x, labels)
    if d_output is None:
        return {"output": output}
    return {"output": output, "x": d_output * np.asarray(modules().CrossEntropyModule().backward(x, labels))}


def mlp(x, weights, biases, sizes, kind, alpha, d_output=None):
    """MLP(n_inputs, n_hidden, n_classes), from images to probabilities; the parameters of all layers one by one."""
    mlp_numpy = import_module("mlp_numpy")
    slope = [alpha] if "neg_slope" in inspect.signature(mlp_numpy.MLP).parameters else []
    net = mlp_numpy.MLP(sizes[0], list(sizes[1:-1]), sizes[-1], *slope)
    parts = list(inside(net, {}))
    layers = in_order([one for one in parts if isinstance(one, modules().LinearModule)], sizes)
    for one in parts:
        if isinstance(one, getattr(modules(), kind)) and hasattr(one, "alpha"):
            one.alpha = alpha
    for layer, (n, m) in zip(layers, itertools.pairwise(sizes), strict=True):
        put(layer, weights[: m * n].reshape(m, n), biases[:m])
        weights, biases = weights[m * n :], biases[m:]
    output = net.forward(x)
    if d_output is None:
        return {"output": output}
    _ = net.backward(d_output)
    weights = np.concatenate([gradients(layer)["weight"].ravel() for layer in layers])
    return {"output": output, "weights": weights}


def start(inputs, outputs):
    """The parameters and gradients of a fresh LinearModule."""
    np.random.seed(0)
    layer = modules().LinearModule(inputs, outputs)
    return {**layer.params, **{f"d_{name}": gradient for name, gradient in layer.grads.items()}}


def accuracy(predictions, y):
    """accuracy(predictions, targets); in two of the years it is one of the metrics of the confusion matrix."""
    train = import_module("train_mlp_numpy")
    labels = np.eye(predictions.shape[1])[y] if one_hot() else y
    if hasattr(train, "accuracy"):
        return {"accuracy": train.accuracy(predictions, labels)}
    return {"accuracy": train.confusion_matrix_to_metrics(train.confusion_matrix(predictions, labels))["accuracy"]}


@functools.cache
def layout():
    """Whether their weight is (out, in); and the shape of their bias, with -1 for its length."""
    params = modules().LinearModule(2, 3).params
    bias = tuple(-1 if size == 3 else 1 for size in np.shape(params["bias"]))
    if np.shape(params["weight"]) not in ((2, 3), (3, 2)) or bias.count(-1) != 1:
        raise NotImplementedError("LinearModule(2, 3) has no weight of 2 by 3 and bias of 3")
    return np.shape(params["weight"]) == (3, 2), bias


@functools.cache
def one_hot():
    """Not, if numbers give a loss: who expects rows cannot work with them."""
    try:
        return np.ndim(modules().CrossEntropyModule().forward(np.full((3, 5), 0.2), np.array([0, 4, 2]))) != 0
    except Exception:
        return True


def put(layer, weight, bias):
    """Set the parameters, in their shapes."""
    out_first, shape = layout()
    layer.params["weight"] = (weight if out_first else weight.T).copy()
    layer.params["bias"] = bias.reshape(shape).copy()


def gradients(layer):
    """The gradients in our shapes where they have the shapes of the parameters, else as they are."""
    weight, bias = (np.asarray(layer.grads[name]) for name in ("weight", "bias"))
    if weight.shape == layer.params["weight"].shape and not layout()[0]:
        weight = weight.T
    return {"weight": weight, "bias": bias.ravel() if bias.shape == layer.params["bias"].shape else bias}


def inside(thing, seen):
    """All objects of the submission that hang on this one, in the order of their making, each once."""
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    if type(thing).__module__ in ("modules", "mlp_numpy"):
        yield thing
        thing = vars(thing)
    parts = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, (list, tuple)) else ()
    for part in list(parts):
        yield from inside(part, seen)


def in_order(layers, sizes):
    """The layers from the images on: as they were found, unless their sizes say otherwise."""
    due = [(m, n) if layout()[0] else (n, m) for n, m in itertools.pairwise(sizes)]
    had = [one.params["weight"].shape for one in layers]
    if had not in (due, due[::-1]):
        given = f"MLP({sizes[0]}, {list(sizes[1:-1])}, {sizes[-1]})"
        raise ValueError(f"the weights of {given} are of the shapes {had}, but should be {due}")
    return layers if had == due else layers[::-1]
