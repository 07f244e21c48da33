"""`backprove grade`, `pack` and `doctor`: what a teacher and a student get, and that nothing is lost or made up."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from harness.cli import main
from harness.grading import batch, levels, selftest
from harness.grading.box import Level, NotStarted
from harness.grading.levels import Found

RIGHT = (Path(selftest.TEMPLATE) / "examples" / "right" / "layer.py").read_text()
WRONG = RIGHT.replace("x.T @ d_out", "-x.T @ d_out")
FIELDS = {"id", "file", "target", "status", "points", "max_points", "verdict", "pattern", "message", "case"}


def run(*arguments: object) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def refused(result: Result) -> str:
    """Status 2, one line, no traceback."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of a course's own, as `pack new` writes it."""
    selftest.new(tmp_path / "own")
    return tmp_path / "own"


@pytest.fixture
def handed(tmp_path: Path) -> Callable[..., Path]:
    """A hand-in of one file."""

    def write(source: str = RIGHT, name: str = "ada") -> Path:
        (tmp_path / name).mkdir()
        _ = (tmp_path / name / "layer.py").write_text(source)
        return tmp_path / name

    return write


@pytest.fixture
def walls() -> None:
    """For tests that need some isolation, whichever."""
    try:
        _ = levels.best()
    except NotStarted as error:
        pytest.skip(f"no isolation on this machine: {error}")


@pytest.mark.usefixtures("walls")
def test_right(pack: Path, handed: Callable[..., Path]) -> None:
    """Status 0, a table, all points; a bundled pack by its name, and its examples by theirs."""
    result = run("grade", pack, handed())
    assert (result.exit_code, "6 of 6 points" in result.output) == (0, True), result.output
    assert "what is wrong" not in result.output
    result = run("grade", "two-layer-net", "examples/right")
    assert (result.exit_code, "10 of 10 points" in result.output) == (0, True), result.output


@pytest.mark.usefixtures("walls")
def test_wrong_in_every_form(pack: Path, handed: Callable[..., Path], tmp_path: Path) -> None:
    """Status 1, and the same facts for the terminal, JSON, JUnit, the page, Gradescope and Classroom."""
    files = {form: tmp_path / f"r.{form}" for form in ("json", "junit", "html", "gradescope", "classroom")}
    result = run("grade", pack, handed(WRONG), *[part for form, path in files.items() for part in (f"--{form}", path)])
    assert result.exit_code == 1, result.output
    for said in (
        "5 of 6 points",
        "d_w[0, 0] is ",
        "pattern: ",
        "hint: Every sample has a part in it.",
        "w = np.array(",
    ):
        assert said in result.output
    (record,) = json.loads(files["json"].read_text())
    assert set(record) >= {"pack", "submission", "score", "max_score", "isolation", "versions", "checks"}
    assert all(set(check) >= FIELDS for check in record["checks"])
    assert [record[key] for key in ("pack", "score", "max_score", "seed")] == ["own", 5.0, 6.0, 0]
    assert record["isolation"] == levels.best()
    statuses = {check["id"]: check["status"] for check in record["checks"]}
    assert {id: status for id, status in statuses.items() if status != "pass"} == {"affine.backward.w": "fail"}
    suite = ET.fromstring(files["junit"].read_text()).find("testsuite")  # noqa: S314 - our own file
    assert suite is not None
    assert [suite.get(key) for key in ("tests", "failures", "errors")] == ["5", "1", "0"]
    assert json.loads(files["gradescope"].read_text())["score"] == 5.0
    assert json.loads(files["classroom"].read_text())["max_score"] == 6.0
    page = files["html"].read_text()
    assert page.count("<svg") > 0
    assert "layer.py" in page
    assert not list(tmp_path.glob(".*"))  # nothing half-written is left


