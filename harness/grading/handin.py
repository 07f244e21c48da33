"""What a student hands in, as the files that a pack asks for: a folder, a file, a notebook, an archive, one level down.

Nothing is unpacked, followed or run here: names and sizes are looked at first, then the sources alone are read, each up
to a limit, and written to a folder of our own. What is wrong with one file is said of that file.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

MOST_SOURCE, MOST_NOTEBOOK, MOST_ARCHIVE = 2 << 20, 32 << 20, 64 << 20  # bytes
MOST_UNPACKED, MOST_ENTRIES = 1 << 30, 5000
MOST_RATIO = 500  # of what an archive says of its contents; sources are packed to a fifth
SKIPPED = ("__MACOSX", "__pycache__", "node_modules", "site-packages", "venv")
CELL = "# %% cell {}\n"  # loader.py knows it


class BadHandIn(Exception):
    """Nothing of it can be graded; the message says in one line why."""


@dataclass(frozen=True)
class Entry:
    """A file that was handed in: its place, what it is refused for, and how to read at most so many bytes of it."""

    place: PurePosixPath
    size: int
    refused: str
    read: Callable[[int], bytes]


@dataclass
class HandIn:
    """What is graded: `folder` holds the files under the pack's names; `refused` says what is wrong with the others."""

    folder: Path
    refused: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    notebooks: dict[str, str] = field(default_factory=dict)  # the names of those that stand for a pack's file

    def place(self, file: str, number: int) -> str:
        """A line as the student finds it, and what stands there."""
        name = f"{file}:{number}"
        if file in self.notebooks:
            cells = [place for place, line in enumerate(self._lines(file)[:number], 1) if line.startswith(CELL[:10])]
            cell = self.line(file, cells[-1]).removeprefix(CELL[:10]) if cells else "?"
            name = f"{self.notebooks[file]}, cell {cell}, line {number - (cells[-1] if cells else 0)}"
        return f"{name}: {self.line(file, number)}"

    def definition(self, file: str, target: str) -> int:
        """The line of a function or class, as a pack calls it; 0 where it is not found."""
        found = 0
        for word in re.findall(r"[^\W\d]\w*(?:\.\w+)*", target)[:1]:
            for name in word.split("."):
                lines = enumerate(self._lines(file)[found:], found + 1)
                found = next((n for n, line in lines if re.match(rf"\s*(?:class|def)\s+{name}\b", line)), 0)
                if not found:
                    return 0
        return found

    def line(self, file: str, number: int) -> str:
        """A line of the student's own, stripped; "" where there is none."""
        lines = self._lines(file)
        text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        return "".join(one if one.isprintable() else " " for one in text)[:200]

    def _lines(self, file: str) -> list[str]:
        try:
            return (self.folder / file).read_bytes()[:MOST_SOURCE].decode(errors="replace").split("\n")
        except OSError:
            return []


@contextmanager
def opened(path: Path, files: Sequence[str], like: Path | None = None) -> Iterator[HandIn]:
    """The files of a pack, as far as they are there, or else in another that this one is like. Raises BadHandIn."""
    entries = _sources(path)
    if like is not None:
        own = {entry.place for entry in entries}
        entries = _shallowest([*entries, *(entry for entry in _sources(like) if entry.place not in own)])
    with tempfile.TemporaryDirectory(prefix="backprove-handin-") as name:
        found = HandIn(Path(name, "submission"))
        found.folder.mkdir()
        _arrange(entries, files, found)
        yield found


