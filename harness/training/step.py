"""A step of training, ready to be run again and again: `step()` starts it, `wait()` sees it done."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from .backend import Backend
from .workload import MOMENTUM, Array, Batch, Parameters, Workload


class Outcome(NamedTuple):
    """Of the last step: the loss before it, its gradients, and the parameters after it, in float64."""

    loss: float
    gradients: dict[str, Array]
    parameters: dict[str, Array]


class Step(Protocol):
    """What the meter needs of either library."""

    def __call__(self) -> None:
        """Forward, loss, backward, update; returns as soon as it may."""

    def wait(self) -> None:
        """Until everything that was started is done."""

    def feed(self, batch: Batch) -> None:
        """Go on with another batch of the same shape."""

    def reset(self) -> None:
        """Back to the start, without momentum."""

    def loss(self) -> float:
        """Of the last step; waits for it."""
        ...

    def outcome(self) -> Outcome:
        """Of the last step; waits for it."""
        ...


def make(workload: Workload, backend: Backend) -> Step:
    """The workload on this backend. To be made, and run, inside of `backend.products()`."""
    if backend.library == "numpy":
        return NumPyStep(workload)
    from .torch_step import TorchStep  # noqa: PLC0415

    return TorchStep(workload, backend)


class NumPyStep:
    """With the references."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.batch = workload.a_batch()
        self.parameters: Parameters = workload.start()
        self.optimizer: Any = None
        self.reset()

    def __call__(self) -> None:
        self.last_loss, self.gradients = self.workload.gradients(self.parameters, self.batch)
        self.optimizer.step(self.gradients)

    def wait(self) -> None:
        """NumPy returns when it is done."""

    def feed(self, batch: Batch) -> None:
        """Another batch."""
        self.batch = batch

    def reset(self) -> None:
        """The arrays stay, their numbers are those of the start."""
        for name, array in self.workload.start().items():
            self.parameters[name][...] = array
        self.optimizer = self.workload.optimizer(self.parameters, lr=self.workload.lr, momentum=MOMENTUM)

    def loss(self) -> float:
        """Of the last step."""
        return self.last_loss

    def outcome(self) -> Outcome:
        """Of the last step."""
        return Outcome(self.last_loss, _double(self.gradients), _double(self.parameters))


def _double(arrays: Parameters) -> dict[str, Array]:
    return {name: np.array(array, np.float64) for name, array in arrays.items()}
