"""Calls a normalisation written three ways: a module for autograd, a function with its own backward, a module of that.

`kind` is BatchNorm or LayerNorm: it is in the names of the file and of the classes.
"""

from importlib import import_module

import numpy as np
import torch

torch.set_default_dtype(torch.float64)  # so that a submission's own torch.ones(n) is as precise as what it is given


def handed_in(kind, which):
    """CustomBatchNormAutograd, say."""
    return getattr(import_module(f"custom_{kind.lower()}"), f"Custom{kind}{which}")


def autograd(x, gamma, beta, eps, kind, d_output=None):
    """Custom…Autograd(n, eps), called as a module."""
    return by_module(handed_in(kind, "Autograd"), x, gamma, beta, eps, d_output)


def module(x, gamma, beta, eps, kind, d_output=None):
    """Custom…ManualModule(n, eps), called as a module."""
    return by_module(handed_in(kind, "ManualModule"), x, gamma, beta, eps, d_output)


def by_module(made, x, gamma, beta, eps, d_output):
    """A module with these parameters, whatever it calls them."""
    layer = made(len(gamma), eps)
    scale, shift = parameters(layer, len(gamma))
    with torch.no_grad():
        scale.data = torch.tensor(gamma).reshape(scale.shape)
        shift.data = torch.tensor(beta).reshape(shift.shape)
    given = torch.tensor(x, requires_grad=True)
    output = layer(given)
    unchanged(given, x)
    answer = {"output": output.detach().numpy()}
    if d_output is not None:
        d_x, d_gamma, d_beta = gradients(output, (given, scale, shift), d_output)
        answer |= {"x": d_x, "gamma": d_gamma.reshape(gamma.shape), "beta": d_beta.reshape(beta.shape)}
    return answer


def unchanged(tensor, array):
    """Says, as NumPy would, that an argument is written to; unless it may be."""
    if not array.flags.writeable and not np.array_equal(tensor.detach().numpy(), array, equal_nan=True):
        raise ValueError("the input is read-only, but is written to")


def function(x, gamma, beta, eps, kind, d_output=None):
    """Custom…ManualFunction.apply(input, gamma, beta, eps)."""
    given, raw = [torch.tensor(one, requires_grad=True) for one in (x, gamma, beta)], []
    output = recorded(handed_in(kind, "ManualFunction"), given, raw).apply(*given, eps)
    unchanged(given[0], x)
    answer = {"output": output.detach().numpy()}
    if d_output is not None:
        _ = gradients(output, given, d_output)
        answer |= zip(("x", "gamma", "beta"), raw, strict=False)
    return answer


def recorded(made, inputs, raw):
    """The same function, whose gradients go to `raw` as they are: one of a wrong shape would cost the others."""

    def backward(ctx, d_output):
        grads = made.backward(ctx, d_output)
        for one, grad in zip(inputs, grads, strict=False):
            raw.append(torch.zeros_like(one) if grad is None else reduced(grad, one.shape))
        fit = [grad if grad is None or grad.shape == one.shape else one for one, grad in zip(inputs, raw, strict=False)]
        return *fit, *grads[len(fit) :]

    return type(made.__name__, (made,), {"backward": staticmethod(backward)})


def reduced(grad, shape):
    """As torch takes it: what was broadcast is added up, where that is all."""
    fits = len(shape) <= grad.ndim and all(n in (1, m) for n, m in zip(shape[::-1], grad.shape[::-1], strict=False))
    return grad.sum_to_size(shape) if fits else grad


def alone(x, gamma, beta, d_output, eps, kind):
    """Each gradient where no other is wanted, so that needs_input_grad is True for one input; and all together."""
    arrays, made = {"x": x, "gamma": gamma, "beta": beta}, handed_in(kind, "ManualFunction")
    given = [torch.tensor(one, requires_grad=True) for one in arrays.values()]
    together = gradients(made.apply(*given, eps), given, d_output)
    answer = {f"{name} together": grad for name, grad in zip(arrays, together, strict=True)}
    for name in arrays:
        given = {key: torch.tensor(value, requires_grad=key == name) for key, value in arrays.items()}
        (answer[name],) = gradients(made.apply(*given.values(), eps), (given[name],), d_output)
    return answer


def start(n, kind):
    """What the two parameters of a fresh module hold, of either module."""
    answer = {}
    for which in ("Autograd", "ManualModule"):
        layer = handed_in(kind, which)(n)
        scale, shift = parameters(layer, n)
        answer |= {f"{which} gamma": scale.detach().ravel(), f"{which} beta": shift.detach().ravel()}
        answer[f"{which} parameters"] = len(list(layer.parameters()))
    return answer


def refuses(kind):
    """Whether inputs of a wrong shape raise; one of the right shape must not."""
    made = handed_in(kind, "Autograd")
    _ = made(4)(torch.ones(3, 4)), made(1)(torch.ones(3, 1))
    wrong = ((1, (3, 4)), (4, (2, 3, 4)), (4, (4,)))
    return {f"shape {shape} for {n} neurons": raises(made(n), torch.ones(shape)) for n, shape in wrong}


def raises(layer, x):
    """Whether the layer does not take x."""
    try:
        _ = layer(x)
    except Exception:
        return True
    return False


def parameters(layer, n):
    """Scale and shift of a module, told by their names, or by their order; whether they are registered or not."""
    kept = {**vars(layer), **dict(layer.named_parameters()), **dict(layer.named_buffers())}
    found = {name: one for name, one in kept.items() if isinstance(one, torch.Tensor) and one.numel() == n}
    names = sorted(found, key=lambda name: "beta" in name or "bias" in name or "shift" in name)
    if len(names) != 2:
        had = ", ".join(names) or "none"
        raise ValueError(
            f"the tensors of {n} entries of {type(layer).__name__}({n}) are {had}, but should be gamma, beta"
        )
    return (found[name].requires_grad_() for name in names)


def gradients(output, inputs, d_output):
    """For this cotangent; what an output does not depend on has none."""
    found = torch.autograd.grad(output, inputs, torch.tensor(d_output), allow_unused=True)
    return [torch.zeros_like(one) if grad is None else grad for one, grad in zip(inputs, found, strict=True)]
