"""What a bare Python with NumPy is made of on this machine: the files that a box must hold, and nothing beside them.

The interpreter may come from the system, pyenv, conda or uv, and NumPy from a virtual environment of it. Everything
stays at its own path, since libraries find each other by paths relative to themselves. Other packages stay outside.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
LOOKED_UP = ("/etc/ld.so.cache", "/etc/alternatives")  # where the loader finds a library, and Debian its BLAS
PACKAGES = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Runtime:
    """The interpreter, the files and folders that it reads, the folders of packages among them, and those let in."""

    python: str
    readable: tuple[Path, ...]
    hidden: tuple[Path, ...]
    packages: tuple[Path, ...]

    def uncovered(self) -> tuple[list[Path], list[Path]]:
        """For who can allow but not hide: what to make readable, and what to list, so that the hidden stays closed."""
        readable, listed = list(self.packages), []
        for one in self.readable:
            _without(one, self.hidden, readable, listed)
        return readable, listed


@cache
def runtime(torch: bool = False) -> Runtime:
    """That of the running interpreter. Raises OSError if it does not start on its own."""
    python = os.path.realpath(sys.executable)
    question = "import json, sys; print(json.dumps(sys.path))"
    command = [python, "-I", "-S", "-c", question]
    asked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own
    if asked.returncode:
        raise OSError(f"{python} -I -S does not start: {asked.stderr[-500:]}")
    wanted = [Path(python), *map(Path, json.loads(asked.stdout)), *_libraries(), *map(Path, LOOKED_UP)]
    readable = _outermost(path for path in wanted if path.exists())
    hidden = sorted({path for folder in readable for path in _package_folders(folder)})
    packages = sorted({path for name in ("numpy", *(_torch() if torch else ())) for path in _folders(name)})
    return Runtime(python, tuple(readable), tuple(hidden), tuple(packages))


def _libraries() -> Iterator[Path]:
    """Where shared libraries are: the system's folders, narrowed where the system does, and the interpreter's own."""
    narrow = sysconfig.get_config_var("MULTIARCH")
    for folder in map(Path, LIBRARIES):
        yield folder / narrow if narrow and (folder / narrow).is_dir() else folder
    if Path(sys.base_prefix) != Path("/usr"):
        yield Path(sys.base_prefix, "lib").resolve()


def _outermost(paths: Iterator[Path]) -> list[Path]:
    """Without those that lie beneath another."""
    found: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(one) for one in found):
            found.append(path)
    return found


def _package_folders(folder: Path) -> Iterator[Path]:
    """The folders of packages in a folder of libraries, or of the standard library."""
    for name in PACKAGES:
        yield from (path for pattern in (name, f"python*/{name}") for path in folder.glob(pattern) if path.is_dir())


def _torch() -> set[str]:
    """The modules of torch, and of every package that it asks for."""
    needed = _required("torch")
    provided = metadata.packages_distributions().items()
    return {module for module, names in provided if any(_plain(name) in needed for name in names)} or {"torch"}


def _folders(module: str) -> Iterator[Path]:
    """Where an installed module is, with the libraries that its wheel brought."""
    spec = util.find_spec(module) if module.isidentifier() else None
    if spec is None:
        return
    places = list(spec.submodule_search_locations or ([spec.origin] if spec.origin else []))
    for place in map(Path, places):
        beside = place.with_name(f"{place.name}.libs")
        yield from (path.resolve() for path in (place, beside) if path.exists())


def _required(name: str) -> set[str]:
    """The package and all that it needs, as far as it is installed."""
    found: set[str] = set()
    left = [name]
    while left:
        one = _plain(left.pop())
        if one in found:
            continue
        with suppress(metadata.PackageNotFoundError):
            needed = metadata.requires(one) or []
            found.add(one)
            left += [re.split(r"[^\w.-]", row, maxsplit=1)[0] for row in needed if "extra ==" not in row]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _without(path: Path, hidden: tuple[Path, ...], readable: list[Path], listed: list[Path]) -> None:
    """Adds what covers the path, and nothing hidden."""
    if path in hidden:
        return
    if not any(one.is_relative_to(path) for one in hidden):
        readable.append(path)
        return
    listed.append(path)
    for one in sorted(path.iterdir()):
        _without(one, hidden, readable, listed)
