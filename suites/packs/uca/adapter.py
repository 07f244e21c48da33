"""Calls a script that trains nets on MNIST with torch: the nets, the zero start, the training loop, the sorted stream.

The loop is given a net, an optimiser and loaders of our own, and what becomes of the net is written down.
"""

import importlib

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, TensorDataset

torch.set_default_dtype(torch.float64)


class Here(TorchFunctionMode):
    """There is no graphics card; and float32 leaves too few digits to tell a mistake from rounding."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.cuda:
            return args[0]
        if func is torch.Tensor.float:
            return args[0].double()
        return func(*map(here, args), **{name: here(one) for name, one in (kwargs or {}).items()})


def here(one):
    """What a function of torch is to be given in place of `one`."""
    if isinstance(one, torch.device) or (isinstance(one, str) and one.startswith("cuda")):
        return "cpu"
    return torch.float64 if one is torch.float32 else one


_ = Here().__enter__()
OPTIMISERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


class Activation(nn.Module):
    """One that can be given as a module, as a function or as a class."""

    def __init__(self, name):
        super().__init__()
        self.function = getattr(torch, name)

    def forward(self, *x):
        return self.function(*x) if x else self


def student(name):
    return getattr(importlib.import_module("mnist-assignment"), name)


def tensor(array):
    return torch.tensor(np.array(array))


def new_mlp(hidden, name, inputs, outputs):
    """`MnistMLP(hidden_sizes, activation_fn, input_size, output_size)`."""
    return student("MnistMLP")(hidden, Activation(name), inputs, outputs)


def fill(model, weights):
    """Set all parameters, in their order; the names that they have here."""
    own = list(model.parameters())
    if [tuple(one.shape) for one in own] != [one.shape for one in weights.values()]:
        shapes, due = [tuple(one.shape) for one in own], [one.shape for one in weights.values()]
        raise ValueError(f"the parameters have the shapes {shapes}, but should have {due}")
    for one, value in zip(own, weights.values(), strict=True):
        one.data = tensor(value)
    return dict(zip(weights, own, strict=True))


def layers(weights):
    """The numbers of units: of the input, of each hidden layer, of the output."""
    return [weights["W1"].shape[1], *(one.size for name, one in weights.items() if name.startswith("b"))]


def count(hidden, kind):
    """How many numbers `define_net(hidden_sizes)` or `MnistMLP(hidden_sizes)` learns."""
    made = student("define_net")(list(hidden)) if kind == "net" else new_mlp(list(hidden), "sigmoid", 784, 10)
    return {"count": sum(one.numel() for one in made.parameters())}


def net(x, **weights):
    """`define_net(hidden_sizes)(x)`."""
    made = student("define_net")(layers(weights)[1:-1])
    _ = fill(made, weights)
    return {"output": made(tensor(x)).detach().numpy()}


def mlp(x, name, d_output=None, **weights):
    """`MnistMLP(…)(x)`, and its gradients for a cotangent that fits."""
    inputs, *hidden, outputs = layers(weights)
    made = new_mlp(hidden, name, inputs, outputs)
    leaves = fill(made, weights)
    output = made(tensor(x))
    found = {"output": output.detach().numpy()}
    if d_output is not None and d_output.shape == output.shape:
        output.backward(tensor(d_output))
        for key, leaf in leaves.items():
            found[key] = torch.zeros_like(leaf).numpy() if leaf.grad is None else leaf.grad.numpy()
    return found


def zeroed(model):
    """`set_model_params_to_zero(model)`, which may give the model back."""
    after = student("set_model_params_to_zero")(model)
    return model if after is None else after


def zero(hidden, inputs, outputs):
    """The largest number of a net that was set to zero, and how many it has."""
    own = list(zeroed(new_mlp(list(hidden), "sigmoid", inputs, outputs)).parameters())
    return {"count": sum(one.numel() for one in own), "largest": max(one.abs().max().item() for one in own)}


def zero_start(x, y, hidden, name, steps, learning_rate, early=False):
    """The parameters after each step from zero; with `early` the optimiser is made before they are set to zero."""
    model, path = new_mlp(list(hidden), name, x.shape[1], int(y.max()) + 1), []
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    model = zeroed(model)
    if not early:
        optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for _ in range(steps):
        optimiser.zero_grad()
        _ = nn.functional.cross_entropy(model(tensor(x)), tensor(y)).backward()
        _ = optimiser.step()
        path.append([one.detach().numpy().copy() for one in model.parameters()])
    return named(path)


def named(path):
    """W1, b1, W2, … after each step."""
    columns = [np.stack(column) for column in zip(*path, strict=True)]
    return {f"{'Wb'[place % 2]}{place // 2 + 1}": column for place, column in enumerate(columns)}


def fit(x, y, x_test, y_test, batch, epochs, optimiser, learning_rate, one_hot=False, **weights):
    """`fit_model(train_dl, test_dl, nb_epochs, model, optimizer, loss_fn)`: each state of the net, and the errors."""
    inputs, hidden, outputs = layers(weights)
    model = nn.Sequential(nn.Linear(inputs, hidden), nn.Sigmoid(), nn.Linear(hidden, outputs))
    leaves = fill(model, weights).values()
    path = [[one.detach().numpy().copy() for one in leaves]]

    def look(*_):
        """Whenever the net is used: whoever moves it, and however often it is only asked."""
        now = [one.detach().numpy().copy() for one in leaves]
        if not all(map(np.array_equal, now, path[-1])):
            path.append(now)

    def loader(x, y):
        y = nn.functional.one_hot(tensor(y), outputs).double() if one_hot else tensor(y)
        return DataLoader(TensorDataset(tensor(x), y), batch_size=batch)

    _ = model.register_forward_pre_hook(look)
    made = OPTIMISERS[optimiser](model.parameters(), lr=learning_rate)
    loaders = loader(x, y), loader(x_test, y_test)
    errors = student("fit_model")(*loaders, epochs, model, made, nn.CrossEntropyLoss())
    look()
    found = {"steps": len(path) - 1, **named(path[1:] or path)}
    if isinstance(errors, dict):
        errors = [errors.get("error_train"), errors.get("error_test")]
    for name, values in zip(("error_train", "error_test"), errors or (), strict=False):
        found[name] = None if values is None else np.array([float(one) for one in values])
    return found


def stream(x, y):
    """`get_strat_shuffled_X_y(y, ds)`."""
    images, labels = tensor(x), tensor(y)
    x, y = student("get_strat_shuffled_X_y")(labels, TensorDataset(images, labels))
    return {"x": np.asarray(x).reshape(len(x), -1), "y": np.asarray(y)}
