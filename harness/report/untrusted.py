"""A value that a student may have written, made harmless to show: short, and nothing but characters to be seen."""

from __future__ import annotations

import math
from typing import Any

from .machine import printable


def cut(value: Any, most: int) -> str:
    """As text of at most so many characters; none of them controls anything. It still has to be escaped."""
    text = "" if value is None else str(value)
    kept = printable(text[:most])
    return kept if len(text) <= most else f"{kept}… (cut: {len(text)} characters)"


def number(value: Any) -> float:
    """What can be added up and written as JSON; 0 for all else."""
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else 0.0
