"""The command `backprove bench`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..call import kept, refuse

# ruff: noqa: PLC0415 - --help should not wait for torch

if TYPE_CHECKING:
    from .backend import Backend
    from .curve import Curve
    from .meter import Result
    from .workload import Workload

FILE = click.Path(path_type=Path)


@click.command()
@click.option("--device", type=click.Choice(["cpu", "cuda"]), help="Only this one.  [default: all that are here]")
@click.option("--workload", "workloads", multiple=True, metavar="NAME", help="Only this one; may be given again.")
@click.option("--backend", "backends", multiple=True, metavar="NAME", help="Only this one; may be given again.")
@click.option("--list", "list_", is_flag=True, help="Only list the workloads and the backends.")
@click.option("--quick", is_flag=True, help="A shorter look: less warm-up, fewer blocks.")
@click.option("--json", "json_", type=FILE, metavar="FILE", help="Write all numbers as JSON.")
@click.option("--plot", type=FILE, metavar="FILE", help="Train for some seconds more, and plot loss against time.")
def bench(
    device: str | None,
    workloads: tuple[str, ...],
    backends: tuple[str, ...],
    list_: bool,
    quick: bool,
    json_: Path | None,
    plot: Path | None,
) -> None:
    """Training throughput: NumPy, torch on the CPU, torch on CUDA, and the hardware's limit.

    Each step is held against float64 before it is timed. Large workloads run on a CPU only when they are named.
    """
    from . import clock
    from .backend import BACKENDS
    from .workload import gathered

    if list_:
        click.echo("\n".join([*gathered(), "", *BACKENDS]))
        return
    jobs = _jobs(device, workloads, backends)
    if plot is not None and plot.suffix.lower() not in (".png", ".svg", ".pdf"):
        refuse(f"--plot is {plot}, but should end in .png, .svg or .pdf.")
    if plot is not None and not find_spec("matplotlib"):
        refuse("--plot needs matplotlib, which is not installed: pip install matplotlib.")
    from ..report import machine, terminal

    for path in (json_, plot):
        if path is not None:
            kept(path, lambda path=path: machine.writable(path))
    effort = clock.Effort(warm_up=0.3, blocks=3) if quick else clock.FULL
    with terminal.progress() as report:
        results, failed, curves = _run(jobs, effort, plot is not None, report)
    from . import show

    show.show(results, failed)
    if json_ is not None:
        kept(json_, lambda: machine.write(json_, _as_json(results, failed, curves)))
    if plot is not None and curves:
        from . import curve

        kept(plot, lambda: curve.draw(curves, plot))
    sys.exit(1 if failed else 0)


def _jobs(device: str | None, workloads: Sequence[str], backends: Sequence[str]) -> list[tuple[Workload, Backend]]:
    """What is to be measured; exits where that cannot be."""
    from .backend import BACKENDS
    from .workload import gathered, named

    if unknown := next((name for name in backends if name not in BACKENDS), None):
        refuse(f"no backend is called {unknown!r}: there are {', '.join(BACKENDS)}.")
    try:
        chosen = [named(name) for name in dict.fromkeys(workloads)] or list(gathered().values())
    except LookupError as error:
        refuse(error.args[0])
    wanted = [BACKENDS[name] for name in dict.fromkeys(backends)] or list(BACKENDS.values())
    wanted = [one for one in wanted if device in (None, one.device)]
    if not wanted:
        refuse(f"--device is {device}, but none of the backends given runs there.")
    missing = {one: reason for one in wanted if (reason := one.missing())}
    for one, reason in missing.items():
        if device == one.device or one.name in backends:
            refuse(f"{reason}.")
    return [
        (workload, one)
        for workload in chosen
        for one in wanted
        if one not in missing and (workloads or one.device == "cuda" or not workload.large)
    ]


def _run(
    jobs: Sequence[tuple[Workload, Backend]], effort: Any, curves: bool, report: Any
) -> tuple[list[Result], list[tuple[str, str]], list[Curve]]:
    """Job by job; a failure costs one of them, and after Ctrl-C what is done is handed back."""
    from . import curve, meter, truth

    results: list[Result] = []
    failed: list[tuple[str, str]] = []
    drawn: list[Curve] = []
    for number, (workload, backend) in enumerate(jobs):
        name = f"{workload.name} on {backend.name}"
        report(name, number, len(jobs))
        try:
            results.append(meter.measure(workload, backend, effort))
            if curves:
                report(f"{name}: loss against time", number, len(jobs))
                drawn.append(curve.trained(workload, backend, curve.SECONDS))
        except truth.Wrong as wrong:
            failed.append((name, str(wrong)))
        except KeyboardInterrupt:
            failed.append((name, f"interrupted: this and what follows are missing, {len(jobs) - number} in all"))
            break
        except Exception as error:  # noqa: BLE001 - out of memory, a compiler that is not there: the others go on
            failed.append((name, f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"))
    return results, failed, drawn


def _as_json(results: Sequence[Result], failed: Sequence[tuple[str, str]], curves: Sequence[Curve]) -> str:
    from . import machine

    found = {
        "results": [one.record() for one in results],
        "failed": [{"what": name, "message": message} for name, message in failed],
        "curves": [one.record() for one in curves],
        "machine": machine.about(),
    }
    return json.dumps(found, indent=1) + "\n"
