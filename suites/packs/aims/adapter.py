"""Calls an `nn` package built on torch's autograd: layer, MLP, loss, optimisers, RNN, LSTM, adversarial step.

Inside the RNN, the LSTM and the adversarial step the nets and the loss are given here: each part is judged for itself.
"""

import importlib
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import numpy as np
import torch
from torch.nn.functional import cross_entropy

torch.set_default_dtype(torch.float64)
torch.float32 = torch.float = torch.float64  # float32 leaves too few digits to tell a mistake from rounding
torch.Tensor.float = torch.Tensor.double
SHARE = {}
ACTIVATION = {"encoder": lambda x: (-(x**2)).exp(), "decoder": lambda x: x, "input": torch.tanh, "output": torch.tanh}


def student(module, name):
    return getattr(importlib.import_module(module), name)


def tensor(array, grad=True):
    return torch.tensor(np.array(array), requires_grad=grad)


@contextmanager
def given_loss(*modules):
    """Meanwhile the loss is ours, wherever it is looked for."""
    with ExitStack() as stack:
        for one in ("nn", "nn.loss", *modules):
            _ = stack.enter_context(patch(f"{one}.cross_entropy_loss", mean_loss, create=True))
        yield


def mean_loss(logits, targets):
    return cross_entropy(logits, torch.as_tensor(targets))


class Given:
    """A net of one layer with these parameters: rows in, rows out."""

    def __init__(self, W, b, activation=torch.tanh):
        self.W, self.b, self.activation = tensor(W), tensor(b), activation

    def forward(self, x):
        return self.activation(x.reshape(len(x), -1) @ self.W.T + self.b)

    def get_params(self):
        return [self.W, self.b]

    def zero_grad(self):
        self.W.grad = self.b.grad = None


def answer(output, d_output, **leaves):
    """The output; and, for a cotangent that fits, those of the leaves in our layout: 0 where nothing reaches."""
    found = {"output": output.detach().numpy()}
    if d_output is not None and d_output.shape == output.shape:
        output.backward(tensor(d_output, grad=False))
        for name, leaf in leaves.items():
            grad = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
            found[name] = getattr(leaf, "ours", np.array)(grad.numpy())
    return found


def new_layer(inputs, outputs, activation="tanh", bias_std=0.0):
    return student("nn.layer", "Layer")(inputs, outputs, getattr(torch, activation), bias_std, np.random.default_rng(0))


def fill(layer, W, b):
    """Set weight and bias, whichever way round the student keeps them."""
    turned = (2, 3) in [tuple(one.shape) for one in new_layer(2, 3).get_params()]
    weight, bias = layer.get_params()
    weight.data = tensor(W.T if turned else W, grad=False)
    bias.data = tensor(b, grad=False).reshape(bias.shape)
    weight.ours, bias.ours = np.transpose if turned else np.array, np.ravel
    return weight, bias


def activation(x, name, d_output=None):
    """`nn.activation.NAME(x)`."""
    x = tensor(x)
    return answer(student("nn.activation", name)(x), d_output, x=x)


def init(inputs, outputs, bias_std):
    """How far the numbers spread that a new layer starts from."""
    weight, bias = new_layer(inputs, outputs, bias_std=bias_std).get_params()
    return {"W": weight.detach().numpy().std(), "b": bias.detach().numpy().std()}


def layer(x, W, b, name, d_output=None):
    """`Layer(…).forward(x)`, features first: a column for each sample."""
    made, x = new_layer(W.shape[1], W.shape[0], name), tensor(x)
    weight, bias = fill(made, W, b)
    return answer(made.forward(x), d_output, x=x, W=weight, b=bias)


