"""The folders keep to what they may import."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def imported(path: Path) -> set[str]:
    """The top-level names of everything that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "reference_impls").glob("*.py")), ids=lambda path: path.name)
def test_references_need_only_numpy_and_scipy(path: Path) -> None:
    """A reference reads, and imports, without torch or Hypothesis."""
    allowed = {"numpy", "scipy", "__future__", "collections", "typing", "math", "itertools", "functools", "dataclasses"}
    assert imported(path) <= allowed


OURS = [path for path in sorted((ROOT / "harness").rglob("*.py")) if "template" not in path.parts]  # a pack for others


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_the_harness_knows_no_layer(path: Path) -> None:
    """It finds the specs by looking, and never a reference by name."""
    assert not imported(path) & {"reference_impls", "suites", "benchmarks"}


def test_specs_are_named_as_their_references() -> None:
    """The spec of a function is in the file of the same name as the function."""
    specs = {path.name for path in (ROOT / "suites" / "specs").glob("[a-z]*.py")}
    references = {path.name for path in (ROOT / "reference_impls").glob("[a-z]*.py")}
    assert specs == references
