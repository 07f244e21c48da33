"""Runs in the box: imports what students really hand in, statement by statement.

A definition or an import that fails costs what it defines, and not the file. Everything else at the top of a file is
run too, but not for long: a script that trains or downloads when it is imported still gives its functions. Modules that
draw, show progress or come with the course are hollow; others that are not there say so when they are used. Names that
NumPy has dropped are there, and Python 2 is told from a mistake. All of this is help: none of it is believed.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import importlib.machinery
import os
import re
import signal
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import dated  # pyright: ignore[reportMissingImports] - alone in the box
import stubs  # pyright: ignore[reportMissingImports]

EACH, ALL = 0.25, 0.5  # seconds for a statement that is no definition, and for all of a file
AGAIN = 0.05  # seconds until one that goes on is ended again
DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
CELL = b"# %% cell "  # how handin.py begins each cell of a notebook


def install(folder: str, hollow: list[str]) -> Finder:
    """From now on imports go through here."""
    dated.old_numpy()
    finder = Finder(folder, stubs.HOLLOW | {*hollow})
    sys.meta_path.insert(0, finder)
    sys.meta_path.append(stubs.Stubs(finder))
    return finder


class Finder:
    """Finds the files of the submission, wherever an import looks for them, and keeps what was wrong with each."""

    def __init__(self, folder: str, hollow: set[str]) -> None:
        self.folder, self.hollow = folder, hollow
        self.failed: dict[str, SyntaxError] = {}  # by file
        self.wrong: dict[str, list[BaseException]] = {}  # by module: what its statements raised
        self.cut: list[str] = []  # files whose work was ended

    def find_spec(self, name: str, path: Any = None, _: Any = None) -> Any:
        """The spec of a module that is one of the submission's files."""
        if path is not None and not any(str(one).startswith(self.folder) for one in path):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, [self.folder] if path is None else path)
        if spec is None or not (spec.origin or "").startswith(self.folder + os.sep) or not spec.has_location:
            return None
        spec.loader = Loader(self, name, str(spec.origin))
        return spec

    def why(self, name: str) -> BaseException | None:
        """The first thing that went wrong in a module."""
        return next(iter(self.wrong.get(name, ())), None)


class Loader(importlib.machinery.SourceFileLoader):
    """Runs one file."""

    def __init__(self, finder: Finder, name: str, path: str) -> None:
        super().__init__(name, path)
        self.finder = finder

    def exec_module(self, module: types.ModuleType) -> None:
        """Statement by statement. Raises SyntaxError for what is no Python."""
        if self.path in self.finder.failed:
            raise self.finder.failed[self.path]
        try:
            tree = parsed(self.path)
        except SyntaxError as error:
            self.finder.failed[self.path] = error
            raise
        wrong = self.finder.wrong[module.__name__] = []
        vars(module)["__getattr__"] = lambda name: missing(self.finder, module, name)
        flags, left = _future(tree), ALL
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.level and not module.__package__:
                statement = _absolute(statement)  # noqa: PLW2901 - a file of a package, handed in alone
            try:
                one = ast.Module([statement], [])
                code = compile(one, self.path, "exec", flags=flags, dont_inherit=True)
                if isinstance(statement, DEFINES):
                    exec(code, vars(module))  # noqa: S102 - this is what the box is for
                else:
                    left -= _limited(code, vars(module), min(EACH, max(left, 0.01)), self.finder.folder)
            except _Cut:
                left -= EACH
                self.finder.cut.append(os.path.basename(self.path))  # noqa: PTH119
            except BaseException as error:  # noqa: BLE001 - SystemExit too
                wrong.append(error)


class _Cut(BaseException):
    """A statement took too long."""


def _cutter(folder: str) -> Callable[[int, Any], None]:
    """Ends what the submission's own code is at; a library that is being imported would be left half there."""

    def cut(_: int, frame: Any) -> None:
        while frame is not None and not frame.f_code.co_filename.startswith(folder + os.sep):
            if "importlib" in frame.f_code.co_filename:
                return
            frame = frame.f_back
        raise _Cut

    return cut


def _limited(code: types.CodeType, names: dict[str, Any], seconds: float, folder: str) -> float:
    """Run it, but not for longer; the seconds it took. Raises _Cut."""
    if signal.getitimer(signal.ITIMER_REAL)[0]:  # in a file that is imported by a statement of another's
        exec(code, names)  # noqa: S102
        return 0.0
    before, start = signal.signal(signal.SIGALRM, _cutter(folder)), time.monotonic()
    _ = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)  # again and again, for who catches everything
    try:
        exec(code, names)  # noqa: S102
        return time.monotonic() - start
    finally:
        _ = signal.setitimer(signal.ITIMER_REAL, 0)
        _ = signal.signal(signal.SIGALRM, before)


def parsed(path: str) -> ast.Module:
    """The file's syntax tree. Raises SyntaxError, which says so where the file is Python 2 or no text."""
    with open(path, "rb") as file:  # noqa: PTH123
        data = file.read()
    try:
        return ast.parse(data, path)
    except SyntaxError as error:
        if data.startswith(CELL):
            return _cells(data, path)
        error.msg = dated.of_source(str(error.msg), data)
        error.filename, error.args = path, (error.msg, *error.args[1:])
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(dated.of_source(str(error), data), (path, 1, 0, "")) from None


def _cells(data: bytes, path: str) -> ast.Module:
    """Those cells of a notebook that are Python, each at its lines."""
    body: list[ast.stmt] = []
    line = 0
    for cell in re.split(rb"(?m)^(?=# %% cell )", data):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            body += ast.parse(b"\n" * line + cell, path).body
        line += cell.count(b"\n")
    return ast.Module(body, [])


def _future(tree: ast.Module) -> int:
    """The compiler's flags of `from __future__ import …`, which each statement needs."""
    flags = 0
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    return flags


def _absolute(statement: ast.ImportFrom) -> ast.stmt:
    """`from .modules import *` where there is no package."""
    if statement.module is None:
        return ast.copy_location(ast.Import(statement.names), statement)
    return ast.copy_location(ast.ImportFrom(statement.module, statement.names, 0), statement)


class NotWritten(AttributeError):
    """The submission has no such name."""


def missing(finder: Finder, module: types.ModuleType, name: str) -> Any:
    """Raises for a name that a file should have: with what went wrong in it, if anything did."""
    why = finder.why(module.__name__)
    if why is None or name.startswith("__"):
        raise NotWritten(f"{os.path.basename(str(module.__file__))} defines no {name}")  # noqa: PTH119
    error = AttributeError(f"{_said(why)}, so there is no {name}")
    raise error.with_traceback(why.__traceback__)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def in_words(finder: Finder, error: BaseException) -> str:
    """The message of an exception, with what its cause may be."""
    message = str(error)
    if better := dated.of_error(error):
        return better
    if isinstance(error, NameError) or (isinstance(error, ImportError) and "cannot import name" in message):
        for wrong in finder.wrong.values():
            for why in wrong:
                return f"{message} (when the file was imported: {_said(why)})"
    return message
