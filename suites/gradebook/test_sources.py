"""Whose a hand-in is, in the forms that classes come in; and what is wrong with them is named and costs no other."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.gradebook import handed, sources
from harness.gradebook.classwork import take_in
from harness.gradebook.names import Owner, owner
from harness.gradebook.store import Store

FILES = ("answer.py",)


def places(one: sources.HandedIn) -> list[str]:
    """The files of a hand-in."""
    return sorted(str(member.place) for member in one.files)


def by_student(*paths: Path) -> dict[str, list[str]]:
    """Who handed in what."""
    with sources.found(paths, FILES) as found:
        assert not found.problems
        return {one.student: places(one) for one in found.handed}


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """A file with something in it."""

    def write(name: str, text: str = "x = 1\n") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _ = path.write_text(text)
        return path

    return write


def zipped(path: Path, names: dict[str, str]) -> Path:
    """An archive."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in names.items():
            archive.writestr(name, text)
    return path


@pytest.mark.parametrize(
    ("name", "folder", "found"),
    [
        ("doejane_12345_67890_functions.py", False, Owner("12345", "doejane", "functions.py", True)),
        ("doejane_LATE_12345_67890_functions-1.py", False, Owner("12345", "doejane", "functions-1.py", True)),
        ("Jane Doe_1234567_assignsubmission_file_", True, Owner("1234567", "Jane Doe", "", True)),
        ("Jane Doe_1234567_assignsubmission_file", True, Owner("1234567", "Jane Doe", "", True)),
        ("Jane Doe_1234567_assignsubmission_file_a.py", False, Owner("1234567", "Jane Doe", "a.py", True)),
        ("ada", True, Owner("ada")),
        ("ada.lovelace.zip", False, Owner("ada.lovelace", file="ada.lovelace.zip")),
        ("README.md", False, None),
    ],
)
def test_owner(name: str, folder: bool, found: Owner | None) -> None:
    """Canvas, Moodle, and plain names."""
    assert owner(name, folder) == found


def test_a_folder(put: Callable[..., Path], tmp_path: Path) -> None:
    """A folder, an archive, a file, a notebook each; what Canvas gives as several files is one student's."""
    _ = put("class/ada/src/answer.py"), put("class/bob.py"), put("class/eve.ipynb"), put("class/notes.md")
    _ = put("class/.hidden/answer.py"), put("class/__MACOSX/answer.py")
    _ = zipped(tmp_path / "class" / "cyd.zip", {"answer.py": "x = 2"})
    _ = put("class/doejane_12_1_answer.py"), put("class/doejane_12_2_helper.py")
    assert by_student(tmp_path / "class") == {
        "12": ["answer.py", "helper.py"],
        "ada": ["src/answer.py"],
        "bob": ["bob.py"],
        "cyd": ["cyd.zip"],
        "eve": ["eve.ipynb"],
    }
    with sources.found([tmp_path / "class"], FILES) as found:
        assert [Path(one).name for one in found.others] == ["notes.md"]


def test_one_student(put: Callable[..., Path], tmp_path: Path) -> None:
    """A folder, or an archive, with the pack's file in it is one student's; so is a file."""
    path = put("ada/answer.py")
    _ = put("ada/helper.py")
    packed = zipped(tmp_path / "bob.zip", {"answer.py": "", "more/x.py": ""})
    assert by_student(path.parent, packed) == {"ada": ["answer.py", "helper.py"], "bob": ["answer.py", "more/x.py"]}
    assert by_student(path) == {"answer": ["answer.py"]}


def test_an_archive(tmp_path: Path) -> None:
    """As a folder, also where a tool put the folder's own name around it; what leads out of it is named."""
    names = {"ada/answer.py": "a", "bob.py": "b", "Jane Doe_7_assignsubmission_file_/answer.py": "c", "x.pdf": ""}
    for name, around in (("plain.zip", ""), ("class.zip", "class/")):
        path = zipped(tmp_path / name, {around + key: text for key, text in names.items()})
        assert by_student(path) == {"7": ["answer.py"], "ada": ["answer.py"], "bob": ["bob.py"]}
    path = zipped(tmp_path / "bad.zip", {"../x.py": "", "/etc/y.py": "", "ada/answer.py": ""})
    with sources.found([path], FILES) as found:
        assert [one.student for one in found.handed] == ["ada"]
        assert ["leads out" in why for _, why in found.problems] == [True, True]


