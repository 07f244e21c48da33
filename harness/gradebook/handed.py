"""What one student handed in, as bytes: the same files give the same bytes, wherever and whenever they were found.

The bytes are what is kept, what is sent to who grades, and what the content hash is of. Sources and archives are whole;
of other files only the name and size matter, since `handin` says of them that they are no Python. Nothing is unpacked
or followed here.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..grading.handin import MOST_ARCHIVE, MOST_ENTRIES, MOST_NOTEBOOK, MOST_SOURCE, SKIPPED

MOST = {".py": MOST_SOURCE, ".ipynb": MOST_NOTEBOOK, ".zip": MOST_ARCHIVE}  # bytes; larger ones are refused unread
MOST_TOGETHER = 128 << 20
FOLDER = "submission"  # what it is called when it is unpacked, so that no message depends on where it was
WHOLE, NAME, LINK, ODD = "whole", "name", "link", "odd"


class Unreadable(Exception):
    """It cannot be read: the teacher's matter, and not the student's. The message says in one line what and why."""


@dataclass(frozen=True)
class Member:
    """A file of a hand-in: its place in it, how large it is, what kind, and how to read at most so many bytes."""

    place: PurePosixPath
    size: int
    kind: str
    read: Callable[[int], bytes]


def digest(data: bytes) -> str:
    """The content hash."""
    return hashlib.sha256(data).hexdigest()


def skipped(place: PurePosixPath) -> bool:
    """Whether it is no hand-in, nor part of one: hidden, or what tools leave behind."""
    return any(part.startswith(".") or part in SKIPPED for part in place.parts)


def members(path: Path) -> Iterator[Member]:
    """The files of a folder and of those in it, or the one file. Raises Unreadable."""
    if not path.is_dir():
        yield _member(path, PurePosixPath(path.name))
        return

    def failed(error: OSError) -> None:
        raise Unreadable(f"{error.filename} cannot be read: {error.strerror}") from error

    seen = 0
    for place, folders, names in os.walk(path, onerror=failed):
        folders[:] = sorted(one for one in folders if not skipped(PurePosixPath(one)))
        for name in sorted(names):
            if not skipped(PurePosixPath(name)) and name.isprintable():
                yield _member(Path(place, name), PurePosixPath(Path(place, name).relative_to(path).as_posix()))
                seen += 1
                if seen > MOST_ENTRIES:  # `handin` says so
                    return


def kind_of(place: PurePosixPath, size: int) -> str:
    """Whether all of a plain file is looked at, or only its name."""
    return WHOLE if size <= MOST.get(place.suffix.lower(), -1) else NAME


def packed(files: Iterable[Member]) -> bytes:
    """The bytes of a hand-in. Raises Unreadable."""
    rows, contents, together = [], [], 0
    for one in sorted(files, key=lambda one: str(one.place)):
        data = b""
        if one.kind == WHOLE:
            most = MOST[one.place.suffix.lower()]
            try:
                data = one.read(most + 1)
            except OSError as error:
                raise Unreadable(f"{one.place} cannot be read: {error.strerror or error}") from error
            together += len(data)
            if together > MOST_TOGETHER:
                raise Unreadable(f"it holds more than {MOST_TOGETHER >> 20} MiB of sources and archives")
        rows.append([str(one.place), len(data) if one.kind == WHOLE else one.size, one.kind])
        contents.append(data)
    index = json.dumps(rows, ensure_ascii=True, separators=(",", ":")).encode()
    return b"\n".join((b"%d" % len(index), index, b"".join(contents)))


def empty(data: bytes) -> bool:
    """Whether there is no source and no archive in it."""
    return not any(kind != NAME for _, _, kind in _index(data)[0])


def unpacked(data: bytes, into: Path) -> Path:
    """The hand-in as a folder in `into`, for `handin` to open."""
    rows, at = _index(data)
    folder = into / FOLDER
    folder.mkdir()
    for place, size, kind in rows:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == LINK:
            path.symlink_to("nowhere")
        elif kind == ODD:
            os.mkfifo(path)
        elif kind == NAME:
            with path.open("wb") as file:
                _ = file.truncate(size)  # a hole: it takes no room
        else:
            _ = path.write_bytes(data[at : at + size])
            at += size
    return folder


def _index(data: bytes) -> tuple[list[tuple[str, int, str]], int]:
    """Place, size and kind of each file, and where the contents begin."""
    length, _, rest = data[:20].partition(b"\n")
    start = len(data[:20]) - len(rest)
    end = start + int(length)
    return [tuple(row) for row in json.loads(data[start:end])], end + 1


def _member(path: Path, place: PurePosixPath) -> Member:
    try:
        found = path.lstat()
    except OSError as error:
        raise Unreadable(f"{place} cannot be read: {error.strerror}") from error

    def read(most: int) -> bytes:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            return file.read(most)

    if stat.S_ISLNK(found.st_mode):
        return Member(place, 0, LINK, read)
    if not stat.S_ISREG(found.st_mode):
        return Member(place, 0, ODD, read)
    return Member(place, found.st_size, kind_of(place, found.st_size), read)