@pytest.mark.usefixtures("walls")
def test_a_class(pack: Path, handed: Callable[..., Path], tmp_path: Path) -> None:
    """Several hand-ins: a row each, a page each, and one that is nothing costs no other."""
    paths = [handed(RIGHT, "ada"), tmp_path / "nobody", handed(WRONG, "bob")]
    result = run("grade", pack, *paths, "--json", tmp_path / "r.json", "--html", tmp_path / "pages" / "new")
    assert result.exit_code == 1, result.output
    assert "3 hand-ins, median 5" in result.output
    records = json.loads((tmp_path / "r.json").read_text())
    assert [record["score"] for record in records] == [6.0, 0.0, 5.0]
    assert records[1]["message"].endswith("nobody is missing, but should be a folder, a .py, a .ipynb or a .zip")
    assert {check["status"] for check in records[1]["checks"]} == {"error"}
    assert sorted(path.name for path in (tmp_path / "pages" / "new").iterdir()) == [
        "ada.html",
        "bob.html",
        "nobody.html",
    ]
    for form in ("gradescope", "classroom"):
        assert "take one submission" in refused(run("grade", pack, *paths, f"--{form}", tmp_path / "x"))


@pytest.mark.usefixtures("walls")
def test_pages_of_the_same_name(pack: Path, handed: Callable[..., Path], tmp_path: Path) -> None:
    """Every hand-in is called the same, in a folder of its own."""
    for name in ("ada", "bob"):
        _ = handed(RIGHT, name).rename(tmp_path / "moved")
        (tmp_path / name).mkdir()
        _ = (tmp_path / "moved").rename(tmp_path / name / "work")
    result = run("grade", pack, tmp_path / "ada" / "work", tmp_path / "bob" / "work", "--html", tmp_path / "pages")
    assert result.exit_code == 0, result.output
    names = [path.name for path in sorted((tmp_path / "pages").iterdir())]
    assert [name.rpartition("-")[0].rpartition("-")[2] for name in names] == ["ada", "bob"]


@pytest.mark.usefixtures("walls")
def test_nothing_is_earned_before_it_is_shown(
    pack: Path, handed: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are there from the start, with 0; and after Ctrl-C with what was done until then."""
    graded, seen = batch.graded, []

    def watched(pack: object, path: Path, **options: object) -> object:
        seen.append([record["score"] for record in json.loads((tmp_path / "r.json").read_text())])
        if path.name == "bob":
            raise KeyboardInterrupt
        return graded(pack, path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "graded", watched)
    paths = [handed(RIGHT, name) for name in ("ada", "bob", "cleo")]
    result = run("grade", pack, *paths, "--json", tmp_path / "r.json", "--junit", tmp_path / "r.xml")
    assert (result.exit_code, seen) == (1, [[0.0, 0.0, 0.0], [6.0, 0.0, 0.0]])
    assert "Interrupted: 1 of 3 done" in result.output
    records = json.loads((tmp_path / "r.json").read_text())
    assert [record["score"] for record in records] == [6.0, 0.0, 0.0]
    assert {check["message"] for check in records[2]["checks"]} == {"not graded yet"}
    suites = ET.fromstring((tmp_path / "r.xml").read_text()).findall("testsuite")  # noqa: S314 - our own file
    assert [suite.get("errors") for suite in suites] == ["0", "5", "5"]
    _ = run("grade", pack, paths[1], "--gradescope", tmp_path / "results.json", "--json", tmp_path / "r.json")
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 0.0


# What a shell starts in the background ignores Ctrl-C, and so would all that tests start there.
HEARS = """
import signal
from harness.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


@pytest.mark.usefixtures("walls")
def test_a_signal(pack: Path, handed: Callable[..., Path], tmp_path: Path) -> None:
    """Ctrl-C while a hand-in hangs: what was done is kept, and no process stays."""
    paths = [handed(RIGHT, "ada"), handed("import time\ndef affine(x, w, b):\n    time.sleep(100)\n", "bob")]
    command = [sys.executable, "-c", HEARS, "grade", pack, *paths, "--json", tmp_path / "r.json"]
    ours = {"TMPDIR": str(tmp_path), **os.environ}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ours)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        file = tmp_path / "r.json"
        if file.exists() and json.loads(file.read_text())[0]["score"] == 6.0:
            break
        time.sleep(0.05)
    time.sleep(0.5)  # into the second
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, "Interrupted: 1 of 2 done" in err) == (1, True), err
    assert "6 of 6 points" in out
    assert [record["score"] for record in json.loads((tmp_path / "r.json").read_text())] == [6.0, 0.0]
    assert not list(tmp_path.glob("backprove-*"))


