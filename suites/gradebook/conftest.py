"""A pack that is graded in a moment, a class for it, and a grader that is a process of its own, to be hurt."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.gradebook import exports, view
from harness.gradebook.store import BadGradebook, Store
from harness.grading import levels
from harness.grading.box import NotStarted

PACK = '''
"""One question: the answer is 42. An answer of 666 kills the grader; one of 7 while "down" is beside it."""
import os, signal
from pathlib import Path
from harness.grading.pack import Pack, Trajectory


def judge(answers):
    value = float(answers["output"])
    if value == 666 or (value == 7 and Path(__file__).parent.with_name("down").exists()):
        os.kill(os.getpid(), signal.SIGKILL)
    return "" if value == 42 else f"it is {value:g}, but should be 42"


def check(id, **more):
    return Trajectory(id, file="answer.py", target=id, points=2, call=id, judge=judge, **more)


PACK = Pack("own", title="The answer", files=("answer.py",), checks=(check("answer"), check("again")), seconds=1.0)
'''
ADAPTER = """
import numpy as np
def answer():
    import answer
    return {"output": np.array(float(answer.answer()))}
again = answer
"""
GRADER = """
import sys
from pathlib import Path
from harness.gradebook.command import grade_class
pack, run, level, cluster = sys.argv[1:5]
paths = [Path(one) for one in sys.argv[5:]]
grade_class(pack, paths, Path(run), level=level, workers=2, cluster=cluster or None)
"""


def answering(value: object, more: str = "") -> str:
    """A hand-in."""
    return f"# {more}\ndef answer():\n    return float({value})\n"


@pytest.fixture
def level() -> str:
    """The best that this machine has."""
    try:
        return levels.best()
    except NotStarted as error:
        pytest.skip(f"no isolation on this machine: {error}")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A folder with pack.py and adapter.py."""
    folder = tmp_path / "own"
    folder.mkdir()
    _ = (folder / "pack.py").write_text(PACK)
    _ = (folder / "adapter.py").write_text(ADAPTER)
    return folder


@pytest.fixture
def handed(tmp_path: Path) -> Callable[..., Path]:
    """A class: a folder for each student, with this source in it."""

    def write(sources: dict[str, str], name: str = "class") -> Path:
        for student, source in sources.items():
            (tmp_path / name / student).mkdir(parents=True)
            _ = (tmp_path / name / student / "answer.py").write_text(source)
        return tmp_path / name

    return write


def some(count: int) -> dict[str, str]:
    """Right and wrong ones, no two the same."""
    return {f"s{at:03}": answering(42 if at % 3 else at, str(at)) for at in range(count)}


@dataclass
class Grader:
    """`backprove grade PACK … --out RUN`, as a process."""

    pack: Path
    run: Path
    level: str
    running: list[subprocess.Popen[str]]
    cluster: str = ""

    def start(self, *paths: Path, **more: object) -> subprocess.Popen[str]:
        """Begin, in a session of its own, as a terminal would."""
        command = [
            sys.executable,
            "-c",
            GRADER,
            str(self.pack),
            str(self.run),
            self.level,
            self.cluster,
            *map(str, paths),
        ]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True, **more)  # pyright: ignore[reportCallIssue, reportArgumentType]
        self.running.append(process)
        return process

    def finish(self, *paths: Path, **more: object) -> tuple[int, str]:
        """To the end: exit status and all that it said."""
        process = self.start(*paths, **more)
        out, error = process.communicate(timeout=120)
        return process.returncode, out + error

    def kept(self) -> dict[str, float]:
        """The records so far, with their seconds, which no two gradings share."""
        try:
            with Store(self.run) as store:
                newest = store.gradings()[-1:]
                return {hash: facts[0] for one in newest for hash, facts in store.facts(one).items()}
        except BadGradebook:  # not there yet
            return {}

    def export(self) -> str:
        """All that is exported, as one text."""
        with Store(self.run) as store:
            rows = view.rows(store, store.gradings()[-1])
            return exports.as_csv(rows) + exports.as_junit(rows) + exports.as_moodle(rows, None)


@pytest.fixture
def grader(pack: Path, tmp_path: Path, level: str) -> Iterator[Grader]:
    """None of its processes outlives the test."""
    found = Grader(pack, tmp_path / "run", level, [])
    yield found
    for process in found.running:
        if process.poll() is None:
            process.kill()
            _ = process.communicate()


def descendants(process: int) -> dict[int, str]:
    """The processes below this one, each with when it started: a number may be given again."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        if stat := _stat(int(path.name)):
            parents.setdefault(int(stat[1]), []).append(int(path.name))
    found, open = dict[int, str](), [process]
    while open:
        for child in parents.get(open.pop(), []):
            found[child] = started(child)
            open.append(child)
    return found


def started(process: int) -> str:
    """When, in the kernel's own count; "" if it is not there, or has only not been waited for."""
    stat = _stat(process)
    return stat[19] if stat and stat[0] != "Z" else ""


def _stat(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def left_over(below: dict[int, str], seconds: float = 10.0) -> list[int]:
    """Which of these processes do not end."""
    end = time.monotonic() + seconds
    while True:
        alive = [one for one, when in below.items() if when and started(one) == when]
        if not alive or time.monotonic() > end:
            return alive
        time.sleep(0.05)


def workers(process: int) -> list[int]:
    """The grading workers of a grader."""
    return [one for one in descendants(process) if b"gradebook.worker" in _command(one)]


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def until(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def kill(process: subprocess.Popen[str]) -> list[int]:
    """kill -9; what of it is left over."""
    below = descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    _ = process.communicate()
    return left_over(below)
