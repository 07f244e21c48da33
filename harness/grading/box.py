"""A box: a worker behind walls, which is asked for arrays and can do nothing else, to anybody.

    with Box(Path("submission"), Path("pack/adapter.py"), "A") as box:
        arrays = box.call("linear", {"input": x, "weight": w}, {}, seconds=5)

The adapter is a file of the pack's with one function for each name; it imports the submission's files, is called with
the arrays and options by keyword, and returns a dict of arrays. It runs inside, so it must know nothing that a student
should not. Level A is bubblewrap, seccomp and limits, level B Landlock, seccomp and limits, and "weak" limits alone.
Start a box from a thread that outlives it: a worker dies with the thread that started it.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np

from . import start, wire
from .channel import Channel, Closed, Late
from .forks import Forks, NotStarted
from .start import TORCH, Cold, Level, Limits, Worker
from .submission import copied
from .wire import Frame, WireError

__all__ = ["Box", "Died", "Level", "Limits", "NotStarted", "Outcome", "StudentError", "Timeout"]

Array = np.ndarray[Any, Any]
START_SECONDS, GRACE_SECONDS = 60.0, 2.0
ADAPTER, TEXT = "adapter.py", 2000


class Outcome(Exception):
    """How a submission ended a call without an answer. After Timeout, Died and WireError the box is closed."""


class Timeout(Outcome):
    """The time was over, by the grader's clock."""


class Died(Outcome):
    """The worker ended, or closed its pipe."""


class StudentError(Outcome):
    """The submission raised; the box stays open. All of it is the submission's word, cut and made printable."""

    def __init__(self, type: str, message: str, file: str = "", line: int = 0) -> None:
        where = f"\n  {file}:{line}" if file else ""
        super().__init__((f"{type}: {message}" if message else type) + where)
        self.type, self.message, self.file, self.line = type, message, file, line