def _sources(path: Path) -> list[Entry]:
    """Every Python file and notebook, the shallowest first. Raises BadHandIn."""
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        raise BadHandIn(f"{path} is missing, but should be a folder, a .py, a .ipynb or a .zip") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadHandIn(f"{path} cannot be read, but should be a folder or a file: {reason}") from None
    if stat.S_ISDIR(kind):
        entries = list(_in_folder(path))
    elif stat.S_ISREG(kind):
        entries = [_file(path, PurePosixPath(path.name))]
    else:
        raise BadHandIn(f"{path.name} is no plain file, but should be a folder, a .py, a .ipynb or a .zip")
    sources = [one for one in entries if one.place.suffix.lower() in (".py", ".ipynb")]
    archives = [one for one in entries if one.place.suffix.lower() == ".zip"]
    if not sources and len(archives) == 1:
        sources = list(_in_archive(archives[0]))
        if not sources:
            raise BadHandIn(f"{archives[0].place.name} holds no Python file")
    if not sources:
        others = ", ".join(entry.place.name for entry in entries[:3])
        what = f"holds no Python file, but {others}" if others else "is empty"
        raise BadHandIn(f"{path.name or path} {what}; it should be or hold a .py, a .ipynb or a .zip")
    return _shallowest(sources)


def _shallowest(entries: list[Entry]) -> list[Entry]:
    """First; then by their names."""
    return sorted(entries, key=lambda one: (len(one.place.parts), str(one.place)))


def _in_folder(folder: Path) -> Iterator[Entry]:
    """The files of a folder and of those in it; links are not followed. Raises BadHandIn."""
    seen = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not _skipped(one))
        seen += len(folders) + len(names)
        if seen > MOST_ENTRIES:
            raise BadHandIn(f"{folder.name} has more files and folders, but should have {MOST_ENTRIES} at most")
        for name in sorted(names):
            if not _skipped(name) and name.isprintable():
                yield _file(Path(place, name), PurePosixPath(Path(place, name).relative_to(folder).as_posix()))


