"""CSV that a spreadsheet does not run: a cell that begins as a formula does is made text by an apostrophe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from ..report.untrusted import cut

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones begin a formula as well
MOST = 5000  # letters of a cell


def harmless(value: object) -> str:
    """The cell as text."""
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    begins = text.lstrip(" ").startswith(FORMULA)
    return ("'" if begins else "") + cut(text, MOST)


def table(rows: Iterable[Sequence[object]]) -> str:
    """The rows, quoted as RFC 4180 says."""
    out = io.StringIO()
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()
