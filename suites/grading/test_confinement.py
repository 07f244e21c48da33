"""Code that wants out, or wants marks: at both levels nothing leaves the box, and each ends as its row says.

Each file of `hostile` says in its first line what it tries. A row says how the call ends, as a pattern for the kind and
message of the outcome: where levels A and B differ, two patterns. "answer" means that arrays came back, which are then
judged like any others.
"""

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.grading import levels
from harness.grading.box import Box, Level, Outcome
from harness.grading.forks import Forks
from harness.grading.runtime import runtime
from harness.grading.wire import WireError

HERE = Path(__file__).parent
HOSTILE = sorted(path.stem for path in (HERE / "hostile").glob("*.py"))
SHORT, LONG = 0.7, 30.0  # what a call may take that never ends, and one that ends by itself
INPUT, WEIGHT = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3)
RIGHT = INPUT @ WEIGHT.T
NOT_THERE = (
    "StudentError FileNotFoundError",
    "StudentError PermissionError",
)  # in A it does not exist, in B it is shut
REFUSED = "StudentError PermissionError"

ROWS: dict[str, str | tuple[str, str]] = {
    "honest": "answer right",
    # It never answers.
    "loop_at_import": "Timeout",
    "loop_catching_all": "Timeout",
    "stops_itself": "Timeout",
    "own_session_and_wait": "Timeout",
    "drips": "Timeout",
    "claims_much_sends_nothing": "Timeout",
    "prints_forever": "Died it printed more than",
    "threads_without_end": "StudentError RuntimeError: can't start new thread",
    # It ends.
    "exits_at_import": "StudentError SystemExit: 0",
    "exits_hard_at_import": "Died it ended with exit status 0",
    "exits": "StudentError SystemExit: 0",
    "exits_hard": "Died it ended with exit status 0",
    "interrupts": "StudentError KeyboardInterrupt",
    "ends_the_pipe": "StudentError EOFError",
    "closes_files": "Died it closed its pipe",
    "segfault": "Died it ended by SIGSEGV",
    "aborts": "Died it ended by SIGABRT",
    "overflows_the_stack": "Died it ended by SIGSEGV",
    "recurses": "StudentError RecursionError",
    # Processes and threads.
    "other_machine_call": "Died it ended by SIGSYS",
    "x32_call": "StudentError OSError: .*x32 fork",
    "fork_bomb": REFUSED,
    "daemonise": REFUSED,
    "clone3": "StudentError OSError: .*clone3",
    "runs_a_program": REFUSED,
    "new_namespace": REFUSED,
    "threads_for_ever": "answer right",
    "stays_after_the_end": "answer right",
    "outlives_the_grader": REFUSED,
    # Memory and disk.
    "memory_hog": "StudentError MemoryError",
    "memory_in_pieces": "StudentError MemoryError",
    "memory_elsewhere": "StudentError OSError: .*Function not implemented",
    "memory_shared": "StudentError OSError: .*shmget",
    "fills_the_disk": NOT_THERE,
    # Files.
    "reads_the_secret": NOT_THERE,
    "reads_passwd": NOT_THERE,
    "reads_environment": NOT_THERE,
    "reads_parents_memory": NOT_THERE,
    "reads_through_a_link": "StudentError FileNotFoundError",
    "reads_through_a_new_link": "StudentError OSError: .*Function not implemented",
    "lists_everything": REFUSED,
    "inherits_files": REFUSED,
    "overwrites_results": NOT_THERE,
    "removes_results": NOT_THERE,
    "replaces_results": NOT_THERE,
    "changes_modes": "StudentError OSError: .*Function not implemented",
    "empties_by_reading": NOT_THERE,
    "poisons_packages": ("StudentError (OSError: .*Read-only file system|PermissionError)", REFUSED),
    # Network.
    "connects": REFUSED,
    "sends_datagrams": REFUSED,
    "io_uring": "StudentError OSError: .*io_uring_setup",
    # The grader's own process.
    "signals_the_grader": REFUSED,
    "signals_everybody": REFUSED,
    "signals_by_a_pipe": REFUSED,
    "traces_the_grader": REFUSED,
    "writes_into_the_grader": REFUSED,
    "starves_the_grader": REFUSED,
    "raises_its_limits": "StudentError (ValueError|PermissionError)",
    # Other packages.
    "imports_torch": "StudentError ModuleNotFoundError: No module named 'torch'",
    "imports_by_path": REFUSED,
    # Marks.
    "patches_numpy": "answer wrong",
    "walks_the_stack": "StudentError LookupError: nothing to be found",
    "zeroes_its_inputs": "StudentError ValueError: assignment destination is read-only",
    "zeroes_them_by_force": "answer wrong",
    "array_of_objects": "StudentError TypeError: output is of dtype object, but should be",
    "array_of_its_own": "answer wrong",
    "writes_a_pickle": "WireError the frame begins with",
    "claims_2_to_the_60": "WireError the frame's sizes are 2 and 1152921504606846976, but should be",
    "claims_a_shape": "WireError output takes more than",
    "nests_the_header": "WireError the header is no JSON: RecursionError",
    "answers_ahead": "WireError the frame answers another question",
    "answers_twice": "answer right",
    "forges_an_error": "StudentError",
    "forges_a_strange_error": "WireError the error's fields are not of their types",
    "forges_marks": "WireError the frame is neither an answer nor an error",
    "raises_a_trap": r"StudentError Trap\n",
    "prints_much": "answer right",
    "returns_much": "StudentError ValueError: the arrays' bytes are 83886080, but should be 67108864 at most",
    "returns_many": "StudentError ValueError: the arrays are 1000, but should be 256 at most",
    "returns_nothing": "nothing",
    "returns_nan": "answer wrong",
    "is_a_pipe": "StudentError ModuleNotFoundError: No module named 'fifo'",
}
SLOW = {name for name, how in ROWS.items() if how == "Timeout"}
ON_X86 = {"other_machine_call", "x32_call"}


