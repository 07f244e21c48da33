"""Any text file."""

from __future__ import annotations

from pathlib import Path

from .data import BadData, Text
from .known import verdict

LEAST = 1000  # characters: ten windows of a hundred
OTHERS = {"batches.meta.txt"}  # of CIFAR-10: the names of its classes


def load(folder: Path) -> Text | None:
    """The largest ….txt in the folder, or None if there is none. Raises BadData."""
    found = [path for path in sorted(folder.glob("*.txt")) if path.name not in OTHERS]
    if not found:
        return None
    path = max(found, key=lambda one: one.stat().st_size if one.is_file() else 0)
    try:
        raw = path.read_bytes()
        characters = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise BadData(f"{path} is no UTF-8 at byte {error.start:,}, but should be text") from None
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}") from None
    if len(characters) < LEAST:
        raise BadData(f"{path} has {len(characters):,} characters, but should have {LEAST:,} or more")
    return Text(path.stem, f"{path.name} ({verdict(raw)}; {len(characters):,} characters)", characters)
