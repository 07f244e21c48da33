"""Where a gradient is wrong."""

from __future__ import annotations

import numpy as np

from ..spec import Array


def where(wrong: Array) -> str:
    """Which entries are wrong, in words: how many, and what they have in common."""
    count, shape = int(wrong.sum()), wrong.shape
    if count == wrong.size:
        return f"all {count} entries" if count > 1 else "its only entry"
    indices = np.argwhere(wrong)
    common = [(axis, set(indices[:, axis].tolist())) for axis in range(wrong.ndim)]
    names = {2: ("row", "column")}.get(wrong.ndim, tuple(f"axis {axis}, index" for axis in range(wrong.ndim)))
    words = []
    for axis, seen in common:
        if len(seen) == 1 and shape[axis] > 1:
            (only,) = seen
            last = " (the last)" if only == shape[axis] - 1 else ""
            words.append(f"{names[axis]} {only}{last}")
    edge = [axis for axis in range(wrong.ndim) if shape[axis] > 2]
    if not words and edge and all(any(i[a] in (0, shape[a] - 1) for a in edge) for i in indices):
        words.append("the border")
    listed = ", ".join(str(tuple(i)) for i in indices[:6].tolist()) + (", …" if count > 6 else "")
    return f"{count} of {wrong.size} entries, {'all in ' + ', '.join(words) if words else 'at ' + listed}"
