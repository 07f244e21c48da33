"""Results of a machine without asv, as a CUDA server may be: `backprove bench` there, and here the same as asv's.

    backprove bench --device cuda --json bench.json                       there
    python -m benchmarks.imported bench.json --machine h200               here, in the same repository

It goes into benchmarks/results/MACHINE, of the commit that the file names, or of --commit where it names none. The
dashboard, `asv publish` and `asv compare` take it for asv's own, with the quartiles that asv's `track_` cannot have.
"""

from __future__ import annotations

import json
import math
import time
from itertools import product
from pathlib import Path
from typing import Any

import click

from harness.call import kept, refuse
from harness.report import machine as files

from . import bench_training as bench  # asv runs a class that is imported by its name a second time

RESULTS = Path(__file__).parent / "results"
COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"]
COLUMNS += ["stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples", "profile"]
TRACKS = {"ms_per_step": "ms", "throughput": "throughput", "reached": "reached", "peak_memory": "peak_mb"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--machine", required=True, help="A fixed name for it, such as h200.")
@click.option("--commit", help="What was measured, 40 hexadecimal digits.  [default: as the file says]")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="asv's.  [default: these]")
def imported(file: Path, machine: str, commit: str | None, results: Path) -> None:
    """Write the numbers of `backprove bench --json FILE` as a result of asv."""
    found = _read(file)
    about = found["machine"]
    measured = str(commit or about.get("commit") or "")
    if len(measured) != 40 or set(measured) - set("0123456789abcdef"):
        refuse(f"the commit is {measured!r}, but should be 40 hexadecimal digits: --commit says it.")
    if not machine or "/" in machine or machine.startswith("."):
        refuse(f"--machine is {machine!r}, but should be the name of a folder.")
    gpu = about.get("gpu") or {}
    facts = {
        "machine": machine,
        "os": about["system"],
        "cpu": about["processor"],
        "num_cpu": str(about["cores"]),
        "gpu": gpu.get("name", ""),
        "driver": gpu.get("driver") or "",
        "cuda": gpu.get("cuda") or "",
    }
    libraries = {"torch": about["torch"], "numpy": about["numpy"]}
    now, environment = int(1e3 * time.time()), "bench-py" + about["python"]
    result = {
        "commit_hash": measured,
        "env_name": environment,
        "date": now,
        "params": {**facts, "python": about["python"], **libraries},
        "python": about["python"],
        "requirements": libraries,
        "env_vars": about["environment"],
        "result_columns": COLUMNS,
        "results": {f"bench_training.Training.track_{name}": row(name, found["results"], now) for name in TRACKS},
        "durations": {},
        "version": 2,
    }
    folder = results / machine
    kept(folder, lambda: folder.mkdir(parents=True, exist_ok=True))
    one = folder / f"{measured[:8]}-{environment}.json"
    kept(one, lambda: files.write(one, json.dumps(result) + "\n"))
    kept(folder, lambda: files.write(folder / "machine.json", json.dumps({**facts, "version": 1}, indent=4) + "\n"))
    click.echo(f"Written: {one} ({len(found['results'])} results)")


def row(track: str, records: list[dict[str, Any]], now: int) -> list[Any]:
    """One benchmark: a value for each backend and workload, NaN for what is not in the file."""
    by = {(one["backend"], one["workload"]): one for one in records}
    here = [by.get(choice) for choice in product(bench.BACKENDS, bench.WORKLOADS)]
    values = [math.nan if one is None else one[TRACKS[track]] for one in here]
    low = [None if one is None else _quartile(track, one, "q1") for one in here]
    high = [None if one is None else _quartile(track, one, "q3") for one in here]
    counts = [None if one is None else one["blocks"] for one in here]
    # asv asks for the interval that holds the median of 99 of 100 runs; the quartiles are what is known.
    params = [[repr(name) for name in names] for names in (bench.BACKENDS, bench.WORKLOADS)]
    return [values, params, bench.Training.version, now, 0.0, low, high, low, high, counts, counts]


def _quartile(track: str, one: dict[str, Any], which: str) -> float | None:
    """Of what is derived from the time, too: there the upper one is that of the shorter time."""
    if track == "peak_memory":
        return None
    other = {"q1": "q3", "q3": "q1"}[which]
    return one[which] if track == "ms_per_step" else one[TRACKS[track]] * one["ms"] / one[other]


def _read(file: Path) -> dict[str, Any]:
    """What `backprove bench` wrote; exits if it is not that."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        refuse(f"{file} cannot be read: {error.strerror}.")
    except ValueError as error:
        refuse(f"{file} is not whole JSON, perhaps half-written: {error}.")
    needed = {"backend", "workload", "ms", "q1", "q3", "throughput", "reached", "peak_mb", "blocks"}
    about = {"python", "numpy", "torch", "system", "processor", "cores", "environment"}
    fits = isinstance(found, dict) and isinstance(found.get("results"), list) and isinstance(found.get("machine"), dict)
    if not fits or not about <= set(found["machine"]) or not all(needed <= set(one) for one in found["results"]):
        refuse(f"{file} is not what `backprove bench --json` writes.")
    if not found["results"]:
        refuse(f"{file} holds no result.")
    return found


if __name__ == "__main__":
    imported()
