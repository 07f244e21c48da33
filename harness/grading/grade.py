"""One hand-in against one pack: every check from nothing to its points, and what is said of it, as one record."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..report.machine import versions
from . import deciding, feedback, levels
from .asking import asked, unwritten
from .blame import Broken, of_grader, of_pack
from .box import Level, StudentError
from .deciding import Budget, Group
from .feedback import Told
from .forks import Forks
from .handin import BadHandIn, HandIn, opened
from .known import known
from .pack import Check, Pack, Trajectory
from .runner import Gone, Runner

if TYPE_CHECKING:
    from ..report.heatmap import Evidence

BLOCKING = ("missing", "error", "timeout", "died", "skipped", "infra")  # gave no answer: what needs it means nothing
Record = dict[str, Any]


def grade(pack: Pack, submission: Path, *, seed: int = 0, level: Level | None = None, public: bool = False) -> Record:
    """The record of one hand-in, as DESIGN.md describes it. Without a level the best that this machine has.

    Raises NotStarted where it has none. Whatever the submission is or does ends up in the record.
    """
    return graded(pack, submission, seed=seed, level=level, public=public)[0]


def graded(
    pack: Pack,
    submission: Path,
    *,
    seed: int = 0,
    level: Level | None = None,
    public: bool = False,
    forks: Forks | None = None,
) -> tuple[Record, dict[str, Evidence]]:
    """The record, and for checks with something to picture the arrays. With `forks` the boxes start quicker."""
    level = level or levels.best()
    record = blank(pack, submission, level, seed, public)
    work = _Grading(pack, record, seed, public)
    with ExitStack() as stack:
        try:
            handin = stack.enter_context(opened(submission, pack.files, pack.like(submission)))
            runner = Runner(handin.folder, pack, level, forks)
            _ = stack.callback(runner.close)
            if len(handin.missing) < len(pack.files):
                runner.launch()
                work.known.prepare()
            _ = stack.enter_context(np.errstate(all="ignore"))  # what overflows shows in the values, and
            _ = stack.enter_context(warnings.catch_warnings(action="ignore"))  # what is odd in the verdicts
            work.run(handin, runner)
            work.known.keep()
        except BadHandIn as bad:
            record["message"] = str(bad)
            for check in work.checks:
                work.told(check, "error", Told(str(bad), "ERROR"))
        except Exception as error:  # noqa: BLE001 - a mistake of ours costs one hand-in, and not those of a class
            record["message"] = of_grader(error)
            for check in work.checks:
                if check.id not in work.said:
                    work.told(check, "infra", Told(record["message"], "INCONCLUSIVE"))
    record["score"] = round(sum(row["points"] for row in record["checks"]), 6)
    return record, work.pictures()


def blank(pack: Pack, submission: Path, level: str, seed: int = 0, public: bool = False) -> Record:
    """A record before anything is earned."""
    checks = [check for check in pack.checks if check.public or not public]
    return {
        "pack": pack.name,
        "title": pack.title,
        "submission": str(submission),
        "score": 0.0,
        "max_score": round(sum(check.points for check in checks), 6),
        "isolation": level,
        "seed": seed,
        "versions": versions(),
        "message": "",
        "checks": [
            {
                "id": check.id,
                "file": check.file,
                "target": check.target,
                "status": "infra",
                "points": 0.0,
                "max_points": float(check.points),
                "verdict": "",
                "pattern": "",
                "message": "not graded yet",
                "case": "",
                "hint": check.hint,
                "counterexample": "",
            }
            for check in checks
        ],
    }


class _Grading:
    """Fills a record, check by check."""

    def __init__(self, pack: Pack, record: Record, seed: int, public: bool) -> None:
        self.pack, self.known, self.budget = pack, known(pack, seed), Budget()
        self.checks = [check for check in pack.checks if check.public or not public]
        self.rows: dict[str, Record] = {row["id"]: row for row in record["checks"]}
        self.said: dict[str, Told] = {}

    def run(self, handin: HandIn, runner: Runner) -> None:
        """Every check, in an order in which what is needed comes first."""
        judged = [check for check in self.checks if isinstance(check, Check)]
        groups = {id(one): group for group in deciding.groups(judged) for one in group}
        for check in self.checks:
            if check.id in self.said:
                continue
            open = [one for one in groups.get(id(check), [check]) if not self._closed(one, handin)]
            with self._ours(open):
                if isinstance(check, Check):
                    self._group([one for one in open if isinstance(one, Check)], handin, runner)
                elif open:
                    self._trajectory(check, handin, runner)
        for check in self.checks:  # what is needed may have failed in the same group
            self._skip(check)
        self._unwritten(runner)

    def told(self, check: Check | Trajectory, status: str, told: Told) -> None:
        """Write the row of a check; the only place where points are given."""
        self.said[check.id] = told
        part = {"pass": 1.0, "mutation": check.mutation, "unstable": getattr(check, "unstable", 1.0)}.get(status, 0.0)
        self.rows[check.id] |= {
            "status": status,
            "points": round(part * check.points, 6),
            "verdict": told.verdict,
            "pattern": told.pattern,
            "message": told.message,
            "case": told.case,
            "counterexample": told.inputs,
        }

    def pictures(self) -> dict[str, Evidence]:
        """The wrong arrays beside the right ones."""
        from ..report.heatmap import Evidence  # noqa: PLC0415 - only who asks

        return {
            check.id: Evidence(told.got, told.want, _array(check), check.tolerance)
            for check in self.checks
            if (told := self.said.get(check.id)) is not None and told.got is not None and told.want is not None
        }

    @contextmanager
    def _ours(self, checks: Sequence[Check | Trajectory]) -> Iterator[None]:
        """What fails here, or in the pack, costs what is being judged, and nothing else."""
        try:
            yield
        except Broken as broken:
            reason = str(broken)
        except Exception as error:  # noqa: BLE001 - a mistake of ours
            reason = of_grader(error)
        else:
            return
        for check in checks:
            if check.id not in self.said:
                self.told(check, "infra", Told(reason, "INCONCLUSIVE"))

    def _closed(self, check: Check | Trajectory, handin: HandIn) -> bool:
        """Whether there is nothing to ask: no file, or none that can be read, or what is needed gave no answer."""
        if check.file in handin.missing:
            self.told(check, "missing", Told(f"{check.file} is not among the files handed in"))
        elif check.file in handin.refused:
            self.told(check, "error", Told(handin.refused[check.file], "ERROR"))
        else:
            self._skip(check)
        return check.id in self.said

    def _skip(self, check: Check | Trajectory) -> None:
        blocking = (*BLOCKING, "fail") if isinstance(check, Trajectory) else BLOCKING
        for need in check.needs:
            row = self.rows.get(need, {})
            if need in self.said and row.get("status") in blocking and self.rows[check.id]["status"] != "missing":
                reason = f"not judged: it needs {need} ({row['target']}), which is {_WORDS.get(row['status'], 'wrong')}"
                self.told(check, "skipped", Told(reason))
                return

    def _group(self, checks: list[Check], handin: HandIn, runner: Runner) -> None:
        if not checks:
            return
        group = Group(checks, runner, self.known, self.budget)
        findings = group.findings()
        for check in checks:
            with self._ours([check]):
                self.told(check, findings[check.id].status, feedback.told(check, findings[check.id], group, handin))

    def _trajectory(self, check: Trajectory, handin: HandIn, runner: Runner) -> None:
        arrays, options = {name: np.asarray(x) for name, x in check.arguments.items()}, dict(check.options)
        overwritten = False
        try:
            got, overwritten = asked(runner, check.call, arrays, options)
            want = _wanted(check, arrays, options)
            status, told = feedback.trajectory(check, handin, got, want)
        except StudentError as error:
            status = "missing" if unwritten(error) else "error"
            verdict = "" if status == "missing" else "ERROR"
            told = Told(feedback.message(feedback.raised(error, handin), "", check.hint), verdict)
        except Gone as gone:
            status, told = gone.status, Told(gone.message, "ERROR")
        if status == "pass" and overwritten:
            lines = ["the values are right, but an array that is passed in is changed: work on a copy"]
            status, told = "mutation", Told(feedback.message(lines, "", check.hint), "IMPURE", "mutated")
        self.told(check, status, told)

    def _unwritten(self, runner: Runner) -> None:
        """A function that computes nothing is not wrong, but not there yet."""
        wrong = [check for check in self.checks if self.rows[check.id]["status"] in ("fail", "error")]
        if not wrong:
            return
        targets = [(check.file, check.target) for check in wrong]
        for check, skeleton in zip(wrong, runner.skeletons(targets), strict=True):
            if skeleton:
                self.told(check, "missing", Told(feedback.message(["not written yet"], "", check.hint)))


def _wanted(check: Trajectory, arrays: Mapping[str, Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
    """What must come back. Raises Broken."""
    if isinstance(check.want, Mapping):
        return check.want
    try:
        return check.want(**arrays, **options)
    except Exception as error:
        raise of_pack(f"want of {check.id}", error) from error


def _array(check: Check | Trajectory) -> str:
    """What the array that is judged is called."""
    judged = check.judges if isinstance(check, Check) else check.id
    return judged if judged.startswith("output") or isinstance(check, Trajectory) else f"d_{judged}"


_WORDS = {
    "missing": "not written yet",
    "error": "an exception",
    "timeout": "without an answer",
    "died": "without an answer",
    "skipped": "not judged either",
    "infra": "not graded",
}
