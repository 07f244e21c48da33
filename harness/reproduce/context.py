"""What a figure is given to find its numbers with: data, budget, checkpoints, trainers in lockstep."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from ..checkpoints import Store, plain
from .data import Images, Source, Text
from .experiment import Figure
from .lockstep import InStep, Lockstep
from .net import Net, NumPyTrainer, TorchTrainer, Trainer

Value = TypeVar("Value")


@dataclass
class Context:
    """Of one experiment.

    budget    "quick" or "full"
    device    "cpu" or "cuda": where torch runs
    seed      other seeds, other starts and batches
    source    where images and text come from
    store     the checkpoints
    progress  takes the part of the figure that is done, and what is done now
    """

    budget: str
    device: str
    seed: int
    source: Source
    store: Store
    progress: Callable[[float, str], None]
    locksteps: list[dict[str, Any]] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    made: int = 0  # units that were run, and not found
    _place: tuple[str, ...] = ()
    _part: tuple[float, float] = (0.0, 1.0)

    # Choices.

    def choose(self, quick: Value, full: Value) -> Value:
        """By the budget."""
        return quick if self.budget == "quick" else full

    def rng(self, *key: object) -> np.random.Generator:
        """Random numbers that depend on the seed and this key alone, and not on what was drawn or run before."""
        return np.random.default_rng([self.seed, zlib.crc32(repr(key).encode())])

    # Data.

    def images(self, *preferred: str) -> Images:
        """Pictures: of the kinds "mnist" and "cifar10" the first that is there, else scikit-learn's digits."""
        found = self.source.images(*preferred)
        self.used["images"] = found.says
        return found

    def text(self) -> Text:
        """Text: the user's, or Python's own."""
        found = self.source.text()
        self.used["text"] = found.says
        return found

    # Checkpoints.

    def unit(self, name: str, work: Callable[[], Any]) -> Any:
        """What `work` returns (plain JSON), from its checkpoint if there is one: a killed run continues here.

        Units may lie in each other; the name needs to be unique within the one around it.
        """
        outside, place = self._place, (*self._place, name)
        key = " / ".join(place)
        content = self.store.load(key)
        if content is None:
            locksteps, used = self.locksteps, self.used
            self.locksteps, self.used, self._place = [], {}, place
            self.made += 1
            try:
                value = work()
                found = {"value": value, "locksteps": self.locksteps, "used": self.used}
                content = self.store.keep(key, found)
            finally:
                self.locksteps, self.used, self._place = locksteps, used, outside
        self.locksteps += content["locksteps"]
        self.used |= content["used"]
        return content["value"]

    def units(self, jobs: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """Each job as a unit of its own, with progress: curves, settings, seeds."""
        found = {}
        begin, share = self._part
        for done, (name, work) in enumerate(jobs.items()):
            self._part = (begin + share * done / len(jobs), share / len(jobs))
            self.progress(self._part[0], name)
            try:
                found[name] = self.unit(name, work)
            finally:
                self._part = (begin, share)
        return found

    def tick(self, part: float) -> None:
        """That this part of the unit at hand is done, from 0 to 1: for a unit of half a minute or more."""
        begin, share = self._part
        self.progress(begin + share * part, self._place[-1] if self._place else "")

    def numbers(self, figure: Figure) -> dict[str, Any]:
        """Those of a figure, itself a unit."""
        return self.unit(figure.name, lambda: plain(figure.numbers(self)))

    # Training.

    def trainer(
        self, net: Net, *, dtype: str | None = None, library: str | None = None, lockstep: bool = True
    ) -> Trainer:
        """The net at its start. Its first 20 steps are made by NumPy and torch beside it, and have to agree.

        library   "numpy" or "torch"; by default NumPy on the CPU, and torch on CUDA, where it always is torch
        dtype     by default float64 on the CPU, float32 on CUDA
        lockstep  False where the same net, start and batches have been in lockstep already, or where a run is
                  meant to diverge: say so beside it
        """
        dtype = dtype or ("float64" if self.device == "cpu" else "float32")
        plain_numpy = self.device == "cpu" and library != "torch"
        trainer: Trainer = NumPyTrainer(net, dtype) if plain_numpy else TorchTrainer(net, dtype, self.device)
        if not lockstep:
            return trainer
        beside = Lockstep(net, self.device)
        self.locksteps.append(beside.record)
        return InStep(trainer, beside)