class Box:
    """Starts a worker and loads a submission, answers by it, and at the end leaves nothing of it.

    With `forks` of its level the worker is one of them.

    Entering raises NotStarted, or any Outcome of loading the submission in `seconds`. With `stubs`, modules of the
    course's own that need not be there, the submission is imported as loader.py does it: patiently.
    """

    def __init__(
        self,
        submission: Path,
        adapter: Path,
        level: Level,
        *,
        seconds: float = 20.0,
        torch: bool = False,
        stubs: Sequence[str] | None = None,
        limits: Limits | None = None,
        forks: Forks | None = None,
    ) -> None:
        if level not in ("A", "B", "weak"):
            raise ValueError(f"level is {level!r}, but should be 'A', 'B' or 'weak'")
        if not submission.exists():
            raise FileNotFoundError(f"the submission {submission} is missing, but should be a folder or a file")
        self.submission, self.seconds, self.torch = submission, seconds, torch
        self.stubs = None if stubs is None else list(stubs)
        self.level: Level = level
        self.forks = forks if forks and forks.alive and (forks.level, forks.torch) == (level, torch) else None
        self.limits = limits or (TORCH if torch else Limits())
        self.name = f"backprove-box-{secrets.token_hex(8)}"  # of its folder, and in its processes' command lines
        self._source = np.frombuffer(adapter.read_bytes(), np.uint8)
        self._ended: Exception | None = None
        self._files = {ADAPTER: self._source.tobytes().count(b"\n") + 1}  # with their lines
        self._folder: Path | None = None
        self._channel: Channel | None = None
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        channel = self._channel or self.launch()
        try:
            self._ready(channel)
            _ = self._ask(channel, {"name": None}, {"source": self._source}, self.seconds)
        except BaseException:
            self.close()
            raise
        return self

    def launch(self) -> Channel:
        """Start the worker, and do not wait for it: who has other work does that before entering. Its pipes.

        Raises NotStarted or StudentError; close the box where it is not entered.
        """
        channel = self._channel = Channel(self.limits.frame, self.limits.kept, self.limits.printed)
        try:
            self._start(channel)
        except BaseException:
            self.close()
            raise
        return channel

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(
        self,
        name: str,
        arrays: Mapping[str, Array],
        options: Mapping[str, Any],
        seconds: float,
        writeable: bool = False,
    ) -> dict[str, Array]:
        """What the adapter's function of this name returns, as new arrays. Raises an Outcome or WireError.

        Options are JSON values, with tuples. The arrays are sent as copies; unless `writeable`, writing to one raises
        in the worker. After the first fatal outcome every further call raises the same.
        """
        if not name.isidentifier() or name.startswith("_"):
            raise ValueError(f"name is {name!r}, but should be that of a public function of the adapter")
        if self._channel is None:
            raise ValueError("the box is not open, but should be: call it inside `with`")
        fields = {"name": name, "options": dict(options), "writeable": writeable}
        return self._ask(self._channel, fields, dict(arrays), seconds)

    def skeletons(self, targets: Sequence[tuple[str, str]], seconds: float) -> list[bool]:
        """For each (file, target) whether there is only a skeleton of it: the submission's word, like all else."""
        if self._channel is None:
            raise ValueError("the box is not open, but should be: call it inside `with`")
        said = self._ask(self._channel, {"name": None, "targets": [list(one) for one in targets]}, {}, seconds)
        found = said.get("skeleton", np.zeros(0, bool))
        return found.tolist() if found.shape == (len(targets),) and found.dtype == bool else [False] * len(targets)

    @property
    def printed(self) -> str:
        """What the submission printed so far: the beginning of it, printable."""
        return _clean(self._channel.printed.decode(errors="replace"), self.limits.kept) if self._channel else ""

    def close(self) -> None:
        """Kill the worker and all of its group, and wait until they are gone."""
        if self._ended is None:
            self._ended = ValueError("the box is closed, but should be open")
        _ = self._stop(0)

    def _start(self, channel: Channel) -> None:
        """Copy what is handed in to where a worker will see it, and start one."""
        told = start.told(self.name, self.limits, self.stubs)
        try:
            if self.forks is not None:
                self._folder = self.forks.hand_ins / self.name
                self._files |= copied(self.submission, self._folder)
                self._worker = self.forks.start(told, channel.theirs)
                return
            self._folder = Path(tempfile.gettempdir(), self.name)
            self._folder.mkdir(mode=0o700)
            self._files |= copied(self.submission, self._folder / "submission")
            command, config = start.prepared(self.level, self.torch, self._folder)
            requests, answers, printed = channel.theirs
            config |= told | {"requests": requests, "answers": answers}
            self._worker = Cold(start.cold(command, config, self._folder, printed, (requests, answers)))
        except ValueError as error:
            raise StudentError("ValueError", str(error)) from None
        except (OSError, subprocess.SubprocessError) as error:
            raise NotStarted(f"level {self.level}: {error}") from error
        finally:
            channel.started()

    def _ready(self, channel: Channel) -> None:
        """Returns when the worker is behind its walls, with nothing of the submission's loaded. Raises NotStarted."""
        try:
            _ = channel.ask(b"", START_SECONDS)
        except (Late, Closed, WireError) as error:
            why = self._stop(GRACE_SECONDS)
            raise NotStarted(f"level {self.level}: {self.printed.strip() or why}") from error

    def _ask(
        self, channel: Channel, fields: dict[str, Any], arrays: dict[str, Array], seconds: float
    ) -> dict[str, Array]:
        if self._ended is not None:
            raise self._ended
        token = secrets.token_hex(8)  # so that no answer can be written before its question is known
        question = wire.encode(Frame(fields | {"token": token}, arrays), self.limits.frame)
        try:
            frame = channel.ask(question, seconds)
            error = _error(frame, token)
        except Late:
            self._ended = Timeout(f"no answer within {seconds:g} s")
        except Closed as closed:
            self._ended = Died(str(closed) or self._stop(GRACE_SECONDS))
        except WireError as lie:
            self._ended = lie
        else:
            if error is None:
                return frame.arrays
            file, line = error["file"], error["line"]
            if not 0 < line <= self._files.get(file, 0):
                file, line = "", 0
            raise StudentError(_clean(error["type"], TEXT), _clean(error["message"], TEXT), file, line)
        _ = self._stop(0)
        raise self._ended from None

    def _stop(self, grace: float) -> str:
        """End everything; how the worker had ended by itself, if it had, or does so within these seconds."""
        how = "it closed its pipe"
        worker, self._worker = self._worker, None
        code = worker.stop(grace) if worker is not None else None
        if code is not None:
            how = _how(code, self.level)
        if self._channel is not None:
            self._channel.started()
            self._channel.close(GRACE_SECONDS)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        return how


def _error(frame: Frame, token: str) -> dict[str, Any] | None:
    """The submission's exception, None for an answer. Raises WireError for what is neither, or not to this question."""
    fields = frame.fields
    if fields.get("token") != token:
        raise WireError("the frame answers another question")
    if set(fields) == {"token"}:
        return None
    error = fields.get("error")
    kinds = {"type": str, "message": str, "file": str, "line": int}
    if set(fields) != {"token", "error"} or not isinstance(error, dict) or set(error) != set(kinds) or frame.arrays:
        raise WireError("the frame is neither an answer nor an error")
    if any(type(error[name]) is not kind for name, kind in kinds.items()):
        raise WireError("the error's fields are not of their types")
    return error


def _how(code: int, level: Level) -> str:
    """How a process ended, from its exit code; bubblewrap tells a signal as a shell does."""
    number = -code if code < 0 else code - 128 if level == "A" and code > 128 else 0
    with suppress(ValueError):
        return f"it ended by {signal.Signals(number).name}"
    return f"it ended with exit status {code}"


def _clean(text: str, most: int) -> str:
    """Cut, and without what could steer a terminal or break a report."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text[:most])