def _skipped(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED


def _file(path: Path, place: PurePosixPath) -> Entry:
    """A file on the disk, of which nothing is opened yet."""
    try:
        found = path.lstat()
    except OSError as error:
        return Entry(place, 0, f"cannot be read: {error.strerror}", lambda _: b"")
    refused = ""
    if stat.S_ISLNK(found.st_mode):
        refused = "is a link, but should be a file: a link may lead anywhere"
    elif not stat.S_ISREG(found.st_mode):
        refused = "is no plain file, but should be one"

    def read(most: int) -> bytes:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            return file.read(most)

    return Entry(place, found.st_size, refused, read)


def _in_archive(packed: Entry) -> Iterator[Entry]:
    """The sources in a zip, whose names and sizes are looked at before anything is unpacked. Raises BadHandIn."""
    name = packed.place.name
    data = _content(packed, MOST_ARCHIVE)
    if isinstance(data, str):
        raise BadHandIn(f"{name} {data}")
    if data.count(b"PK\1\2") > MOST_ENTRIES:
        raise BadHandIn(f"{name} holds more files, but should hold {MOST_ENTRIES} at most")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        rows = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, zlib.error) as error:
        raise BadHandIn(f"{name} is no zip archive, but should be: {error}") from None
    whole = sum(row.file_size for row in rows)
    if whole > MOST_UNPACKED or whole > MOST_RATIO * len(data) + MOST_SOURCE:
        raise BadHandIn(f"{name} would unpack to {whole} bytes, from {len(data)}: a zip bomb?")
    for row in rows:
        place = PurePosixPath(row.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in row.filename:
            raise BadHandIn(f"{name} holds {row.filename[:100]!r}, which leads out of it")
        if row.flag_bits & 1:
            raise BadHandIn(f"{name} is locked by a password, but should be open")
        if row.is_dir() or any(map(_skipped, place.parts)) or not str(place).isprintable():
            continue
        if place.suffix.lower() in (".py", ".ipynb"):
            linked = stat.S_ISLNK(row.external_attr >> 16)
            refused = "is a link, but should be a file: a link may lead anywhere" if linked else ""
            yield Entry(place, row.file_size, refused, lambda most, row=row: _unpacked(archive, row, most))


def _unpacked(archive: zipfile.ZipFile, row: zipfile.ZipInfo, most: int) -> bytes:
    """At most so many bytes, whatever the archive says of its size. Raises OSError."""
    try:
        with archive.open(row) as file:
            return file.read(most)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise OSError(0, f"the archive is broken there: {error}") from None


def _content(entry: Entry, most: int) -> bytes | str:
    """The bytes, or why there are none."""
    if entry.refused:
        return entry.refused
    too_large = f"is of {entry.size} bytes, but should be of {most} at most"
    if entry.size > most:
        return too_large
    try:
        data = entry.read(most + 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return data if len(data) <= most else too_large


def _arrange(entries: list[Entry], files: Sequence[str], found: HandIn) -> None:
    """Write each file of the pack's under its name, and the student's other sources beside them."""
    scripts = [one for one in entries if one.place.suffix.lower() == ".py"]
    notebooks = [one for one in entries if one.place.suffix.lower() == ".ipynb"]
    roots: list[PurePosixPath] = []
    taken: set[PurePosixPath] = set()
    for file in files:
        entry = _named(file, scripts, len(files)) or _named(file, notebooks, len(files)) or _only(notebooks)
        if entry is None:
            found.missing.append(file)
            continue
        taken.add(entry.place)
        data = _python(entry)
        if isinstance(data, str):
            found.refused[file] = f"{entry.place} {data}"
        else:
            _write(found.folder, PurePosixPath(file), data)
            if entry in notebooks:
                found.notebooks[file] = entry.place.name
        own = PurePosixPath(file).parts
        if entry.place.parts[-len(own) :] == own:
            roots.append(PurePosixPath(*entry.place.parts[: -len(own)]))
    left = MOST_ARCHIVE
    for entry in scripts:
        root = next((one for one in roots if entry.place.is_relative_to(one)), entry.place.parent)
        place = entry.place.relative_to(root)
        if entry.place not in taken and not (found.folder / place).exists() and entry.size <= left:
            data = _content(entry, MOST_SOURCE)
            if isinstance(data, bytes):
                left -= len(data)
                _write(found.folder, place, data)


def _named(file: str, entries: list[Entry], files: int) -> Entry | None:
    """The entry that is meant by a pack's file: by its path, its name, its name with something before or after."""
    wanted = PurePosixPath(file)
    for same in (
        lambda place: place.with_suffix("").parts[-len(wanted.parts) :] == wanted.with_suffix("").parts,
        lambda place: place.stem.lower() == wanted.stem.lower(),
        lambda place: re.search(rf"(?<![a-z0-9]){re.escape(wanted.stem.lower())}(?![a-z])", place.stem.lower()),
    ):
        for entry in entries:
            if same(entry.place):
                return entry
    return _only(entries) if files == 1 else None


def _only(entries: list[Entry]) -> Entry | None:
    return entries[0] if len(entries) == 1 else None


def _write(folder: Path, place: PurePosixPath, data: bytes) -> None:
    """A folder in the way of a file, or the other way round, loses."""
    try:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        _ = (folder / place).write_bytes(data)
    except OSError:
        return


def _python(entry: Entry) -> bytes | str:
    """The source, that of a notebook as one script; or why there is none."""
    if entry.place.suffix.lower() == ".py":
        return _content(entry, MOST_SOURCE)
    data = _content(entry, MOST_NOTEBOOK)
    if isinstance(data, str):
        return data
    try:
        source = _notebook(data)
    except (ValueError, RecursionError, AttributeError, TypeError, LookupError) as error:
        return f"is no notebook, but should be JSON with cells: {str(error)[:200] or type(error).__name__}"
    return source if len(source) <= MOST_SOURCE else f"holds more code, but should hold {MOST_SOURCE} bytes at most"


def _notebook(data: bytes) -> bytes:
    """The code cells one after the other, without IPython's own commands. Raises what a strange notebook brings."""
    book = json.loads(data)
    cells = book["cells"] if "cells" in book else [cell for sheet in book["worksheets"] for cell in sheet["cells"]]
    parts = []
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            lines = (source if isinstance(source, str) else "".join(source)).split("\n")
            if lines[0].startswith("%%") and not lines[0].startswith(("%%time", "%%capture")):
                lines = []
            plain = [re.sub(r"^(\s*)[%!?].*$", r"\1pass", line) for line in lines]
            parts.append(CELL.format(number) + "\n".join(plain) + "\n")
    return "".join(parts).encode(errors="replace")
