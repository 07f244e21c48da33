"""Drawings: one style for all, written as PNG and SVG, the same bytes each time."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure as Canvas

from ..report import machine
from .experiment import Figure

COLOURS = ["#274b7a", "#d08c3f", "#3f8f4f", "#a33b3b", "#6a4c93", "#4a9aa8", "#8a6d3b", "#7a7a7a", "#c2588f", "#9aa83f"]
STYLE: Any = {
    "font.size": 9,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "image.cmap": "gray",
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "backprove",
    "svg.fonttype": "none",
}


def drawn(figure: Figure, numbers: dict[str, Any]) -> tuple[bytes, str]:
    """PNG and SVG."""
    assert figure.draw is not None  # noqa: S101 - asked by whoever calls
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=figure.size)
        figure.draw(canvas, numbers)
        png, svg = io.BytesIO(), io.StringIO()
        canvas.savefig(png, format="png", dpi=130, metadata={"Software": None})
        canvas.savefig(svg, format="svg", metadata={"Date": None})
    return png.getvalue(), svg.getvalue()


def write(folder: Path, name: str, png: bytes, svg: str) -> None:
    """Both beside each other. Raises OSError."""
    beside = folder / f".{name}.png.{os.getpid()}"
    _ = beside.write_bytes(png)
    _ = beside.replace(folder / f"{name}.png")
    machine.write(folder / f"{name}.svg", svg)
