"""The commands `backprove grade` and `backprove pack`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from ..call import refuse

# ruff: noqa: PLC0415 - --help should not wait for NumPy


@click.command()
@click.argument("pack", metavar="PACK")
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SUBMISSION…")
@click.option("--self", "self_", is_flag=True, help="For students: only the public checks, on cases of one's own.")
@click.option(
    "--isolation",
    type=click.Choice(["best", "A", "B", "weak"]),
    default="best",
    show_default=True,
    help="The walls around what is handed in; weak is none at all.",
)
@click.option("--seed", type=int, help="Other seeds draw other cases.  [default: 0; with --self 1]")
@click.option("--json", "json_", type=click.Path(path_type=Path), metavar="FILE", help="Write the results as JSON.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE|DIR", help="Write a page for each student to read."
)
@click.option("--gradescope", type=click.Path(path_type=Path), metavar="FILE", help="Write Gradescope's results.json.")
@click.option("--classroom", type=click.Path(path_type=Path), metavar="FILE", help="Write GitHub Classroom's result.")
@click.option("--out", type=click.Path(path_type=Path), metavar="RUN", help="Grade a class into a gradebook.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes, with --out.  [default: one a core]")
@click.option("--cluster", metavar="ADDRESS", help="With --out: local, or a Dask scheduler at tls://HOST:PORT.")
@click.option("--tls", type=click.Path(path_type=Path), metavar="DIR", help="With --cluster: its certificates.")
def grade(
    pack: str,
    submissions: tuple[Path, ...],
    self_: bool,
    isolation: Literal["best", "A", "B", "weak"],
    seed: int | None,
    out: Path | None,
    workers: int | None,
    cluster: str | None,
    tls: Path | None,
    **files: Path | None,
) -> None:
    """Judge what students hand in: each function, with the points it earns and the reason why not.

    PACK is an assignment: one of `backprove pack list`, or a folder. SUBMISSION is a folder, a .py, a .ipynb or a .zip;
    examples/NAME is one of the pack's own. With --out a whole class: folders of hand-ins, zips, a CSV that lists them.
    """
    if out is not None:
        if self_ or any(files.values()):
            refuse("--out is given with --self or another file, but should be alone: see `backprove gradebook export`.")
        from ..gradebook.command import grade_class

        level = _level(isolation)
        grade_class(pack, submissions, out, level=level, seed=seed or 0, workers=workers, cluster=cluster, tls=tls)
        return
    if workers or cluster or tls:
        refuse("--workers, --cluster and --tls are given without --out, but should be with it.")
    if len(submissions) > 1 and (files["gradescope"] or files["classroom"]):
        refuse("--gradescope and --classroom take one submission, but several are given.")
    from . import levels
    from .pack import NoPack, load

    try:
        found = load(pack)
    except NoPack as error:
        refuse(str(error))
    with levels.warm(isolation, found.torch) as tried:
        from ..report import grades
        from ..report.results import Files
        from . import batch
        from .known import known

        seed = int(self_) if seed is None else seed
        known(found, seed).prepare()
        forks = tried()
        level = forks.level if forks else _level(isolation, self_)
        wanted = Files(**{name.removesuffix("_"): path for name, path in files.items()})
        try:
            job = batch.Job(found, level, seed, self_)
            paths = [batch.found(found, path) for path in submissions]
            done = job.run(paths, wanted, forks)
        except OSError as error:
            refuse(f"{error.filename or 'a result'} cannot be written: {error.strerror}.")
    grades.show(done)
    right = all(check["status"] == "pass" for record in done for check in record["checks"])
    sys.exit(0 if right and len(done) == len(paths) else 1)


def _level(isolation: str, own: bool = False) -> Any:
    """The level that was asked for, if it is there."""
    from . import levels
    from .box import NotStarted

    if isolation == "weak":
        if not own:
            click.echo("backprove: --isolation weak: what is handed in can read and change all that you can.", err=True)
        return isolation
    try:
        if isolation == "best":
            return levels.best()
        found = levels.found()[isolation]
    except NotStarted as error:
        last = "What is your own you may run without: --isolation weak." if own else "More by `backprove doctor`."
        refuse(f"nothing here confines what is handed in:\n{error}\n{last}")
    if not found:
        refuse(f"level {isolation} is not to be had here: {found.reason}; {found.advice}.")
    return isolation


@click.group(name="pack")
def packs() -> None:
    """What can be graded, and how to add to it."""


@packs.command(name="list")
def list_packs() -> None:
    """The packs that come with backprove."""
    from ..report import grades
    from .pack import NoPack, bundled, load

    rows, broken = [], []
    for name in bundled():
        try:
            found = load(name)
            rows.append((name, found.title, len(found.checks), found.max_score, found.torch))
        except NoPack as error:
            broken.append(str(error))
    grades.write(grades.packs(rows))
    if broken:
        click.echo("\n".join(broken), err=True)
        sys.exit(1)


@packs.command(name="new")
@click.argument("name", type=click.Path(path_type=Path), metavar="NAME")
def new_pack(name: Path) -> None:
    """Write a small pack to begin with, in a new folder NAME."""
    from . import selftest

    try:
        selftest.new(name)
    except ValueError as error:
        refuse(f"{name}: {error}.")
    except OSError as error:
        refuse(f"{name} cannot be written: {error.strerror}.")
    click.echo(f"Written: {name}/pack.py, adapter.py and examples/. Try it: backprove pack test {name}")


@packs.command(name="test")
@click.argument("names", nargs=-1, required=True, metavar="PACK…")
@click.option("--write", is_flag=True, help="Write the file of an example that has none, as it scores now.")
def check_packs(names: tuple[str, ...], write: bool) -> None:
    """Grade a pack's own examples, each of which must score what its file says; and judge its references."""
    from ..report import grades
    from . import selftest
    from .forks import several
    from .pack import NoPack, load

    level, wrong = _level("best"), []
    for name in names:
        try:
            found = load(name)
        except NoPack as error:
            refuse(str(error))
        with several(level, found.torch, len(found.examples)) as forks:
            work = selftest.work(found, level, write, forks)
            done = grades.with_progress(list(work), lambda key, work=work: work[key]())
        rows = [row for one in done for row in one]
        said = "as they say" if not rows else "not as they say"
        click.echo(f"{found.name}: {len(found.examples)} examples, {len(found.checks)} checks: {said}")
        if len(done) < len(work):
            sys.exit(1)
        wrong += rows
    if wrong:
        grades.write(grades.differences(wrong))
    sys.exit(1 if wrong else 0)
