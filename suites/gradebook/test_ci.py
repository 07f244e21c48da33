"""What is copied to where students hand in: each is read as its service reads it, and run as far as there is one."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from harness.gradebook.ci_command import ci, gradescope
from harness.grading import selftest

BASH = "/bin/bash"
RIGHT = selftest.TEMPLATE / "examples" / "right"


def written(*arguments: object) -> str:
    """The file."""
    result = CliRunner().invoke(ci, [str(one) for one in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("level")
def test_github(tmp_path: Path) -> None:
    """YAML with the pack in it; its step, run by bash, gives what the reporter reads."""
    found = yaml.safe_load(written("github", "own", "--install", "backprove==1"))
    steps = found["jobs"]["grade"]["steps"]
    assert {"run": "python -m pip install backprove==1"} in steps
    (step,) = [step for step in steps if step.get("id") == "grade"]
    assert "backprove grade own . --self" in step["run"]
    for source, status in (("right", 0), ("bias-averaged", 1)):
        place = tmp_path / source
        place.mkdir()
        selftest.new(tmp_path / source / "own")
        _ = (place / "layer.py").write_text((selftest.TEMPLATE / "examples" / source / "layer.py").read_text())
        output = place / "output"
        environment = {**os.environ, "GITHUB_OUTPUT": str(output), "PATH": f"{_command(place)}:{os.environ['PATH']}"}
        done = subprocess.run([BASH, "-e", "-c", step["run"]], cwd=place, env=environment, check=False, timeout=120)
        assert done.returncode == status
        assert output.read_text().startswith("result=ew")


def _command(place: Path) -> str:
    """A folder with the command `backprove` of this Python."""
    folder = place / ".bin"
    folder.mkdir()
    _ = (folder / "backprove").write_text(f'#!/bin/sh\nexec {sys.executable} -m harness.cli "$@"\n')
    (folder / "backprove").chmod(0o755)
    return str(folder)


def test_gitlab_and_pre_commit() -> None:
    """YAML, with what was asked for and no placeholder left."""
    job = yaml.safe_load(written("gitlab", "two-layer-net"))["grade"]
    assert "backprove grade two-layer-net . --self --junit grade.xml" in job["script"]
    assert job["artifacts"]["reports"]["junit"] == "grade.xml"
    (hook,) = yaml.safe_load(written("pre-commit", r"layers/.*\.py"))["repos"][0]["hooks"]
    assert (hook["files"], hook["entry"]) == (r"layers/.*\.py", "backprove check --examples 20")
    for text in (written("github", "x"), written("gitlab", "x"), written("pre-commit", "x")):
        assert not {"PACK", "FILES", "BACKPROVE"} & set(text.replace("^", " ").replace("$", " ").split())


@pytest.mark.parametrize("bad", ["a;b", "$(x)", "a\nb", "'"])
def test_no_other_command(bad: str) -> None:
    """What would be run as well."""
    assert CliRunner().invoke(ci, ["github", bad]).exit_code == 2


@pytest.fixture
def autograder(tmp_path: Path) -> Path:
    """/autograder, as Gradescope lays it out, with somebody's submission."""
    selftest.new(tmp_path / "own")
    out = tmp_path / "autograder.zip"
    result = CliRunner().invoke(gradescope, ["build", str(tmp_path / "own"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    root = tmp_path / "autograder"
    with zipfile.ZipFile(out) as archive:
        archive.extractall(root / "source")
        modes = {row.filename: row.external_attr >> 16 for row in archive.infolist()}
    assert modes["run_autograder"] & 0o111
    _ = (root / "source" / "run_autograder").rename(root / "run_autograder")
    (root / "run_autograder").chmod(0o755)
    (root / "submission").mkdir()
    _ = (root / "submission" / "layer.py").write_text((RIGHT / "layer.py").read_text())
    return root


def ran(root: Path, **environment: str) -> tuple[int, dict[str, object]]:
    """Status, and the results.json that Gradescope reads."""
    own = {"PATH": os.environ["PATH"], "AUTOGRADER": str(root), "PYTHON": sys.executable, **environment}
    done = subprocess.run([root / "run_autograder"], env=own, check=False, timeout=120, capture_output=True)
    return done.returncode, json.loads((root / "results" / "results.json").read_text())


@pytest.mark.usefixtures("level")
def test_gradescope(autograder: Path) -> None:
    """Right, wrong, nothing: always a result; no example with the right answers is in the archive."""
    assert not list((autograder / "source" / "pack").rglob("examples"))
    status, found = ran(autograder)
    assert (status, found["score"]) == (0, 6)
    source = autograder / "submission" / "layer.py"
    _ = source.write_text(source.read_text().replace("x.T @ d_out", "-x.T @ d_out"))
    assert ran(autograder)[1]["score"] == 5
    source.unlink()
    assert ran(autograder)[1]["score"] == 0


def test_gradescope_without_a_grader(autograder: Path) -> None:
    """Nothing works there: there is a result, it has no points, and says whose fault it is not."""
    status, found = ran(autograder, PYTHON="/bin/false")
    assert (found["score"], "not your code's fault" in str(found["output"])) == (0, True)
    (autograder / "source" / "pack" / "pack.py").unlink()
    status, found = ran(autograder)
    assert (status, found["score"]) == (2, 0)


def test_the_scripts_are_bash(autograder: Path) -> None:
    """As far as bash can tell without running them; pip can read what is to be installed."""
    for path in (autograder / "run_autograder", autograder / "source" / "setup.sh"):
        assert subprocess.run([BASH, "-n", path], check=False).returncode == 0
    lines = (autograder / "source" / "requirements.txt").read_text().splitlines()
    assert any(line.startswith("numpy") for line in lines)
    assert all(";" not in line for line in lines)
