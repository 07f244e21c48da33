"""The optimisers of torch.optim: they move the parameters, which are a dict of arrays, in place.

    optimizer = SGD(parameters, lr=0.1, momentum=0.9)
    output, pullback = mlp(input, **parameters)
    optimizer.step(pullback(d_output))

Arguments are named as in torch and have its defaults. `lr` and the others may be set between two steps, as a schedule
does. In the formulas p is a parameter, g its gradient and t the number of the step, from 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._array import Array, Shape, check, check_floating

__all__ = ["SGD", "Adam", "AdamW", "RMSprop"]

Memory = dict[str, Array]


class _Optimizer:
    """What all have: the parameters, what is remembered of each, and how many steps were made."""

    def __init__(self, parameters: Mapping[str, Array], maximize: bool, **not_negative: float) -> None:
        check_floating(**parameters)
        check(bool(parameters), "parameters", "{}", "at least one array")
        for name, parameter in parameters.items():
            check(parameter.dtype.kind == "f", f"{name}.dtype", parameter.dtype, "real, such as float64")
            check(parameter.flags.writeable, name, "read-only", "writable, since it is changed in place")
        for name, number in not_negative.items():
            check(number >= 0, name, number, "0 or more")
        self.parameters = dict(parameters)
        self.memory: dict[str, Memory] = {name: {} for name in parameters}
        self.steps = 0
        self.maximize = maximize

    def step(self, gradients: Mapping[str, Array]) -> None:
        """Move every parameter. Gradients of anything else, such as the input, are left aside."""
        for name, parameter in self.parameters.items():
            check(name in gradients, f"the gradient of {name}", "missing", "given")
            got, wanted = ((array.shape, array.dtype) for array in (gradients[name], parameter))
            if got != wanted:
                check(False, f"the gradient of {name}", _form(*got), _form(*wanted))
        self.steps += 1
        for name, parameter in self.parameters.items():
            gradient = gradients[name]
            self._move(parameter, -gradient if self.maximize else gradient, self.memory[name])

    def _move(self, parameter: Array, gradient: Array, memory: Memory) -> None:
        raise NotImplementedError


class SGD(_Optimizer):
    """Down the gradient; with momentum, down a running sum of gradients: b ← momentum b + g, p ← p - lr b.

    These are equations 1 and 2 of the AIMS report (document 000).  Polyak 1964, doi:10.1016/0041-5553(64)90137-5.

    From the second step on, g enters b times (1 - dampening). With `nesterov` the step is g + momentum b instead of b,
    which looks one step of momentum ahead: Sutskever et al. 2013.  `weight_decay` adds weight_decay p to g.
    """

    def __init__(
        self,
        parameters: Mapping[str, Array],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(parameters, maximize, lr=lr, momentum=momentum, weight_decay=weight_decay)
        fits = not nesterov or (momentum > 0 and dampening == 0)
        check(fits, "nesterov", True, "False without momentum, or with dampening")
        self.lr, self.momentum, self.dampening = lr, momentum, dampening
        self.weight_decay, self.nesterov = weight_decay, nesterov

    def _move(self, parameter: Array, gradient: Array, memory: Memory) -> None:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        if self.momentum:
            if "momentum" not in memory:
                memory["momentum"] = gradient.copy()  # the first gradient counts in full, whatever the dampening
            else:
                memory["momentum"] *= self.momentum
                memory["momentum"] += (1 - self.dampening) * gradient if self.dampening else gradient
            running = memory["momentum"]
            gradient = gradient + self.momentum * running if self.nesterov else running
        parameter -= self.lr * gradient


class RMSprop(_Optimizer):
    """Steps measured in the gradient's own size: v ← alpha v + (1 - alpha) g², p ← p - lr g / (√v + eps).

    Hinton 2012, lecture 6e.  With `centered`, v is the variance: the running mean of g, squared, is taken off (Graves
    2013, arXiv:1308.0850, equations 38 to 45); rounding can leave less than 0 of it, and then NaN, here as in torch,
    where a gradient hardly changes.  With momentum, the steps add up: b ← momentum b + g / (√v + eps),
    p ← p - lr b.
    """

    def __init__(
        self,
        parameters: Mapping[str, Array],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        limits = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(parameters, maximize, **limits)
        self.lr, self.alpha, self.eps = lr, alpha, eps
        self.weight_decay, self.momentum, self.centered = weight_decay, momentum, centered

    def _move(self, parameter: Array, gradient: Array, memory: Memory) -> None:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        size = _follow(memory, "square", gradient * gradient, self.alpha)
        if self.centered:
            mean = _follow(memory, "mean", gradient, self.alpha)
            size = size - mean * mean
        step = gradient / (np.sqrt(size) + self.eps)
        if self.momentum:
            if "momentum" not in memory:
                memory["momentum"] = np.zeros_like(parameter)
            memory["momentum"] *= self.momentum
            memory["momentum"] += step
            step = memory["momentum"]
        parameter -= self.lr * step


class Adam(_Optimizer):
    """Momentum over the gradient's own size.  Kingma & Ba 2014, arXiv:1412.6980, algorithm 1.

    m ← β₁ m + (1 - β₁) g and v ← β₂ v + (1 - β₂) g², both from 0: divided by 1 - βᵗ they are means from the first step
    on, m̂ and v̂.  p ← p - lr m̂ / (√v̂ + eps).

    `amsgrad` takes the largest v so far: Reddi, Kale & Kumar 2018, arXiv:1904.09237.  `weight_decay` adds
    weight_decay p to g; with `decoupled_weight_decay` it shrinks p by lr weight_decay p beside all this, as in AdamW.
    """

    def __init__(
        self,
        parameters: Mapping[str, Array],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(parameters, maximize, lr=lr, eps=eps, weight_decay=weight_decay)
        for place, beta in enumerate(betas):
            check(0 <= beta < 1, f"betas[{place}]", beta, "from 0 to below 1")
        self.lr, self.betas, self.eps = lr, betas, eps
        self.weight_decay, self.amsgrad, self.decoupled_weight_decay = weight_decay, amsgrad, decoupled_weight_decay

    def _move(self, parameter: Array, gradient: Array, memory: Memory) -> None:
        if self.weight_decay and self.decoupled_weight_decay:
            parameter *= 1 - self.lr * self.weight_decay
        elif self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        beta1, beta2 = self.betas
        mean = _follow(memory, "mean", gradient, beta1)
        size = _follow(memory, "square", gradient * gradient, beta2)
        if self.amsgrad:
            size = memory["largest"] = np.maximum(memory.get("largest", 0), size)
        # The corrections of m and v are numbers: they go into the step's length and the root's scale.
        root = np.sqrt(size)
        root /= math.sqrt(1 - beta2**self.steps)
        root += self.eps
        step = mean / root
        step *= self.lr / (1 - beta1**self.steps)
        parameter -= step


class AdamW(Adam):
    """Adam, whose weight decay stays out of its means.  Loshchilov & Hutter 2017, arXiv:1711.05101, algorithm 2."""

    def __init__(
        self,
        parameters: Mapping[str, Array],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            parameters, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True
        )


def _follow(memory: Memory, name: str, value: Array, keep: float) -> Array:
    """A running mean, from 0: `keep` of what it was, and the rest of what is new."""
    if name not in memory:
        memory[name] = np.zeros_like(value)
    memory[name] *= keep
    memory[name] += (1 - keep) * value
    return memory[name]


def _form(shape: Shape, dtype: np.dtype[Any]) -> str:
    """In words."""
    return f"of shape {shape} and dtype {dtype}"
