"""The command `backprove power`."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import click

from ..call import kept, refuse

# ruff: noqa: PLC0415 - --help should not wait for torch


@click.command()
@click.option("--quick", is_flag=True, help="A sample of everything, in about a minute.")
@click.option("--json", "json_", type=click.Path(path_type=Path), metavar="FILE", help="Write all numbers as JSON.")
@click.option(
    "--page", "page", type=click.Path(path_type=Path), metavar="FILE", help="Write them as a page with plots."
)
def power(quick: bool, json_: Path | None, page: Path | None) -> None:
    """How many wrong gradients we catch, how often we cry wolf, what it costs; other checkers beside us.

    The peers, and matplotlib for the page, are an extra: pip install 'backprove[peers]'. Takes an hour without --quick;
    with --json a run that was stopped goes on where it was.
    """
    from ..checkpoints import Store
    from ..report import machine, terminal
    from . import measure, show

    if page is not None and not find_spec("matplotlib"):
        refuse("--page needs matplotlib, which is not installed: pip install 'backprove[peers]'.")
    for path in (json_, page):
        if path is not None:
            kept(path, lambda path=path: machine.writable(path))
    effort, store = measure.QUICK if quick else measure.FULL, None
    if json_ is not None:
        parts, say = json_.with_name(f"{json_.name}.parts"), functools.partial(click.echo, err=True)
        store = Store(parts, dataclasses.asdict(effort), measure.version(), say)
    with terminal.progress() as report:
        found = measure.measure(effort, report, store)
    if store is not None and json_ is not None:
        kept(json_, lambda: machine.write(json_, json.dumps(found, indent=1) + "\n"))
        shutil.rmtree(store.folder, ignore_errors=True)
    show.show(found)
    if page is not None:
        kept(page, lambda: show.page(found, page))
