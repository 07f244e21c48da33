"""Calls the MLP class of ex2_pytorch.py with images of 3·32·32 numbers, of which the first few are not zero."""

from itertools import pairwise
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

torch.set_default_dtype(torch.float64)
INPUTS = 3 * 32 * 32


def made(hidden_layers, classes):
    """A net; one that has no dropout or the like at work."""
    import ex2_pytorch  # pyright: ignore[reportMissingImports]

    return ex2_pytorch.MultiLayerPerceptron(INPUTS, list(hidden_layers), classes).eval()


def called(net, images):
    """The logits: of images, or of rows where the script flattens them before; and the layers, as they were called."""
    layers, forward = [], nn.Linear.forward

    def noted(self, input):
        layers.append(self)
        return forward(self, input)

    with patch.object(nn.Linear, "forward", noted):
        try:
            return net(images), layers
        except (RuntimeError, ValueError):
            layers.clear()
            return net(images.reshape(len(images), -1)), layers


def forward(X, weights, biases, sizes, d_output=None):
    """`MultiLayerPerceptron(inputs, hidden_layers, classes)(images)`, and what autograd makes of it."""
    net = made(sizes[1:-1], sizes[-1])
    images = torch.zeros(len(X), INPUTS)
    images[:, : sizes[0]] = torch.tensor(X)
    images = images.reshape(-1, 3, 32, 32)
    output, layers = called(net, images)
    if output is None:
        raise NotImplementedError("forward returns nothing")
    if len(layers) != len(sizes) - 1:
        raise ValueError(f"forward calls {len(layers)} linear layers, but should call {len(sizes) - 1}")
    fill(layers, weights, biases, sizes)
    output, _ = called(net, images)
    answer = {"output": output.detach().numpy()}
    if d_output is not None:
        leaves = [leaf for layer in layers for leaf in (layer.weight, layer.bias)]
        given = torch.tensor(d_output)
        found = torch.autograd.grad(output, leaves, given, allow_unused=True) if output.requires_grad else leaves
        grads = [
            np.zeros(leaf.shape) if grad is None or grad is leaf else grad.numpy()
            for leaf, grad in zip(leaves, found, strict=True)
        ]
        grads[0] = grads[0][:, : sizes[0]]
        answer["weights"], answer["biases"] = (np.concatenate([one.ravel() for one in grads[i::2]]) for i in (0, 1))
    return answer


def fill(layers, weights, biases, sizes):
    """Give the layers these parameters; inputs that are always zero have zeros for weights."""
    w = b = 0
    with torch.no_grad():
        for layer, (n, m) in zip(layers, pairwise(sizes), strict=True):
            layer.weight.zero_()
            layer.weight[:, :n] = torch.tensor(weights[w : w + n * m].reshape(m, n))
            layer.bias[:] = torch.tensor(biases[b : b + m])
            w, b = w + n * m, b + m


def parameters(hidden_layers, classes):
    """How many numbers an optimiser is given."""
    count = sum(one.numel() for one in made(hidden_layers, classes).parameters())
    return {"count": count}
