"""Where the hand-ins of a class are: folders and archives with one entry for each student, or a CSV that says.

    FOLDER, ZIP   a folder, .zip, .py or .ipynb for each student. One that holds a file of the pack's by its very name
                  is one student's, called as the folder is
    .py, .ipynb   one student's, called as the file is
    CSV           the columns student and, for hand-ins, path (relative to the CSV); also attempt, name, email. Without
                  path it is the roster

What cannot be read is said, and costs no other.
"""

from __future__ import annotations

import csv
import stat
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self

from .handed import LINK, Member, digest, empty, kind_of, members, packed, skipped
from .names import Owner, bad, owner


class BadSource(Exception):
    """The call was wrong; the message says in one line what it should be."""


@dataclass(frozen=True)
class Student:
    """One row of a roster."""

    student: str
    name: str = ""
    email: str = ""


@dataclass
class HandedIn:
    """What one student handed in, still unread: the files, by the way that they are found."""

    student: str
    source: str
    files: Iterable[Member]
    name: str = ""
    number: int | None = None

    def bytes(self) -> tuple[str, bytes, bool]:
        """Hash, bytes, and whether there is nothing to grade in it. Raises Unreadable."""
        data = packed(self.files)
        return digest(data), data, empty(data)


@dataclass
class Class:
    """All that was given: hand-ins, the roster, and what is wrong, each with where it is."""

    handed: list[HandedIn] = field(default_factory=list)
    roster: list[Student] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # files that are no hand-ins
    open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()


def found(paths: Sequence[Path], files: Sequence[str]) -> Class:
    """What there is to grade with a pack of these files. Raises BadSource for a wrong call."""
    whole = Class()
    for path in paths:
        suffix = path.suffix.lower()
        if not path.exists():
            raise BadSource(f"{path} is missing, but should be a folder, a .zip or a .csv")
        if path.is_dir():
            _folder(path, files, whole)
        elif suffix == ".zip":
            _archive(path, files, whole)
        elif suffix == ".csv":
            _table(path, whole)
        elif suffix in (".py", ".ipynb"):
            whole.handed.append(HandedIn(path.stem, str(path), _files(path)))
        else:
            raise BadSource(f"{path} is a {suffix or 'file'}, but should be a folder, a .zip or a .csv")
    _named_by_roster(whole)
    _without_doubles(whole)
    return whole


def _files(path: Path) -> Iterable[Member]:
    """Found when they are read, so that ten thousand folders are not open at once."""

    class Later:
        def __iter__(self) -> Iterator[Member]:
            return members(path)

    return Later()


def _folder(path: Path, files: Sequence[str], whole: Class) -> None:
    try:
        entries = sorted(one for one in path.iterdir() if not skipped(PurePosixPath(one.name)))
    except OSError as error:
        raise BadSource(f"{path} cannot be read: {error.strerror}") from error
    if any((path / file).is_file() for file in files):
        whole.handed.append(HandedIn(path.resolve().name, str(path), _files(path)))
        return
    owned: dict[Owner, list[tuple[Owner, Path]]] = defaultdict(list)
    for entry in entries:
        one = owner(entry.name, entry.is_dir())
        if one is None:
            whole.others.append(str(entry))
        else:
            owned[_key(one)].append((one, entry))
    for key, parts in owned.items():
        groups = [parts] if key.site else [[part] for part in parts]
        for group in groups:
            source = str(group[0][1])
            whole.handed.append(HandedIn(key.student, source, _together(group), key.name))


def _key(one: Owner) -> Owner:
    return Owner(one.student, one.name, site=one.site)


def _together(parts: Sequence[tuple[Owner, Path]]) -> Iterable[Member]:
    """The files of one student: of one folder as they are, of several beside each other."""
    if len(parts) == 1 and parts[0][1].is_dir():
        return _files(parts[0][1])

    class Later:
        def __iter__(self) -> Iterator[Member]:
            rows = [(one, member) for one, path in parts for member in members(path)]
            for one, member in rows:
                place = PurePosixPath(one.file) if one.file and len(member.place.parts) == 1 else member.place
                yield Member(place, member.size, member.kind, member.read)

    return Later()


