"""Calls the MLP and the ConvNet in torch the way their assignment does, whichever of its years they were written in.

Layers are taken in the order in which forward uses them, whatever they are called and wherever they are kept.
"""

import functools
import inspect
import itertools
from importlib import import_module

import numpy as np
import torch
from torch import nn

torch.set_default_dtype(torch.float64)  # so that a submission's own tensors are as precise as what it is given


def mlp(x, weights, biases, sizes, d_output=None):
    """MLP(n_inputs, n_hidden, n_classes): the parameters of all layers one by one."""
    net = made(sizes)
    layers = linear(net, sizes)
    for layer, (n, m) in zip(layers, itertools.pairwise(sizes), strict=True):
        put(layer.weight, weights[: m * n])
        put(layer.bias, biases[:m])
        weights, biases = weights[m * n :], biases[m:]
    given = torch.tensor(x, requires_grad=True)
    output = net(given)
    answer = {"output": output.detach().numpy()}
    if d_output is not None:
        kept = [layer.weight for layer in layers], [layer.bias for layer in layers]
        d_x, *found = gradients(output, [given, *itertools.chain(*kept)], d_output)
        parts = [torch.cat([one.ravel() for one in found[i : i + len(layers)]]) for i in (0, len(layers))]
        answer |= {"x": d_x, "weights": parts[0], "biases": parts[1]}
    return answer


def normed(x, weights, gammas, betas, sizes):
    """MLP(…, use_batch_norm=True), and how many parameters it has."""
    net = made(sizes, use_batch_norm=True)
    for layer, (n, m) in zip(linear(net, sizes), itertools.pairwise(sizes), strict=True):
        put(layer.weight, weights[: m * n])
        if layer.bias is not None:
            put(layer.bias, np.zeros(m))
        weights = weights[m * n :]
    norms = used(net, nn.BatchNorm1d, torch.ones(2, sizes[0]))
    had = [len(one.weight) for one in norms]
    if had != list(sizes[1:-1]):
        given = f"MLP({sizes[0]}, {list(sizes[1:-1])}, {sizes[-1]}, use_batch_norm=True)"
        raise ValueError(f"the nn.BatchNorm1d that {given} uses are of {had}, but should be of {list(sizes[1:-1])}")
    for norm in norms:
        put(norm.weight, gammas[: len(norm.weight)])
        put(norm.bias, betas[: len(norm.bias)])
        gammas, betas = gammas[len(norm.weight) :], betas[len(norm.bias) :]
    net.train()
    return {"output": net(torch.tensor(x)).detach().numpy()}


def parameters(sizes):
    """How many numbers an optimiser that is given the MLP's parameters would train."""
    return {"parameters": trained(made(sizes))}


def made(sizes, **options):
    """The MLP; in one of the years it takes the slope of its LeakyReLU."""
    kind = import_module("mlp_pytorch").MLP
    slope = [0.02] if "neg_slope" in inspect.signature(kind).parameters else []
    return kind(sizes[0], list(sizes[1:-1]), sizes[-1], *slope, **options)


def linear(net, sizes):
    """Its linear layers, of which the sizes are known."""
    layers, due = used(net, nn.Linear, torch.ones(2, sizes[0])), list(itertools.pairwise(sizes))
    had = [(one.in_features, one.out_features) for one in layers]
    if had != due:
        given = f"MLP({sizes[0]}, {list(sizes[1:-1])}, {sizes[-1]})"
        raise ValueError(f"the nn.Linear that {given} uses are of {had}, but should be of {due}")
    return layers


@functools.cache
def convnet():
    """ConvNet(3, 7) with given weights, all that is asked of it at once: it is large."""
    net = import_module("convnet_pytorch").ConvNet(3, 7)
    net.train()
    found = used(net, (nn.Conv2d, nn.BatchNorm2d, nn.Linear), torch.ones(2, 3, 32, 32))
    kernels, last = ([one for one in found if isinstance(one, kind)] for kind in (nn.Conv2d, nn.Linear))
    if not kernels or not last:
        raise ValueError(f"ConvNet uses {len(kernels)} nn.Conv2d and {len(last)} nn.Linear, but should use some")
    for one in found:
        norm, fan = isinstance(one, nn.BatchNorm2d), one.weight[0].numel()
        put(one.weight, 1 + numbers(one.weight.shape, 0.5) if norm else numbers(one.weight.shape, (2 / fan) ** 0.5))
        if one.bias is not None:
            put(one.bias, numbers(one.bias.shape, 0.5))
    output = net(torch.tensor(numbers((3, 3, 32, 32), 1.0)))
    first, final = gradients(output, [kernels[0].weight, last[-1].weight], numbers(tuple(output.shape), 1.0))
    return {
        "output": output.detach(),
        "first": first,
        "last": final,
        "kernels": np.array([one.weight.shape for one in kernels]),
        "weight": np.array([one.weight.shape for one in last]),
        # Batch normalisation takes the bias of a convolution away again: who leaves it out is right as well.
        "parameters": trained(net) - sum(0 if one.bias is None else one.bias.numel() for one in kernels),
    }


def numbers(shape, size):
    """Weights of this size, the same for everyone who asks: numbers that are as good as random."""
    return np.resize(size * np.sin(np.arange(1009) ** 2 + 0.5), shape)


def used(net, kinds, x):
    """The layers of some kinds in the order in which forward calls them."""
    order = []
    found = [one for one in inside(net, {}) if isinstance(one, kinds)]
    hooks = [one.register_forward_pre_hook(lambda layer, *_: order.append(layer)) for one in found]
    with torch.no_grad():
        _ = net(x)
    for hook in hooks:
        _ = hook.remove()
    return order


def inside(thing, seen):
    """All modules that hang on this one, each once, registered or not."""
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    if isinstance(thing, nn.Module):
        yield thing
        thing = vars(thing)
    parts = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, (list, tuple)) else ()
    for part in list(parts):
        yield from inside(part, seen)


def trained(net):
    """Numbers in the parameters that it has registered."""
    return sum(one.numel() for one in net.parameters() if one.requires_grad)


def put(parameter, array):
    """Set it, in its shape."""
    with torch.no_grad():
        _ = parameter.copy_(torch.tensor(array).reshape(parameter.shape))


def gradients(output, inputs, d_output):
    """For this cotangent; what an output does not depend on has none."""
    if not output.requires_grad:
        return [torch.zeros_like(one) for one in inputs]
    found = torch.autograd.grad(output, inputs, torch.tensor(d_output), allow_unused=True)
    return [torch.zeros_like(one) if grad is None else grad for one, grad in zip(inputs, found, strict=True)]
