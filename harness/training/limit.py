"""The machine's limit, measured in the same run: the fastest product, the fastest copy, and the time of a step at that.

    floor = max(FLOP of the step / products' rate, bytes it has to move / bandwidth)

A step can come near it, and over it only by what the model of its bytes leaves out: caches. Rates are those of the
device, whichever library reaches them, and the best of several runs, since a limit is not an average.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .backend import Backend
from .workload import Workload

SIDE = {"cpu": 1024, "cuda": 8192}  # of the square matrices: large enough to reach the rate, 0.1 s or less
COPIED = {"cpu": 2**28, "cuda": 2**30}  # bytes: more than any cache holds
REPEATS = 5


class Limit(NamedTuple):
    """What a device reaches in one precision: FLOP/s of a product, and bytes/s read and written by a copy."""

    rate: float
    bandwidth: float

    def floor(self, workload: Workload, backend: Backend) -> float:
        """Milliseconds below which no step is."""
        return 1e3 * max(workload.flop / self.rate, _moved(workload, backend) / self.bandwidth)


def measured(backend: Backend) -> Limit:
    """Of the device that the backend runs on, in its precision; once in a process."""
    return _limit(backend.device, backend.precision)


@cache
def _limit(device: str, precision: str) -> Limit:
    with Backend("torch", device, precision=precision).products():
        flop = 2.0 * SIDE[device] ** 3
        return Limit(flop / min(_best(one, device) for one in _products(device, precision)), _bandwidth(device))


def reference(device: str) -> float:
    """Milliseconds of one fixed product in float32: timed beside each workload, it says how fast the machine was."""
    with Backend("torch", device).products():
        return 1e3 * _best(_products(device, "float32")[0], device)


def _products(device: str, precision: str) -> list[Callable[[], Any]]:
    """The ways to multiply two square matrices here."""
    import torch  # noqa: PLC0415

    side = SIDE[device]
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    a = torch.randn(side, side, device=device, dtype=dtype)
    out = torch.empty_like(a)
    ways: list[Callable[[], Any]] = [lambda: torch.mm(a, a, out=out)]
    if device == "cpu" and precision == "float32":
        x, y = a.numpy(), out.numpy()
        # A convolution with a window of 1 is a product too, and the way to oneDNN, which torch's LSTM uses.
        image, window = a.reshape(1, side, 32, side // 32), a.reshape(side, side, 1, 1)
        ways = [lambda: np.matmul(x, x, out=y), *ways, lambda: torch.nn.functional.conv2d(image, window)]
    return ways


def _bandwidth(device: str) -> float:
    import torch  # noqa: PLC0415

    source = torch.ones(COPIED[device], dtype=torch.uint8, device=device)
    target = torch.ones_like(source)
    return 2 * COPIED[device] / _best(lambda: target.copy_(source), device)


def _best(call: Callable[[], Any], device: str) -> float:
    """Seconds of the fastest of several calls, after one that warms up."""
    import torch  # noqa: PLC0415

    times: list[float] = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        _ = call()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times[1:])


@cache
def _moved(workload: Workload, backend: Backend) -> int:
    return workload.moved(backend.number_size, backend.number_size)