def _archive(path: Path, files: Sequence[str], whole: Class) -> None:
    """Names and sizes alone; what is in them is read, each up to its limit, when its turn comes."""
    try:
        archive = whole.open.enter_context(zipfile.ZipFile(path))
        rows = [(PurePosixPath(row.filename.replace("\\", "/")), row) for row in archive.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, zlib.error) as error:
        raise BadSource(f"{path} is no zip archive, but should be: {error}") from error
    kept: list[tuple[PurePosixPath, zipfile.ZipInfo]] = []
    for place, row in rows:
        if place.is_absolute() or ".." in place.parts or ":" in row.filename or not str(place).isprintable():
            whole.problems.append((f"{path}: {row.filename[:100]!r}", "it leads out of the archive, and is left out"))
        elif place.parts and not skipped(place):
            kept.append((place, row))
    tops = {place.parts[0] for place, _ in kept}
    if tops == {path.stem}:  # as tools pack a folder
        kept = [(PurePosixPath(*place.parts[1:]), row) for place, row in kept if len(place.parts) > 1]
    if any(str(place) in files for place, _ in kept):
        whole.handed.append(HandedIn(path.stem, str(path), [_packed(archive, *one) for one in kept if _plain(one)]))
        return
    owned: dict[Owner, list[Member]] = defaultdict(list)
    for place, row in kept:
        top = place.parts[0]
        one = owner(top, len(place.parts) > 1 or row.is_dir())
        if one is None:
            whole.others.append(f"{path}: {place}")
            continue
        within = PurePosixPath(*place.parts[1:]) if len(place.parts) > 1 else PurePosixPath(one.file or top)
        key = _key(one) if one.site else Owner(one.student, file=top)
        own = owned[key]
        if _plain((place, row)):
            own.append(_packed(archive, within, row))
    for key, own in owned.items():
        whole.handed.append(HandedIn(key.student, f"{path}: {key.file or key.name}", own, key.name))


def _plain(one: tuple[PurePosixPath, zipfile.ZipInfo]) -> bool:
    return not one[1].is_dir()


def _packed(archive: zipfile.ZipFile, place: PurePosixPath, row: zipfile.ZipInfo) -> Member:
    def read(most: int) -> bytes:
        try:
            with archive.open(row) as file:
                return file.read(most)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise OSError(0, f"the archive is broken there: {error}") from None

    mode = row.external_attr >> 16
    kind = LINK if stat.S_ISLNK(mode) else kind_of(place, row.file_size)
    return Member(place, row.file_size, kind, read)


def _table(path: Path, whole: Class) -> None:
    """Hand-ins, or a roster."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            columns = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
            if "student" not in columns:
                has = ", ".join(rows.fieldnames or ()) or "none"
                raise BadSource(f"{path} has no column student, but should; it has {has}")
            for row in rows:
                _row(path, {key: (row[name] or "").strip() for key, name in columns.items()}, rows.line_num, whole)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadSource(f"{path} is no CSV in UTF-8, but should be: {error}") from error


def _row(path: Path, row: dict[str, str], line: int, whole: Class) -> None:
    student, place = row["student"], f"{path}:{line}"
    if reason := bad(student):
        whole.problems.append((place, reason))
        return
    whole.roster.append(Student(student, row.get("name", ""), row.get("email", "")))
    if "path" not in row:
        return
    number = row.get("attempt", "")
    if number and not (number.isdecimal() and int(number) > 0):
        whole.problems.append((place, f"the attempt is {number[:20]!r}, but should be 1 or more"))
    elif not row["path"]:
        whole.problems.append((place, f"the path of {student} is empty, but should be a folder or a file"))
    elif not (path.parent / row["path"]).exists():
        whole.problems.append((place, f"{row['path'][:200]} is missing, but should be what {student} handed in"))
    else:
        own = path.parent / row["path"]
        whole.handed.append(HandedIn(student, str(own), _files(own), number=int(number) if number else None))


def _named_by_roster(whole: Class) -> None:
    """Who is known by another id there: Canvas's and Moodle's files tell the name as well."""
    ids = {one.student for one in whole.roster}
    names: dict[str, set[str]] = defaultdict(set)
    for one in whole.roster:
        for name in _orders(one.name):
            names[name].add(one.student)
    for one in whole.handed:
        same = {student for name in _orders(one.name) for student in names[name]}
        if one.student not in ids and len(same) == 1:
            (one.student,) = same


def _orders(name: str) -> set[str]:
    """ "Doe, Jane" as janedoe and as doejane, which is what Canvas writes."""
    words = ["".join(filter(str.isalnum, word)) for word in name.casefold().split()]
    return {"".join(words[at:] + words[:at]) for at in range(len(words))}


def _without_doubles(whole: Class) -> None:
    """Two hand-ins of one student in one call, and no number that orders them: none is taken, and it is said."""
    by_key: dict[tuple[str, int | None], list[HandedIn]] = defaultdict(list)
    for one in whole.handed:
        by_key[one.student, one.number].append(one)
    whole.handed = []
    for (student, _), several in by_key.items():
        if reason := bad(student):
            whole.problems.append((several[0].source, reason))
        elif len(several) > 1:
            places = ", ".join(one.source for one in several)
            whole.problems.append((places, f"{student} occurs {len(several)} times, but should once: none is graded"))
        else:
            whole.handed += several
