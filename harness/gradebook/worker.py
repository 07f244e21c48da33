"""A process that grades what comes down its pipe, one after the other, until the pipe is closed.

    python -m harness.gradebook.worker PARENT     the process that must be there, or this one ends

Frames both ways: eight bytes of length, then so many. First the Work as JSON, answered by {}; then hand-ins, each
answered by {"result": …} or {"error": "in one line"}. Nothing else writes to that pipe: what is printed goes to stderr.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import struct
import sys
from contextlib import suppress
from typing import Any, BinaryIO

LENGTH = struct.Struct("<Q")
SET_PDEATHSIG = 1
MANY = 1000  # hand-ins, perhaps: who knows how many will come?


def send(pipe: BinaryIO, data: bytes) -> None:
    """A frame. Raises OSError."""
    _ = pipe.write(LENGTH.pack(len(data)))
    _ = pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> bytes | None:
    """A frame; None at the end, and where it is torn. Raises OSError."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = pipe.read(length)
    return data if len(data) == length else None


def die_with(parent: int) -> None:
    """Be killed when the parent's thread ends, and not only when its pipe is next read."""
    _ = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
    if sys.platform == "linux":
        _ = ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main(parent: int) -> None:
    """Until the pipe is closed."""
    die_with(parent)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    _ = os.dup2(nothing, 0)
    _ = os.dup2(2, 1)
    with suppress(OSError):  # the parent is gone
        _serve(requests, answers)
    _ = answers.detach()  # what is left in it has no reader


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    from ..grading import forks  # noqa: PLC0415
    from ..grading.pack import NoPack, load  # noqa: PLC0415 - after the parent is known to be there
    from .task import Work, result  # noqa: PLC0415

    said = receive(requests)
    if said is None:
        return
    work = Work(**json.loads(said))
    try:
        pack = load(work.pack)
    except NoPack as error:
        send(answers, _json({"error": str(error)}))
        return
    send(answers, _json({}))
    with forks.several(work.level, pack.torch, MANY) as warm:
        while (data := receive(requests)) is not None:
            try:
                answer = {"result": vars(result(work, pack, data, warm))}
            except Exception as error:  # noqa: BLE001 - ours, or the machine's; the next one may do
                answer = {"error": f"{type(error).__name__}: {error}".partition("\n")[0]}
            send(answers, _json(answer))


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


if __name__ == "__main__":
    main(int(sys.argv[1]))
