"""The executor of a cluster: Dask, for whoever has more machines than one (the extra `cluster`).

    --cluster local               a scheduler and workers of this process's own, on this machine
    --cluster tls://HOST:8786     one that is there already; --tls DIR holds ca.pem, cert.pem and key.pem

Whoever reaches a Dask scheduler runs code on its workers: TLS is required, also of our own, and walls that are weaker
than B are refused. What a hand-in is graded with travels with it, the pack's files included; the workers need
backprove of the same version. They are to have one thread each: a box dies with the thread that started it.
"""

from __future__ import annotations

import io
import signal
import tempfile
import zipfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..grading.pack import EXAMPLES, NoPack, Pack, load
from .task import InfraError, Result, Work, result, version

if TYPE_CHECKING:
    from .local import Executor

FILES = {"tls_ca_file": "ca.pem", "tls_client_cert": "cert.pem", "tls_client_key": "key.pem"}
SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # a hand-in that kills its worker is tried again by us, and counted
    "distributed.worker.memory.terminate": False,  # the boxes have limits of their own
    "distributed.worker.memory.pause": False,
}


class BadCluster(Exception):
    """The call was wrong; the message says in one line what it should be."""


def chosen(address: str, level: str, workers: int | None, tls: Path | None) -> Callable[[Work, Path], Executor]:
    """What makes the executor for --cluster ADDRESS. Raises BadCluster."""
    if level not in ("A", "B"):
        raise BadCluster(
            f"--cluster is given with isolation {level}, but should be with A or B: others are reached too"
        )
    try:
        import distributed  # noqa: F401, PLC0415 - the extra
    except ImportError:
        raise BadCluster("Dask is missing, but --cluster needs it: pip install 'backprove[cluster]'") from None
    if address == "local":
        return lambda work, folder: Dask(_own(workers, folder), work)
    if not address.startswith("tls://"):
        raise BadCluster(f"the scheduler is {address}, but should be local or tls://HOST:PORT: without TLS it is open")
    if tls is None or not all((tls / name).is_file() for name in FILES.values()):
        raise BadCluster(f"--tls is {tls or 'not given'}, but should be a folder with {', '.join(FILES.values())}")
    return lambda work, _: Dask(_there(address, tls), work)


def _own(workers: int | None, folder: Path) -> Any:
    """A cluster on this machine that ends with this process, under certificates that nobody else has."""
    import dask.config  # noqa: PLC0415 - the extra
    from distributed import Client, LocalCluster  # noqa: PLC0415
    from distributed.security import Security  # noqa: PLC0415

    _ = dask.config.set(SETTINGS)
    security = Security.temporary()
    closed: dict[str, Any] = {"host": "127.0.0.1", "protocol": "tls://", "dashboard_address": None}
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        memory_limit=0,
        local_directory=str(folder),
        security=security,
        preload=[__name__],
        **closed,
    )
    return Client(cluster, security=security, set_as_default=False)


def dask_setup(_worker: Any) -> None:
    """What Dask calls in each worker of ours: a terminal's Ctrl-C is for the grader, which then finishes in peace."""
    _ = signal.signal(signal.SIGINT, signal.SIG_IGN)


def _there(address: str, tls: Path) -> Any:
    """A client of one that is there already. Raises OSError if it cannot be reached."""
    from distributed import Client  # noqa: PLC0415 - the extra
    from distributed.security import Security  # noqa: PLC0415

    files = {key: str(tls / name) for key, name in FILES.items()}
    try:
        return Client(address, security=Security(require_encryption=True, **files), set_as_default=False, timeout=30)
    except (OSError, ValueError) as error:
        raise OSError(0, f"no scheduler answers: {error}", address) from error


class Dask:
    """Hand-ins on the workers of a client. Each future is Dask's, told in our words."""

    def __init__(self, client: Any, work: Work) -> None:
        self.client, self.work = client, work
        self.window = max(1, sum(client.nthreads().values()))  # Dask blames all that a worker has when it dies
        self._pack = shipped(load(work.pack))
        self._live: dict[Any, Future[Result]] = {}

    def submit(self, data: bytes) -> Future[Result]:
        """Have it graded by a worker."""
        future: Future[Result] = Future()
        _ = future.set_running_or_notify_cancel()
        task = self.client.submit(graded, self.work, self._pack, data, pure=False, retries=0)
        self._live[task] = future
        task.add_done_callback(self._done)
        return future

    def _done(self, task: Any) -> None:
        from distributed.client import FutureCancelledError  # noqa: PLC0415 - the extra
        from distributed.scheduler import KilledWorker  # noqa: PLC0415

        future = self._live.pop(task)
        try:
            future.set_result(Result(**task.result()))
        except KilledWorker:
            future.set_exception(InfraError("the grading worker died"))
        except FutureCancelledError:
            future.set_exception(InfraError("the cluster let go of it"))
        except Exception as error:  # noqa: BLE001 - whatever the cluster brings is no fault of the hand-in's
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            future.set_exception(error if isinstance(error, InfraError) else InfraError(reason))

    def close(self) -> None:
        """Let go of what is under way; end the cluster if it is ours."""
        cluster = self.client.cluster
        self.client.cancel(list(self._live), force=True)
        self.client.close()
        if cluster is not None:
            cluster.close()


def shipped(pack: Pack) -> bytes:
    """A pack's files but for its examples, as an archive: the same files, the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(pack.folder.rglob("*")):
            place = path.relative_to(pack.folder)
            if path.is_file() and place.parts[0] != EXAMPLES and "__pycache__" not in place.parts:
                archive.writestr(zipfile.ZipInfo(place.as_posix()), path.read_bytes())
    return out.getvalue()


def graded(work: Work, pack: bytes, data: bytes) -> dict[str, Any]:
    """What a worker does. Raises InfraError."""
    from ..grading import levels  # noqa: PLC0415 - tried once in each worker

    found = _unpacked(pack)
    if (own := version(found)) != work.version:
        raise InfraError(
            f"the worker has the pack version {own}, but should have {work.version}: is its backprove old?"
        )
    if work.level == "weak" or not levels.found()[work.level]:
        raise InfraError(f"the worker has no isolation {work.level}, but should")
    return vars(result(replace(work, pack=str(found.folder)), found, data))


@cache
def _unpacked(data: bytes) -> Pack:
    """The pack, in a folder of the worker's that lives as long as it does."""
    folder = Path(tempfile.mkdtemp(prefix="backprove-pack-"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    try:
        return load(folder)
    except NoPack as error:
        raise InfraError(f"the worker cannot load the pack: {error}") from None
