"""What goes wrong in a room of machines, with real processes: nothing is lost, nothing graded twice, nothing left."""

import json
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from suites.gradebook.conftest import Grader, answering, descendants, kill, left_over, some, until, workers

Handed = Callable[..., Path]


@pytest.fixture
def undisturbed(pack: Path, tmp_path: Path, level: str) -> Callable[[Path], str]:
    """What a run that nothing happens to exports."""

    def export(folder: Path) -> str:
        grader = Grader(pack, tmp_path / "undisturbed", level, [])
        assert grader.finish(folder)[0] == 0
        return grader.export()

    return export


def unchanged(before: dict[str, float], after: dict[str, float]) -> bool:
    """Whether all that was graded is there, and none of it a second time."""
    return all(after.get(hash) == seconds for hash, seconds in before.items())


def test_kill_of_the_grader(grader: Grader, handed: Handed, undisturbed: Callable[[Path], str]) -> None:
    """Twenty times, at moments that chance chose."""
    folder, chance = handed(some(40)), random.Random(1)  # noqa: S311 - moments to kill at
    before = grader.kept()
    for at in range(20):
        process = grader.start(folder)
        if at % 2 and len(before) < 40:  # half of them in the midst of it, however slow the machine is
            until(lambda had=before: len(grader.kept()) > len(had))
            time.sleep(chance.uniform(0, 0.3))
        else:
            time.sleep(chance.uniform(0.1, 2.5))
        assert kill(process) == []
        after = grader.kept()
        assert unchanged(before, after)
        before = after
    assert len(before) >= 10
    status, said = grader.finish(folder)
    assert (status, f"{40 - len(before)} graded now, 40 in all" in said) == (0, True), said
    assert unchanged(before, grader.kept())
    assert grader.export() == undisturbed(folder)
    assert not Path(json.loads((grader.run / "lock").read_text())["folder"]).exists()


def test_a_second_grading_is_seen(grader: Grader, handed: Handed) -> None:
    """The comparison of the test above does fail where something is lost or graded again."""
    folder = handed(some(3))
    assert grader.finish(folder)[0] == 0
    before = grader.kept()
    (grader.run / "gradebook.sqlite").unlink()
    assert not unchanged(before, {})
    assert grader.finish(folder)[0] == 0
    assert not unchanged(before, grader.kept())


def test_kill_of_workers(grader: Grader, handed: Handed, undisturbed: Callable[[Path], str]) -> None:
    """Each costs one try of one hand-in."""
    folder = handed(some(16))
    process, below = grader.start(folder), dict[int, str]()
    for at in range(1, 4):
        until(lambda at=at: len(grader.kept()) >= 3 * at)
        below |= descendants(process.pid)
        os.kill(workers(process.pid)[0], signal.SIGKILL)
    out, error = process.communicate(timeout=120)
    assert (process.returncode, "16 graded now" in out) == (0, True), out + error
    assert left_over(below) == []
    assert grader.export() == undisturbed(folder)


def test_poison(grader: Grader, handed: Handed) -> None:
    """What kills its worker each time is one record, `infra`; the others are graded."""
    folder = handed({**some(8), "poison": answering(666)})
    status, said = grader.finish(folder)
    assert (status, "1 the grader failed at: poison" in said, "9 in all" in said) == (1, True, True), said
    lines = grader.export().splitlines()
    (poisoned,) = [line for line in lines if line.startswith("poison,")]
    assert poisoned.split(",")[4:7] == ["infra", "0", "4"]
    assert sum(",graded," in line for line in lines) == 8
    assert "the grading worker died, 3 times in a row" in "\n".join(lines)
    before = grader.kept()
    assert grader.finish(folder)[0] == 1
    assert grader.kept() == before  # it is not tried for ever


