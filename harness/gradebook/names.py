"""Whose a file is, by its name as Canvas and Moodle give it in "download all submissions"; else by the name itself.

Canvas   doejane_12345_67890_functions.py, doejane_LATE_12345_67890_functions-1.py: user 12345
Moodle   Jane Doe_1234567_assignsubmission_file_/functions.py, or the same flat: participant 1234567
else     ada, ada.zip, ada.py, ada.ipynb: ada
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<id>\d+)_\d+_(?P<file>.+)")
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?")
SUFFIXES = (".py", ".ipynb", ".zip")
MOST = 200  # letters of a student's id


@dataclass(frozen=True)
class Owner:
    """Of a file or folder: the student's id and name, and what the file was called; `site` if a site gave the name."""

    student: str
    name: str = ""
    file: str = ""
    site: bool = False


def owner(name: str, folder: bool) -> Owner | None:
    """Whose it is; None for a file that is no hand-in."""
    for pattern in (MOODLE, CANVAS):
        found = pattern.fullmatch(name)
        if found:
            return Owner(found["id"], found["name"].strip(), found["file"] or "", site=True)
    suffix = next((one for one in SUFFIXES if name.lower().endswith(one)), "")
    if folder:
        return Owner(name)
    return Owner(name[: -len(suffix)], file=name) if suffix and name != suffix else None


def bad(student: str) -> str:
    """Why this cannot be a student's id; "" if it can."""
    if not student or len(student) > MOST or not student.isprintable():
        return f"the student id is {student[:40]!r}, but should be 1 to {MOST} printable letters"
    return ""
