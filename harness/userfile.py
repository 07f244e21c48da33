"""Somebody's file: import it by path, and take from it the functions that are called as a spec is."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import registry
from .search import Check, examine
from .spec import Spec
from .verdict import Kind


class ImportFailed(Exception):
    """The file raised when it was imported; the message names the line."""


def functions(path: Path) -> dict[str, Callable[..., Any]]:
    """The public functions that the file defines, in the order of their lines. Raises ImportFailed."""
    name = f"backprove_user_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ImportFailed(f"{path} is no Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        found.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ImportFailed(_line(error, path)) from error
    finally:
        sys.path.remove(str(path.parent.resolve()))
    own = inspect.getmembers(module, lambda one: inspect.isfunction(one) and one.__module__ == name)
    public = {key: function for key, function in own if not key.startswith("_")}
    return dict(sorted(public.items(), key=lambda item: item[1].__code__.co_firstlineno))


def _line(error: BaseException, path: Path) -> str:
    """What was raised, and the last line of the file that had to do with it."""
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}\n  {path.name}:{error.lineno}: {(error.text or '').strip()}"
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    return message + (f"\n  {path.name}:{own[-1].lineno}: {own[-1].line}" if own else "")


def examined(function: Callable[..., Any], spec: Spec, path: str, examples: int, seed: int) -> Check:
    """Judge one function of a file; a signature that does not fit is an ERROR of its own."""
    try:
        own = spec.of(function)
    except TypeError as error:
        line = inspect.getsourcelines(function)
        where = f"{Path(path).name}:{line[1]}: {line[0][0].strip()}"
        return Check(spec.name, path, Kind.ERROR, message=f"{spec.name}: {error}\n  {where}")
    result = examine(own, examples, seed)
    result.file = path
    return result


def known(path: Path) -> tuple[dict[str, Callable[..., Any]], list[str]]:
    """The functions for which there is a spec, and the names of those for which there is none."""
    everything = functions(path)
    specs = registry.specs()
    return {n: f for n, f in everything.items() if n in specs}, [n for n in everything if n not in specs]
