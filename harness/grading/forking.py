"""Runs in the box: a worker that has loaded what it needs, and nothing of anybody's, and forks for each hand-in.

What a fork inherits is therefore the same as in a process of its own. Its walls are its own, too: it leaves here with
the identity that it keeps, and puts up its limits, Landlock and seccomp before it reads anything of the hand-in. At
level A it also has namespaces of its own, within those of the worker, and gives up the right to make them.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
from typing import Any

MOST = 1 << 20
FILES = ("requests", "answers", "printed")  # what comes with each hand-in
NAMESPACES = (
    0x0002_0000 | 0x0400_0000 | 0x0800_0000 | 0x2000_0000 | 0x4000_0000
)  # mounts, names, IPC, processes, network
RDONLY, NOSUID, NODEV, NOEXEC, BIND, REC, PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
_libc = ctypes.CDLL(None, use_errno=True)


def serve(config: dict[str, Any]) -> dict[str, Any]:
    """Fork for each question of the grader's. Returns in the forks alone, with what the hand-in's worker is told.

    A question has the files; the answer is a handle on the process. Asked for the number of one that has ended, it
    tells how. It ends when the grader closes its end.
    """
    control = socket.socket(fileno=config["control"])
    _ = control.send(b"{}")  # everything is loaded
    while True:
        data, files, _, _ = socket.recv_fds(control, MOST, len(FILES))
        if not data:
            os._exit(0)
        asked = json.loads(data)
        if "ended" in asked:
            _, status = os.waitpid(asked["ended"], 0)
            _ = control.send(json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode())
            continue
        worker = os.getpid()
        process = os.fork()
        if not process:
            control.close()
            return _hatched(config | asked | dict(zip(FILES, files, strict=True)), worker)
        for one in files:
            os.close(one)
        handle = os.pidfd_open(process)
        _ = socket.send_fds(control, [json.dumps({"process": process}).encode()], [handle])
        os.close(handle)


def _hatched(config: dict[str, Any], worker: int) -> dict[str, Any]:
    """In the fork: a session, an output and, at level A, namespaces of its own."""
    _follow(worker)
    os.setsid()
    for one in (1, 2):
        _ = os.dup2(config["printed"], one)
    os.close(config["printed"])
    if config["hand_ins"]:
        _check(_libc.unshare(NAMESPACES), "unshare")
        # The first process among the new ones is ignored by some signals, so it is not the worker, but waits for it.
        _waits(config)
        _waits(config)
        mine, place = f"{config['hand_ins']}/{config['box']}", config["submission"]
        _mount("none", "/", None, REC | PRIVATE)
        _mount(mine, place, None, BIND)
        _mount("tmpfs", config["hand_ins"], "tmpfs", RDONLY | NOSUID | NODEV | NOEXEC)  # no other is there
    os.chdir(config["submission"])
    return config | {"parent": 0}


def _waits(config: dict[str, Any]) -> None:
    """Fork; the old process waits and ends as the new one did, by a number as a shell tells it."""
    parent, child = os.getpid(), os.fork()
    if not child:
        _follow(parent)
        return
    for one in ("requests", "answers"):
        os.close(config[one])
    os.closerange(0, 3)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _follow(parent: int) -> None:
    """SIGKILL for this process when its parent ends. In a new namespace the parent has no number: 0."""
    _check(_libc.prctl(1, int(signal.SIGKILL), 0, 0, 0), "prctl")  # PR_SET_PDEATHSIG
    if os.getppid() not in (parent, 0):
        os._exit(1)


def _mount(source: str, place: str, kind: str | None, flags: int) -> None:
    names = source.encode(), place.encode(), kind and kind.encode()
    _check(_libc.mount(*names, ctypes.c_ulong(flags), None), f"mount {place}")


def _check(answer: int, what: str) -> None:
    if answer:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
