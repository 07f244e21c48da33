"""Where the specs and the mutants are: gathered from `suites`, file by file; a new one is found by being there."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import Any

from .spec import Spec


def modules() -> list[ModuleType]:
    """Every file of specs."""
    package = importlib.import_module("suites.specs")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"suites.specs.{name}") for name in names]


@cache
def specs() -> dict[str, Spec]:
    """Every spec by name, in the order of the files."""
    found: dict[str, Spec] = {}
    for module in modules():
        for spec in getattr(module, "SPECS", ()):
            if spec.name in found:
                raise ValueError(f"the spec {spec.name} is written twice, again in {module.__name__}")
            found[spec.name] = spec
    return found


def mutants() -> list[Any]:
    """The catalogue of wrong backwards: those written for one function, then those that are made in all."""
    package, generic = (importlib.import_module(name) for name in ("suites.mutants", "suites.mutants.generic"))
    return [*package.handwritten(), *generic.everywhere()]


def spec(name: str) -> Spec:
    """The spec of this name. Raises LookupError, with what was perhaps meant."""
    if name in specs():
        return specs()[name]
    near = difflib.get_close_matches(name, specs(), n=3)
    hint = f" Did you mean {', '.join(near)}?" if near else " `backprove verify --list` names them all."
    raise LookupError(f"no spec is called {name!r}.{hint}")
