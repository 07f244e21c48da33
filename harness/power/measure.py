"""READ FIRST: the whole measurement as one dictionary, from which the JSON, the table and the page are made."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import platform
import statistics
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import torch

from .. import registry
from ..checkpoints import Store
from ..draw import drawn
from ..report import machine
from . import alarms, cost, kills, names, peers, smallest
from . import sizes as growing

SHARES = ("generic", "hand-written", "edge")


@dataclass(frozen=True)
class Effort:
    """How much is measured: all, or a sample of everything.

    every      one mutant in so many of the hand-written, and of the generic ones
    cases      for each mutant
    calm       cases of each function, by mode, that nobody may be accused at
    functions  one in so many for costs
    sizes      for costs, and for the smallest error seen
    shown      functions for the smallest error
    """

    every: tuple[int, int] = (1, 1)
    cases: int = kills.CASES
    calm: tuple[int, ...] = (160, 160, 40, 40)
    functions: int = 1
    sizes: tuple[int, ...] = cost.SIZES
    entries: tuple[int, ...] = (10, 100, 1000, 10_000, 100_000, 1_000_000)
    shown: tuple[str, ...] = ("linear", "tanh", "softmax", "layer_norm", "conv2d")


FULL = Effort()
QUICK = Effort((60, 300), 40, (2, 2, 1, 1), 40, (100, 1000), (10, 1000), ("linear",))

Report = Callable[[str, int, int], None]  # what is measured, how much is done, of how much


def version() -> str:
    """Another one means that what was measured is of another judge: our sources, and the libraries."""
    packages = [machine.HERE / name for name in ("harness", "reference_impls", "suites")]
    folders = {path.parent.relative_to(machine.HERE).as_posix() for one in packages for path in one.rglob("*.py")}
    versions = [f"{name} {one}" for name, one in (machine.versions() | peers.versions()).items()]
    return " ".join([*versions, machine.sources(machine.HERE, *sorted(folders))])


def measure(effort: Effort, report: Report, store: Store | None = None) -> dict[str, Any]:
    """All parts in turn, on every core; but the cost, which is measured alone. What the store has is not made again."""
    cores = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")  # a fork of what torch and jax have started may hang
    shown = [(name, size) for size in reversed(effort.entries) for name in effort.shown]  # the longest first
    specs = list(registry.specs())
    with ProcessPoolExecutor(cores, context, initializer=_quiet) as pool:
        several = functools.partial(_in_parts, effort, report, store, pool.map)
        called = several(_mutants, _by_spec(effort), "mutants of {}")
        calm = several(_calm, specs, "calm: {}")
        seen = several(_smallest, shown, "smallest error: {}")
    _quiet()
    costs = _in_parts(effort, report, store, map, _costs, specs[:: effort.functions], "cost: {}")
    return {
        "versions": machine.versions() | peers.versions(),
        "machine": f"{cores} cores, {platform.machine()}",
        "effort": asdict(effort),
        "mistakes": len({mutant.what for mutant in registry.mutants() if mutant.family == "generic"}),
        "generic_cases": kills.GENERIC,
        "kills": [one for caught, _ in called for one in caught],
        "names": [one for _, said in called for one in said],
        "alarms": [_together(list(of_one)) for of_one in zip(*calm, strict=True)],
        "smallest": [one for records in seen for one in records],
        "cost": [one for records in costs for one in records],
    }


def _quiet() -> None:
    """Each process: one thread, and no warnings, for wrong backwards overflow."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")


def _in_parts(
    effort: Effort,
    report: Report,
    store: Store | None,
    each: Callable[..., Iterable[Any]],
    part: Callable[[Effort, Any], Any],
    work: Sequence[Any],
    words: str,
) -> list[Any]:
    """What `part` finds for each piece of work, in order: kept as soon as it is known."""
    found: dict[str, Any] = {}
    keys = {f"{part.__name__} {one}": one for one in work}
    for key in keys:
        if store and (kept := store.load(key)) is not None:
            found[key] = json.loads(kept["json"])  # as text, since an error that is never seen is infinite
    left = {key: one for key, one in keys.items() if key not in found}
    for (key, one), value in zip(left.items(), each(functools.partial(part, effort), left.values()), strict=True):
        found[key] = value
        if store:
            _ = store.keep(key, {"json": json.dumps(value)})
        report(words.format(one if isinstance(one, str) else one[0]), len(found), len(work))
    return [found[key] for key in keys]


def _chosen(effort: Effort) -> list[Any]:
    """The mutants that are asked about, first those written by hand."""
    catalogue = registry.mutants()
    written = [mutant for mutant in catalogue if mutant.family != "generic"][:: effort.every[0]]
    return [*written, *[mutant for mutant in catalogue if mutant.family == "generic"][:: effort.every[1]]]


def _by_spec(effort: Effort) -> list[str]:
    return list(dict.fromkeys(mutant.of for mutant in _chosen(effort)))


def _mutants(effort: Effort, name: str) -> tuple[list[Any], list[Any]]:
    """Who catches each mutant of one function; and what those written by hand are called."""
    spec, mutants = registry.spec(name), [mutant for mutant in _chosen(effort) if mutant.of == name]
    caught = [asdict(one) for one in kills.trials(spec, mutants, peers.installed(), effort.cases)]
    cases = drawn(spec, effort.cases)
    said = [names.named(one, names.convicted(spec, one, cases)) for one in mutants if one.family != "generic"]
    return caught, [asdict(one) | {"right": one.right} for one in said if one]


def _calm(effort: Effort, name: str) -> list[Any]:
    """One record for each mode."""
    calm = [alarms.Calm(mode) for mode in alarms.MODES]
    for one, examples in zip(calm, effort.calm, strict=True):
        one.look(registry.spec(name), examples, seed=1)
    return [vars(one) for one in calm]


def _together(parts: Sequence[Any]) -> dict[str, Any]:
    """The record of one mode over all functions."""
    calm = [alarms.Calm(**one | {"kinds": Counter(one["kinds"])}) for one in parts]
    whole = functools.reduce(alarms.Calm.__add__, calm)
    return {
        "mode": whole.mode,
        "cases": whole.cases,
        "comparisons": whole.comparisons,
        "kinds": dict(whole.kinds),
        "accused": whole.accused,
        "quantiles": whole.quantiles(),
    }


def _costs(effort: Effort, name: str) -> list[Any]:
    spec = registry.spec(name)
    drawing = cost.drawing(spec)
    return [record | {"drawing": drawing} for record in cost.measure(spec, effort.sizes)]


def _smallest(_: Effort, work: tuple[str, int]) -> list[Any]:
    name, size = work
    usual = growing.usual(registry.spec(name))
    found = {} if usual is None else smallest.measure(usual, size)
    return [{"function": name, "size": size, "checker": checker, "error": error} for checker, error in found.items()]


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
