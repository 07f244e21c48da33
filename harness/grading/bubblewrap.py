"""Level A's own wall: the command that starts a worker in namespaces of its own, where nothing else exists."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from .runtime import Runtime

INSIDE = Path("/box")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
NOBODY = "65534"


def command(runtime: Runtime, folder: Path, forking: bool = False) -> list[str]:
    """Up to the interpreter. The folder appears as /box. Raises OSError without bubblewrap.

    One that forks may make namespaces, within its own: see forking.py.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise OSError("bubblewrap is missing, but should be installed")
    kept = ["--cap-add", "CAP_SYS_ADMIN"] if forking else []
    return [program, *_namespaces(), *kept, *_files(runtime, folder), "--chdir", str(INSIDE / "submission"), "--"]


def _namespaces() -> Iterator[str]:
    """Processes, network, names, users: each its own. A root outside is nobody inside, and can do nothing of root's."""
    for kind in ("user", "pid", "net", "ipc", "uts", "cgroup-try"):
        yield f"--unshare-{kind}"
    yield from ("--uid", NOBODY, "--gid", NOBODY, "--cap-drop", "ALL")
    yield from ("--hostname", "box", "--new-session", "--die-with-parent")


def _files(runtime: Runtime, folder: Path) -> Iterator[str]:
    """All read-only, as at level B; a /tmp would be memory that nobody counts. There is no /proc and no /dev/shm."""
    for path in runtime.readable:
        yield from ("--ro-bind", str(path), str(path))
    for path in runtime.hidden:
        yield from ("--tmpfs", str(path))
    for path in runtime.packages:
        yield from ("--ro-bind", str(path), str(path))
    for path in runtime.hidden:
        yield from ("--remount-ro", str(path))
    for device in DEVICES:
        yield from ("--dev-bind", device, device)
    yield from ("--ro-bind", str(folder), str(INSIDE), "--remount-ro", "/")
