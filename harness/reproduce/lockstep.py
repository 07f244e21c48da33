"""The first steps of a training, in NumPy and in torch beside each other: they should be the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from .net import Array, Net, NumPyTrainer, Parameters, TorchTrainer, Trainer, difference

STEPS = 20
AGREE = 1e-8  # of float64, after twenty steps; rounding alone is some 1e-15


class OutOfStep(Exception):
    """NumPy and torch came apart."""


class Lockstep:
    """Both libraries in float64, from the same start on the same batches."""

    def __init__(self, net: Net, device: str = "cpu") -> None:
        self.net, self.start = net, net.start()
        self.ours, self.theirs = NumPyTrainer(net), TorchTrainer(net, device=device)
        self.record: dict[str, Any] = {"net": net.name, "torch on": device, "steps": 0, "difference": 0.0, "moved": 0.0}

    def step(self, lr: float, *batch: Array) -> None:
        """One more for both. Raises OutOfStep."""
        self.ours.lr = self.theirs.lr = lr
        losses = [one.step(*batch) for one in (self.ours, self.theirs)]
        left, right = ({"the loss": np.array(x), **y.parameters()} for x, y in zip(losses, self._both, strict=True))
        gap, where = difference(left, right)
        self.record["steps"] += 1
        self.record["difference"] = max(self.record["difference"], gap)
        self.record["moved"] = _largest(self.ours.parameters(), self.start)
        if not gap <= AGREE:
            raise OutOfStep(
                f"{self.net.name}: after step {self.record['steps']} NumPy and torch differ by {gap:.1e} in {where}, "
                f"but should by {AGREE:.0e} or less."
            )

    @property
    def done(self) -> bool:
        """Whether that was enough."""
        return self.record["steps"] >= STEPS

    @property
    def _both(self) -> tuple[Trainer, Trainer]:
        return self.ours, self.theirs


class InStep:
    """A trainer whose first steps are made in lockstep as well, which goes on alone after them."""

    def __init__(self, trainer: Trainer, beside: Lockstep) -> None:
        self.trainer = trainer
        self.beside: Lockstep | None = beside

    @property
    def lr(self) -> float:
        """The step's length; may be set."""
        return self.trainer.lr

    @lr.setter
    def lr(self, value: float) -> None:
        self.trainer.lr = value

    def step(self, *batch: Array) -> float:
        """One step; raises OutOfStep if it is one of the first and not torch's."""
        if self.beside is not None:
            self.beside.step(self.lr, *batch)
            if self.beside.done:
                self.beside = None
        return self.trainer.step(*batch)

    def gradients(self, *batch: Array) -> tuple[float, Parameters]:
        """The loss and its gradients here."""
        return self.trainer.gradients(*batch)

    def scores(self, input: Array) -> Array:
        """Forward."""
        return self.trainer.scores(input)

    def parameters(self) -> Parameters:
        """Copies."""
        return self.trainer.parameters()


def _largest(here: Parameters, there: Parameters) -> float:
    return max(float(np.abs(here[name] - there[name]).max(initial=0.0)) for name in here)
