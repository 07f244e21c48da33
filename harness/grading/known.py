"""What every hand-in to a pack is asked: cases that are drawn once, and what is right at each.

They are kept for the hand-ins that follow, and the cases on the disk for later runs, since Hypothesis takes longer to
draw them than a right hand-in to be judged. What is kept of a case is its id, which says all there is to know of it;
the name of the file is a hash of all that drawing depends on. Whatever is wrong with the file costs that time again,
and nothing else.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import util
from itertools import islice
from pathlib import Path

import numpy as np

from ..inputs import Case, CaseError, case_of
from ..report import machine
from ..sources import handwritten
from ..sources.handwritten import Answer, Refused
from ..spec import Array, Spec
from .blame import Broken
from .pack import ADAPTER, EXAMPLES, FILE, Check, Pack

OURS = ("harness", "reference_impls")  # of which the sources are part of the hash
OTHERS = ("numpy", "scipy", "torch", "hypothesis")  # of which the versions are
MOST_FILES = 100  # on the disk, and of a pack's sources
Truth = tuple[Answer, tuple[Array, ...]]  # and the cotangents


class Known:
    """For one pack and one seed."""

    def __init__(self, pack: Pack, seed: int) -> None:
        self.pack, self.seed = pack, seed
        self._specs = list({id(check.spec): check.spec for check in pack.checks if isinstance(check, Check)}.values())
        self._cases: dict[int, list[Case]] = {}  # by the place of the spec
        self._own: set[int] = set()
        self._truths: dict[int, Truth] = {}
        self._file = _file(pack, seed)
        self._kept = _read(self._file)
        self._new = False

    def cases(self, spec: Spec) -> list[Case]:
        """The cases of a spec."""
        place = next(place for place, one in enumerate(self._specs) if one is spec)
        if place not in self._cases:
            found = _cases(spec, self._kept.get(str(place)), self.pack.cases)
            self._new = self._new or found is None
            self._cases[place] = self._drawn(spec) if found is None else found
            self._own |= set(map(id, self._cases[place]))
        return self._cases[place]

    def prepare(self) -> None:
        """All that a right hand-in will be asked: while processes start, that costs no time.

        What fails here fails again where it is asked for, and is told there.
        """
        for spec in self._specs:
            with suppress(Exception), np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                for case in self.cases(spec):
                    _ = self.truth(case)

    def _drawn(self, spec: Spec) -> list[Case]:
        from ..draw import drawn  # noqa: PLC0415 - Hypothesis takes as long to load as all that judges

        return drawn(spec, self.pack.cases, self.seed)

    def truth(self, case: Case) -> Truth:
        """What the reference says at a case, and the cotangents. Raises Broken."""
        if id(case) in self._truths:
            return self._truths[id(case)]
        try:
            answer, cotangents, _ = handwritten.run(case)
        except Refused as refused:
            raise Broken(f"the reference of {case.spec.name} fails at {case.id}: {refused.message}") from refused
        if id(case) in self._own:  # which live as long as this does, so that the number is no other's
            self._truths[id(case)] = answer, cotangents
        return answer, cotangents

    def keep(self) -> None:
        """Write what had to be drawn."""
        if not self._new or self._file is None:
            return
        self._new = False
        self._kept |= {str(place): [case.id for case in cases] for place, cases in self._cases.items()}
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)  # a seed may be secret
            machine.write(self._file, json.dumps(self._kept))
            for old in sorted(self._file.parent.iterdir(), key=lambda one: -one.stat().st_mtime)[MOST_FILES:]:
                old.unlink()


_KNOWN: dict[tuple[int, int], Known] = {}


def known(pack: Pack, seed: int) -> Known:
    """The same for all hand-ins of a run."""
    key = (id(pack), seed)
    if key not in _KNOWN:
        _KNOWN[key] = Known(pack, seed)
    return _KNOWN[key]


def _cases(spec: Spec, ids: object, count: int) -> list[Case] | None:
    """The cases of these ids, if they are that."""
    if not isinstance(ids, list) or not 0 < len(ids) <= count:
        return None
    try:
        return [case_of(one, spec) for one in ids]
    except (CaseError, TypeError, AttributeError):
        return None


def _read(file: Path | None) -> dict[str, object]:
    if file is not None:
        with suppress(OSError, ValueError):
            kept = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(kept, dict):
                return kept
    return {}


def _file(pack: Pack, seed: int) -> Path | None:
    """Where the cases of a pack are kept; nowhere, if drawing may depend on what is not in the hash."""
    own = (path for path in pack.folder.rglob("*.py") if EXAMPLES not in path.parts and path.name != ADAPTER)
    sources = sorted(islice(own, MOST_FILES)) if (pack.folder / FILE).is_file() else []
    if not 0 < len(sources) < MOST_FILES:
        return None
    try:
        texts = [path.read_bytes() for path in sources]
        beside = {path.stem for path in pack.folder.iterdir()}
        if set(_imports(texts)) - (sys.stdlib_module_names - {"importlib"}) - beside - {*OURS, *OTHERS}:
            return None
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except (OSError, RuntimeError, SyntaxError, ValueError):
        return None
    versions = [f"{name} {one}" for name, one in machine.versions().items()]
    said = [*versions, *_ours(), str(pack.folder), str(pack.cases), str(seed)]
    digest = hashlib.sha256("\0".join(said).encode())
    for path, text in zip(sources, texts, strict=True):
        digest.update(f"\0{path.relative_to(pack.folder)}\0{len(text)}\0".encode() + text)
    return home / "backprove" / "cases" / f"{digest.hexdigest()[:32]}.json"


def _imports(texts: list[bytes]) -> Iterator[str]:
    """The first word of every module that is imported."""
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield str(node.module).partition(".")[0]


@cache
def _ours() -> list[str]:
    """What tells whether a source of backprove has changed, which is quicker than to read them all."""
    found = []
    for name in OURS:
        root = Path(str(util.find_spec(name).origin)).parent  # pyright: ignore[reportOptionalMemberAccess] - loaded
        for path in sorted(root.rglob("*.py")):
            seen = path.stat()
            found.append(f"{path}:{seen.st_size}:{seen.st_mtime_ns}")
    return found
