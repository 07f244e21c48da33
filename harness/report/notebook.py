"""A result that shows itself in a notebook: what was found, and where the wrong entries are."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from .. import tolerance
from ..spec import Array

if TYPE_CHECKING:
    from ..search import Check

MOST_CELLS = 1024


def html(check: Check) -> str:
    """A table of the facts, the message, and a heat-map of the error over the entries."""
    colour = "#1a7f37" if check.passed else "#9a6700" if check.verdict == "INCONCLUSIVE" else "#cf222e"
    facts = {
        "verdict": f'<b style="color:{colour}">{check.verdict}</b>',
        "argument": escape(check.argument),
        "pattern": escape(check.pattern),
        "cases": str(check.cases),
        "kinks": str(check.kinks or ""),
        "sharpest source": escape(check.source_used),
        "replay": f"<code>{escape(check.case)}</code>" if check.case else "",
    }
    rows = "".join(
        f'<tr><th style="text-align:left">{key}</th><td style="text-align:left">{value}</td></tr>'
        for key, value in facts.items()
        if value
    )
    parts = [f"<h4>{escape(check.name)}</h4><table>{rows}</table>"]
    if check.message:
        parts.append(f'<pre style="white-space:pre-wrap">{escape(check.message)}</pre>')
    evidence = check.evidence
    if evidence is not None and evidence.got is not None and evidence.want is not None:
        parts.append(heat_map(np.asarray(evidence.got), np.asarray(evidence.want), escape(evidence.argument)))
    return "<div>" + "".join(parts) + "</div>"


def heat_map(got: Array, want: Array, name: str) -> str:
    """One square for each entry: pale is right, the redder the further off; its numbers under the pointer."""
    if got.shape != want.shape or not 0 < got.size <= MOST_CELLS:
        return ""
    error = tolerance.excess(got, want)
    with np.errstate(all="ignore"):
        off = np.nan_to_num(abs(got - want), nan=np.inf)
        depth = np.clip(off / max(float(off[np.isfinite(off)].max(initial=0.0)), 1e-300), 0, 1)
    grid = [a.reshape(-1, a.shape[-1] if a.ndim else 1) for a in (got, want, error, depth)]
    lines = []
    for row in zip(*grid, strict=True):
        cells = []
        for g, w, e, d in zip(*row, strict=True):
            fill = f"rgba(207,34,46,{0.25 + 0.75 * d:.2f})" if e > 1 else "rgba(26,127,55,0.12)"
            numbers = f"is {g:.6g}, should be {w:.6g}"
            size = "width:1.6em;height:1.6em;min-width:1.6em;padding:0;border:1px solid white"
            cells.append(f'<td title="{numbers}" style="{size};background:{fill}"></td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    shape = escape(str(got.shape))
    return (
        f'<p>d_{name}, shape {shape}: red entries are wrong</p><table style="border-collapse:collapse">'
        f"{''.join(lines)}</table>"
    )
