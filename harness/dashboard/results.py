"""asv's result files (its format 2), read without asv: a folder for each machine, in it one file for each commit."""

from __future__ import annotations

import ast
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

FOLDERS = ("benchmarks/results", ".asv/results")
NOT_RUNS = ("machine.json", "benchmarks.json")
FORMAT = 2
HARDWARE = ("cpu", "num_cpu", "gpu")  # of another one of these it is another machine, whatever its name


class BadResults(Exception):
    """Says in one line what cannot be read."""


@dataclass(frozen=True)
class Point:
    """One number of one commit, with the quartiles of its run where they were recorded."""

    commit: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    """One benchmark with one choice of parameters, on one machine; `dropped` are of another version of it."""

    machine: str
    benchmark: str
    params: tuple[tuple[str, str], ...]
    unit: str
    points: list[Point] = field(default_factory=list)
    dropped: int = 0

    @property
    def kind(self) -> str:
        """`track_throughput`, for one."""
        return self.benchmark.rpartition(".")[2]

    @property
    def higher(self) -> bool:
        """Whether more is better, which asv cannot be told."""
        return any(word in self.kind for word in ("throughput", "per_second", "reached")) or self.unit.endswith("/s")

    @property
    def name(self) -> str:
        """For people."""
        speed = self.kind in ("track_throughput", "track_ms_per_step")
        return " ".join(one for one in (self.title, "" if self.training and speed else f"({self.kind})") if one)

    @property
    def title(self) -> str:
        """Without the benchmark's name."""
        return " on ".join(value for _, value in reversed(self.params)) or self.benchmark

    @property
    def training(self) -> bool:
        """Whether it is of a workload on a backend."""
        return {"backend", "workload"} <= {name for name, _ in self.params}

    def param(self, name: str) -> str:
        """Its value."""
        return dict(self.params)[name]


@dataclass(frozen=True)
class Run:
    """What one file holds."""

    machine: str
    commit: str
    date: int
    about: dict[str, Any]
    rows: dict[str, dict[str, Any]]


def folder(given: Path | None) -> Path:
    """Where the results are. Raises BadResults."""
    for path in [given] if given is not None else map(Path, FOLDERS):
        if path.is_dir() and _files(path):
            return path
    where = given if given is not None else " and ".join(FOLDERS)
    raise BadResults(f"no results of asv in {where}: `asv run` writes them, --results DIR says where they are")


def runs(where: Path) -> tuple[list[Run], list[str]]:
    """Every file that can be read, and for each of the others a line. Raises BadResults if none can be."""
    found: list[Run] = []
    doubts: list[str] = []
    for path in _files(where):
        try:
            found.append(_run(path))
        except BadResults as error:
            doubts.append(str(error))
    if not found:
        raise BadResults(doubts[0] + (f"; so are {len(doubts) - 1} more" if doubts[1:] else ""))
    return _apart(found, doubts), doubts


def _apart(found: list[Run], doubts: list[str]) -> list[Run]:
    """Two machines that were given one name get a number each: their curves have nothing to do with each other."""
    kinds: dict[str, list[str]] = {}
    for run in found:
        known = kinds.setdefault(run.about["machine"], [])
        known += [_hardware(run)] if _hardware(run) not in ["", *known] else []
    doubts += [
        f"{name} is the name of {len(known)} machines, {' and '.join(known)}: they are shown apart"
        for name, known in kinds.items()
        if len(known) > 1
    ]
    return [
        replace(run, machine=f"{run.about['machine']} ({known.index(_hardware(run)) + 1}) · {run.about['environment']}")
        if len(known := kinds[run.about["machine"]]) > 1 and _hardware(run)
        else run
        for run in found
    ]


def _hardware(run: Run) -> str:
    """In words."""
    return " ".join(str(run.about[fact]) for fact in HARDWARE if run.about.get(fact))


def _files(where: Path) -> list[Path]:
    return sorted(path for path in where.glob("*/*.json") if path.name not in NOT_RUNS)


