"""Time: warm up, then blocks of steps with one synchronisation at the end of each; median and quartiles.

A block during which other processes had more than a share of the machine is measured again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .step import Step

STAT = Path("/proc/stat")
OTHERS = 0.05  # of all processors
FEWEST = 3  # quiet blocks; with fewer all are taken, and the result says so


@dataclass(frozen=True)
class Effort:
    """How long is measured.

    warm_up   seconds
    shortest  seconds of a block
    blocks    that are counted
    longest   seconds for all blocks together, as long as FEWEST are measured
    """

    warm_up: float = 1.0
    shortest: float = 0.1
    blocks: int = 9
    longest: float = 10.0


FULL = Effort()
QUICK = Effort(warm_up=0.0, shortest=0.0, blocks=1)


@dataclass(frozen=True)
class Block:
    """Milliseconds for a step, and the share of the machine that others had meanwhile (None: it cannot be seen)."""

    ms: float
    others: float | None

    @property
    def quiet(self) -> bool:
        """Whether it counts."""
        return self.others is None or self.others < OTHERS


@dataclass(frozen=True)
class Timing:
    """Milliseconds for a step: the quartiles of the blocks that count.

    steps      in a block
    blocks     that count
    dropped    that do not, since others were busy
    contended  others were busy nearly always: nothing was dropped, and the numbers are doubtful
    """

    ms: float
    q1: float
    q3: float
    steps: int
    blocks: int
    dropped: int
    contended: bool


def timed(step: Step, effort: Effort = FULL) -> Timing:
    """Warm up, then measure."""
    steps = warmed_up(step, effort)
    found: list[Block] = []
    start = time.perf_counter()
    while sum(block.quiet for block in found) < effort.blocks and len(found) < 3 * effort.blocks:
        if len(found) >= FEWEST and time.perf_counter() - start > effort.longest:
            break
        found.append(block(step, steps))
    return summed_up(found, steps)


def warmed_up(step: Step, effort: Effort) -> int:
    """Run for so long, in blocks that double until one is long enough: so many steps make a block."""
    steps, start = 1, time.perf_counter()
    step()
    step.wait()
    while effort.warm_up or effort.shortest:
        took = block(step, steps).ms * steps / 1e3
        if took < effort.shortest:
            steps *= 2
        elif time.perf_counter() - start >= effort.warm_up:
            break
    return steps


def block(step: Step, steps: int) -> Block:
    """So many steps, and who else was busy."""
    watch = others()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    step.wait()
    ms = 1e3 * (time.perf_counter() - start) / steps
    return Block(ms, watch())


def summed_up(found: list[Block], steps: int) -> Timing:
    """The quiet blocks, if they are enough."""
    quiet = [one.ms for one in found if one.quiet]
    contended = len(quiet) < min(FEWEST, len(found))
    counted = [one.ms for one in found] if contended else quiet
    q1, median, q3 = (float(one) for one in np.percentile(counted, [25, 50, 75]))
    return Timing(median, q1, q3, steps, len(counted), len(found) - len(counted), contended)


def others() -> Callable[[], float | None]:
    """Start to watch; the answer is the share of all processors that other processes had since then."""
    cores, wall, own, busy = os.cpu_count() or 1, time.perf_counter(), time.process_time(), _busy()

    def since() -> float | None:
        now = _busy()
        if busy is None or now is None:
            return None
        share = (now - busy) - (time.process_time() - own)
        return max(0.0, share / (cores * (time.perf_counter() - wall)))

    return since


def _busy() -> float | None:
    """Seconds that all processors together were busy; None where the system does not say."""
    try:
        first = STAT.read_text(encoding="ascii").partition("\n")[0]
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = (int(one) for one in first.split()[1:])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
