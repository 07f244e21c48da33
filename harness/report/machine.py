"""What machines read: JSON and JUnit XML, written beside and renamed, so that no half-written file is ever seen."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ..verdict import Kind

if TYPE_CHECKING:
    from ..search import Check

HERE = Path(__file__).resolve().parents[2]  # where the packages are
FIELDS = ("file", "name", "verdict", "argument", "pattern", "cases", "seconds", "case", "message", "source_used")


def versions() -> dict[str, str]:
    """Of everything that a result may depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("numpy", "torch", "hypothesis")}}


@cache
def sources(here: Path, *folders: str) -> str:
    """The hash of our own modules in these folders: another one is another program, of the same version or not."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(here.joinpath(folder).glob("*.py")):
            text = path.read_bytes()
            digest.update(f"\0{path.relative_to(here).as_posix()}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def as_json(checks: Sequence[Check]) -> str:
    """The same facts as the terminal's."""
    records = [
        {field: getattr(check, field) for field in FIELDS}
        | {"kinks": check.kinks, "inconclusive": check.inconclusive, "left_out": check.left_out}
        | {"error": check.error if math.isfinite(check.error) else None}
        for check in checks
    ]
    return json.dumps({"checks": records, "versions": versions()}, indent=1, allow_nan=False) + "\n"


def as_junit(checks: Sequence[Check]) -> str:
    """One test case for each function."""
    wrong = sum(not check.passed for check in checks)
    seconds = f"{sum(check.seconds for check in checks):.3f}"
    about = {"name": "backprove", "tests": str(len(checks)), "failures": str(wrong), "time": seconds}
    root = ET.Element("testsuites", about)
    suite = ET.SubElement(root, "testsuite", about)
    for check in checks:
        place = {"classname": check.file or "reference_impls", "name": check.name, "time": f"{check.seconds:.3f}"}
        case = ET.SubElement(suite, "testcase", place)
        if not check.passed:
            kind = {"type": check.verdict.value, "message": printable(check.message.partition("\n")[0])}
            tag = "error" if check.verdict is Kind.ERROR else "failure"
            ET.SubElement(case, tag, kind).text = printable(f"{check.message}\n{check.case}")
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def printable(text: str) -> str:
    """Without the control characters that XML does not allow."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())


def write(path: Path, text: str) -> None:
    """Write beside, then rename. Raises OSError."""
    handle, beside = tempfile.mkstemp(dir=path.parent or ".", prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            _ = file.write(text)
        Path(beside).chmod(0o666 & ~_umask())
        _ = Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    _ = os.umask(mask)
    return mask


def writable(path: Path) -> None:
    """Find out before the work whether the result can be kept. Raises OSError."""
    if path.is_dir():
        raise IsADirectoryError(21, "is a folder", str(path))
    handle, probe = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    Path(probe).unlink()