def _run(path: Path) -> Run:
    found = _json(path)
    if found.get("version") != FORMAT:
        raise BadResults(f"{path} is of asv's format {found.get('version')}, but should be of {FORMAT}: `asv update`")
    try:
        columns = found["result_columns"]
        rows = {name: dict(zip(columns, row, strict=False)) for name, row in found["results"].items()}
        env = found["env_name"]
        machine = path.parent.name
        about = {**found["params"], "machine": machine, "environment": env}
        return Run(f"{machine} · {env}", str(found["commit_hash"]), int(found["date"]), about, rows)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadResults(f"{path} is no result file of asv: {type(error).__name__}: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadResults(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadResults(f"{path} is not whole JSON, perhaps half-written: {error}") from error
    if not isinstance(found, dict):
        raise BadResults(f"{path} is no result file of asv: it holds a {type(found).__name__}, not an object")
    return found


def benchmarks(where: Path) -> dict[str, dict[str, Any]]:
    """What asv knows of each benchmark: unit, version and names of parameters. Raises BadResults."""
    path = where / "benchmarks.json"
    known = _json(path) if path.exists() else {}
    return {name: one for name, one in known.items() if isinstance(one, dict)}


def gathered(
    found: list[Run], known: Mapping[str, Mapping[str, Any]], order: list[str], doubts: list[str]
) -> list[Series]:
    """The curves, their points in the order of commits; a commit that was run twice counts as it is read last.

    Values of another version of a benchmark are of something else, and left out. For rows that cannot be read, and
    commits without any number, `doubts` gets a line each.
    """
    by_commit = {commit: place for place, commit in enumerate(order)}
    ordered = sorted((run for run in found if run.commit in by_commit), key=lambda run: by_commit[run.commit])
    newest = {name: row.get("version") for run in ordered for name, row in run.rows.items()}
    series: dict[tuple[str, str, Any], dict[str, Point]] = {}
    dropped: dict[tuple[str, str, Any], set[str]] = {}
    for run in ordered:
        for name, row in run.rows.items():
            version = known.get(name, {}).get("version", newest[name])
            try:
                cells = list(_cells(row, known.get(name, {}).get("param_names"), run.commit))
            except (TypeError, ValueError, IndexError, AttributeError) as error:
                doubts.append(f"{name} at {run.commit[:8]} ({run.machine}) is no result of asv: {error}")
                continue
            for params, point in cells:
                key = run.machine, name, params
                if row.get("version") != version:
                    dropped.setdefault(key, set()).add(run.commit)
                else:
                    series.setdefault(key, {})[run.commit] = point
    measured = {commit for points in series.values() for commit in points}
    doubts += [
        f"{commit[:8]} has no number: it was not built, or all of it failed or was skipped"
        for commit in order
        if commit not in measured
    ]
    return [
        Series(
            machine,
            name,
            params,
            str(known.get(name, {}).get("unit", "")),
            list(points.values()),
            len(dropped.get((machine, name, params), ())),
        )
        for (machine, name, params), points in series.items()
    ]


def _cells(row: dict[str, Any], names: Any, commit: str) -> Any:
    """Each choice of parameters with its point; what was skipped, or failed, has none."""
    values, params = row.get("result"), row.get("params") or []
    choices = list(itertools.product(*params))
    if values is None:
        return
    if len(values) != len(choices):
        raise ValueError(f"{len(values)} values for {len(choices)} choices of parameters")
    names = names or {1: ["what"], 2: ["backend", "workload"]}.get(len(params), [f"{i}" for i in range(len(params))])
    if len(names) != len(params):
        names = [f"parameter {i}" for i in range(len(params))]
    for number, (choice, value) in enumerate(zip(choices, values, strict=True)):
        if not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
            continue
        low, high = (_at(row.get(f"stats_q_{q}"), number) for q in (25, 75))
        said = tuple((str(n), _plain(one)) for n, one in zip(names, choice, strict=True))
        yield said, Point(commit, float(value), low, high)


def _at(stats: Any, number: int) -> float | None:
    value = stats[number] if stats else None
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _plain(text: Any) -> str:
    """asv writes parameters as Python does: 'numpy' with its quotes."""
    try:
        return str(ast.literal_eval(str(text)))
    except (ValueError, SyntaxError):
        return str(text)
