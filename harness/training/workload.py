"""What a workload says about itself: a model, both ways, from the same start on the same batch."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Parameters = dict[str, Array]
Batch = tuple[Array, Array]
SEED = 0
MOMENTUM = 0.9


@dataclass(frozen=True)
class Workload:
    """One step: forward, the mean cross-entropy, backward, and an update by gradient descent with momentum.

    name         with all its sizes: another size is another name, so that no curve ever jumps
    units, unit  what a step gets through: so many "samples", or "tokens"
    start        fresh parameters in float32
    batch        (input, classes) of one step, the input in float32 or in whole numbers
    gradients    ours: the loss and its gradients at these parameters, in their precision
    optimizer    ours: made with (parameters, lr=, momentum=), has step(gradients)
    twin         a torch module with parameters of the same names, whose first output are scores (*batch, C)
    lr           small enough to train in every precision
    flop         of the products of one step, without the derivatives that training has no use for; a times and a plus
                 are two
    kept         numbers that the forward leaves for the backward, the whole step's; without what can be had again
                 entry by entry
    large        too much for a CPU, unless asked for by name
    """

    name: str
    units: int
    unit: str
    start: Callable[[], Parameters]
    batch: Callable[[np.random.Generator], Batch]
    gradients: Callable[[Mapping[str, Array], Batch], tuple[float, Parameters]]
    optimizer: Callable[..., Any]
    twin: Callable[[], Any]
    lr: float
    flop: int
    kept: int
    large: bool = False

    def a_batch(self) -> Batch:
        """The one that is timed, always the same."""
        return self.batch(np.random.default_rng(SEED))

    def moved(self, parameter_size: int, number_size: int) -> int:
        """Bytes that a step cannot do without moving: parameters and momentum in and out, what is kept out and in."""
        parameters = sum(array.size for array in self.start().values())
        return 4 * parameters * parameter_size + 2 * self.kept * number_size


def gathered() -> dict[str, Workload]:
    """All workloads by name: found in `suites`, as the specs are."""
    return importlib.import_module("suites.throughput.workloads").WORKLOADS


def named(name: str) -> Workload:
    """The workload of this name. Raises LookupError, with what was perhaps meant."""
    found = gathered()
    if name in found:
        return found[name]
    near = difflib.get_close_matches(name, found, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(found)}."
    raise LookupError(f"no workload is called {name!r}: {hint}")
