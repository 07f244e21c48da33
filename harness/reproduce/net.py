"""A net both ways, NumPy's and torch's, and one training of it by either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Parameters = dict[str, Any]  # Any: they are given as **parameters, beside options
ROWS = 1000  # scored at a time: what a forward keeps for its backward is as much again, layer by layer


@dataclass(frozen=True)
class Net:
    """A net with its loss and its optimiser. A batch is a tuple of arrays, the first of which is the input.

    name            for the report, with its sizes
    start           the parameters in float64, each time the same, in fresh arrays
    loss            ours: (parameters, *batch) -> the loss and its gradients
    scores          ours: (parameters, input) -> scores
    optimizer       ours: made with the parameters, has `lr` and step(gradients)
    twin            a new torch module in float64 with parameters of the same names
    twin_loss       torch's: (module, *batch as tensors) -> the loss as a tensor
    twin_optimizer  torch's: made with the module's parameters
    """

    name: str
    start: Callable[[], Parameters]
    loss: Callable[..., tuple[float, Parameters]]
    scores: Callable[[Parameters, Array], Array]
    optimizer: Callable[[Parameters], Any]
    twin: Callable[[], Any]
    twin_loss: Callable[..., Any]
    twin_optimizer: Callable[[Iterable[Any]], Any]


class Trainer(Protocol):
    """What both libraries can do."""

    @property
    def lr(self) -> float:
        """The step's length; may be set."""
        ...

    @lr.setter
    def lr(self, value: float) -> None: ...

    def step(self, *batch: Array) -> float:
        """One step of training; the loss before it."""
        ...

    def gradients(self, *batch: Array) -> tuple[float, Parameters]:
        """The loss and its gradients here, without a step."""
        ...

    def scores(self, input: Array) -> Array:
        """For as many rows as there are."""
        ...

    def parameters(self) -> Parameters:
        """Copies, in float64."""
        ...


class NumPyTrainer:
    """With the references."""

    def __init__(self, net: Net, dtype: str = "float64") -> None:
        self.net, self.dtype = net, np.dtype(dtype)
        self.arrays = {name: array.astype(self.dtype) for name, array in net.start().items()}
        self.optimizer = net.optimizer(self.arrays)

    @property
    def lr(self) -> float:
        """The step's length; may be set."""
        return self.optimizer.lr

    @lr.setter
    def lr(self, value: float) -> None:
        self.optimizer.lr = value

    def step(self, *batch: Array) -> float:
        """Forward, loss, backward, update."""
        loss, gradients = self.gradients(*batch)
        self.optimizer.step(gradients)
        return loss

    def gradients(self, *batch: Array) -> tuple[float, Parameters]:
        """Forward, loss, backward."""
        loss, gradients = self.net.loss(self.arrays, *(_cast(one, self.dtype) for one in batch))
        return float(loss), gradients

    def scores(self, input: Array) -> Array:
        """Forward."""
        return _in_parts(input, lambda rows: self.net.scores(self.arrays, _cast(rows, self.dtype)))

    def parameters(self) -> Parameters:
        """Copies."""
        return {name: np.array(array, np.float64) for name, array in self.arrays.items()}


class TorchTrainer:
    """With a module, autograd and torch's optimiser."""

    def __init__(self, net: Net, dtype: str = "float64", device: str = "cpu") -> None:
        import torch  # noqa: PLC0415 - a second and a half, for which an experiment in NumPy need not wait

        self.torch, self.net, self.device = torch, net, device
        self.dtype = np.dtype(dtype)
        self.module = net.twin().to(device, getattr(torch, dtype))
        named, start = dict(self.module.named_parameters()), net.start()
        if {n: p.shape for n, p in named.items()} != {n: a.shape for n, a in start.items()}:
            raise ValueError(f"{net.name}: torch's module has other parameters than the start: {sorted(named)}")
        with torch.no_grad():
            for name, parameter in named.items():
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(start[name])))
        self.optimizer = net.twin_optimizer(self.module.parameters())

    @property
    def lr(self) -> float:
        """The step's length; may be set."""
        return self.optimizer.param_groups[0]["lr"]

    @lr.setter
    def lr(self, value: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = value

    def step(self, *batch: Array) -> float:
        """Forward, loss, backward, update."""
        loss = self._backward(batch)
        _ = self.optimizer.step()
        return float(loss.detach())

    def gradients(self, *batch: Array) -> tuple[float, Parameters]:
        """Forward, loss, backward."""
        loss = self._backward(batch)
        named = self.module.named_parameters()
        zero = self.torch.zeros_like
        return float(loss.detach()), {n: _double(zero(p) if p.grad is None else p.grad) for n, p in named}

    def scores(self, input: Array) -> Array:
        """Forward."""
        return _in_parts(input, self._scores)

    def parameters(self) -> Parameters:
        """Copies."""
        return {name: _double(parameter) for name, parameter in self.module.named_parameters()}

    def _backward(self, batch: tuple[Array, ...]) -> Any:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.net.twin_loss(self.module, *map(self._tensor, batch))
        _ = loss.backward()
        return loss

    def _scores(self, rows: Array) -> Array:
        with self.torch.no_grad():
            output = self.module(self._tensor(rows))
        return (output[0] if isinstance(output, tuple) else output).cpu().numpy()

    def _tensor(self, array: Array) -> Any:
        return self.torch.from_numpy(np.array(_cast(array, self.dtype), order="C")).to(self.device)


def accuracy(trainer: Trainer, input: Array, classes: Array) -> float:
    """The fraction of rows whose highest score is that of their class."""
    return float((trainer.scores(input).argmax(-1) == classes).mean())


def _in_parts(input: Array, scores: Callable[[Array], Array]) -> Array:
    return np.concatenate([scores(input[first : first + ROWS]) for first in range(0, len(input), ROWS)])


def _cast(array: Array, dtype: np.dtype[Any]) -> Array:
    """Numbers in this precision; classes and characters as they are."""
    return array.astype(dtype, copy=False) if array.dtype.kind == "f" else array


def _double(tensor: Any) -> Array:
    return np.array(tensor.detach().cpu().numpy(), np.float64)


def difference(got: Mapping[str, Array], want: Mapping[str, Array]) -> tuple[float, str]:
    """The largest, relative to the largest entry of its array where that is above 1, and where it is.

    What is not finite in both at the same places is the same; else the difference is infinite.
    """
    worst, where = 0.0, ""
    for name, right in want.items():
        if got[name].shape != right.shape:
            return float("inf"), name
        with np.errstate(invalid="ignore", over="ignore"):
            finite = np.isfinite(right)
            same = np.array_equal(got[name][~finite], right[~finite], equal_nan=True)
            gaps = np.abs(got[name] - right)[finite]
            same = same and bool(np.isfinite(got[name][finite]).all())
            gap = float(gaps.max(initial=0.0) / max(1.0, np.abs(right[finite]).max(initial=0.0)))
        gap = gap if same else float("inf")
        if gap > worst or not where:
            worst, where = gap, name
    return worst, where
