"""The command `backprove reproduce`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from ..call import kept, refuse

# ruff: noqa: PLC0415 - --help should not wait for torch

FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option("--data", type=FOLDER, metavar="DIR", help="MNIST, CIFAR-10 (binary) or text.  [default: embedded]")
@click.option("--unverified", is_flag=True, help="Take MNIST's and CIFAR-10's files with whatever checksum.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="cuda: by torch.")
@click.option(
    "--budget", type=click.Choice(["quick", "full"]), default="quick", show_default=True,
    help="quick: minutes; full: the documents' own lengths.",
)  # fmt: skip
@click.option("--out", type=FOLDER, default=Path("reproduced"), show_default=True, metavar="DIR", help="Results.")
@click.option("--seed", type=int, default=0, show_default=True, help="Other starts and batches.")
@click.option("--list", "list_", is_flag=True, help="Only list the experiments and their figures.")
def reproduce(
    names: tuple[str, ...],
    data: Path | None,
    unverified: bool,
    device: str,
    budget: str,
    out: Path,
    seed: int,
    list_: bool,
) -> None:
    """The experiments of the five source documents, drawn and checked; all, or those of these names or numbers.

    A killed run continues where it was, if it is started again with the same options. Exit status 1: NumPy and torch
    differ, a number that is known exactly is another one, or a figure could not be made.
    """
    if not find_spec("matplotlib"):
        refuse("matplotlib is missing: pip install 'backprove[experiments]'.")
    from ..report import machine
    from ..training.backend import Backend
    from . import experiment, report, run
    from .data import BadData, source

    try:
        chosen = experiment.named(names)
        found = None if list_ else source(data, unverified)
    except LookupError as error:
        refuse(error.args[0])
    except BadData as error:
        refuse(f"{error}.")
    if found is None:
        for one in chosen:
            click.echo(f"{one.number} {one.name}: {one.title}")
            click.echo("".join(f"    {figure.name:16} {figure.title}\n" for figure in one.figures), nl=False)
        return
    if reason := Backend("torch", device).missing():
        refuse(f"{reason}.")
    page = out / "report.html"
    kept(out, lambda: (out.mkdir(parents=True, exist_ok=True), machine.writable(page)))
    settings = run.Settings(out, found, budget, device, seed)
    try:
        parts, interrupted = run.run(chosen, settings)
        about = {"budget": budget, "device": device, "seed": str(seed), "data": data.name if data else "embedded"}
        machine.write(page, report.html(parts, about))
    except OSError as error:
        refuse(f"{error.filename or out} cannot be written: {error.strerror}. What was finished is kept in {out}.")
    faults = [line for part in parts for result in part.results for line in result.faults]
    for line in faults:
        click.echo(line, err=True)
    for stem, one in [(result.stem, one) for part in parts for result in part.results for one in result.claims]:
        if not one.holds and not one.exact:
            click.echo(f"finding: {stem}: not so here: {one.says} ({one.seen})")
    if interrupted:
        click.echo(f"Interrupted: what is finished is kept in {out}; the same command goes on from there.", err=True)
    count = sum(len(part.results) for part in parts)
    click.echo(f"Written: {page} ({count} figures)")
    sys.exit(1 if faults or interrupted else 0)
