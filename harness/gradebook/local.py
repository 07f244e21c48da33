"""The executor of this machine: so many processes, each fed by a thread that lives as long as the process.

A worker that dies costs the hand-in that it was grading one try, and no other anything: it has one at a time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, Protocol

from ..report.machine import HERE
from .task import InfraError, Result, Work
from .worker import receive, send

MOST_SECONDS = 1800.0  # for one hand-in; the boxes' own limits end it long before
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Executor(Protocol):
    """Who grades. A future gives the Result, or raises InfraError: the grader failed, and not the hand-in."""

    window: int  # how many are worth submitting at a time

    def submit(self, data: bytes) -> Future[Result]:
        """Have the bytes of a hand-in graded."""
        ...

    def close(self) -> None:
        """End it now, whatever is under way, and leave no process."""
        ...


class Local:
    """Processes on this machine. `folder` is for what is temporary, `log` for what a worker prints."""

    def __init__(self, work: Work, workers: int, folder: Path, log: Path) -> None:
        self.work, self.folder, self.log = work, folder, log
        self.window = workers + 1  # one waits, so that no worker does
        self._queue: SimpleQueue[tuple[bytes, Future[Result]] | None] = SimpleQueue()
        self._lock, self._closed = threading.Lock(), False
        self._running: set[subprocess.Popen[bytes]] = set()
        self._threads = [threading.Thread(target=self._feed, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, data: bytes) -> Future[Result]:
        """Have it graded by the next worker that is free."""
        future: Future[Result] = Future()
        self._queue.put((data, future))
        return future

    def close(self) -> None:
        """Kill the workers; what they were grading raises InfraError."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _feed(self) -> None:
        """What one thread does: keep one worker busy, and have a new one where it died."""
        process: subprocess.Popen[bytes] | None = None
        try:
            while (item := self._queue.get()) is not None:
                data, future = item
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    process = process or self._start()
                    future.set_result(self._ask(process, data))
                except InfraError as error:
                    future.set_exception(error)
                except (OSError, ValueError) as error:
                    future.set_exception(InfraError(f"the grading worker cannot be used: {error}"))
                if process is not None and process.poll() is not None:
                    self._ended(process)
                    process = None
        finally:
            if process is not None:
                self._ended(process)

    def _start(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH", ""))))
        environment = {**os.environ, **ONE_THREAD, "TMPDIR": str(self.folder), "PYTHONPATH": path}
        command = [sys.executable, "-P", "-m", f"{__package__}.worker", str(os.getpid())]
        with self.log.open("ab") as log, self._lock:
            if self._closed:
                raise InfraError("the grader is ending")
            pipe = subprocess.PIPE
            # a session of its own: a terminal's Ctrl-C is not for it
            process = subprocess.Popen(  # noqa: S603 - ourselves
                command, stdin=pipe, stdout=pipe, stderr=log, env=environment, start_new_session=True
            )
            self._running.add(process)
        answer = self._answer(process, json.dumps(asdict(self.work)).encode())
        if "error" in answer:
            self._ended(process)
            raise InfraError(f"the grading worker cannot load the pack: {answer['error']}")
        return process

    def _ask(self, process: subprocess.Popen[bytes], data: bytes) -> Result:
        answer = self._answer(process, data)
        if "error" in answer:
            raise InfraError(f"the grader failed, and not the hand-in: {answer['error']}")
        return Result(**answer["result"])

    def _answer(self, process: subprocess.Popen[bytes], data: bytes) -> dict[str, Any]:
        """Ask, and wait. Raises InfraError if the worker ends instead, or is made to after too long."""
        requests, answers = _pipes(process)
        clock = threading.Timer(MOST_SECONDS, process.kill)
        clock.start()
        try:
            send(requests, data)
            said = receive(answers)
        except OSError:
            said = None
        finally:
            clock.cancel()
        if said is None:
            self._ended(process)
            raise InfraError("the grading worker died")
        return json.loads(said)

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        """Kill it if need be, and let go of it."""
        process.kill()
        _ = process.wait()
        for pipe in _pipes(process):
            try:
                pipe.close()
            except OSError:  # what was never sent
                continue
        with self._lock:
            self._running.discard(process)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[BinaryIO, BinaryIO]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("a worker should have both pipes")
    return process.stdin, process.stdout  # pyright: ignore[reportReturnType]
