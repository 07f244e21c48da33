"""A level counts as there only after what must not work was tried and did not."""

import shutil
from pathlib import Path

import pytest

from harness.grading import forks, landlock, levels
from harness.grading.box import Box, Level, NotStarted
from harness.grading.forks import Forks
from harness.grading.levels import FORBIDDEN, TRIES, Found


def test_this_machine() -> None:
    """Each level is there, or the reason and what to do about it are."""
    for name, one in levels.found().items():
        assert one.level == name
        assert bool(one) == (one.reason == "") == (one.advice == "")
    assert levels.best() == next(name for name, one in levels.found().items() if one)


def test_no_walls_are_noticed() -> None:
    """Level "weak" does not pass for a level."""
    assert levels.trial("weak") == FORBIDDEN["read"]


def test_each_try_would_succeed(tmp_path: Path) -> None:
    """Without walls, every forbidden thing is done: none is refused for another reason."""
    (tmp_path / "in").mkdir()
    _ = (tmp_path / "in" / "secret").touch()
    _ = (tmp_path / "adapter.py").write_text(TRIES)
    with levels.canaries(tmp_path / "in") as told, Box(tmp_path / "in", tmp_path / "adapter.py", "weak") as box:
        assert [what for what in FORBIDDEN if levels.held(box, what, told)] == []


def test_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The grader is told why, and what to do; it does not go on without walls."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = {"A": Found("A", levels.trial("A"), "install it"), "B": Found("B", "no Landlock", "a newer kernel")}
    assert found["A"].reason == "bubblewrap is missing, but should be installed"
    monkeypatch.setattr(levels, "_found", found.__getitem__)
    with pytest.raises(
        NotStarted, match=r"level A: bubblewrap is missing.*; install it\nlevel B: no Landlock; a newer kernel"
    ):
        _ = levels.best()
    found["B"] = Found("B")
    assert levels.best() == "B"


def test_a_warm_worker(level: Level, monkeypatch: pytest.MonkeyPatch) -> None:
    """The level is tried in a fork of the worker that hand-ins get forks of; nothing of it stays."""
    tries: list[Forks | None] = []
    held = levels.held
    monkeypatch.setattr(levels, "held", lambda box, *what: (tries.append(box.forks), held(box, *what))[1])
    with levels.warm(level, torch=False) as tried:
        found = tried()
        assert found is not None
        assert found.alive
        assert tries == [found] * len(FORBIDDEN)
    assert not found.alive
    assert not found.folder.exists()


def test_a_warm_worker_without_walls(level: Level, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forks that are not confined are not used, and neither are those that cannot be had; then levels are sought."""
    monkeypatch.setattr(levels, "trial", lambda level, forks=None: FORBIDDEN["read"])
    with levels.warm(level, torch=False) as tried:
        assert tried() is None
    monkeypatch.undo()
    monkeypatch.setattr(forks, "prepared", _refuses)
    with levels.warm(level, torch=False) as tried:
        assert tried() is None
    with levels.warm("weak", torch=False) as tried:
        assert tried() is None


def _refuses(*_: object, **__: object) -> None:
    raise OSError("no namespaces")


@pytest.mark.parametrize(
    ("setting", "advice"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "max_user_namespaces="),
        ("", "run `bwrap"),
    ],
)
def test_advice(setting: str, advice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what the system is set to."""
    value = {setting: "1" if "apparmor" in setting else "0"}
    monkeypatch.setattr(levels, "_setting", lambda name: value.get(name, ""))
    monkeypatch.setattr(levels, "_in_a_container", lambda: False)
    assert advice in levels._namespaces_missing("bwrap: setting up uid map: Permission denied")
    assert "apt install bubblewrap" in levels._namespaces_missing("bubblewrap is missing, but should be installed")


def test_advice_for_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that has none is named."""

    def none() -> int:
        raise OSError("Landlock: Function not implemented")

    monkeypatch.setattr(landlock, "version", none)
    assert "Linux 5.13 or newer" in levels._landlock_missing("Function not implemented")


def test_a_closed_level_says_so(level: Level) -> None:
    """The trial of a level that holds gives no reason."""
    assert levels.trial(level) == ""
