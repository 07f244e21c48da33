"""Which walls this machine really has, found by starting a box and trying, from inside, what must not work.

`best()` is for the grader; `found()` says why a level is missing and how to get it, for who sets up the machine.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from . import landlock
from .box import Box, Died, Level, NotStarted, Outcome
from .forks import Forks
from .seccomp import MACHINES
from .wire import WireError

SECONDS = 20.0
LEVELS: tuple[Literal["A", "B"], ...] = ("A", "B")  # the better first
TRIES = '''
"""Each function does what must not work; `honest` does what must."""
import numpy, os, socket


def honest(input):
    return {"output": numpy.random.default_rng(0).permutation(input) @ input}


def read(path, **_):
    return open(path).read()


def write(folder, **_):
    return open(os.path.join(folder, "written"), "w")


def list(folder, **_):
    return os.listdir(folder)


def connect(port, **_):
    return socket.create_connection(("127.0.0.1", port), 1)


def fork(**_):
    return os.fork() or os._exit(0)


def execute(python, **_):
    os.execv(python, [python, "-c", ""])


def signal(pid, **_):
    return os.kill(pid, 0)


def look(pid, **_):
    return open(f"/proc/{pid}/environ").read()


def tried(what, **canaries):
    try:
        globals()[what](**canaries)
    except OSError:
        return {"held": numpy.array(True)}
    return {"held": numpy.array(False)}
'''
FORBIDDEN = {
    "read": "a file of the grader's can be read",
    "write": "a file can be written",
    "list": "a folder of the grader's can be listed",
    "connect": "the network can be reached",
    "fork": "a process can be started",
    "signal": "the grader can be sent signals",
    "look": "the grader's environment can be read",
    "execute": "a program can be started",  # the last, since it would end the box
}


@dataclass(frozen=True)
class Found:
    """A level: `reason` is why it is not there, and empty if it is; `advice` how to get it."""

    level: Level
    reason: str = ""
    advice: str = ""

    def __bool__(self) -> bool:
        return not self.reason


def best() -> Literal["A", "B"]:
    """The better of the levels that hold here. Raises NotStarted, with the reasons, if none does."""
    for level in LEVELS:
        if _found(level):
            return level
    raise NotStarted("\n".join(f"level {one.level}: {one.reason}; {one.advice}" for one in found().values()))


def found() -> dict[str, Found]:
    """Both levels, each tried once."""
    return {level: _found(level) for level in LEVELS}


@contextmanager
def warm(isolation: Level | Literal["best"], torch: bool) -> Iterator[Callable[[], Forks | None]]:
    """Starts a worker at once; the call says later whether hand-ins can be forks of it, behind walls that hold.

    The level is then tried in a fork as well, so that NumPy, or torch, is imported once, and while the grader reads
    what it needs. Where it is not to be had like this, the others are still to be tried: the call returns None.
    """
    if isolation == "weak":
        yield lambda: None
        return
    forks = Forks("A" if isolation == "best" else isolation, torch)

    def tried() -> Forks | None:
        with suppress(NotStarted):
            forks.ready()
            return None if trial(forks.level, forks) else forks
        return None

    try:
        with suppress(NotStarted):
            forks.launch()
        yield tried
    finally:
        forks.close()


@cache
def _found(level: Literal["A", "B"]) -> Found:
    reason = trial(level)
    advice = {"A": _namespaces_missing, "B": _landlock_missing}[level]
    return Found(level, reason, advice(reason) if reason else "")


def trial(level: Level, forks: Forks | None = None) -> str:
    """Why the level does not hold here, in one line; empty if it does. With `forks` it is tried in one of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "submission").mkdir()
        _ = (folder / "adapter.py").write_text(TRIES)
        _ = (folder / "secret").write_text(secrets.token_hex())
        try:
            with (
                canaries(folder) as told,
                Box(
                    folder / "submission",
                    folder / "adapter.py",
                    level,
                    seconds=SECONDS,
                    torch=forks is not None and forks.torch,
                    forks=forks,
                ) as box,
            ):
                if box.call("honest", {"input": np.ones(3)}, {}, SECONDS)["output"] != 3:
                    return "NumPy computes something else in the box"
                return next((wrong for what, wrong in FORBIDDEN.items() if not held(box, what, told)), "")
        except NotStarted as error:
            return _last_line(str(error).removeprefix(f"level {level}: "))
        except (Outcome, WireError) as error:
            return f"the box does not work: {_last_line(str(error))}"


@contextmanager
def canaries(folder: Path) -> Iterator[dict[str, Any]]:
    """What the tries are aimed at: a folder with a file `secret`, a server, and this process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {
            "path": str(folder / "secret"),
            "folder": str(folder),
            "port": server.getsockname()[1],
            "python": os.path.realpath(sys.executable),
            "pid": os.getpid(),
        }


def held(box: Box, what: str, told: dict[str, Any]) -> bool:
    """Whether the walls held when this was tried."""
    try:
        return bool(box.call("tried", {}, {"what": what, **told}, SECONDS)["held"])
    except Died:  # it became another program
        return False


def _last_line(text: str) -> str:
    """That of a traceback which says what was wrong."""
    return text.strip().splitlines()[-1] if text.strip() else "no reason given"


def _namespaces_missing(reason: str) -> str:
    """How to get level A."""
    if "bubblewrap is missing" in reason:
        return "install it: apt install bubblewrap, or dnf install bubblewrap"
    if _in_a_container():
        return (
            "a container refuses namespaces unless started with --security-opt seccomp=unconfined; level B is for those"
        )
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or load AppArmor's bwrap-userns-restrict"
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting("user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    return "run `bwrap --ro-bind / / --unshare-user --unshare-net true` to see what the system refuses"


def _landlock_missing(reason: str) -> str:
    """How to get level B."""
    if os.uname().machine not in MACHINES:
        return f"grade on {' or '.join(MACHINES)}"
    try:
        _ = landlock.version()
    except OSError:
        return "use Linux 5.13 or newer, with landlock in the kernel's lsm= list"
    return f"see what the worker needs: {reason}"


def _in_a_container() -> bool:
    """Docker's and podman's marks."""
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()


def _setting(name: str) -> str:
    """A setting of the kernel's, empty if there is none of this name."""
    try:
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    except OSError:
        return ""
