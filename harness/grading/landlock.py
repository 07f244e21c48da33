"""Level B's own wall: the process gives up every file but those named, and all that root may do.

It needs no privilege and no namespace, so it holds in a container as well. The worker calls it before it loads anything
of the submission's. The kernel counts Landlock's versions: 1 since Linux 5.13, 3 (emptying files) since 6.2.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

CREATE, ADD, RESTRICT = 444, 445, 446  # the same numbers on every machine
READ, READ_FOLDER, WRITE = 4, 8, 2
NO_NEW_PRIVILEGES, DROP_CAPABILITY, AMBIENT = 38, 24, 47
WRITABLE = ("/dev/null",)

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Which Landlock the kernel has. Raises OSError if it has none, or if it is switched off."""
    return _call(CREATE, None, ctypes.c_size_t(0), 1)


def restrict(readable: Iterable[str], listable: Iterable[str]) -> None:
    """From here on this process reads these files and folders, lists those, and has no other. Raises OSError.

    What Landlock does not look at, modes and signals among it, is refused by `seccomp`.
    """
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - alone in the box
        raise OSError("the process has several threads, but should have one: the others would stay free")
    known = version()
    files = (1 << 13) - 1 | (known >= 2) << 13 | (known >= 3) << 14 | (known >= 5) << 15
    rules = struct.pack("<Q", files)
    if known >= 4:
        rules += struct.pack("<Q", 0b11)  # TCP: bind, connect
    if known >= 6:
        rules += struct.pack("<Q", 0b11)  # abstract sockets, signals
    ruleset = _call(CREATE, ctypes.c_char_p(rules), ctypes.c_size_t(len(rules)), 0)
    for path in readable:
        _allow(ruleset, path, READ | READ_FOLDER)
    for path in listable:
        _allow(ruleset, path, READ_FOLDER)
    for path in WRITABLE:
        _allow(ruleset, path, READ | WRITE)
    drop_capabilities()
    if _libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    _ = _call(RESTRICT, ruleset, 0)
    os.close(ruleset)


def drop_capabilities() -> None:
    """What root may do beyond its own files. Raises OSError if something of it stays."""
    _ = _libc.prctl(AMBIENT, 4, 0, 0, 0)  # clears them all
    for number in range(64):
        _ = _libc.prctl(DROP_CAPABILITY, number, 0, 0, 0)  # refused without privilege, where there is nothing to drop
    header, none = struct.pack("<Ii", 0x20080522, 0), bytes(24)
    if _libc.capset(ctypes.c_char_p(header), ctypes.c_char_p(none)):
        raise OSError(ctypes.get_errno(), "capset")


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Everything beneath the path; of a file itself the rights that a file can have."""
    if not os.path.isdir(path):  # noqa: PTH112 - alone in the box, where pathlib need not be loaded
        rights &= READ | WRITE
    folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _ = _call(ADD, ruleset, 1, ctypes.c_char_p(struct.pack("<Qi", rights, folder)), 0)
    finally:
        os.close(folder)


def _call(number: int, *arguments: object) -> int:
    answer: int = _libc.syscall(number, *arguments)
    if answer < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return answer
