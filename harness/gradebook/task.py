"""The one function that everything else here is about: (bytes of a hand-in, pack version, seed) -> result.

Whoever calls it, this process, a worker, another machine: the same three give the same record.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..grading.box import Level
from ..grading.forks import Forks
from ..grading.grade import Record, blank, graded
from ..grading.pack import EXAMPLES, Pack
from ..report import machine
from ..report.handin_html import html
from . import handed, similar

JUDGING = ("harness", "harness/diagnosis", "harness/grading", "harness/sources", "reference_impls")  # what judges
NAME = 12  # letters of the content hash that a hand-in is called by: no student's name goes where its code goes


@dataclass(frozen=True)
class Work:
    """How each hand-in is graded: the pack's name or folder, its version, and what `grade` takes."""

    pack: str
    version: str
    seed: int = 0
    level: Level = "A"
    public: bool = False


@dataclass(frozen=True)
class Result:
    """What came of one hand-in: the record, the page for its student, seconds by the clock, and what is like it."""

    record: Record
    page: str = ""
    seconds: float = 0.0
    content: str = ""
    tree: str = ""

    def has(self, status: str) -> bool:
        """Whether any check ended so."""
        return any(check["status"] == status for check in self.record["checks"])


class InfraError(Exception):
    """The grader failed, and not the hand-in; the message says how, in one line."""


def version(pack: Pack, here: Path = machine.HERE) -> str:
    """Of everything in the pack's folder but its examples, and of what judges."""
    digest = hashlib.sha256(machine.sources(here, *JUDGING).encode())
    for path in sorted(pack.folder.rglob("*")):
        place = path.relative_to(pack.folder)
        if path.is_file() and place.parts[0] != EXAMPLES and not handed.skipped(PurePosixPath(place)):
            data = path.read_bytes()
            digest.update(f"\0{place.as_posix()}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()[:16]


def result(work: Work, pack: Pack, data: bytes, forks: Forks | None = None) -> Result:
    """Grade the bytes of a hand-in. Whatever it is or does ends up in the record. With `forks` it starts quicker."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="backprove-bytes-") as name:
        folder = handed.unpacked(data, Path(name))
        record, evidence = graded(pack, folder, seed=work.seed, level=work.level, public=work.public, forks=forks)
        content, tree = similar.prints(folder, pack.files)
    record["submission"] = handed.digest(data)[:NAME]
    return Result(record, html(record, evidence), time.perf_counter() - start, content, tree)


def ungraded(work: Work, pack: Pack, key: str, reason: str) -> Result:
    """What is kept of a hand-in that could not be graded."""
    record = blank(pack, Path(key[:NAME]), work.level, work.seed, work.public)
    record["message"] = reason
    for check in record["checks"]:
        check["message"] = reason
    return Result(record, html(record, {}))