def test_the_same_bytes(put: Callable[..., Path], tmp_path: Path) -> None:
    """From a folder or an archive, whatever the time and the order; and back again."""
    _ = put("class/ada/answer.py", "a"), put("class/ada/b/c.py", "c"), put("class/ada/report.pdf", "1234")
    archive = zipped(tmp_path / "z.zip", {"ada/report.pdf": "1234", "ada/b/c.py": "c", "ada/answer.py": "a"})
    kept = []
    for path in (tmp_path / "class", archive):
        with sources.found([path], FILES) as found:
            kept.append(found.handed[0].bytes())
    assert kept[0] == kept[1]
    folder = handed.unpacked(kept[0][1], tmp_path)
    assert {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")} == {
        "answer.py": b"a",
        "b/c.py": b"c",
        "report.pdf": bytes(4),
    }
    assert [kept[0][2], handed.empty(handed.packed(handed.members(put("d/x.pdf").parent)))] == [False, True]
    _ = put("class/ada/answer.py", "A")
    with sources.found([tmp_path / "class"], FILES) as found:
        assert found.handed[0].bytes()[0] != kept[0][0]


def test_links_and_pipes(put: Callable[..., Path], tmp_path: Path) -> None:
    """Neither followed nor waited for, and the same when they are unpacked: `handin` says what is wrong with them."""
    secret = put("secret.py", "secret")
    folder = put("class/ada/b.py").parent
    (folder / "answer.py").symlink_to(secret)
    os.mkfifo(folder / "pipe.py")
    with (folder / "large.py").open("wb") as file:
        _ = file.truncate(3 << 20)
    data = handed.packed(handed.members(folder))
    assert b"secret" not in data
    assert len(data) < 1000
    back = handed.unpacked(data, tmp_path)
    assert ((back / "answer.py").is_symlink(), (back / "pipe.py").is_fifo()) == (True, True)
    assert (back / "large.py").stat().st_size == 3 << 20


def test_a_table(put: Callable[..., Path]) -> None:
    """Hand-ins by student and path, with attempts; each row that is wrong is named by its line."""
    _ = put("in/a/answer.py", "1"), put("in/b/answer.py", "2"), put("in/c.py")
    rows = "Student,Path,Attempt,Name\nada,in/a,1,Ada L\nada,in/b,2,\nbob,in/c.py,,\neve,in/e,,\ndan,,,\n"
    rows += "zoe,in/a,x,\n,in/a,,\n"
    with sources.found([put("class.csv", "\ufeff" + rows)], FILES) as found:
        assert [(one.student, one.number) for one in found.handed] == [("ada", 1), ("ada", 2), ("bob", None)]
        told = {Path(place).name: why for place, why in found.problems}
    assert told["class.csv:5"] == "in/e is missing, but should be what eve handed in"
    assert told["class.csv:6"] == "the path of dan is empty, but should be a folder or a file"
    assert told["class.csv:7"] == "the attempt is 'x', but should be 1 or more"
    assert told["class.csv:8"].startswith("the student id is ''")


