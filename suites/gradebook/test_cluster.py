"""Dask: the same gradebook as without it, closed to strangers, and nothing lost when parts of it are killed."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.gradebook import cluster
from harness.gradebook.task import Work, version
from harness.grading.pack import load
from suites.gradebook.conftest import Grader, answering, descendants, kill, left_over, some, until

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # Dask's own
Handed = Callable[..., Path]


@pytest.fixture
def dask(grader: Grader) -> Grader:
    """A grader with two Dask workers."""
    grader.cluster = "local"
    return grader


def dask_workers(process: int) -> list[int]:
    """The worker processes of a LocalCluster: those below which nothing else of Python's is spawned."""
    return [one for one in descendants(process) if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def test_as_without_and_killed(dask: Grader, handed: Handed, pack: Path, tmp_path: Path, level: str) -> None:
    """A worker is killed, then the client; it goes on, and the gradebook is the local one's to the byte."""
    folder = handed({**some(14), "poison": answering(666)})
    process = dask.start(folder)
    until(lambda: len(dask.kept()) >= 3)
    below = descendants(process.pid)
    os.kill(dask_workers(process.pid)[0], signal.SIGKILL)
    until(lambda: len(dask.kept()) >= 7)
    assert kill(process) == []
    assert left_over(below) == []
    before = dask.kept()
    status, said = dask.finish(folder)
    assert (status, "1 the grader failed at: poison" in said, "15 in all" in said) == (1, True, True), said
    after = dask.kept()
    assert all(after[hash] == seconds for hash, seconds in before.items())
    local = Grader(pack, tmp_path / "local", level, [])
    assert local.finish(folder)[0] == 1
    assert dask.export() == local.export()


def test_interrupted(dask: Grader, handed: Handed) -> None:
    """Ctrl-C, which a terminal sends to Dask's processes as well: what is under way is finished, the rest is left."""
    folder = handed(some(30))
    process = dask.start(folder)
    until(lambda: len(dask.kept()) >= 2)
    below = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert (process.returncode, "Interrupted: what is graded is kept" in error) == (1, True), out + error
    assert left_over(below) == []
    assert "infra" not in dask.export()
    assert dask.finish(folder)[0] == 0
    assert len(dask.kept()) == 30


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    """Of a cluster of one worker."""
    found = cluster._own(1, tmp_path)
    yield found
    found.cluster.close()
    found.close()


def test_strangers_are_refused(client: Any, tmp_path: Path) -> None:
    """Without a certificate, and with one of another's; who has the files of --tls gets in."""
    from distributed import Client  # noqa: PLC0415
    from distributed.security import Security  # noqa: PLC0415

    address = client.scheduler_info()["address"]
    assert address.startswith("tls://127.0.0.1:")
    for stranger, security in ((address.replace("tls", "tcp"), None), (address, Security.temporary())):
        with pytest.raises(OSError, match=r"(?i)timed out|tls|ssl|certificate|connect"):
            _ = Client(stranger, security=security, timeout=2, set_as_default=False)
    for key, name in cluster.FILES.items():
        _ = (tmp_path / name).write_text(getattr(client.security, key))
    with cluster._there(address, tmp_path) as known:
        assert known.submit(sum, [1, 2]).result() == 3


def test_a_worker_with_another_pack(client: Any, pack: Path) -> None:
    """Its results would be of another version: it says so instead."""
    found = load(pack)
    work = Work(str(pack), version(found), level="A")
    assert cluster.shipped(found) == cluster.shipped(load(pack))
    with pytest.raises(cluster.InfraError, match="should have 0"):
        _ = client.submit(cluster.graded, Work(str(pack), "0"), cluster.shipped(found), b"").result()
    weak = Work(work.pack, work.version, level="weak")
    with pytest.raises(cluster.InfraError, match="has no isolation weak"):
        _ = client.submit(cluster.graded, weak, cluster.shipped(found), b"").result()


@pytest.mark.parametrize(
    ("address", "level", "tls", "said"),
    [
        ("local", "weak", None, "should be with A or B"),
        ("tcp://10.0.0.1:8786", "B", None, "should be local or tls://HOST:PORT"),
        ("tls://10.0.0.1:8786", "A", None, "--tls is not given, but should be a folder with ca.pem"),
        ("tls://10.0.0.1:8786", "A", Path("nowhere"), "--tls is nowhere, but should be a folder with ca.pem"),
    ],
)
def test_refused(address: str, level: str, tls: Path | None, said: str) -> None:
    """A scheduler without TLS, and walls that are none."""
    with pytest.raises(cluster.BadCluster, match=said):
        _ = cluster.chosen(address, level, None, tls)
