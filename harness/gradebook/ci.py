"""For where students hand in: a GitHub workflow, a GitLab job, a pre-commit hook, a Gradescope autograder."""

from __future__ import annotations

import io
import stat
import zipfile
from importlib.metadata import requires
from pathlib import Path

from ..grading.pack import EXAMPLES, Pack
from ..report.machine import HERE

TEMPLATES = Path(__file__).with_name("template")
SOURCES = ("harness", "reference_impls")  # what grading imports
LEFT_OUT = ("__pycache__",)
TEXT = (".py", ".jinja", ".typed", ".sh", ".yml", ".yaml", "")
KINDS = {"github": "github.yml", "gitlab": "gitlab.yml", "pre-commit": "pre-commit.yaml"}


def template(kind: str, pack: str, install: str) -> str:
    """The file of a kind, for a pack or, for pre-commit, a pattern of files; `install` is what pip is given."""
    text = (TEMPLATES / KINDS[kind]).read_text(encoding="utf-8")
    for name, value in (("PACK", pack), ("FILES", pack), ("BACKPROVE", install)):
        text = text.replace(f" {name}\n", f" {value}\n").replace(f" {name} ", f" {value} ").replace(f"^{name}$", value)
    return text


def requirements() -> str:
    """What backprove needs, for pip."""
    return "".join(f"{one}\n" for one in sorted(requires("backprove") or ()) if ";" not in one)  # without the extras


def autograder(pack: Pack) -> bytes:
    """The archive that Gradescope takes: its two scripts, backprove, and the pack. The same files, the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((TEMPLATES / "gradescope").iterdir()):
            _add(archive, path.name, path.read_bytes(), executable=True)
        _add(archive, "requirements.txt", requirements().encode())
        for name in SOURCES:
            for place, data in _files(HERE / name):
                _add(archive, f"{name}/{place}", data)
        for place, data in _files(pack.folder):
            if Path(place).parts[0] != EXAMPLES:  # students could read the right answers
                _add(archive, f"pack/{place}", data)
    return out.getvalue()


def _files(folder: Path) -> list[tuple[str, bytes]]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in TEXT]
    places = [(path.relative_to(folder), path) for path in paths]
    return [(place.as_posix(), path.read_bytes()) for place, path in places if not set(place.parts) & set(LEFT_OUT)]


def _add(archive: zipfile.ZipFile, name: str, data: bytes, executable: bool = False) -> None:
    row = zipfile.ZipInfo(name)
    row.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    row.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(row, data)
