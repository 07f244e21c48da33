"""What a box promises to the honest, and to the grader who uses it."""

import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.grading import submission
from harness.grading.box import Box, Died, Level, Limits, NotStarted, StudentError, Timeout
from harness.grading.submission import copied
from harness.grading.wire import WireError

HERE = Path(__file__).parent
SECONDS = 30.0
ADAPTER = """
import layer, numpy as np

def twice(input): return {"output": layer.twice(input)}
def spoil(input):
    input[...] = 0
    return {"output": input}
def told(**options):
    print(options)
    return {"output": np.array(len(options))}
def wait(): import time; time.sleep(100)
def missing(input): return {"output": layer.thrice(input)}
def again(token):
    import sys
    frame = sys._getframe()
    while "self" not in frame.f_locals: frame = frame.f_back
    frame.f_locals["self"].send({"token": frame.f_back.f_locals["token"]}, {})
    return {}
def gradient(input):
    import torch
    x = torch.tensor(input, requires_grad=True)
    (x ** 3).sum().backward()
    return {"output": x.grad.numpy()}
_hidden = told
"""
LAYER = """
def twice(input):
    if input.ndim == 0:
        raise ValueError("input is a number")
    return 2 * input
"""
Make = Callable[..., Box]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A box of the two files above, or of other text for them."""

    def box(
        level: Level, layer: str = LAYER, adapter: str = ADAPTER, limits: Limits | None = None, torch: bool = False
    ) -> Box:
        (tmp_path / "in").mkdir(exist_ok=True)
        _ = (tmp_path / "in" / "layer.py").write_text(layer)
        _ = (tmp_path / "adapter.py").write_text(adapter)
        return Box(tmp_path / "in", tmp_path / "adapter.py", level, seconds=SECONDS, limits=limits, torch=torch)

    return box


def test_calls(level: Level, make: Make) -> None:
    """One box, many calls: arrays go as copies, options as they are, errors with their line, and it stays open."""
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    with make(level) as box:
        got = box.call("twice", {"input": x}, {}, SECONDS)["output"]
        assert (got.dtype, got.tolist()) == (np.float32, (2 * x).tolist())
        got += 1  # it is the caller's own
        with pytest.raises(StudentError, match=r"ValueError: assignment destination is read-only\n  adapter.py:6"):
            _ = box.call("spoil", {"input": x}, {}, SECONDS)
        for _ in range(2):
            assert not box.call("spoil", {"input": x}, {}, SECONDS, writeable=True)["output"].any()
        assert x[1, 2] == 5
        options = {"p": math.inf, "kernel": (1, (2, 3)), "mode": "same", "bias": None, "flag": True}
        assert box.call("told", {}, options, SECONDS)["output"] == 5
        assert box.printed == f"{options}\n"
        with pytest.raises(StudentError, match=r"ValueError: input is a number\n  layer.py:4") as raised:
            _ = box.call("twice", {"input": np.array(1.0)}, {}, SECONDS)
        error = raised.value
        assert (error.type, error.message, error.file, error.line) == ("ValueError", "input is a number", "layer.py", 4)
        with pytest.raises(
            StudentError, match=r"AttributeError: module 'layer' has no attribute 'thrice'\n  adapter.py:12"
        ):
            _ = box.call("missing", {"input": x}, {}, SECONDS)
        for wrong in ("_hidden", "no name", "__import__"):
            with pytest.raises(ValueError, match="but should be that of a public function"):
                _ = box.call(wrong, {}, {}, SECONDS)
        with pytest.raises(StudentError, match="has no attribute 'nothing'"):
            _ = box.call("nothing", {}, {}, SECONDS)
        with pytest.raises(TypeError, match="input is of dtype object, but should be"):
            _ = box.call("twice", {"input": np.array([None])}, {}, SECONDS)
        assert box.call("twice", {"input": np.zeros((0, 3))}, {}, SECONDS)["output"].shape == (0, 3)
    with pytest.raises(ValueError, match="the box is closed"):
        _ = box.call("twice", {"input": x}, {}, SECONDS)


def test_a_fatal_outcome_stays(level: Level, make: Make) -> None:
    """After it the box is closed, and says the same again."""
    with make(level) as box:
        for _ in range(2):
            with pytest.raises(Timeout, match=r"no answer within 0.2 s"):
                _ = box.call("wait", {}, {}, 0.2)
        with pytest.raises(Timeout):
            _ = box.call("twice", {"input": np.ones(1)}, {}, SECONDS)


def test_a_second_answer(level: Level, make: Make) -> None:
    """It is not taken for the answer to the next question."""
    with make(level) as box:
        assert box.call("again", {}, {"token": 0}, SECONDS) == {}
        with pytest.raises(WireError, match="answers another question"):
            _ = box.call("twice", {"input": np.ones(1)}, {}, SECONDS)


def test_large_arrays(level: Level, make: Make) -> None:
    """More than a pipe holds, both ways, while as much is printed."""
    adapter = "def both(input):\n print('x' * 10**6)\n return {'output': input + 1}"
    with make(level, adapter=adapter) as box:
        x = np.zeros(1 << 20)
        assert (box.call("both", {"input": x}, {}, SECONDS)["output"] == 1).all()
        assert len(box.printed) == box.limits.kept


def test_broken_python(level: Level, make: Make) -> None:
    """The line that is wrong is named, in the submission or in the adapter."""
    with pytest.raises(StudentError, match=r"SyntaxError: .*\n  layer.py:2"), make(level, layer="\ndef twice(:\n"):
        pass
    with pytest.raises(StudentError, match=r"SyntaxError: .*\n  adapter.py:1"), make(level, adapter="def twice(:"):
        pass
    with (
        pytest.raises(StudentError, match=r"ZeroDivisionError: division by zero\n  layer.py:1"),
        make(level, layer="1 / 0"),
    ):
        pass


def test_torch_where_it_is_allowed(level: Level, make: Make) -> None:
    """With it comes what it needs, and gradients."""
    with make(level, torch=True) as box:
        assert box.call("gradient", {"input": np.ones(2)}, {}, SECONDS)["output"].tolist() == [3, 3]


def test_not_started(level: Level, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is the machine's fault is not laid to the submission."""
    with (
        pytest.raises(NotStarted, match=f"level {level}: (?s:.)*(Error|ended)"),
        make(level, limits=Limits(memory=50 << 20)),
    ):
        pass
    monkeypatch.setenv("PATH", "/nowhere")
    if level == "A":
        with pytest.raises(NotStarted, match="level A: bubblewrap is missing"), make(level):
            pass
    else:
        with make(level):
            pass


