"""What an experiment says about itself: its figures, each a function that finds numbers and one that draws them."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..report import machine

if TYPE_CHECKING:
    from .context import Context

PACKAGE = "suites.experiments"
FORMAT = 1  # of checkpoints
TRAINING = ("reference_impls", "harness/reproduce", "harness/training")  # what trains


@dataclass(frozen=True)
class Claim:
    """What should be seen in the numbers of a figure.

    says   a sentence, true if it holds
    holds  whether it does
    seen   the numbers that it was judged by, in words
    exact  if so, its failing is a fault of ours, and the command fails; if not, it is a finding, and is shown as one
    """

    says: str
    holds: bool
    seen: str
    exact: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a heading, each cell as it is to be read."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """One figure or table.

    name     of its files, short: "q3", "fig3a"
    title    what stands above it
    numbers  finds them: plain JSON (dicts, lists, numbers, texts), with the units inside of it checkpointed
    caption  two or three sentences, from the numbers: what is seen, and what was done otherwise than in the document
    draw     onto an empty matplotlib figure, from the numbers alone: they may come from a checkpoint
    table    instead, or as well
    claims   what should be seen in the numbers
    size     of the drawing, in inches
    weight   roughly its seconds at the quick budget: the progress bar counts by it
    """

    name: str
    title: str
    numbers: Callable[[Context], dict[str, Any]]
    caption: Callable[[dict[str, Any]], str]
    draw: Callable[[Any, dict[str, Any]], None] | None = None
    table: Callable[[dict[str, Any]], Table] | None = None
    claims: Callable[[dict[str, Any]], Sequence[Claim]] = lambda _: ()
    size: tuple[float, float] = (7.0, 4.2)
    weight: float = 1.0


@dataclass(frozen=True)
class Experiment:
    """One document.

    number  of the document, "001"
    name    of the file, "sapienza"
    title   one line
    about   a paragraph for the report
    """

    number: str
    name: str
    title: str
    about: str
    figures: tuple[Figure, ...]

    @property
    def version(self) -> str:
        """Another one means that a checkpoint is of another experiment: ours, the libraries, and the files of it."""
        package = Path(importlib.import_module(PACKAGE).__file__ or "").parent
        files = [path for path in package.glob("*.py") if _is_of(path.stem, self.name)]
        source = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:12]
        libraries = [version(name) for name in ("backprove", "numpy", "torch")]
        ours = machine.sources(machine.HERE, *TRAINING)[:12]
        return " ".join([str(FORMAT), platform.python_version(), *libraries, ours, source])


def _is_of(stem: str, name: str) -> bool:
    """An experiment is of its own file, of its parts `_name_….py`, and of the `_….py` of one word that all share."""
    return stem == name or stem.startswith(f"_{name}_") or bool(re.fullmatch("_[a-z]+", stem))


def gathered() -> dict[str, Experiment]:
    """All experiments by name, in the order of their numbers: found by being there, as specs are."""
    package = importlib.import_module(PACKAGE)
    names = [one.name for one in pkgutil.iter_modules(package.__path__) if not re.match("_|test_|conftest", one.name)]
    found = [importlib.import_module(f"{PACKAGE}.{name}").EXPERIMENT for name in names]
    return {one.name: one for one in sorted(found, key=lambda one: one.number)}


def named(names: Sequence[str]) -> list[Experiment]:
    """Those of these names or numbers, or all. Raises LookupError."""
    found = gathered()
    known = found | {one.number: one for one in found.values()}
    if unknown := next((name for name in names if name not in known), None):
        there = ", ".join(f"{one.number} {name}" for name, one in found.items())
        raise LookupError(f"no experiment is called {unknown!r}: there are {there}.")
    return [known[name] for name in dict.fromkeys(names)] or list(found.values())
