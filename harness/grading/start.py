"""How a worker starts: the folder that it sees, the command, and what it is told; then one process, or one of a fork.

A worker begins as `python worker.py` behind the walls of its level. That costs as much as importing NumPy, or torch; so
where there are many hand-ins, `forks.py` starts one that has seen none, and each hand-in gets a fork of it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from . import bubblewrap, wire
from .runtime import runtime

Level = Literal["A", "B", "weak"]
INSIDE_FILES = (
    "worker.py",
    "forking.py",
    "loader.py",
    "dated.py",
    "skeleton.py",
    "stubs.py",
    "wire.py",
    "seccomp.py",
    "landlock.py",
)
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # each more takes 40 MiB of the memory


@dataclass(frozen=True)
class Limits:
    """What a worker may use: bytes, but for `cpu` (seconds in all), `files` (open at once) and `threads`."""

    memory: int = 1 << 30  # NumPy needs 135 MiB of address space
    cpu: int = 600
    files: int = 64
    threads: int = 64  # where the kernel counts them for the box alone: level A, and not for root
    file_size: int = 8 << 20
    kept: int = 64 << 10  # of what is printed
    printed: int = 64 << 20
    frame: wire.Limits = field(default_factory=wire.Limits)


TORCH = Limits(memory=4 << 30)


class Worker(Protocol):
    """A worker that was started."""

    def stop(self, grace: float) -> int | None:
        """End it and all that it started; its exit status, if it had ended by itself, or did so within these seconds.

        That of a process ended by a signal is negative, or at level A 128 and more, as a shell tells it.
        """
        ...


class Cold:
    """One of its own, in a session of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def stop(self, grace: float) -> int | None:
        """See Worker."""
        until = time.monotonic() + grace
        while True:  # without reaping it, so that its group keeps its number until it is killed
            ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended is not None or time.monotonic() > until:
                break
            time.sleep(0.005)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        return None if ended is None else code


def cold(
    command: Sequence[str], config: dict[str, Any], folder: Path, printed: int, passed: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start a worker; what it prints goes to `printed`, and it has the files `passed` too. Raises OSError."""
    return subprocess.Popen(  # noqa: S603 - our own
        [*command, json.dumps(config)],
        stdin=subprocess.DEVNULL,
        stdout=printed,
        stderr=printed,
        pass_fds=passed,
        env=dict.fromkeys(ONE_THREAD, "1"),
        cwd=folder / "submission",
        start_new_session=True,
    )


def told(name: str, limits: Limits, stubs: Sequence[str] | None) -> dict[str, Any]:
    """What is each hand-in's own."""
    return {
        "box": name,
        "stubs": None if stubs is None else list(stubs),
        "frame": asdict(limits.frame),
        "limits": {
            "CORE": 0,
            "NOFILE": limits.files,
            "FSIZE": limits.file_size,
            "CPU": limits.cpu,
            "AS": limits.memory,
            "NPROC": limits.threads,
        },
    }


def prepared(level: Level, torch: bool, folder: Path, forking: bool = False) -> tuple[list[str], dict[str, Any]]:
    """Fill the folder, which holds `submission`; the command, and what is the same for all hand-ins. Raises OSError."""
    parts = runtime(torch)
    for name in INSIDE_FILES:
        _ = shutil.copyfile(Path(__file__).with_name(name), folder / name)
    (folder / "packages").mkdir()  # the one place from which the worker imports, with links to what it may
    for package in parts.packages:
        (folder / "packages" / package.name).symlink_to(package)
    config: dict[str, Any] = {
        "torch": torch,
        "seccomp": level != "weak",
        "landlock": level == "B",
        "parent": 0 if level == "A" else os.getpid(),  # at A bubblewrap sees to it
        "counted": level == "A",
    }
    command, root = [parts.python], folder
    if level == "A":
        command, root = [*bubblewrap.command(parts, folder, forking), parts.python], bubblewrap.INSIDE
    if level == "B":
        readable, listed = parts.uncovered()
        config["readable"] = [*map(str, readable), *bubblewrap.DEVICES]
        config["listed"] = [*map(str, listed), str(folder / "packages")]
    config |= {"packages": str(root / "packages"), "submission": str(root / "submission")}
    return [*command, "-I", "-S", "-B", "-X", "utf8", str(root / "worker.py")], config
