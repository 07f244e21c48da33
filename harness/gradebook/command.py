"""`backprove grade … --out RUN`, and the commands `backprove gradebook`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..call import kept, refuse

if TYPE_CHECKING:
    from .classwork import Job, Outcome
    from .store import Grading, Store
    from .view import Row

# ruff: noqa: PLC0415 - --help should not wait for NumPy

RUN = click.argument("run", type=click.Path(path_type=Path), metavar="RUN")
FILE = click.Path(path_type=Path)
BEST = click.option("--best", is_flag=True, help="The best attempt of each student, and not the newest.")
SHOWN = 5  # names of a list, in one line


def grade_class(
    pack: str,
    paths: Sequence[Path],
    out: Path,
    *,
    level: Any,
    seed: int = 0,
    workers: int | None = None,
    cluster: str | None = None,
    tls: Path | None = None,
) -> None:
    """Grade a class into RUN, say what came of it, and exit: 0 everything is graded, 1 something is not, 2 refused."""
    from .classwork import Job

    executor: Any = None
    if cluster is not None:
        from . import cluster as clusters

        try:
            executor = clusters.chosen(cluster, level, workers, tls)
        except clusters.BadCluster as error:
            refuse(f"{error}.")
    _graded(Job(pack, out, level, seed, workers, executor), paths)


def _graded(job: Job, paths: Sequence[Path], again: Callable[[Store, Grading], Sequence[str]] | None = None) -> None:
    from ..grading.pack import NoPack
    from .classwork import grade
    from .lock import Busy
    from .sources import BadSource
    from .store import BadGradebook

    try:
        outcome = grade(job, paths, again)
    except (NoPack, BadSource, BadGradebook) as error:
        refuse(f"{error}.")
    except Busy as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or job.out} cannot be written: {error.strerror}.")
    _say(outcome, job.out)
    sys.exit(0 if outcome.good else 1)


def _say(outcome: Outcome, out: Path) -> None:
    """What came of it, in a few lines."""
    from .running import MOST_INFRA

    left_out = [f"{place}: {why}" for place, why in outcome.problems]
    for what, names in (
        ("left out", left_out),
        ("the grader failed at", outcome.infra),
        ("nothing to grade in what they handed in", outcome.empty),
        ("on no roster", outcome.unlisted),
        ("no hand-ins, and not looked at", outcome.others),
    ):
        if names:
            click.echo(f"{len(names)} {what}: {_some(names)}", err=True)
    click.echo(f"{outcome.graded} graded now, {outcome.known} in all. Read: {out / 'class.html'}")
    if outcome.gave_up:
        click.echo(f"Stopped: no hand-in of the last {MOST_INFRA} could be graded: {outcome.gave_up}", err=True)
        click.echo(f"When that is mended: backprove gradebook regrade {out}", err=True)
    elif not outcome.complete:
        click.echo(f"Interrupted: what is graded is kept. Go on: backprove gradebook regrade {out}", err=True)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f", … {len(names) - SHOWN} more" if len(names) > SHOWN else "")


@click.group()
def gradebook() -> None:
    """The results of a class: what `backprove grade PACK FOLDER… --out RUN` keeps in RUN."""


@gradebook.command()
@RUN
@click.argument("student", required=False)
@BEST
def show(run: Path, student: str | None, best: bool) -> None:
    """What the class did, check by check; or all that there is to say of one STUDENT."""
    from ..report import grades
    from . import terminal, view

    with _open(run) as (store, grading):
        if student is None:
            terminal.show(view.whole(store, grading, _which(best)), store)
            return
        row = _row(store, grading, student, best)
        for attempt in store.attempts(student):
            record = store.record(grading, attempt.hash)
            score = f"{record['score']:g} of {record['max_score']:g}" if record else "not graded yet"
            click.echo(f"attempt {attempt.number}: {score}  ({attempt.source})")
        if row.record:
            grades.show([row.record])


@gradebook.command()
@RUN
@BEST
@click.option("--csv", "csv_", type=FILE, metavar="FILE", help="A row for each student, a column for each check.")
@click.option("--canvas", type=FILE, metavar="FILE", help="For Canvas's gradebook.")
@click.option("--moodle", type=FILE, metavar="FILE", help="For Moodle's grading worksheet.")
@click.option("--site", type=FILE, metavar="FILE", help="Canvas's or Moodle's own export, to be filled.")
@click.option("--column", default="Grade", show_default=True, metavar="NAME", help="Which column Canvas's grade is.")
@click.option("--gradescope", type=FILE, metavar="DIR", help="Gradescope's results.json, one for each student.")
@click.option("--classroom", type=FILE, metavar="DIR", help="GitHub Classroom's result, one for each student.")
@click.option("--junit", type=FILE, metavar="FILE", help="JUnit XML, a suite for each student.")
def export(
    run: Path,
    best: bool,
    csv_: Path | None,
    canvas: Path | None,
    moodle: Path | None,
    site: Path | None,
    column: str,
    gradescope: Path | None,
    classroom: Path | None,
    junit: Path | None,
) -> None:
    """Write what others read. No spreadsheet runs what a student wrote."""
    from ..report import graders, machine
    from . import exports, view

    if not any((csv_, canvas, moodle, gradescope, classroom, junit)):
        refuse("nothing is to be written: give one of --csv, --canvas, --moodle, --gradescope, --classroom, --junit.")
    if site and not (canvas or moodle):
        refuse("--site is given alone, but should be with --canvas or --moodle.")
    with _open(run) as (store, grading):
        rows = view.rows(store, grading, _which(best))
    texts: list[tuple[Path | None, Callable[[], str]]] = [
        (csv_, lambda: exports.as_csv(rows)),
        (canvas, lambda: exports.as_canvas(rows, site, column)),
        (moodle, lambda: exports.as_moodle(rows, site)),
        (junit, lambda: exports.as_junit(rows)),
    ]
    try:
        for path, text in texts:
            if path:
                kept(path, lambda path=path, text=text: machine.write(path, text()))
    except exports.BadTable as error:
        refuse(f"{error}.")
    for folder, form in ((gradescope, graders.gradescope), (classroom, graders.classroom)):
        if folder:
            kept(folder, lambda folder=folder, form=form: exports.each(rows, folder, ".json", form))


@gradebook.command()
@RUN
@click.argument("other", required=False, type=FILE)
@click.option("--csv", "csv_", type=FILE, metavar="FILE", help="Write it as CSV as well.")
def diff(run: Path, other: Path | None, csv_: Path | None) -> None:
    """Whose points changed: between the last two gradings of RUN, or between RUN and OTHER.

    Exit status 1 where anybody's did.
    """
    from ..report import machine
    from . import cells, changes, view

    with _open(run) as (store, grading):
        if other is None:
            gradings = store.gradings()
            if len(gradings) < 2:
                refuse(f"{run} was graded in one way only; there is nothing to compare it with.")
            before, after = view.rows(store, gradings[-2]), view.rows(store, grading)
        else:
            before = view.rows(store, grading)
            with _open(other) as (second, its):
                after = view.rows(second, its)
    found = changes.between(before, after)
    for one in found:
        click.echo(one.line)
    click.echo(f"{len(found)} of {len({row.student for row in (*before, *after)})} students changed")
    if csv_:
        rows = [["student", "before", "after", "checks"], *(one.cells for one in found)]
        kept(csv_, lambda: machine.write(csv_, cells.table(rows)))
    sys.exit(1 if found else 0)


@gradebook.command()
@RUN
@click.option("--pack", metavar="PACK", help="The pack, if it is not where it was.")
@click.option("--seed", type=int, help="Other seeds draw other cases.  [default: that of the last grading]")
@click.option("--student", "students", multiple=True, metavar="STUDENT", help="Grade theirs again, though graded.")
@click.option("--infra", is_flag=True, help="Grade again where the grader failed.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes.  [default: one for each core]")
def regrade(
    run: Path, pack: str | None, seed: int | None, students: tuple[str, ...], infra: bool, workers: int | None
) -> None:
    """Grade what has no record with the pack as it is now: all of it if the pack was changed, else what is left."""
    from ..grading import levels
    from ..grading.box import NotStarted
    from .classwork import Job
    from .store import FINAL

    with _open(run) as (store, last):
        known = store.students()
    for student in students:
        if student not in known:
            refuse(f"{student} is no student of {run}, but should be one.")
    level = last.work.level
    try:
        if level != "weak" and not levels.found()[level]:
            level = levels.best()
    except NotStarted as error:
        refuse(f"nothing here confines what is handed in:\n{error}")

    def again(store: Store, grading: Grading) -> list[str]:
        hashes = [one.hash for student in students for one in store.attempts(student)]
        for hash in store.to_do(grading, FINAL) if infra else ():
            record = store.record(grading, hash)
            if record and any(check["status"] == "infra" for check in record["checks"]):
                hashes.append(hash)
        return hashes

    job = Job(pack or last.work.pack, run, level, last.work.seed if seed is None else seed, workers)
    _graded(job, [], again)


@gradebook.command()
@RUN
@click.argument("students", nargs=-1, metavar="[STUDENT…]")
@click.option("--out", type=FILE, metavar="DIR", help="Write a file for each student.")
@BEST
def message(run: Path, students: tuple[str, ...], out: Path | None, best: bool) -> None:
    """What there is to tell a student, as text: the points, and why not all of them."""
    from ..report import machine
    from . import exports, view

    with _open(run) as (store, grading):
        rows = [_row(store, grading, one, best) for one in students] or view.rows(store, grading, _which(best))
    if out is None:
        click.echo("\n\n".join(f"{machine.printable(row.student)}\n{exports.message(row)}" for row in rows))
        return
    kept(out, lambda: out.mkdir(parents=True, exist_ok=True))
    for row in rows:
        path = out / f"{exports.file_name(row.student)}.txt"
        kept(path, lambda path=path, row=row: machine.write(path, exports.message(row) + "\n"))


def _which(best: bool) -> Any:
    return "best" if best else "latest"


def _row(store: Store, grading: Grading, student: str, best: bool) -> Row:
    from .view import rows

    found = next((row for row in rows(store, grading, _which(best)) if row.student == student), None)
    if found is None:
        refuse(f"{student} is no student of {store.path.parent}, but should be one.")
    return found


class _open:  # noqa: N801 - used as a function
    """A gradebook to read, and the way in which it was graded last; what is wrong with it ends the command."""

    def __init__(self, run: Path) -> None:
        self.run = run

    def __enter__(self) -> tuple[Store, Grading]:
        from .store import BadGradebook, Store

        try:
            self.store = Store(self.run)
            gradings = self.store.gradings()
        except BadGradebook as error:
            refuse(f"{error}.")
        if not gradings:
            refuse(f"{self.run} holds no grades yet.")
        return self.store, gradings[-1]

    def __exit__(self, *_: object) -> None:
        self.store.base.close()
