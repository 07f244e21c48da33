"""A class from its folder to its gradebook: take in what is there, grade what is new, write what is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ..grading.box import Level
from ..grading.pack import NoPack, Pack, bundled, load
from . import lock, sources, task
from .handed import Unreadable
from .local import Executor, Local
from .progress import Shown
from .running import Running, Stop
from .store import BadGradebook, Grading, Store
from .task import Work

LOG, TOGETHER = "workers.log", 200  # hand-ins that are taken in in one transaction


@dataclass(frozen=True)
class Job:
    """How a class is graded, and by whom: `executor` gives who grades, for the Work and a temporary folder."""

    pack: str
    out: Path
    level: Level
    seed: int = 0
    workers: int | None = None
    executor: Callable[[Work, Path], Executor] | None = None


@dataclass
class Outcome:
    """What came of a call: whether it came to its end, what was left out, how many the grader failed at."""

    complete: bool
    graded: int
    known: int
    infra: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    gave_up: str = ""

    @property
    def good(self) -> bool:
        """Everything that was handed in is graded."""
        return self.complete and not self.infra and not self.problems


def grade(job: Job, paths: Sequence[Path], again: Callable[[Store, Grading], Sequence[str]] | None = None) -> Outcome:
    """Take in the hand-ins at `paths`, grade what has no record, and keep each as it comes.

    `again` names hand-ins (by hash) that are graded once more. Raises NoPack, BadSource, BadGradebook, Busy, OSError.
    """
    pack = load(job.pack)
    place = job.pack if job.pack in bundled() else str(pack.folder)
    work = Work(place, task.version(pack), job.seed, job.level)
    with sources.found(paths, pack.files) as given, lock.held(job.out) as folder, Store(job.out, write=True) as store:
        stop = Stop()
        with stop.heard():
            grading = store.grading(pack.name, pack.title, work)
            if paths:
                take_in(store, given)
            if again:
                store.forget(grading, again(store, grading))
            before = len(store.facts(grading))
            complete, gave_up = _run(job, store, grading, pack, folder, stop)
            graded = len(store.facts(grading)) - before
            _views(job.out, store, grading)
        return _outcome(store, grading, complete, graded, given.others, gave_up)


def _run(job: Job, store: Store, grading: Grading, pack: Pack, folder: Path, stop: Stop) -> tuple[bool, str]:
    def local(work: Work, folder: Path) -> Executor:
        return Local(work, job.workers or len(os.sched_getaffinity(0)), folder, job.out / LOG)

    with closing((job.executor or local)(grading.work, folder)) as executor, Shown() as shown:
        running = Running(store, grading, pack, executor, shown, stop)
        return running.all(), running.gave_up


def take_in(store: Store, given: sources.Class) -> None:
    """Keep the bytes of what is handed in, and whose they are; name what cannot be read."""
    problems = list(given.problems)
    for start in range(0, len(given.roster), TOGETHER):
        with store.transaction():
            for one in given.roster[start : start + TOGETHER]:
                store.enrol(one.student, one.name, one.email, listed=True)
    for start in range(0, len(given.handed), TOGETHER):
        with store.transaction():
            for one in given.handed[start : start + TOGETHER]:
                try:
                    hash, data, empty = one.bytes()
                except Unreadable as error:
                    problems.append((one.source, str(error)))
                    continue
                store.enrol(one.student, one.name)
                if wrong := store.hand_in(one.student, hash, data, one.source, empty, one.number):
                    problems.append((one.source, wrong))
    store.complain(problems)


def _views(out: Path, store: Store, grading: Grading) -> None:
    """The pages, for people."""
    from . import page  # noqa: PLC0415 - needs jinja

    page.write(out, store, grading)


def _outcome(store: Store, grading: Grading, complete: bool, graded: int, others: list[str], gave_up: str) -> Outcome:
    newest = {one.student: one for one in store.attempts()}
    done = store.facts(grading)
    failed = []
    for one in newest.values():
        record = store.record(grading, one.hash)
        if record and any(check["status"] == "infra" for check in record["checks"]):
            failed.append(one.student)
    return Outcome(
        complete=complete,
        graded=graded,
        known=len(done),
        infra=failed,
        problems=store.problems(),
        empty=[one.student for one in newest.values() if one.empty],
        unlisted=store.unlisted(),
        others=others,
        gave_up=gave_up,
    )


__all__ = ["BadGradebook", "Job", "NoPack", "Outcome", "grade"]