@dataclass
class Canaries:
    """What a submission would disturb if it got out, and what it is told of them."""

    folder: Path
    server: socket.socket
    datagrams: socket.socket
    signals: list[int] = field(default_factory=list)

    @property
    def told(self) -> dict[str, Any]:
        """As the submission gets it: an attacker would know, or guess."""
        return {
            "folder": str(self.folder),
            "secret": str(self.folder / "secret"),
            "results": str(self.folder / "results.json"),
            "port": self.server.getsockname()[1],
            "parent": os.getpid(),
            "path": [*map(str, runtime().hidden), *(one for one in sys.path if one)],
        }

    def state(self) -> tuple[Any, ...]:
        """Everything that must stay as it is."""
        seen = [(path.name, path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns, path.stat().st_uid)
                for path in sorted(self.folder.glob("*"))]  # fmt: skip
        waiting = [_waiting(self.server), _waiting(self.datagrams)]
        return seen, waiting, list(self.signals), Path(np.__file__).stat().st_size


def _waiting(one: socket.socket) -> bool:
    """Whether somebody reached this socket."""
    try:
        if one.type == socket.SOCK_STREAM:
            one.accept()[0].close()
        else:
            _ = one.recv(100)
    except BlockingIOError:
        return False
    return True


@pytest.fixture
def canaries(tmp_path: Path) -> Iterator[Canaries]:
    """A secret, a results file, a server, and a signal that the grader notes."""
    folder = tmp_path / "grader"
    folder.mkdir()
    _ = (folder / "secret").write_text("swordfish")
    _ = (folder / "results.json").write_text('{"score": 0}')
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(server.getsockname())
        server.setblocking(False)
        datagrams.setblocking(False)
        found = Canaries(folder, server, datagrams)
        before = signal.signal(signal.SIGURG, lambda number, _: found.signals.append(number))
        yield found
        _ = signal.signal(signal.SIGURG, before)


def handed_in(name: str, folder: Path) -> Path:
    """The submission as a student would hand it in, with a link and a named pipe beside it."""
    (folder / "handed-in").mkdir()
    _ = (folder / "handed-in" / "layer.py").write_bytes((HERE / "hostile" / f"{name}.py").read_bytes())
    (folder / "handed-in" / "link").symlink_to(folder / "grader" / "secret")
    os.mkfifo(folder / "handed-in" / "fifo.py")
    return folder / "handed-in"


def running(name: str) -> list[str]:
    """The processes that were started in the box of this name and still run."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            command, state = (one / "cmdline").read_bytes(), (one / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if name.encode() in command and state != "Z":
            found.append(one.name)
    return found


def gone(name: str) -> bool:
    """Whether all of them end; the kernel may still be at it."""
    until = time.monotonic() + LONG
    while running(name) and time.monotonic() < until:
        time.sleep(0.02)
    return not running(name)


def outcome(name: str, level: Level, folder: Path, canaries: Canaries, forks: Forks | None = None) -> tuple[str, Box]:
    """How the submission ends, in the words of the rows; the box is closed again."""
    seconds = SHORT if name in SLOW else LONG
    box = Box(handed_in(name, folder), HERE / "adapter.py", level, seconds=seconds, forks=forks)
    try:
        with box:
            sent = INPUT.copy(), WEIGHT.copy()
            arrays = {"input": sent[0], "weight": sent[1]}
            got = box.call("linear", arrays, {"canary": canaries.told}, seconds)
            assert all(map(np.array_equal, sent, (INPUT, WEIGHT)))
            if not got:
                return "nothing", box
            assert list(got) == ["output"]
            assert type(got["output"]) is np.ndarray
            return f"answer {'right' if np.array_equal(got['output'], RIGHT) else 'wrong'}", box
    except (Outcome, WireError) as error:
        return f"{type(error).__name__} {error}", box


def test_every_file_has_its_row() -> None:
    """And a first line that says what it tries."""
    assert sorted(ROWS) == HOSTILE
    for name in HOSTILE:
        said = ast.get_docstring(ast.parse((HERE / "hostile" / f"{name}.py").read_text())) or ""
        assert re.match("(To|Nothing:) .*[.)]$", said), name


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_leaves_the_box(name: str, level: Level, tmp_path: Path, canaries: Canaries) -> None:
    """The outcome is the row's, within its time; nobody is left; nothing was touched, read or told."""
    box = confined(name, level, tmp_path, canaries)
    assert gone(box.name)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_leaves_a_fork(
    name: str, level: Level, tmp_path: Path, canaries: Canaries, forks: Callable[..., Forks | None]
) -> None:
    """The same where one worker is forked for all of them; and of that one nothing has changed."""
    server = forks(level)
    if server is None:
        pytest.skip("no fork gets namespaces of its own on this machine")
    before = sorted(running(server.name))
    _ = confined(name, level, tmp_path, canaries, server)
    until = time.monotonic() + LONG
    while sorted(running(server.name)) != before and time.monotonic() < until:
        time.sleep(0.02)
    assert sorted(running(server.name)) == before
    assert server.alive
    assert not list(server.hand_ins.iterdir())