def test_nothing_is_left_open(make: Make) -> None:
    """Neither by a box that closed nor by one that never opened."""
    before = sorted(Path("/proc/self/fd").iterdir())
    for layer in (LAYER, "import os; os._exit(3)", "raise SystemExit"):
        try:
            with make("weak", layer=layer):
                pass
        except (Died, StudentError):
            pass
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_what_is_copied(tmp_path: Path) -> None:
    """Plain files; no links, pipes, hidden or compiled ones."""
    source = tmp_path / "in"
    (source / "pack" / "__pycache__").mkdir(parents=True)
    (source / ".git").mkdir()
    for name in ("a.py", "pack/b.py", "pack/__pycache__/b.pyc", ".git/config", ".hidden"):
        _ = (source / name).write_text("1\n2")
    (source / "link.py").symlink_to("/etc/passwd")
    (source / "folder").symlink_to("/etc")
    os.mkfifo(source / "fifo")
    assert copied(source, tmp_path / "out") == {"a.py": 2, "pack/b.py": 2}
    assert sorted(path.name for path in (tmp_path / "out").rglob("*")) == ["a.py", "b.py", "pack"]
    assert copied(source / "a.py", tmp_path / "one") == {"a.py": 2}
    with pytest.raises(FileNotFoundError, match="is missing, but should be a folder or a file"):
        _ = Box(tmp_path / "nothing", HERE / "adapter.py", "weak")


def test_what_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many bytes, too many files or folders, a name that is too long or steers a terminal."""
    source = tmp_path / "in"
    source.mkdir()
    monkeypatch.setattr(submission, "MOST_BYTES", 100)
    monkeypatch.setattr(submission, "MOST_FILES", 3)
    monkeypatch.setattr(submission, "NAME_LENGTH", 10)
    _ = (source / "a.py").write_bytes(bytes(101))
    with pytest.raises(ValueError, match="the submission is larger, but should be of 100 bytes at most"):
        _ = copied(source, tmp_path / "1")
    _ = (source / "a.py").write_bytes(bytes(100))
    _ = copied(source, tmp_path / "2")
    for number in range(3):
        (source / f"b{number}").mkdir()
    with pytest.raises(ValueError, match="has more files and folders, but should have 3 at most"):
        _ = copied(source, tmp_path / "3")
    for number in range(2):
        (source / f"b{number}").rmdir()
    for name in ("\x1b[2J.py", "a" * 11):
        (source / "b2" / name).touch()
        with pytest.raises(ValueError, match="but should be printable, of 10 letters at most"):
            _ = copied(source, tmp_path / f"4{len(name)}")
        (source / "b2" / name).unlink()


def test_what_cannot_be_copied(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the submission's mistake; a full disk is not."""

    def fails(error: Exception) -> Callable[..., dict[str, int]]:
        def copied(*_: object) -> dict[str, int]:
            raise error

        return copied

    monkeypatch.setattr("harness.grading.box.copied", fails(ValueError("a.py is unreadable, but should be readable")))
    with pytest.raises(StudentError, match=r"a.py is unreadable"), make("weak"):
        pass
    monkeypatch.setattr("harness.grading.box.copied", fails(OSError("No space left on device")))
    with pytest.raises(NotStarted, match="level weak: No space left on device"), make("weak"):
        pass
