"""One grader for each RUN, and its folder for what is temporary, which the next one clears away if it was killed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "backprove-class-"


class Busy(Exception):
    """Somebody else is grading there; the message says who, in one line."""


@contextmanager
def held(run: Path) -> Iterator[Path]:
    """The one right to write in RUN; gives the temporary folder. Raises Busy or OSError.

    The kernel lets go of the lock when the process ends, however it ends. No child inherits it.
    """
    run.mkdir(parents=True, exist_ok=True)
    file = os.open(run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        before = _said(file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"{run} is being graded by process {before.get('process', '?')}: wait until it ends.") from None
        _clear(_said(file).get("folder", ""))
        folder = tempfile.mkdtemp(prefix=PREFIX)
        try:
            _say(file, {"process": os.getpid(), "folder": folder})
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(file)


def _said(file: int) -> dict[str, str]:
    """What the last one wrote; nothing if it did not get so far."""
    try:
        said = json.loads(os.pread(file, 4096, 0))
    except ValueError:
        return {}
    return {key: str(value) for key, value in said.items()} if isinstance(said, dict) else {}


def _say(file: int, said: dict[str, object]) -> None:
    os.ftruncate(file, 0)
    _ = os.pwrite(file, json.dumps(said).encode(), 0)


def _clear(name: str) -> None:
    """What a killed grader left. Only a folder that it can have made itself."""
    folder = Path(name)
    if name and folder.name.startswith(PREFIX) and folder.parent == Path(tempfile.gettempdir()):
        try:
            own = folder.lstat().st_uid == os.getuid()
        except OSError:
            return
        if own and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
