"""The gradebook: one SQLite file, in which every record is there whole or not at all.

    hand-ins   the bytes of each content, by its hash
    attempts   whose they are: student, number, hash, and where it was found. Kept for ever
    gradings   what was graded with: pack version and seed
    records    what came of it, by hash and grading. One transaction each

One process writes (lock.py sees to that), any number read. What is not a record yet is what there is left to do, so
that a run goes on after any death.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from .task import Result, Work

FILE, APPLICATION, VERSION = "gradebook.sqlite", 0x62705267, 1
FINAL, AGAIN = "final", "again"  # again: a time-out that is still to be rerun, alone
TABLES = """
CREATE TABLE handins (hash TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE attempts (
    student TEXT NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL REFERENCES handins, source TEXT NOT NULL,
    empty INTEGER NOT NULL, PRIMARY KEY (student, number));
CREATE INDEX attempts_by_hash ON attempts (hash);
CREATE TABLE students (student TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, listed INTEGER NOT NULL);
CREATE TABLE gradings (
    id INTEGER PRIMARY KEY, pack TEXT NOT NULL, title TEXT NOT NULL, place TEXT NOT NULL, version TEXT NOT NULL,
    seed INTEGER NOT NULL, level TEXT NOT NULL, public INTEGER NOT NULL, used INTEGER NOT NULL,
    UNIQUE (version, seed, public));
CREATE TABLE records (
    hash TEXT NOT NULL REFERENCES handins, grading INTEGER NOT NULL REFERENCES gradings, state TEXT NOT NULL,
    record BLOB NOT NULL, page BLOB NOT NULL, seconds REAL NOT NULL, tries INTEGER NOT NULL, content TEXT NOT NULL,
    tree TEXT NOT NULL, PRIMARY KEY (hash, grading));
CREATE TABLE problems (source TEXT NOT NULL, problem TEXT NOT NULL);
"""


class BadGradebook(Exception):
    """It is none that can be read or written; the message says in one line why."""


@dataclass(frozen=True)
class Attempt:
    """One hand-in of one student: its number from 1, its content, and where it was found."""

    student: str
    number: int
    hash: str
    source: str
    empty: bool = False


@dataclass(frozen=True)
class Grading:
    """What records were made with, and by its number the order in which they were."""

    id: int
    pack: str
    title: str
    work: Work


class Store:
    """A gradebook that is open. Every method may raise BadGradebook: a full disk, a broken file."""

    def __init__(self, run: Path, *, write: bool = False) -> None:
        """With `write` it is made where there is none; hold the lock."""
        self.path = run / FILE
        if not write and not self.path.is_file():
            raise BadGradebook(f"{run} holds no {FILE}, but should be the --out of `backprove grade`")
        with self._told():
            self.base = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            try:
                self._open(write)
            except BaseException:
                self.base.close()
                raise

    def _open(self, write: bool) -> None:
        if not self._one("SELECT count(*) FROM sqlite_master") and write:
            _ = self.base.execute("PRAGMA journal_mode = WAL")
            with self.transaction():
                for statement in TABLES.split(";")[:-1]:
                    _ = self.base.execute(statement)
                _ = self.base.execute(f"PRAGMA application_id = {APPLICATION}")
                _ = self.base.execute(f"PRAGMA user_version = {VERSION}")
        if self._one("PRAGMA application_id") != APPLICATION:
            raise BadGradebook(f"{self.path} is no gradebook, but should be one")
        if (found := self._one("PRAGMA user_version")) != VERSION:
            raise BadGradebook(
                f"{self.path} is a gradebook of version {found}, but should be of version {VERSION}: "
                "use the backprove that wrote it, or another folder"
            )
        _ = self.base.execute("PRAGMA synchronous = FULL")  # what is said to be done is on the disk
        _ = self.base.execute("PRAGMA foreign_keys = ON")
        _ = self.base.execute(f"PRAGMA query_only = {'OFF' if write else 'ON'}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.base.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        with self._told():
            _ = self.base.execute("BEGIN IMMEDIATE")
            try:
                yield
                _ = self.base.execute("COMMIT")
            except BaseException:
                if self.base.in_transaction:
                    _ = self.base.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise BadGradebook(f"{self.path} cannot be used: {error}") from error

    def _all(self, query: str, *values: object) -> list[Any]:
        with self._told():
            return self.base.execute(query, values).fetchall()

    def _one(self, query: str, *values: object) -> Any:
        rows = self._all(query, *values)
        return rows[0][0] if rows else None

    # What is handed in

    def hand_in(self, student: str, hash: str, data: bytes, source: str, empty: bool, number: int | None = None) -> str:
        """Keep an attempt, unless it is the newest already; within a transaction. What is wrong with it, or ""."""
        newest = self._all("SELECT number, hash FROM attempts WHERE student = ? ORDER BY number DESC LIMIT 1", student)
        if number is None:
            if newest and newest[0][1] == hash:
                return ""
            number = newest[0][0] + 1 if newest else 1
        known = self._one("SELECT hash FROM attempts WHERE student = ? AND number = ?", student, number)
        if known == hash:
            return ""
        if known is not None:
            return f"attempt {number} of {student} is another than before, but should be given a new number"
        _ = self._all("INSERT OR IGNORE INTO handins VALUES (?, ?)", hash, zlib.compress(data, 6))
        _ = self._all("INSERT INTO attempts VALUES (?, ?, ?, ?, ?)", student, number, hash, source, int(empty))
        return ""

    def enrol(self, student: str, name: str = "", email: str = "", listed: bool = False) -> None:
        """Keep what is known of a student, a roster's word above a site's; within a transaction."""
        _ = self._all(
            "INSERT INTO students VALUES (?, ?, ?, ?) ON CONFLICT (student) DO UPDATE SET "
            "name = iif(excluded.name = '' OR (listed AND name <> '' AND NOT excluded.listed), name, excluded.name), "
            "email = iif(excluded.email = '', email, excluded.email), listed = max(listed, excluded.listed)",
            *(student, name, email, int(listed)),
        )

    def complain(self, rows: Iterable[tuple[str, str]]) -> None:
        """What could not be graded of the last call, in place of that of the one before it."""
        with self.transaction():
            _ = self.base.execute("DELETE FROM problems")
            _ = self.base.executemany("INSERT INTO problems VALUES (?, ?)", rows)

    def data(self, hash: str) -> bytes:
        """The bytes of a hand-in."""
        return zlib.decompress(self._one("SELECT data FROM handins WHERE hash = ?", hash))

    def students(self) -> dict[str, tuple[str, str]]:
        """Name and e-mail address, by student, in order."""
        rows = self._all("SELECT student, name, email FROM students ORDER BY student")
        return {student: (name, email) for student, name, email in rows}

    def unlisted(self) -> list[str]:
        """Who handed in and is on no roster, where there is one."""
        query = "SELECT student FROM students WHERE NOT listed AND EXISTS (SELECT 1 FROM students WHERE listed)"
        return [row[0] for row in self._all(f"{query} ORDER BY student")]

    def attempts(self, student: str | None = None) -> list[Attempt]:
        """All, or one student's, in order."""
        query = "SELECT student, number, hash, source, empty FROM attempts"
        where, values = ("", ()) if student is None else (" WHERE student = ?", (student,))
        rows = self._all(f"{query}{where} ORDER BY student, number", *values)
        return [Attempt(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]

    def problems(self) -> list[tuple[str, str]]:
        """What could not be graded of the last call: where it is, and why."""
        return self._all("SELECT source, problem FROM problems ORDER BY rowid")

    # What came of it

    def grading(self, pack: str, title: str, work: Work) -> Grading:
        """The grading with this pack version and seed, from now on the newest. One gradebook is of one pack."""
        other = self._one("SELECT pack FROM gradings WHERE pack <> ?", pack)
        if other is not None:
            raise BadGradebook(f"{self.path} is of the pack {other}, but should be of {pack}: take another folder")
        values = (pack, title, work.pack, work.version, work.seed, work.level, int(work.public))
        with self.transaction():
            used = (self._one("SELECT max(used) FROM gradings") or 0) + 1
            _ = self.base.execute(
                "INSERT INTO gradings VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (version, seed, public) "
                "DO UPDATE SET used = excluded.used, level = excluded.level, place = excluded.place",
                (*values, used),
            )
        return self.gradings()[-1]

    def gradings(self) -> list[Grading]:
        """All, the one used last at the end."""
        rows = self._all("SELECT id, pack, title, place, version, seed, level, public FROM gradings ORDER BY used")
        return [Grading(row[0], row[1], row[2], Work(row[3], row[4], row[5], row[6], bool(row[7]))) for row in rows]

    def to_do(self, grading: Grading, state: str | None = None) -> list[str]:
        """The hashes of hand-ins without a record, or with one in this state, in the order they came in."""
        query = (
            "SELECT a.hash FROM attempts a LEFT JOIN records r ON r.hash = a.hash AND r.grading = ? "
            "WHERE r.state IS ? GROUP BY a.hash ORDER BY min(a.rowid)"
        )
        return [row[0] for row in self._all(query, grading.id, state)]

    def keep(self, grading: Grading, hash: str, result: Result, state: str = FINAL, tries: int = 1) -> None:
        """One record, in one transaction."""
        record = zlib.compress(json.dumps(result.record, allow_nan=False).encode())
        page = zlib.compress(result.page.encode(errors="replace"))
        facts = (result.seconds, tries, result.content, result.tree)
        with self.transaction():
            _ = self.base.execute(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (hash, grading.id, state, record, page, *facts),
            )

    def forget(self, grading: Grading, hashes: Sequence[str]) -> None:
        """So that these are graded again."""
        with self.transaction():
            rows = [(hash, grading.id) for hash in hashes]
            _ = self.base.executemany("DELETE FROM records WHERE hash = ? AND grading = ?", rows)

    def record(self, grading: Grading, hash: str) -> dict[str, Any] | None:
        """What came of a hand-in, if it is graded."""
        found = self._one("SELECT record FROM records WHERE hash = ? AND grading = ?", hash, grading.id)
        return None if found is None else json.loads(zlib.decompress(found))

    def page(self, grading: Grading, hash: str) -> str:
        """The page for the student."""
        found = self._one("SELECT page FROM records WHERE hash = ? AND grading = ?", hash, grading.id)
        return "" if found is None else zlib.decompress(found).decode()

    def facts(self, grading: Grading) -> dict[str, tuple[float, int, str, str]]:
        """Seconds, tries and the two prints of each hand-in, by its hash."""
        rows = self._all("SELECT hash, seconds, tries, content, tree FROM records WHERE grading = ?", grading.id)
        return {row[0]: tuple(row[1:]) for row in rows}
