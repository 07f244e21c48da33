"""Where a noisy curve changed its level, and by how much.

Every place to cut the curve is tried, and the two sides are compared by a t-test on logarithms, whose chance is
multiplied by the number of places that were tried (Bonferroni). The best cut counts if chance alone would hardly give
it and if it is large enough to matter; then both sides are looked at in the same way (binary segmentation). Where no
single cut counts, two at once are tried, for a change that was taken back. So that a busy moment is no change:

* what is further than 2.5 spreads from its side's median is moved to there (Huber 1964), the spread being that of the
  median distance;
* a side of two or three commits counts as its value that is nearest to the other side: all of them have to be off.

How often it finds what was planted, and how often it cries wolf, is counted in docs/changes.md, beside others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[Any]
LEAST = 0.05  # smaller changes are not reported, however sure: they have no commit that one could name
CHANCE = 0.01  # nominal: with clipping, and two ways to cut, 2 % of calm curves are marked (docs/changes.md)
SHORTEST = 2  # commits on a side: one alone is a moment, not a level
FEW = 3  # commits that all have to be off
LONGEST = 20  # commits that a passing change is looked for in; longer ones are found by single cuts
TWICE = 10  # times surer, to be as rarely wrong: more shapes fit noise
CLIP = 2.5  # spreads; 1 % of Gaussian noise is beyond
FINEST = 1e-3  # no clock that is shared has a smaller spread, though a few numbers may happen to be equal
NEWEST_CHANCE = 0.001


@dataclass(frozen=True)
class Change:
    """The first value of the new level has the index `at`; `before` and `after` are the medians of the levels."""

    at: int
    before: float
    after: float
    chance: float

    @property
    def factor(self) -> float:
        """Above 1 where it rose."""
        return self.after / self.before


@dataclass(frozen=True)
class Level:
    """values[start:stop] belong together; their median, and the relative spread about it (nan for a single one)."""

    start: int
    stop: int
    value: float
    spread: float


def changes(values: Sequence[float], least: float = LEAST, chance: float = CHANCE) -> list[Change]:
    """The changes of level, in order. The values are positive."""
    logs = np.log(np.asarray(values, float))
    cuts = sorted(_cuts(logs, 0, math.log1p(least), chance))
    edges = [0, *(at for at, _ in cuts), len(logs)]
    medians = [math.exp(np.median(logs[a:b])) for a, b in itertools.pairwise(edges) if b > a]
    found = [Change(at, medians[i], medians[i + 1], p) for i, (at, p) in enumerate(cuts)]
    return [one for one in found if abs(math.log(one.factor)) >= math.log1p(least)]


def levels(values: Sequence[float], found: Sequence[Change]) -> list[Level]:
    """What lies between the changes."""
    edges = [0, *(one.at for one in found), len(values)]
    return [_level(values, a, b) for a, b in itertools.pairwise(edges) if b > a]


def _level(values: Sequence[float], start: int, stop: int) -> Level:
    logs = np.log(np.asarray(values[start:stop], float))
    spread = float(np.std(logs, ddof=1)) if len(logs) > 1 else math.nan
    return Level(start, stop, math.exp(np.median(logs)), spread)


def odd_newest(values: Sequence[float], found: Sequence[Change], least: float = LEAST) -> float | None:
    """The last value over its level, if it is off by more than the noise before it explains; None if not.

    One value is no change yet: the next commit, or the same one measured again, will tell.
    """
    last = levels(values, found)[-1] if values else None
    if last is None or last.stop - last.start < 5:
        return None
    logs = np.log(np.asarray(values[last.start : last.stop], float))
    before, newest = logs[:-1], logs[-1]
    middle, spread = _middle(before), _spread(before - np.median(before), 1)
    off = newest - middle
    t = abs(off) / (spread * math.sqrt(1 + 1 / len(before)))
    sure = 2 * special.stdtr(len(before) - 1, -t) < NEWEST_CHANCE
    return math.exp(off) if sure and abs(off) >= math.log1p(least) else None


def _cuts(logs: Array, start: int, least: float, chance: float) -> list[tuple[int, float]]:
    """The best cut, or the best two at once, if they count; and those of what they leave."""
    count = len(logs)
    if count <= 2 * SHORTEST:
        return []
    p, at = _one(logs)
    cuts = [at]
    if p > chance or abs(np.median(logs[at:]) - np.median(logs[:at])) < least:
        p, *cuts = _two(logs)
        within, outside = _within(logs, *cuts) if cuts else (logs, logs)
        if p > chance or abs(np.median(within) - np.median(outside)) < least:
            return []
    edges = [0, *cuts, count]
    deeper = [_cuts(logs[a:b], start + a, least, chance) for a, b in itertools.pairwise(edges)]
    return [*((start + at, p) for at in cuts), *(cut for part in deeper for cut in part)]


def _one(logs: Array) -> tuple[float, int]:
    """The place to cut at."""
    places = range(SHORTEST, len(logs) - SHORTEST + 1)
    p, at = min((_chance(logs[:place], logs[place:]), place) for place in places)
    return p * len(places), at


def _two(logs: Array) -> tuple[float, int, int] | tuple[float]:
    """The places between which the curve was elsewhere, and came back: what no single cut shows."""
    count = len(logs)
    pairs = [
        (first, second)
        for first in range(SHORTEST, count - SHORTEST - FEW + 1)
        for second in range(first + FEW, min(first + LONGEST, count - SHORTEST) + 1)
    ]
    if not pairs:
        return (1.0,)
    p, first, second = min((_chance(*reversed(_within(logs, *pair))), *pair) for pair in pairs)
    return p * len(pairs) * TWICE, first, second


def _within(logs: Array, first: int, second: int) -> tuple[Array, Array]:
    return logs[first:second], np.concatenate([logs[:first], logs[second:]])


def _chance(left: Array, right: Array) -> float:
    """That two sides of one level differ by as much as these."""
    middles = float(np.median(left)), float(np.median(right))
    residuals = np.concatenate([left - middles[0], right - middles[1]])
    spread = _spread(residuals, 2)
    sides = [
        np.clip(side, middle - CLIP * spread, middle + CLIP * spread)
        for side, middle in zip((left, right), middles, strict=True)
    ]
    down = middles[1] < middles[0]
    a = (left.min() if down else left.max()) if len(left) <= FEW else sides[0].mean()
    b = (right.max() if down else right.min()) if len(right) <= FEW else sides[1].mean()
    if (b < a) != down or a == b:
        return 1.0
    freedom = len(residuals) - 2
    square = sum(float(((side - side.mean()) ** 2).sum()) for side in sides) / freedom
    error = max(math.sqrt(square), FINEST) * math.sqrt(1 / len(left) + 1 / len(right))
    return 2 * float(special.stdtr(freedom, -abs(b - a) / error))


def _spread(residuals: Array, medians: int) -> float:
    """As of Gaussian noise, from the median distance; each median that was taken off has made one of them zero."""
    return max(1.4826 * float(np.median(np.sort(np.abs(residuals))[medians:])), FINEST)


def _middle(logs: Array) -> float:
    """The mean, without what is far off."""
    middle = float(np.median(logs))
    spread = _spread(logs - middle, 1)
    return float(np.clip(logs, middle - CLIP * spread, middle + CLIP * spread).mean())
