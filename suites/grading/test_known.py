"""Cases are drawn once: what is kept of them is what would be drawn, under a name that changes with the pack."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.grading import known, selftest
from harness.grading.known import Known
from harness.grading.pack import Check, Pack, load


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack's folder, and an empty folder for what is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    selftest.new(tmp_path / "own")
    return tmp_path / "own"


def ids(pack: Pack, seed: int = 0) -> list[str]:
    """Of the cases of its first spec, as one who has just started finds them."""
    fresh = Known(pack, seed)
    found = [case.id for case in fresh.cases(spec(pack))]
    fresh.keep()
    return found


def spec(pack: Pack) -> Any:
    """Its first."""
    return next(check.spec for check in pack.checks if isinstance(check, Check))


def files(own: Path) -> list[Path]:
    """What is kept."""
    return sorted((own.parent / "cache" / "backprove" / "cases").glob("*"))


def test_cases_are_kept(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is drawn; another seed has other cases."""
    pack = load(own)
    drawn = ids(pack)
    assert len(drawn) == pack.cases
    assert [len(json.loads(file.read_text())["0"]) for file in files(own)] == [pack.cases]
    assert files(own)[0].parent.stat().st_mode & 0o77 == 0  # a seed may be secret
    with monkeypatch.context() as patch:
        patch.setattr(Known, "_drawn", lambda *_: 1 / 0)
        assert ids(pack) == drawn
        with pytest.raises(ZeroDivisionError):
            _ = ids(pack, 1)
    assert ids(pack, 1) != drawn
    assert len(files(own)) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"0": 3}', '{"0": ["affine/x"]}', '{"0": [null]}', '{"0": []}'])
def test_a_broken_file(text: str, own: Path) -> None:
    """Costs the time to draw again, and is replaced."""
    pack = load(own)
    drawn = ids(pack)
    (file,) = files(own)
    right = file.read_text()
    _ = file.write_text(text)
    assert ids(pack) == drawn
    assert file.read_text() == right


def test_a_folder_that_cannot_be_written(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept, and that is all."""
    _ = (own.parent / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(own.parent / "file"))
    assert ids(load(own)) == ids(load(own))
    assert files(own) == []


def test_a_pack_that_changes(own: Path) -> None:
    """Has another file; and none if it imports what may change unseen."""
    source = own / "pack.py"
    text = source.read_text()
    _ = ids(load(own))
    _ = source.write_text(f"{text}\n# changed\n")
    _ = ids(load(own))
    assert len(files(own)) == 2
    for line in ("import click", "import importlib", "from rich import box"):
        _ = source.write_text(f"{text}\n{line}\n")
        _ = ids(load(own))
    assert len(files(own)) == 2
    _ = (own / "beside.py").write_text("SIZE = 3")
    _ = source.write_text(f"{text}\nimport beside\n")
    _ = ids(load(own))
    _ = (own / "beside.py").write_text("SIZE = 4")
    _ = ids(load(own))
    assert len(files(own)) == 4


def test_not_for_ever(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go."""
    monkeypatch.setattr(known, "MOST_FILES", 3)
    pack = load(own)
    for seed in range(5):
        _ = ids(pack, seed)
    assert len(files(own)) == 3


def test_truths_are_kept(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the cases that every hand-in is asked; of others they are found again."""
    pack = load(own)
    one = Known(pack, 0)
    case, other = one.cases(spec(pack))[0], Known(pack, 0).cases(spec(pack))[0]
    truth = one.truth(case)
    assert one.truth(other) is not one.truth(other)
    monkeypatch.setattr(known.handwritten, "run", lambda *_: 1 / 0)
    assert all(a is b for a, b in zip(one.truth(case), truth, strict=True))
