"""A pack against itself: its examples must score exactly what their files say, and its references must be right."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..court import Court
from ..inputs import Case
from ..ruling import judge
from ..sources import autograd, handwritten
from ..sources.handwritten import Refused
from ..spec import Spec
from ..verdict import Kind, Verdict
from .box import Level
from .forks import Forks
from .grade import Record, graded
from .pack import EXAMPLES, FILE, Check, Pack

TEMPLATE = Path(__file__).with_name("template")
CASES = 30  # for each spec, where the reference is held against the differences, and its twin if it has one
Difference = tuple[str, str, str, str]  # of what, which part of it, what it should be, what it is


def told(record: Record) -> dict[str, Any]:
    """What an example's file says of it: the score, and the checks that are not passed."""
    checks = {check["id"]: check["status"] for check in record["checks"] if check["status"] != "pass"}
    return {"score": record["score"], "checks": checks}


def differs(name: str, record: Record, said: Mapping[str, Any]) -> list[Difference]:
    """Where a record is not what the example's file says."""
    found = []
    if record["score"] != said.get("score"):
        found.append((name, "score", str(said.get("score")), str(record["score"])))
    due, got = dict(said.get("checks", {})), {check["id"]: check["status"] for check in record["checks"]}
    for id in [*got, *(id for id in due if id not in got)]:
        should, status = due.get(id, "pass"), got.get(id, "no such check")
        if status != should:
            reason = next((check["message"].partition("\n")[0] for check in record["checks"] if check["id"] == id), "")
            found.append((name, id, str(should), f"{status}: {reason}" if reason else status))
    return found


def expected(example: Path) -> Mapping[str, Any]:
    """What the file beside an example says. Raises OSError or ValueError."""
    said = json.loads(example.with_name(f"{example.name}.json").read_text(encoding="utf-8"))
    if not isinstance(said, dict) or not isinstance(said.get("checks"), dict):
        raise ValueError('it should be {"score": …, "checks": {id: status}}')
    return said


def new(folder: Path) -> None:
    """A small pack that passes its own test. Raises FileExistsError, ValueError or OSError."""
    if not folder.name or not folder.name.isprintable() or '"' in folder.name or "\\" in folder.name:
        raise ValueError("the name should be one that a folder can have, without quotes")
    _ = shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*", "ruff.toml"))
    source = folder / FILE
    _ = source.write_text(source.read_text(encoding="utf-8").replace('"NAME"', f'"{folder.name}"'), encoding="utf-8")


def of_example(
    pack: Pack, example: Path, level: Level | None = None, write: bool = False, forks: Forks | None = None
) -> list[Difference]:
    """Grade one example, and say where it differs; write its file, if asked to, where there is none."""
    beside = example.with_name(f"{example.name}.json")
    record, _ = graded(pack, example, level=level, forks=forks)
    if write and not beside.exists():
        _ = beside.write_text(json.dumps(told(record), indent=2) + "\n", encoding="utf-8")
    try:
        return differs(example.name, record, expected(example))
    except FileNotFoundError:
        return [(example.name, beside.name, "a file", f"missing; it would be {json.dumps(told(record))}")]
    except (OSError, ValueError) as error:
        return [(example.name, beside.name, "readable", str(error))]


def of_folder(pack: Pack) -> list[Difference]:
    """What a pack should have: something right, something wrong, and nothing that belongs to no example."""
    found: list[Difference] = []
    said = {}
    for name, example in pack.examples.items():
        try:
            said[name] = expected(example)
        except (OSError, ValueError):
            continue  # told when it is graded
    place = pack.folder / EXAMPLES
    alone = [path for path in sorted(place.glob("*.json")) if path.stem not in pack.examples]
    found += [(path.stem, path.name, "beside a folder of that name", "alone") for path in alone]
    if not any(one.get("score") == pack.max_score for one in said.values()):
        found.append((pack.name, EXAMPLES, f"one at least that scores {pack.max_score:g}", "none"))
    if not any(one["checks"] for one in said.values()):
        found.append((pack.name, EXAMPLES, "one at least that is wrong", "none"))
    return found


def of_reference(spec: Spec) -> list[Difference]:
    """The reference against differences, and against its twin where it has one."""
    from ..search import examine  # noqa: PLC0415 - with torch

    found = examine(spec, CASES, judge=_judged)
    wrong = found.nothing or ("" if found.passed else f"{found.verdict} {found.argument}: {found.message}")
    return [(spec.name, "its reference", "right", wrong)] if wrong else []


def _judged(case: Case) -> Verdict:
    """In the one precision that hand-ins are judged in. What else `verify` asks of a reference is not asked here."""
    spec, twin = case.spec, None
    try:
        with np.errstate(all="ignore"):
            hand, cotangents, _ = handwritten.run(case)
            if spec.twin is not None and not spec.differs(case.arguments):
                twin = autograd.run(spec.twin, case.arguments, case.differentiable, cotangents)
                handwritten.same_form(hand, twin, case)
            return judge(Court(case, hand, twin, cotangents))
    except Refused as refused:
        return Verdict(Kind(refused.kind), case, refused.message, refused.argument, refused.pattern)


def work(
    pack: Pack, level: Level, write: bool = False, forks: Forks | None = None
) -> dict[str, Callable[[], list[Difference]]]:
    """All that a pack is asked, by name."""
    specs = {id(check.spec): check.spec for check in pack.checks if isinstance(check, Check)}
    return {
        **{name: partial(of_example, pack, path, level, write, forks) for name, path in pack.examples.items()},
        **{f"reference {spec.name} ({key})": partial(of_reference, spec) for key, spec in specs.items()},
        "all": partial(of_folder, pack),
    }