@pytest.mark.usefixtures("walls")
def test_self(pack: Path, handed: Callable[..., Path], tmp_path: Path) -> None:
    """A student runs the public checks alone, by another seed than the teacher's, or by any."""
    source = (pack / "pack.py").read_text()
    _ = (pack / "pack.py").write_text(source.replace('judges="b",', 'judges="b", public=False,'))
    records = []
    for options in ((), ("--self",), ("--self", "--seed", 5)):
        result = run("grade", pack, handed(RIGHT, f"ada{len(records)}"), *options, "--json", tmp_path / "r.json")
        assert result.exit_code == 0, result.output
        records += json.loads((tmp_path / "r.json").read_text())
    assert [(len(one["checks"]), one["max_score"], one["seed"]) for one in records] == [(5, 6, 0), (4, 5, 1), (4, 5, 5)]


@pytest.mark.usefixtures("walls")
def test_seeds(pack: Path, handed: Callable[..., Path], tmp_path: Path) -> None:
    """The same seed gives the same record, to the last digit; another one other cases."""
    path, told = handed(WRONG), []
    for seed in (3, 3, 4):
        _ = run("grade", pack, path, "--seed", seed, "--json", tmp_path / "r.json")
        (record,) = json.loads((tmp_path / "r.json").read_text())
        told.append({check["id"]: check["status"] for check in record["checks"]})
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("isolation", ["A", "B", "weak"])
def test_isolation_as_asked(isolation: Level, pack: Path, handed: Callable[..., Path], tmp_path: Path) -> None:
    """The level is the one that was asked for, and stands in the record; weak is warned of."""
    if isolation != "weak" and not levels.found()[isolation]:
        assert f"level {isolation} is not to be had here" in refused(
            run("grade", pack, handed(), "--isolation", isolation)
        )
        return
    result = run("grade", pack, handed(), "--isolation", isolation, "--json", tmp_path / "r.json")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "r.json").read_text())[0]["isolation"] == isolation
    assert f"(isolation {isolation})" in result.output
    assert ("can read and change all that you can" in result.output) == (isolation == "weak")


