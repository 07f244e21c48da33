"""What a box holds of Python is found, whatever the machine, and no package comes with it unasked."""

from pathlib import Path

import numpy as np

from harness.grading.runtime import Runtime, runtime


def test_numpy_alone() -> None:
    """The packages are NumPy and its libraries; with torch, what torch asks for as well."""
    place = Path(np.__file__).resolve().parent
    assert place in runtime().packages
    assert {path.name for path in runtime().packages} <= {"numpy", "numpy.libs"}
    names = {path.name for path in runtime(torch=True).packages}
    assert {"numpy", "torch", "typing_extensions.py", "sympy"} <= names
    assert not names & {"harness", "reference_impls", "suites", "pytest", "pip", "hypothesis"}


def test_nothing_hidden_is_readable() -> None:
    """By neither of the two ways to say so."""
    found = runtime()
    readable, _ = found.uncovered()
    for package in found.hidden:
        assert not any(package.is_relative_to(one) for one in readable)
        assert any(package.is_relative_to(one) for one in found.readable)


def test_uncovered(tmp_path: Path) -> None:
    """All beneath a folder but what is hidden: its neighbours one by one, and the folders above to be listed."""
    for name in ("lib/python3/json", "lib/python3/site-packages/torch", "lib/python3/site-packages/numpy", "more"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lib/python3/os.py").touch()
    (tmp_path / "lib/libpython3.so").touch()
    site = tmp_path / "lib/python3/site-packages"
    found = Runtime("python", (tmp_path / "lib", tmp_path / "more"), (site,), (site / "numpy",))
    readable, listed = found.uncovered()
    names = {str(path.relative_to(tmp_path)) for path in readable}
    assert names == {
        "lib/libpython3.so",
        "lib/python3/json",
        "lib/python3/os.py",
        "lib/python3/site-packages/numpy",
        "more",
    }
    assert {str(path.relative_to(tmp_path)) for path in listed} == {"lib", "lib/python3"}
