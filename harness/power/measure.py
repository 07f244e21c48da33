"""READ FIRST: the whole measurement as one dictionary, from which the JSON, the table and the page are made."""

from __future__ import annotations

import os
import platform
import statistics
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .. import registry
from ..report import machine
from ..search import drawn
from . import alarms, cost, kills, names, peers, smallest
from . import sizes as growing

SHARES = ("generic", "hand-written", "edge")


@dataclass(frozen=True)
class Effort:
    """How much is measured: all, or a sample of everything.

    every      one mutant in so many of the hand-written, and of the generic ones
    cases      for each mutant
    calm       cases of each function, by dtype, that nobody may be accused at
    functions  one in so many for costs
    sizes      for costs, and for the smallest error seen
    shown      functions for the smallest error
    """

    every: tuple[int, int] = (1, 1)
    cases: int = kills.CASES
    calm: tuple[int, ...] = (160, 40, 40)
    functions: int = 1
    sizes: tuple[int, ...] = cost.SIZES
    entries: tuple[int, ...] = (10, 100, 1000, 10_000, 100_000)
    shown: tuple[str, ...] = ("linear", "tanh", "softmax", "layer_norm", "conv2d")


FULL = Effort()
QUICK = Effort((40, 200), 40, (3, 1, 1), 40, (100, 1000), (10, 1000), ("linear",))

Report = Callable[[str, int, int], None]  # what is measured, how much is done, of how much


def measure(effort: Effort, report: Report) -> dict[str, Any]:
    """All parts in turn."""
    asked = peers.installed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong backwards overflow
        return _measured(effort, asked, report)


def _measured(effort: Effort, asked: dict[str, peers.Peer], report: Report) -> dict[str, Any]:
    found, called = _mutants(effort, asked, report)
    return {
        "versions": machine.versions() | peers.versions(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "effort": asdict(effort),
        "mistakes": len({mutant.what for mutant in registry.mutants() if mutant.family == "generic"}),
        "generic_cases": kills.GENERIC,
        "kills": found,
        "names": called,
        "alarms": _alarms(effort, report),
        "cost": _costs(effort, report),
        "smallest": _smallest(effort, report),
    }


def _mutants(effort: Effort, asked: dict[str, peers.Peer], report: Report) -> tuple[list[Any], list[Any]]:
    """Who catches each mutant; and what the hand-written ones are called."""
    catalogue = registry.mutants()
    written = [mutant for mutant in catalogue if mutant.family != "generic"][:: effort.every[0]]
    generic = [mutant for mutant in catalogue if mutant.family == "generic"][:: effort.every[1]]
    by_spec: dict[str, list[Any]] = defaultdict(list)
    for mutant in (*written, *generic):
        by_spec[mutant.of].append(mutant)
    caught: list[Any] = []
    called: list[Any] = []
    for number, (name, mutants) in enumerate(by_spec.items()):
        report(f"mutants of {name}", number, len(by_spec))
        spec = registry.spec(name)
        caught += [asdict(one) for one in kills.trials(spec, mutants, asked, effort.cases)]
        cases = drawn(spec, effort.cases)
        said = [names.named(one, names.convicted(spec, one, cases)) for one in mutants if one.family != "generic"]
        called += [asdict(one) | {"right": one.right} for one in said if one]
    return caught, called


def _alarms(effort: Effort, report: Report) -> list[Any]:
    calm = [alarms.Calm(dtype) for dtype in alarms.DTYPES]
    specs = list(registry.specs().values())
    for number, spec in enumerate(specs):
        report(f"calm: {spec.name}", number, len(specs))
        for one, examples in zip(calm, effort.calm, strict=True):
            one.look(spec, examples, seed=1)
    return [
        {
            "dtype": one.dtype,
            "cases": one.cases,
            "comparisons": one.comparisons,
            "kinds": dict(one.kinds),
            "accused": one.accused,
            "quantiles": one.quantiles(),
        }
        for one in calm
    ]


def _costs(effort: Effort, report: Report) -> list[Any]:
    specs = list(registry.specs().values())[:: effort.functions]
    found: list[Any] = []
    for number, spec in enumerate(specs):
        report(f"cost: {spec.name}", number, len(specs))
        drawing = cost.drawing(spec)
        found += [record | {"drawing": drawing} for record in cost.measure(spec, effort.sizes)]
    return found


def _smallest(effort: Effort, report: Report) -> list[Any]:
    found: list[Any] = []
    work = [(name, size) for name in effort.shown for size in effort.entries]
    for number, (name, size) in enumerate(work):
        report(f"smallest error: {name}, {size} entries", number, len(work))
        usual = growing.usual(registry.spec(name))
        if usual is not None:
            found += [
                {"function": name, "size": size, "checker": checker, "error": error}
                for checker, error in smallest.measure(usual, size).items()
            ]
    return found


@dataclass(frozen=True)
class Share:
    """How many of how many, and after how many cases: the median and the most."""

    caught: int
    of: int
    median: float
    worst: int

    @property
    def rate(self) -> float:
        """From 0 to 1."""
        return self.caught / self.of if self.of else float("nan")


def shares(records: Iterable[Any]) -> dict[tuple[str, str, str], Share]:
    """By checker, shapes and group."""
    after: dict[tuple[str, str, str], list[int | None]] = defaultdict(list)
    for record in records:
        after[record["checker"], record["shapes"], record["group"]].append(record["after"])
    found: dict[tuple[str, str, str], Share] = {}
    for key, counts in after.items():
        seen = [count for count in counts if count is not None]
        found[key] = Share(len(seen), len(counts), statistics.median(seen or [0]), max(seen, default=0))
    return found


def missed(records: Iterable[Any]) -> list[str]:
    """The mutants that we do not catch."""
    ours = [r for r in records if r["checker"] == kills.OURS and r["shapes"] == "drawn"]
    return [record["mutant"] for record in ours if record["after"] is None]


def precision_and_recall(called: Sequence[Any]) -> tuple[float, float, Counter[str]]:
    """Of the names given how many are true; of the mutants that have a name how many are given a true one."""
    given, nameable = [one for one in called if one["pattern"]], [one for one in called if one["true"]]
    right = sum(one["right"] for one in called)
    wrong = Counter(one["pattern"] for one in given if not one["right"])
    nan = float("nan")
    return right / len(given) if given else nan, right / len(nameable) if nameable else nan, wrong


def ratios(costs: Iterable[Any], peer: str) -> list[float]:
    """Our cost over a peer's."""
    return [record["backprove"] / record[peer] for record in costs if peer in record]