def test_a_roster(put: Callable[..., Path], tmp_path: Path) -> None:
    """Names and addresses; Canvas's and Moodle's files find their student by name, in either order."""
    roster = put("roster.csv", 'student,name,email\nu1,"Doe, Jane",jane@x.org\nu2,Bob Ray,\nu3,Nobody There,\n')
    _ = put("class/doejane_12_1_answer.py"), put("class/Bob Ray_77_assignsubmission_file_/a.py"), put("class/who/a.py")
    with Store(tmp_path, write=True) as store, sources.found([roster, tmp_path / "class"], FILES) as found:
        take_in(store, found)
        assert [one.student for one in store.attempts()] == ["u1", "u2", "who"]
        assert store.students()["u1"] == ("Doe, Jane", "jane@x.org")
        assert store.unlisted() == ["who"]
        assert "u3" in store.students()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "id,name\n1,x\n", "has no column student, but should; it has id, name"),
        ("a.csv", "", "has no column student, but should; it has none"),
        ("a.zip", "no archive", "is no zip archive, but should be"),
        ("a.pdf", "", r"is a .pdf, but should be a folder, a .zip or a .csv"),
    ],
)
def test_refused(put: Callable[..., Path], name: str, text: str, said: str) -> None:
    """A call that was wrong."""
    with pytest.raises(sources.BadSource, match=said):
        _ = sources.found([put(name, text)], FILES)


def test_missing_and_undecodable(tmp_path: Path) -> None:
    """No such folder; a table in another encoding."""
    with pytest.raises(sources.BadSource, match="is missing, but should be a folder"):
        _ = sources.found([tmp_path / "none"], FILES)
    _ = (tmp_path / "a.csv").write_bytes(b"student,name\nada,\xff\xfe\n")
    with pytest.raises(sources.BadSource, match="is no CSV in UTF-8"):
        _ = sources.found([tmp_path / "a.csv"], FILES)


def test_doubles(put: Callable[..., Path], tmp_path: Path) -> None:
    """The same student twice in one call: neither is taken, both are named."""
    _ = put("class/ada/answer.py", "1"), put("class/ada.py", "2"), put("class/bob.py")
    with sources.found([tmp_path / "class"], FILES) as found:
        assert [one.student for one in found.handed] == ["bob"]
        ((places_, why),) = found.problems
    assert why == "ada occurs 2 times, but should once: none is graded"
    assert "class/ada.py" in places_


def test_attempts_are_kept(put: Callable[..., Path], tmp_path: Path) -> None:
    """The same again is no attempt; something else is; a number that was given is not given to something else."""
    with Store(tmp_path / "", write=True) as store:
        for text in ("1", "1", "2", "1"):
            _ = put("class/ada/answer.py", text)
            with sources.found([tmp_path / "class"], FILES) as found:
                take_in(store, found)
        hashes = [one.hash for one in store.attempts("ada")]
        assert (len(hashes), hashes[0] == hashes[2], hashes[0] != hashes[1]) == (3, True, True)
        table = put("again.csv", "student,path,attempt\nada,class/ada,3\nada,class/ada,2\n")
        with sources.found([table], FILES) as found:
            take_in(store, found)
        assert [one.hash for one in store.attempts("ada")] == hashes
        ((_, why),) = store.problems()
        assert why == "attempt 2 of ada is another than before, but should be given a new number"


def test_unreadable(put: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is the teacher's matter: it is named, and the others are taken."""
    _ = put("class/ada/answer.py"), put("class/bob/answer.py"), put("class/eve/answer.py")
    opens = os.open

    def refusing(path: object, *rest: int) -> int:
        if "bob" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return opens(path, *rest)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(os, "open", refusing)
    with Store(tmp_path, write=True) as store, sources.found([tmp_path / "class"], FILES) as found:
        take_in(store, found)
        assert [one.student for one in store.attempts()] == ["ada", "eve"]
        ((place, why),) = store.problems()
        assert (Path(place).name, why) == ("bob", "answer.py cannot be read: Permission denied")


def test_ten_thousand_empty_folders(tmp_path: Path) -> None:
    """They are ten thousand students who handed in nothing, and one thing to grade."""
    for at in range(10_000):
        (tmp_path / "class" / f"s{at}").mkdir(parents=True)
    with Store(tmp_path, write=True) as store, sources.found([tmp_path / "class"], FILES) as found:
        take_in(store, found)
        attempts = store.attempts()
        assert (len(attempts), all(one.empty for one in attempts), len({one.hash for one in attempts})) == (
            10_000,
            True,
            1,
        )