def test_two_graders(grader: Grader, handed: Handed, undisturbed: Callable[[Path], str]) -> None:
    """The second is refused in one line that says who is at it, and disturbs nothing."""
    folder = handed(some(20))
    first = grader.start(folder)
    until(lambda: len(grader.kept()) >= 2)
    first.send_signal(signal.SIGSTOP)  # else it may be through before the second has started
    status, said = grader.finish(folder)
    first.send_signal(signal.SIGCONT)
    assert (status, said.count("\n")) == (2, 1), said
    assert f"is being graded by process {first.pid}" in said
    out, error = first.communicate(timeout=120)
    assert (first.returncode, "20 in all" in out) == (0, True), out + error
    assert grader.export() == undisturbed(folder)


def test_a_torn_last_write(grader: Grader, handed: Handed, undisturbed: Callable[[Path], str]) -> None:
    """The end of the log is cut off, and has rubbish in its place: what it held is graded again."""
    folder = handed(some(12))
    process = grader.start(folder)
    until(lambda: len(grader.kept()) >= 4)
    assert kill(process) == []
    log = grader.run / "gradebook.sqlite-wal"
    with log.open("r+b") as file:
        _ = file.truncate(log.stat().st_size - 1000)
        _ = file.seek(0, os.SEEK_END)
        _ = file.write(b"rubbish" * 500)
    assert len(grader.kept()) >= 2
    assert grader.finish(folder)[0] == 0
    assert grader.export() == undisturbed(folder)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nobody may mount a disk here")
    yield place
    _ = subprocess.run(["/bin/umount", str(place)], check=True)


def test_a_full_disk(grader: Grader, small: Path, handed: Handed, undisturbed: Callable[[Path], str]) -> None:
    """One line, status 2; and once there is room, it goes on from there."""
    folder = handed(some(16))
    grader.run = small / "run"
    grader.run.mkdir()
    _ = (small / "ballast").write_bytes(bytes(330 << 10))
    status, said = grader.finish(folder)
    assert (status, said.count("\n"), "Traceback" in said) == (2, 1, False), said
    assert "disk" in said
    before = grader.kept()
    assert len(before) < 16
    (small / "ballast").unlink()
    _ = subprocess.run(["/bin/mount", "-o", "remount,size=64m", str(small)], check=True)
    assert grader.finish(folder)[0] == 0
    assert unchanged(before, grader.kept())
    assert grader.export() == undisturbed(folder)


def test_files_that_cannot_grow(grader: Grader, handed: Handed, undisturbed: Callable[[Path], str]) -> None:
    """The same by a limit, which needs no right to mount."""
    folder = handed(some(16))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200 << 10, resource.RLIM_INFINITY))

    status, said = grader.finish(folder, preexec_fn=limit)
    assert (status, said.count("\n"), "Traceback" in said) == (2, 1, False), said
    before = grader.kept()
    assert 0 < len(before) < 16
    assert grader.finish(folder)[0] == 0
    assert unchanged(before, grader.kept())
    assert grader.export() == undisturbed(folder)


def test_interrupted(grader: Grader, handed: Handed, undisturbed: Callable[[Path], str]) -> None:
    """Ctrl-C in a terminal is for the whole group: what is under way is finished and kept, and the way on is said."""
    folder = handed(some(16))
    process = grader.start(folder)
    until(lambda: len(grader.kept()) >= 3)
    below = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in error) == (1, False), error
    assert f"Go on: backprove gradebook regrade {grader.run}" in error
    assert "Finishing the" in error
    assert left_over(below) == []
    before = grader.kept()
    assert f"{len(before)} graded now" in out
    assert 3 <= len(before) < 16
    assert grader.finish(folder)[0] == 0
    assert unchanged(before, grader.kept())
    assert grader.export() == undisturbed(folder)


def test_interrupted_twice(grader: Grader, handed: Handed) -> None:
    """What hangs is dropped, and is no record."""
    hanging = "def answer():\n    while True:\n        pass\n"
    folder = handed({f"s{at}": f"# {at}\n{hanging}" for at in range(6)})
    process = grader.start(folder)
    until(lambda: len(workers(process.pid)) == 2)
    time.sleep(1.5)
    below = descendants(process.pid)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
    _, error = process.communicate(timeout=5)
    assert process.returncode == 1, error
    assert left_over(below) == []
    assert len(grader.kept()) <= 2
    assert "infra" not in grader.export()
