"""A class from the folder to the exports, by the commands; what is refused; what a regrade touches."""

import csv
import io
import json
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.gradebook import cells, classwork, exports, view
from harness.gradebook.classwork import Job
from harness.gradebook.command import gradebook
from harness.gradebook.store import FILE, BadGradebook, Store
from suites.gradebook.conftest import answering

Handed = Callable[..., Path]


def run(*arguments: object) -> Result:
    """`backprove gradebook …`, in this process."""
    return CliRunner().invoke(gradebook, [str(one) for one in arguments])


def refused(*arguments: object) -> str:
    """Status 2 and one line."""
    result = run(*arguments)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    return result.output


@pytest.fixture
def job(pack: Path, tmp_path: Path, level: str) -> Job:
    """The class below in tmp_path/run."""
    return Job(str(pack), tmp_path / "run", level, workers=2)  # pyright: ignore[reportArgumentType]


SOURCES = {
    "ada": answering(42),
    "bob": answering(41),
    "cyd": answering(42, "mine") + "# all of it\n",
    "=evil()": answering(40),
    "eve": "def answer(\n",
}


@pytest.fixture
def graded(job: Job, handed: Handed) -> Path:
    """RUN, with five students of whom one is on no roster and one handed in nothing."""
    folder = handed(SOURCES)
    (folder / "nobody").mkdir()
    roster = folder.with_name("roster.csv")
    students = [["student", "name"], *([one, one.title()] for one in SOURCES if one != "bob"), ["late", "Too Late"]]
    with roster.open("w", newline="") as file:
        csv.writer(file).writerows(students)
    outcome = classwork.grade(job, [folder, roster])
    assert (outcome.good, outcome.graded, outcome.empty) == (True, 6, ["nobody"])
    assert outcome.unlisted == ["bob", "nobody"]
    return job.out


def test_show(graded: Path) -> None:
    """The class; one student; the message to one, and to all."""
    said = run("show", graded).output
    for line in ("7 students, 6 hand-ins", "median ", "answer", "right 2", "Handed in nothing:\n  late"):
        assert line in said
    assert "the same syntax tree: ada, cyd" in said
    said = run("show", graded, "bob").output
    for line in ("attempt 1: 0 of 4", "it is 41, but should be 42", "0 of 4 points"):
        assert line in said
    assert run("message", graded, "bob").output.startswith(
        "bob\nThe answer: 0 of 4 points\n\nanswer (answer)\nit is 41"
    )
    assert run("message", graded, "--out", graded / "messages").exit_code == 0
    assert (graded / "messages" / "late.txt").read_text() == "Nothing was handed in.\n"
    assert len(list((graded / "messages").iterdir())) == 7


def test_the_page(graded: Path) -> None:
    """It names everybody, links to the pages that are there, and runs nothing that a student wrote."""
    page = (graded / "class.html").read_text()
    links = [part.partition('"')[0] for part in page.split('href="')[1:]]
    assert set(links) == {f"pages/{path.name}" for path in (graded / "pages").iterdir()}
    assert len(set(links)) == 6
    assert "late" in page
    assert "<script" not in page
    assert "42" in (graded / "pages" / "bob.html").read_text()


