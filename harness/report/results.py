"""The files of a run of `grade`: there before anything is graded, with nothing earned, and replaced after each hand-in.

Whoever reads one, at any time and however the run ended, finds a whole file, in which every point was earned.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import graders, machine

if TYPE_CHECKING:
    from .heatmap import Evidence

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Files:
    """Where what is written, if anywhere. Gradescope and Classroom take one hand-in; `html` is a folder for several."""

    json: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    gradescope: Path | None = None
    classroom: Path | None = None


class Results:
    """Keeps the files as good as what is known. All methods raise OSError where one cannot be written."""

    def __init__(self, files: Files, blanks: Sequence[Record], submissions: Sequence[Path]) -> None:
        self.files, self.records = files, list(blanks)
        self.pages = _pages(files.html, submissions)
        for page in self.pages:
            page.parent.mkdir(parents=True, exist_ok=True)
        for path in (*self.pages, files.json, files.junit, files.gradescope, files.classroom):
            if path:
                _probe(path)
        self._texts = [_text(record) for record in self.records]
        self._write()
        self.close()

    def put(self, place: int, record: Record, evidence: Mapping[str, Evidence]) -> None:
        """What became of one hand-in."""
        self.records[place], self._texts[place] = record, _text(record)
        self._write()
        if self.pages:
            from .handin_html import html  # noqa: PLC0415 - jinja, for who wants a page

            machine.write(self.pages[place], html(record, evidence))

    def close(self) -> None:
        """What only makes sense as a whole."""
        if self.files.junit:
            machine.write(self.files.junit, graders.junit(self.records))

    def _write(self) -> None:
        if self.files.json:
            machine.write(self.files.json, "[\n" + ",\n".join(self._texts) + "\n]\n")
        if self.files.gradescope:
            machine.write(self.files.gradescope, graders.gradescope(self.records[0]))
        if self.files.classroom:
            machine.write(self.files.classroom, graders.classroom(self.records[0]))


def _probe(path: Path) -> None:
    """Raises OSError, which names the file that was asked for."""
    try:
        machine.writable(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _text(record: Record) -> str:
    return json.dumps(record, indent=1, allow_nan=False)


def _pages(html: Path | None, submissions: Sequence[Path]) -> list[Path]:
    """A page for each hand-in: one is the file itself, several are in a folder by their names."""
    if html is None:
        return []
    if len(submissions) == 1 and html.suffix.lower() in (".html", ".htm"):
        return [html]
    names = [path.stem if path.suffix.lower() in (".py", ".ipynb", ".zip") else path.name for path in submissions]
    counts = Counter(names)
    whole = ["-".join(part for part in path.parts if part not in ("/", "..")) for path in submissions]
    names = [one if one and counts[one] == 1 else longer for one, longer in zip(names, whole, strict=True)]
    return [html / f"{name or 'submission'}.html" for name in names]
