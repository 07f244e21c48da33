"""One page with every figure, whole in itself: the images are in it, and nothing is fetched."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from ..report.machine import versions
from .experiment import Claim, Experiment, Figure, Table

SHOWN = 8  # numbers of a list, on the page; all are in the JSON file


@dataclass(frozen=True)
class Result:
    """What came of one figure."""

    figure: Figure
    stem: str
    locksteps: list[dict[str, Any]]
    used: dict[str, str]
    numbers: dict[str, Any] = field(default_factory=dict)
    caption: str = ""
    claims: Sequence[Claim] = ()
    table: Table | None = None
    png: bytes = b""
    failed: str = ""

    @property
    def faults(self) -> list[str]:
        """Why the command fails because of it: it could not be made, or an exact claim does not hold."""
        wrong = [f"{one.says}: {one.seen}" for one in self.claims if one.exact and not one.holds]
        return [f"{self.stem}: {line}" for line in ([self.failed] if self.failed else []) + wrong]

    @property
    def data(self) -> str:
        """What it was made with."""
        return "; ".join(self.used.values()) or "made by the experiment itself"

    @property
    def image(self) -> str:
        """To stand in the page."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}" if self.png else ""

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The numbers, each under its path, long lists by their ends."""
        return _rows(self.numbers)

    def record(self) -> dict[str, Any]:
        """As JSON."""
        claims = [{**vars(one), "holds": bool(one.holds)} for one in self.claims]
        return {
            "title": self.figure.title,
            "caption": self.caption,
            "data": self.used,
            "claims": claims,
            "lockstep": self.locksteps,
            "failed": self.failed,
            "numbers": self.numbers,
        }


@dataclass(frozen=True)
class Part:
    """One document's."""

    experiment: Experiment
    results: list[Result]

    @property
    def locksteps(self) -> list[dict[str, Any]]:
        """By net, the largest difference of all its trainings."""
        found: dict[str, dict[str, Any]] = {}
        for one in (record for result in self.results for record in result.locksteps if record["steps"]):
            last = found.get(one["net"])
            gone = {"runs": 1, **one} if last is None else _both(last, one)
            found[one["net"]] = gone
        return list(found.values())


def html(parts: Sequence[Part], settings: dict[str, str]) -> str:
    """The page."""
    where = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=where, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = number
    template = environment.get_template("report.html.jinja")
    return template.render(parts=parts, settings=settings, versions=versions())


def as_json(result: Result) -> str:
    """One figure's file."""
    return json.dumps(result.record(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def number(value: Any) -> str:
    """Short."""
    return f"{value:.4g}" if isinstance(value, float) else "—" if value is None else str(value)


def _both(last: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    larger = {name: max(last[name], one[name]) for name in ("steps", "difference", "moved")}
    return {**last, **larger, "runs": last["runs"] + 1}


def _rows(value: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [row for name, one in value.items() for row in _rows(one, f"{path} › {name}" if path else str(name))]
    if isinstance(value, list):
        if any(isinstance(one, dict) for one in value):
            return [row for place, one in enumerate(value) for row in _rows(one, f"{path} › {place}")]
        return [(path, _list(value))]
    return [(path, str(value) if isinstance(value, float) else number(value))]


def _list(values: list[Any]) -> str:
    if values and isinstance(values[0], list):
        return f"{len(values)} lists of {len(values[0])}"
    if len(values) <= SHOWN:
        return ", ".join(map(number, values))
    ends = [", ".join(map(number, part)) for part in (values[: SHOWN // 2], values[-SHOWN // 2 :])]
    return f"{ends[0]}, … {ends[1]}  ({len(values)} in all)"