def test_exports(graded: Path, tmp_path: Path) -> None:
    """Every form holds the same points, and no cell is a formula."""
    forms = ("csv", "canvas", "moodle", "junit", "gradescope", "classroom")
    files = {form: tmp_path / f"x.{form}" for form in forms}
    result = run("export", graded, *[part for form, path in files.items() for part in (f"--{form}", path)])
    assert result.exit_code == 0, result.output
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(files["csv"].read_text()))}
    assert {student: row["score"] for student, row in rows.items()} == {
        "'=evil()": "0", "ada": "4", "bob": "0", "cyd": "4", "eve": "0", "late": "", "nobody": "0",
    }  # fmt: skip
    assert [rows["late"]["state"], rows["nobody"]["state"], rows["bob"]["again"]] == ["missing", "empty", "0"]
    canvas = list(csv.DictReader(io.StringIO(files["canvas"].read_text())))
    assert [row["Grade"] for row in canvas if row["ID"] in ("ada", "bob")] == ["4", "0"]
    moodle = {row["Identifier"]: row for row in csv.DictReader(io.StringIO(files["moodle"].read_text()))}
    assert "it is 41, but should be 42" in moodle["Participant bob"]["Feedback comments"]
    for path in (files["csv"], files["canvas"], files["moodle"]):
        found = [cell for row in csv.reader(io.StringIO(path.read_text())) for cell in row]
        assert not [cell for cell in found if cell.startswith(("=", "+", "-", "@"))]
    assert len(ET.fromstring(files["junit"].read_text()).findall("testsuite")) == 6  # noqa: S314 - our own
    assert json.loads((files["gradescope"] / "ada.json").read_text())["score"] == 4
    assert len(list(files["classroom"].iterdir())) == 6
    assert "nothing is to be written" in refused("export", graded)
    assert "cannot be written" in refused("export", graded, "--csv", tmp_path / "no" / "x.csv")


def test_a_sites_own_table(graded: Path, tmp_path: Path) -> None:
    """One column of it is filled, for whom it names; the rest is as it was."""
    site = tmp_path / "site.csv"
    _ = site.write_text(
        "Student,ID,SIS Login ID,Lab (9),Other\n    Points Possible,,,10,\nA,1,ada,,x\nB,2,bob,3,\nZ,3,zoe,7,\n"
    )
    out = tmp_path / "out.csv"
    assert run("export", graded, "--canvas", out, "--site", site, "--column", "Lab (9)").exit_code == 0
    lines = out.read_text().splitlines()
    assert lines[1:] == ["    Points Possible,,,10,", "A,1,ada,4,x", "B,2,bob,0,", "Z,3,zoe,7,"]
    assert "has no column 'Grade', but should; it has Student" in refused(
        "export", graded, "--canvas", out, "--site", site
    )
    _ = site.write_text("Identifier,Full name,Grade\nParticipant ada,Ada,\nParticipant 9,Bobby,1\n")
    assert run("export", graded, "--moodle", out, "--site", site).exit_code == 0
    assert out.read_text().splitlines()[1:] == ["Participant ada,Ada,4", "Participant 9,Bobby,1"]
    _ = site.write_text("who,Grade\nada,\n")
    assert "has no column of who it is" in refused("export", graded, "--moodle", out, "--site", site)
    assert "--site is given alone" in refused("export", graded, "--csv", out, "--site", site)


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝"])
def test_a_cell_is_no_formula(begins: str) -> None:
    """However it begins."""
    assert cells.harmless(f"{begins}1+1").startswith("'")
    assert [cells.harmless(one) for one in ("a=b", None, 3, 0.5, "x" * 9)] == ["a=b", "", "3", "0.5", "x" * 9]


def test_a_regrade_touches_what_changed(graded: Path, job: Job, pack: Path, tmp_path: Path) -> None:
    """Nothing; one new attempt; all of them by another pack; back to the first without any work."""
    assert "0 graded now, 6 in all" in run("regrade", graded).output
    _ = (tmp_path / "class" / "bob" / "answer.py").write_text(answering(42, "second"))
    outcome = classwork.grade(job, [tmp_path / "class"])
    assert (outcome.graded, outcome.known) == (1, 7)
    assert "attempt 2: 4 of 4" in run("show", graded, "bob").output
    with Store(graded) as store:
        (grading,) = store.gradings()
        assert [row.score for row in view.rows(store, grading) if row.student == "bob"] == [4]
    first = (pack / "pack.py").read_text()
    _ = (pack / "pack.py").write_text(first.replace("value == 42", "value in (40, 42)"))
    assert "7 graded now, 7 in all" in run("regrade", graded, "--workers", "2").output
    result = run("diff", graded, "--csv", tmp_path / "diff.csv")
    assert result.exit_code == 1
    assert result.output == "=evil(): 0 → 4  (again fail → pass, answer fail → pass)\n1 of 7 students changed\n"
    assert (tmp_path / "diff.csv").read_text().splitlines()[1].startswith("'=evil(),0,4,")
    _ = (pack / "pack.py").write_text(first)
    assert "0 graded now, 7 in all" in run("regrade", graded).output
    assert "1 graded now" not in run("regrade", graded, "--student", "bob").output  # both attempts of his
    assert run("diff", graded, graded).output == "0 of 7 students changed\n"