def mlp(x, hidden_layers, d_output=None, twice=False, **weights):
    """`Mlp(…).forward(x)`, sigmoid in between, tanh at the end; with `twice` again, after a backward and zero_grad."""
    sizes = [weights["W1"].shape[1], *(weights[f"b{number + 1}"].size for number in range(hidden_layers + 1))]
    made = student("nn.mlp", "Mlp")(sizes[0], sizes[-1], sizes[1], hidden_layers, torch.tanh, torch.sigmoid)
    parts = [one for part in vars(made).values() for one in (part if isinstance(part, list | tuple) else [part])]
    layers = [one for one in parts if isinstance(one, student("nn.layer", "Layer"))]
    if len(layers) != hidden_layers + 1:
        raise ValueError(f"Mlp keeps {len(layers)} layers, but should keep {hidden_layers + 1}")
    leaves, x = {}, tensor(x, grad=False)
    for number, one in enumerate(layers, start=1):
        leaves[f"W{number}"], leaves[f"b{number}"] = fill(one, weights[f"W{number}"], weights[f"b{number}"])
    if twice:
        _ = answer(made.forward(x), d_output)
        made.zero_grad()
    return answer(made.forward(x), d_output, **leaves)


def count(inputs, outputs, hidden, hidden_layers):
    """How many numbers `Mlp(…).get_params()` holds."""
    made = student("nn.mlp", "Mlp")(inputs, outputs, hidden, hidden_layers, torch.tanh, torch.sigmoid)
    return {"count": sum(one.numel() for one in made.get_params())}


def loss(logits, targets, d_output=None):
    """`cross_entropy_loss(logits, targets)`, targets as a list."""
    logits = tensor(logits)
    return answer(student("nn.loss", "cross_entropy_loss")(logits, targets.tolist()), d_output, logits=logits)


def optimiser(W, b, dW, db, kind, **options):
    """The parameters after each step, with these gradients."""
    model, path = Given(W, b), []
    made = student("nn.optimiser", kind)(model, **options)
    for slopes in zip(dW, db, strict=True):
        model.W.grad, model.b.grad = (tensor(slope, grad=False) for slope in slopes)
        made.step()
        path.append([one.detach().numpy().copy() for one in model.get_params()])
    return {"W": [weight for weight, _ in path], "b": [bias for _, bias in path]}


def consume(texts, kind, d_output=None, **weights):
    """`CharRnn(…).consume(text)` for each text: of the last, the mean loss of all characters but the first."""
    module, length = "nn." + kind.removeprefix("Char").lower(), texts.shape[1]
    names = [name[2:] for name in weights if name.startswith("W_")]
    nets = {one: Given(weights[f"W_{one}"], weights[f"b_{one}"], ACTIVATION.get(one, torch.sigmoid)) for one in names}
    classes, hidden = weights["W_decoder"].shape
    sizes = {"hidden_dim": hidden, **({"cell_dim": weights["b_forget"].size} if "forget" in nets else {})}

    def read(decoder):
        mlps = {f"{one}_mlp": made for one, made in {**nets, "decoder": decoder}.items()}
        model = student(module, kind)(list("abcdefgh"[:classes]), **sizes, **mlps)
        return [model.consume("".join("abcdefgh"[i] for i in text)) for text in texts][-1]

    with given_loss("nn.rnn", module):
        if (kind, length) not in SHARE:  # of the mean, where each character costs the same
            flat = read(Given(np.zeros((classes, hidden)), np.zeros(classes)))
            SHARE[kind, length] = flat.item() / np.log(classes)
        mean = read(nets["decoder"])
    # Who divides by the number of all characters is as right.
    mean = mean * length / (length - 1) if abs(SHARE[kind, length] - (1 - 1 / length)) < 1e-9 else mean
    return answer(mean, d_output, **{f"{key}_{one}": vars(made)[key] for one, made in nets.items() for key in "Wb"})


def adversarial(x, z, W, b, target, steps, **options):
    """`adversarial_step(…)` again and again, each with the perturbation that the one before has given back."""
    step, path = student("adversarial", "adversarial_step"), []
    model, z = Given(W, b), tensor(z)
    with given_loss("adversarial"):
        for _ in range(steps):
            x_adv, z = step(model, tensor(x, grad=False), z, target, **options)
            path.append([one.detach().numpy().copy() for one in (x_adv, z)])
            z = z if z.is_leaf and z.requires_grad else z.detach().requires_grad_()
    return {"x_adv": [shown for shown, _ in path], "z": [kept for _, kept in path]}
