"""A copy of what was handed in: plain files alone, readable to the worker whoever owns them, and of a bounded size.

A link is left out: it may lead anywhere on the grader's machine. So is whatever would stall or fool who reads it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST_BYTES, MOST_FILES, NAME_LENGTH = 64 << 20, 2000, 500
LEFT_OUT = ("__pycache__",)  # compiled code would be believed before its source


def copied(submission: Path, into: Path) -> dict[str, int]:
    """Copy a folder, or one file; the number of lines of each file, by its name in the copy. Raises ValueError."""
    into.mkdir()
    lines: dict[str, int] = {}
    size = 0
    for path in [submission] if submission.is_file() else _files(submission):
        name = path.name if path is submission else path.relative_to(submission).as_posix()
        if not name.isprintable() or len(name) > NAME_LENGTH:
            raise ValueError(
                f"a file's name is {name[:100]!r}, but should be printable, of {NAME_LENGTH} letters at most"
            )
        data = _content(path, MOST_BYTES - size)
        size += len(data)
        if size > MOST_BYTES:
            raise ValueError(f"the submission is larger, but should be of {MOST_BYTES} bytes at most")
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        _ = (into / name).write_bytes(data)
        lines[name] = data.count(b"\n") + 1
    return lines


def _files(folder: Path) -> list[Path]:
    """Its plain files, and those of its folders, in the order of their names. No hidden ones. Raises ValueError."""
    found, seen = [], 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in LEFT_OUT)
        plain = (Path(place, one) for one in sorted(names) if not one.startswith("."))
        found += [path for path in plain if stat.S_ISREG(path.lstat().st_mode)]
        seen += len(folders) + len(names)
        if seen > MOST_FILES:
            raise ValueError(f"the submission has more files and folders, but should have {MOST_FILES} at most")
    return found


def _content(path: Path, most: int) -> bytes:
    """At most one byte more than allowed, and never through a link that was put there meanwhile."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise ValueError(f"{path.name} is unreadable, but should be readable: {error.strerror}") from None