def confined(name: str, level: Level, folder: Path, canaries: Canaries, forks: Forks | None = None) -> Box:
    """Run it, and look at everything but the processes."""
    if name in ON_X86 and os.uname().machine != "x86_64":
        pytest.skip("the attack is for x86-64")
    before, began = canaries.state(), time.monotonic()
    how, box = outcome(name, level, folder, canaries, forks)
    row = ROWS[name]
    wanted = row if isinstance(row, str) else row[level == "B"]
    assert re.match(wanted, how, re.DOTALL), how
    assert time.monotonic() - began < LONG
    assert canaries.state() == before
    for secret in ("swordfish", "root:x:", "PATH="):
        assert secret not in box.printed + how
    assert all(one.isprintable() or one in "\n\t" for one in box.printed + how)
    assert len(box.printed) <= 1 << 16
    assert len(how) < 3000
    assert not list(Path(tempfile.gettempdir()).glob(box.name))
    return box


ESCAPES = {
    "reads_the_secret": "it is printed",
    "reads_passwd": "it is printed",
    "reads_environment": "it is printed",
    "overwrites_results": "something is touched",
    "changes_modes": "something is touched",
    "connects": "something is touched",
    "sends_datagrams": "something is touched",
    "signals_the_grader": "something is touched",
    "signals_by_a_pipe": "something is touched",
    "daemonise": "somebody is left",
    "memory_elsewhere": "it is done",
    "outlives_the_grader": "it is done",
}


@pytest.mark.parametrize("name", ESCAPES)
def test_without_walls_it_gets_out(name: str, tmp_path: Path, canaries: Canaries) -> None:
    """At level "weak" the same submissions do what they try, and it is seen: what held above was a wall."""
    before = canaries.state()
    how, box = outcome(name, "weak", tmp_path, canaries)
    assert how == "answer right"
    left = running(box.name)
    for one in left:
        os.kill(int(one), signal.SIGKILL)
    printed = any(secret in box.printed for secret in ("swordfish", "root:x:", "PATH="))
    happened = {
        "it is printed": printed,
        "something is touched": canaries.state() != before,
        "somebody is left": bool(left),
        "it is done": True,
    }
    assert happened[ESCAPES[name]]


def test_weak_is_never_chosen() -> None:
    """It has to be asked for by its name, and there is no other."""
    assert levels.best() in ("A", "B")
    with pytest.raises(ValueError, match="level is 'C', but should be 'A', 'B' or 'weak'"):
        _ = Box(HERE, HERE / "adapter.py", "C")  # pyright: ignore[reportArgumentType]


def test_the_grader_dies(level: Level, tmp_path: Path) -> None:
    """When the grader is killed, a submission that still computes ends as well."""
    submission = handed_in("loop_catching_all", _with_grader(tmp_path))
    script = f"""
import sys
from pathlib import Path
from harness.grading.box import Box
box = Box(Path({str(submission)!r}), Path({str(HERE / "adapter.py")!r}), {level!r})
with box:
    print(box.name, flush=True)
    box.call("linear", {{}}, {{"input": 0, "weight": 0, "canary": 0}}, 60)
"""
    grader = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=HERE.parent.parent)
    assert grader.stdout is not None
    name = grader.stdout.readline().strip()
    assert running(name)
    grader.kill()
    _ = grader.wait()
    grader.stdout.close()
    assert gone(name)
    shutil.rmtree(Path(tempfile.gettempdir(), name))


def _with_grader(folder: Path) -> Path:
    (folder / "grader").mkdir()
    return folder
