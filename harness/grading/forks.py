"""Many hand-ins, one start: a worker that has seen none of them waits behind its walls, and each gets a fork of it.

    with Forks("A", torch=pack.torch) as forks:
        for path in paths:
            record, evidence = graded(pack, path, level="A", forks=forks)

The records are the same without. It saves each hand-in the import of NumPy, or of torch, for which it pays where there
are several. Use one from one thread at a time, which must outlive it. Where a machine lets no fork have namespaces of
its own, entering raises NotStarted: then grade without.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from . import bubblewrap
from .channel import Channel, Closed, Late
from .start import TORCH, Cold, Level, Limits, cold, prepared, told
from .wire import WireError

START_SECONDS, ANSWER_SECONDS = 60.0, 10.0
MOST = 1 << 20


class NotStarted(Exception):
    """The box could not be made: the machine's fault, never the submission's, of which nothing has run."""


class Forks:
    """Starts workers for boxes of one level, with torch or without."""

    def __init__(self, level: Level, torch: bool = False) -> None:
        if level not in ("A", "B"):
            raise ValueError(f"level is {level!r}, but should be 'A' or 'B'")
        self.level: Level = level
        self.torch = torch
        self.name = f"backprove-forks-{secrets.token_hex(8)}"
        self.folder = Path(tempfile.gettempdir(), self.name)
        self._worker: Cold | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Self:
        self.launch()
        self.ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def launch(self) -> None:
        """Start the worker, and do not wait for it. Raises NotStarted."""
        with self._or_not_started():
            self._start()

    def ready(self) -> None:
        """Returns when it has loaded what it needs and a fork of it has got behind its walls. Raises NotStarted."""
        with self._or_not_started():
            _ = self._heard(START_SECONDS)
            self._try()

    @contextmanager
    def _or_not_started(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.close()
            if isinstance(error, OSError | EOFError | subprocess.SubprocessError | Late | Closed | WireError):
                raise NotStarted(f"level {self.level}, to be forked: {error or type(error).__name__}") from error
            raise

    @property
    def alive(self) -> bool:
        """Whether it can be asked for more."""
        return self._control is not None

    @property
    def hand_ins(self) -> Path:
        """Where the files of each hand-in belong, in a folder by the name of its box."""
        return self.folder / "hand-ins"

    def start(self, config: dict[str, Any], files: Sequence[int]) -> Forked:
        """A worker for the box that it is told of, with its ends of the box's three pipes. Raises OSError."""
        if self._control is None:
            raise OSError("the worker to be forked is not there")
        if self.level == "B":
            config = config | {"submission": str(self.hand_ins / config["box"])}
        try:
            _ = socket.send_fds(self._control, [json.dumps(config).encode()], files)
            answer, (handle,) = self._heard(ANSWER_SECONDS)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise OSError(f"the worker to be forked gave no answer: {error}") from error
        return Forked(self, handle, answer["process"])

    def ended(self, process: int) -> int:
        """The exit status of one that has ended. Raises OSError or EOFError."""
        if self._control is None:
            raise OSError("the worker to be forked is not there")
        _ = self._control.send(json.dumps({"ended": process}).encode())
        return int(self._heard(ANSWER_SECONDS)[0]["code"])

    def close(self) -> None:
        """End it and every fork."""
        worker, self._worker = self._worker, None
        if worker is not None:
            _ = worker.stop(0)
        if self._control is not None:
            self._control.close()
            self._control = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        for path in (self.folder, self.hand_ins, self.folder / "submission"):
            path.mkdir(mode=0o700)
        command, config = prepared(self.level, self.torch, self.folder, forking=True)
        config |= {"box": self.name, "hand_ins": str(bubblewrap.INSIDE / "hand-ins") if self.level == "A" else ""}
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, (self.folder / "printed").open("wb") as printed:
            config["control"] = theirs.fileno()
            self._worker = Cold(cold(command, config, self.folder, printed.fileno(), [theirs.fileno()]))

    def _try(self) -> None:
        """Whether a fork gets behind its walls; with nothing handed in. Raises OSError, Late, Closed or WireError."""
        limits = TORCH if self.torch else Limits()
        name = f"backprove-box-{secrets.token_hex(8)}"
        channel = Channel(limits.frame, limits.kept, limits.printed)
        (self.hand_ins / name).mkdir()
        try:
            one = self.start(told(name, limits, None), channel.theirs)
            channel.started()
            try:
                _ = channel.ask(b"", START_SECONDS)
            except Closed as closed:
                channel.close(ANSWER_SECONDS)
                raise Closed(channel.printed.decode(errors="replace").strip().rpartition("\n")[2]) from closed
            finally:
                _ = one.stop(0)
        finally:
            channel.started()
            channel.close(ANSWER_SECONDS)
            (self.hand_ins / name).rmdir()

    def _heard(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        """What the worker says, with the files that come with it. Raises OSError or EOFError."""
        if self._control is None:
            raise OSError("the worker to be forked is not there")
        self._control.settimeout(seconds)
        data, files, _, _ = socket.recv_fds(self._control, MOST, 1)
        if not data:
            said = (self.folder / "printed").read_text(errors="replace").strip()
            raise EOFError(said.rpartition("\n")[2] or "it ended")
        return json.loads(data), files


@contextmanager
def several(level: Level, torch: bool, count: int) -> Iterator[Forks | None]:
    """Forks for so many hand-ins; none where they do not pay, or cannot be had."""
    with ExitStack() as stack:
        forks = None
        if count > 1 and level != "weak":
            with suppress(NotStarted):
                forks = stack.enter_context(Forks(level, torch))
        yield forks


class Forked:
    """A fork, by its handle: the number of a process may be another's by now."""

    def __init__(self, forks: Forks, handle: int, process: int) -> None:
        self.forks, self.handle, self.process = forks, handle, process

    def stop(self, grace: float) -> int | None:
        """See Worker. Whatever the worker that forked it then says, it is gone."""
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        ended = bool(poll.poll(grace * 1000))
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        os.close(self.handle)
        try:
            code = self.forks.ended(self.process)
        except (OSError, EOFError, ValueError, LookupError):
            self.forks.close()
            return None
        return code if ended else None
