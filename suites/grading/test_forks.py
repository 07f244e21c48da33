"""One worker that is forked for many hand-ins: the same records, apart from each other, and none where it cannot be."""

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.grading import batch, forks, grade, levels, pack
from harness.grading.box import Box, Level, StudentError
from harness.grading.forks import Forks, NotStarted, several
from harness.report.results import Files

Shared = Callable[..., Forks | None]
ADAPTER = """
import os, numpy as np, random

def look(path):
    import layer
    return {"output": np.array(len(os.listdir(path)))}

def drawn():
    return {"output": np.append(np.random.rand(3), random.random())}

def names():
    import layer, loader
    return {"output": np.array([layer.SELF, loader.SELF])}
"""


@pytest.fixture
def server(level: Level, forks: Shared) -> Forks:
    """That of this level."""
    found = forks(level)
    if found is None:
        pytest.skip("no fork gets namespaces of its own on this machine")
    return found


def boxed(folder: Path, server: Forks) -> Box:
    """A hand-in of two files, one with a name that a file of the worker's has."""
    folder.mkdir()
    for number, name in enumerate(("layer", "loader")):
        _ = (folder / f"{name}.py").write_text(f"SELF = {number}")
    _ = (folder.parent / "adapter.py").write_text(ADAPTER)
    adapter = folder.parent / "adapter.py"
    return Box(folder, adapter, server.level, stubs=(), torch=server.torch, forks=server)


def test_the_same_record(level: Level, server: Forks) -> None:
    """With a fork and without, for who is right and for who is not."""
    found = pack.load("two-layer-net")
    for name in ("right", "regulariser-slope"):
        records = [grade.graded(found, found.examples[name], level=level, forks=one)[0] for one in (None, server)]
        assert records[0] == records[1]


def test_siblings(server: Forks, tmp_path: Path) -> None:
    """Two at once: neither sees the files of the other, at any of the places where they are."""
    with boxed(tmp_path / "one", server) as one, boxed(tmp_path / "two", server) as two:
        for box, other in ((one, two), (two, one)):
            assert box.call("look", {}, {"path": "."}, 30)["output"] == 2
            for path in (server.hand_ins / other.name, f"/box/hand-ins/{other.name}"):
                with pytest.raises(StudentError, match=r"FileNotFoundError|PermissionError"):
                    _ = box.call("look", {}, {"path": str(path)}, 30)


def test_its_own_names(server: Forks, tmp_path: Path) -> None:
    """A file of the submission hides none of the worker's, nor the other way round."""
    with boxed(tmp_path / "one", server) as box:
        assert box.call("names", {}, {}, 30)["output"].tolist() == [0, 1]


def test_random_numbers(forks: Shared, tmp_path: Path) -> None:
    """Are each fork's own, though torch has loaded Python's before they part."""
    server = forks(levels.best(), torch=True)
    if server is None:
        pytest.skip("no fork gets namespaces of its own on this machine")
    drawn = []
    for name in ("one", "two"):
        with boxed(tmp_path / name, server) as box:
            drawn.append(box.call("drawn", {}, {}, 30)["output"])
    assert not np.isin(*drawn).any()


def test_when_it_dies(level: Level) -> None:
    """The hand-in gets a worker of its own, and so do those that follow."""
    found = pack.load("two-layer-net")
    server = Forks(level)
    with ExitStack() as stack:
        try:
            _ = stack.enter_context(server)
        except NotStarted as error:
            pytest.skip(str(error))
        worker = server._worker
        assert worker is not None
        os.killpg(worker.process.pid, signal.SIGKILL)
        for _ in range(2):
            record, _ = grade.graded(found, found.examples["right"], level=level, forks=server)
            assert record["score"] == record["max_score"]
            assert not server.alive
    assert not server.folder.exists()


def test_where_it_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a reason, and nothing is left; several hand-ins are graded all the same."""
    with several("weak", False, 2) as none, several("A", False, 1) as neither:
        assert none is neither is None
    with pytest.raises(ValueError, match="level is 'weak', but should be 'A' or 'B'"):
        _ = Forks("weak")
    monkeypatch.setattr(forks, "prepared", _refuses)
    server = Forks("A")
    with pytest.raises(NotStarted, match="level A, to be forked: no namespaces"), server:
        pass
    assert not server.folder.exists()
    with several("A", False, 2) as none:
        assert none is None
    found = pack.load("two-layer-net")
    job = batch.Job(found, "weak")
    records = job.run([found.examples["right"], tmp_path / "nothing"], Files())
    assert [record["score"] for record in records] == [found.max_score, 0]


def _refuses(*_: Any, **__: Any) -> Any:
    raise OSError("no namespaces")