def test_the_best_attempt(graded: Path, job: Job, tmp_path: Path) -> None:
    """The newest counts, unless the best is asked for."""
    _ = (tmp_path / "class" / "ada" / "answer.py").write_text(answering(1))
    _ = classwork.grade(job, [tmp_path / "class"])
    for best, score in (((), 0), (("--best",), 4)):
        assert run("export", graded, "--csv", tmp_path / "x.csv", *best).exit_code == 0
        rows = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text())))
        assert [row["score"] for row in rows if row["student"] == "ada"] == [str(score)]


def test_the_grader_was_down(job: Job, pack: Path, handed: Handed) -> None:
    """What it failed at three times is kept as that, and graded when it is asked for again."""
    down = pack.with_name("down")
    down.touch()
    outcome = classwork.grade(job, [handed({"ada": answering(7), "bob": answering(42)})])
    assert (outcome.good, outcome.infra) == (False, ["ada"])
    with Store(job.out) as store:
        assert sorted(tries for _, tries, *_ in store.facts(store.gradings()[-1]).values()) == [1, 3]
    assert "1 the grader failed at: ada" in run("regrade", job.out).output
    down.unlink()
    result = run("regrade", job.out, "--infra")
    assert (result.exit_code, "the grader failed at" in result.output) == (0, False), result.output
    assert "it is 7, but should be 42" in run("message", job.out, "ada").output


def test_what_is_no_gradebook(graded: Path, job: Job, tmp_path: Path) -> None:
    """Another version, another application, rubbish, nothing; another pack: one line each."""
    assert "holds no gradebook.sqlite, but should be" in refused("show", tmp_path)
    assert "no student of" in refused("show", graded, "zoe")
    assert "no student of" in refused("regrade", graded, "--student", "zoe")
    assert "graded in one way only" in refused("diff", graded)
    own = Path(job.pack) / "pack.py"
    _ = own.write_text(own.read_text().replace('Pack("own"', 'Pack("other"'))
    with pytest.raises(BadGradebook, match="is of the pack own, but should be of other"):
        _ = classwork.grade(job, [])
    base = sqlite3.connect(graded / FILE)
    _ = base.execute("PRAGMA user_version = 9")
    base.close()
    assert "is a gradebook of version 9, but should be of version 1" in refused("show", graded)
    with pytest.raises(BadGradebook, match="version 9"):
        _ = classwork.grade(job, [])
    for name, content in (("rubbish", b"rubbish" * 1000), ("another", b"")):
        (tmp_path / name).mkdir()
        _ = (tmp_path / name / FILE).write_bytes(content)
        assert "cannot be used" in (said := refused("show", tmp_path / name)) or "is no gradebook" in said


def test_rows_without_a_record(graded: Path) -> None:
    """What waits, and what the grader failed at, gets no grade anywhere that a 0 would be one."""
    with Store(graded) as store:
        rows = view.rows(store, store.gradings()[-1])
    ada = next(row for row in rows if row.student == "ada")
    waiting = replace(ada, record=None)
    failed = replace(ada, record={**(ada.record or {}), "checks": [{"id": "answer", "status": "infra", "points": 0}]})
    assert [exports.state(one) for one in (ada, waiting, failed)] == ["graded", "waiting", "infra"]
    assert exports.as_moodle([waiting, failed], None).count("\n") == 1
    assert exports.as_canvas([waiting, failed], None, "Grade").count("\n") == 2
    assert exports.message(waiting) == "Not graded yet."


def test_file_names() -> None:
    """Any disk can have them, and no two students share one, whatever the case."""
    names = [exports.file_name(one) for one in ("ada", "Ada", "a/../b", "a_.._b", "..", "", "é", "x" * 300)]
    assert len({name.lower() for name in names}) == len(names)
    assert all("/" not in name and not name.startswith(".") and len(name) < 100 for name in names)
