"""The command `backprove dashboard`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..call import kept, refuse

# ruff: noqa: PLC0415 - --help should not wait for SciPy

FOLDER = click.Path(path_type=Path)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Write the page here.")
@click.option("--results", type=FOLDER, metavar="DIR", help="asv's.  [default: benchmarks/results or .asv/results]")
@click.option("--repository", type=FOLDER, metavar="DIR", help="Whose commits.  [default: the one of the results]")
@click.option(
    "--at-least", type=click.FloatRange(0, min_open=True), default=5, show_default=True, metavar="PERCENT",
    help="Smaller changes are no matter.",
)  # fmt: skip
@click.option("--fail-if-slower", is_flag=True, help="Exit with 1 if the newest commits are slower.")
@click.option(
    "--newest", type=click.IntRange(2), default=10, show_default=True, metavar="N",
    help="How many measured commits --fail-if-slower looks back.",
)  # fmt: skip
def dashboard(
    out: Path, results: Path | None, repository: Path | None, at_least: float, fail_if_slower: bool, newest: int
) -> None:
    """One page over the asv results: throughput over commits, ratios, and what changed.

    Exit status 1, with --fail-if-slower: something became slower within the newest commits and still is.
    """
    from ..report import machine
    from . import history, page
    from . import results as asv

    kept(out, lambda: machine.writable(out))
    try:
        where = asv.folder(results)
        (found, doubts), known = asv.runs(where), asv.benchmarks(where)
        order = history.history({run.commit: run.date for run in found}, repository or where)
        series = asv.gathered(found, known, [one.hash for one in order.commits], doubts)
    except asv.BadResults as error:
        refuse(f"{error}.")
    shown = page.made(found, series, order, at_least / 100, doubts)
    if not shown.machines:
        refuse(f"{where} holds no number: all benchmarks were skipped, or failed.")
    kept(out, lambda: machine.write(out, page.html(shown)))
    for doubt in doubts:
        click.echo(f"note: {doubt}", err=True)
    for finding in shown.findings:
        click.echo(finding.line)
    for name, curve in shown.odd:
        click.echo(f"perhaps: {curve.series.name}, {page.signed(curve.odd or 1)} at the newest commit alone [{name}]")
    click.echo(f"Written: {out} ({len(order.commits)} commits, {shown.judged} curves judged)")
    sys.exit(1 if fail_if_slower and shown.slower(newest) else 0)