def test_no_isolation(pack: Path, handed: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, with what to do about it; and doctor says the same, with status 1."""
    none = {"A": Found("A", "bubblewrap is missing", "install it"), "B": Found("B", "no Landlock", "a newer kernel")}
    monkeypatch.setattr(levels, "_found", none.__getitem__)
    monkeypatch.setattr(levels, "trial", lambda level, forks=None: none[level].reason)
    path = handed()
    for asked in ("best", "A", "B"):
        said = refused(run("grade", pack, path, "--isolation", asked, "--json", tmp_path / "r.json"))
        assert ("install it" in said, "a newer kernel" in said) == (asked != "B", asked != "A")
    assert not (tmp_path / "r.json").exists()
    result = run("doctor")
    assert result.exit_code == 1
    for said in ("✗  none", "--isolation weak", "bubblewrap is missing", "install it", "no Landlock"):
        assert said in result.output
    assert "What is your own you may run without: --isolation weak." in refused(run("grade", pack, path, "--self"))
    result = run("grade", pack, path, "--isolation", "weak", "--self")
    assert (result.exit_code, "can read and change" in result.output) == (0, False)
    assert run("grade", pack, path, "--isolation", "weak").exit_code == 0


def test_what_is_no_call(pack: Path, handed: Callable[..., Path], tmp_path: Path) -> None:
    """One line each, and what would be right."""
    path = handed()
    assert "nothing is no pack, but should be one of aims, " in refused(run("grade", "nothing", path))
    assert "has no pack.py, but should be one of" in refused(run("grade", path, path))
    _ = refused(run("grade", pack))
    _ = refused(run("grade", pack, path, "--isolation", "none"))
    missing = refused(run("grade", pack, path, "--json", tmp_path / "no" / "r.json"))
    assert "r.json cannot be written: No such file or directory." in missing
    assert "cannot be written: Is a folder." in refused(run("grade", pack, path, "--gradescope", tmp_path)).replace(
        "is", "Is"
    )
    for source, said in {
        "import nothing_like_it": "cannot be imported: ModuleNotFoundError: No module named 'nothing_like_it' (line 1)",
        "x = (": "cannot be imported: SyntaxError: ",
        "x = 1": "defines no PACK, but should: PACK = Pack(...)",
        "from harness.grading.pack import Pack\nPACK = Pack('x', title='', files=(), checks=())": "at least one",
    }.items():
        _ = (pack / "pack.py").write_text(source)
        for command in (("grade", pack, path), ("pack", "test", pack)):
            assert said in refused(run(*command))
    (pack / "adapter.py").unlink()
    assert "has no adapter.py, but should have one beside its pack.py" in refused(run("grade", pack, path))


@pytest.mark.usefixtures("walls")
def test_a_pack_of_ones_own(tmp_path: Path) -> None:
    """`new` writes one that passes `test` at once; `test` fails when an example, or the pack, is not as it says."""
    folder = tmp_path / "week-3"
    result = run("pack", "new", folder)
    assert (result.exit_code, f"backprove pack test {folder}" in result.output) == (0, True), result.output
    assert "File exists" in refused(run("pack", "new", folder))
    assert 'name="week-3"' in (folder / "pack.py").read_text()
    result = run("pack", "test", folder)
    assert (result.exit_code, result.output) == (0, "week-3: 2 examples, 5 checks: as they say\n")
    _ = (folder / "examples" / "right.json").write_text('{"score": 6.0, "checks": {"affine": "fail"}}')
    result = run("pack", "test", folder)
    assert result.exit_code == 1
    assert "not as they say" in result.output
    row = next(line for line in result.output.splitlines() if line.startswith("right"))
    assert row.split() == ["right", "affine", "fail", "pass"]
    (folder / "examples" / "right.json").unlink()
    assert run("pack", "test", folder).exit_code == 1
    assert run("pack", "test", folder, "--write").exit_code == 0
    assert json.loads((folder / "examples" / "right.json").read_text()) == {"score": 6.0, "checks": {}}


def test_list() -> None:
    """Every bundled pack, with what it is about."""
    result = run("pack", "list")
    assert result.exit_code == 0, result.output
    for name in ("two-layer-net", "uva-mlp", "functions"):
        assert f"\n{name} " in result.output


def test_doctor() -> None:
    """The level, why not a better one, and what computes here."""
    result = run("doctor")
    found = levels.found()
    best = next((name for name, level in found.items() if level), None)
    assert result.exit_code == (0 if best else 1)
    assert (f"✓  level {best}" if best else "✗  none") in result.output
    for said in ("level A", "level B", "BLAS", "CUDA", "numpy", "torch"):
        assert said in result.output
    for level in found.values():
        assert level.reason in result.output
        assert level.advice in result.output


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_doctor_where_namespaces_are_refused() -> None:
    """As in a container: the filter of docker lets nobody make one. Landlock is what is left, and is taken."""
    if not levels.found()["B"]:
        pytest.skip(levels.found()["B"].reason)
    under_a_filter = """
        import os, struct
        from harness.grading.seccomp import *
        from harness.grading.seccomp import _return, _with_bits
        column, audit = MACHINES[os.uname().machine]
        unshare, clone, clone3 = (272, 97)[column], (56, 220)[column], 435
        code = [(LOAD, 0, 0, NUMBER), (EQUAL, 0, 1, unshare), _return(EPERM), (EQUAL, 0, 1, clone3), _return(ENOSYS)]
        code += [(EQUAL, 0, 3, clone), *_with_bits(0, CLONE_NEW, EPERM), _return(ALLOW)]
        install(b"".join(struct.pack("<HBBI", *one) for one in code))
        from harness.cli import main
        main(["doctor"])
    """
    command = [sys.executable, "-c", textwrap.dedent(under_a_filter)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "✓  level B" in done.stdout
    assert "✗  " in next(line for line in done.stdout.splitlines() if line.strip().startswith("level A"))
    assert "→ " in done.stdout
