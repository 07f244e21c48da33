"""Checkpoints: each finished unit is a file of its own, so that a killed run continues behind the last of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .report import machine

Record = dict[str, Any]


@dataclass(frozen=True)
class Store:
    """A folder of JSON files.

    settings  what a result depends on beside the code (budget, data, device, seed): other settings, other files
    version   of the code: a checkpoint of another one is left aside, with a line
    say       takes that line, once
    outdated  the keys of these
    """

    folder: Path
    settings: Mapping[str, Any]
    version: str
    say: Callable[[str], None]
    outdated: list[str] = field(default_factory=list)

    def load(self, key: str) -> Record | None:
        """What was kept under this key, or None if there is nothing whole."""
        path = self._path(key)
        try:
            record = json.loads(path.read_bytes())
            torn = record["sum"] != _sum(record["content"]) or record["key"] != key
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            record, torn = {}, True
        if torn:
            self.say(f"A checkpoint is torn, and is made again: {key} ({path}).")
            return None
        if record["version"] != self.version:
            if not self.outdated:
                self.say(f"Checkpoints of another version are left aside, and made again: {key} and others.")
            self.outdated.append(key)
            return None
        return record["content"]

    def keep(self, key: str, content: Record) -> Record:
        """Write it beside and rename it; hands back what `load` will. Raises OSError."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = plain(content)
        record = {"key": key, "version": self.version, "sum": _sum(content), "content": content}
        machine.write(path, json.dumps(record, allow_nan=False) + "\n")
        return content

    def _path(self, key: str) -> Path:
        what = json.dumps([key, plain(dict(self.settings))], sort_keys=True)
        return self.folder / f"{hashlib.sha256(what.encode()).hexdigest()[:24]}.json"


def _sum(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, allow_nan=False).encode()).hexdigest()


def plain(value: Any) -> Any:
    """As JSON gives it back: arrays are lists, names are texts, and what is not finite is None."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    raise TypeError(f"a {type(value).__name__} is among the numbers, which should be plain JSON")
