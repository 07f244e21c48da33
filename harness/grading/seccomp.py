"""The system calls that a worker keeps: to compute, to read, to wait; no process, no socket, no other's signal.

A list of what is allowed, so that a call which a later kernel brings is refused before anybody has heard of it. The
filter is assembled here, since libseccomp, and what binds it to Python, are missing from a fresh machine. What is not
in the lists gives ENOSYS, for which the C library has another way; what somebody would try gives EPERM. Without new
processes the limit on one process's memory is the limit on all of it.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

# The column of the numbers below, and the kernel's name for the machine.
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

ALLOWED = """
    read 0 63, write 1 64, pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66, preadv 295 69,
    pwritev 296 70, preadv2 327 286, pwritev2 328 287, open 2 -, openat 257 56, close 3 57, close_range 436 436,
    lseek 8 62, stat 4 -, fstat 5 80, lstat 6 -, newfstatat 262 79, statx 332 291, access 21 -, faccessat 269 48,
    faccessat2 439 439, readlink 89 -, readlinkat 267 78, getdents 78 -, getdents64 217 61, getcwd 79 17,
    chdir 80 49, fchdir 81 50, dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -, pipe2 293 59, statfs 137 43,
    fstatfs 138 44, fadvise64 221 223, readahead 187 213, fsync 74 82, fdatasync 75 83,
    umask 95 166, sendfile 40 71, copy_file_range 326 285, creat 85 -, unlink 87 -, unlinkat 263 35, mkdir 83 -,
    mkdirat 258 34, rmdir 84 -, rename 82 -, renameat 264 38, renameat2 316 276, ftruncate 77 46, fallocate 285 47,

    brk 12 214, mmap 9 222, mprotect 10 226, munmap 11 215, mremap 25 216, madvise 28 233, msync 26 227,
    mincore 27 232, mlock 149 228, munlock 150 229, membarrier 324 283,

    futex 202 98, futex_waitv 449 449, set_robust_list 273 99, get_robust_list 274 100, set_tid_address 218 96,
    gettid 186 178, rseq 334 293, arch_prctl 158 -, sched_yield 24 124, sched_getaffinity 204 123,
    sched_getparam 143 121, sched_getscheduler 145 120, sched_get_priority_max 146 125,
    sched_get_priority_min 147 126, sched_rr_get_interval 148 127, getcpu 309 168, exit 60 93, exit_group 231 94,
    restart_syscall 219 128, wait4 61 260, waitid 247 95,

    rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigsuspend 130 133,
    rt_sigtimedwait 128 137, sigaltstack 131 132, pause 34 -, alarm 37 -, setitimer 38 103, getitimer 36 102,

    clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115, nanosleep 35 101, gettimeofday 96 169,
    time 201 -, times 100 153, timer_create 222 107, timer_settime 223 110, timer_gettime 224 108,
    timer_getoverrun 225 109, timer_delete 226 111, timerfd_create 283 85, timerfd_settime 286 86,
    timerfd_gettime 287 87, poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -,
    epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441,
    eventfd 284 -, eventfd2 290 19,

    getpid 39 172, getppid 110 173, getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177,
    getgroups 115 158, getresuid 118 148, getresgid 120 150, getpgid 121 155, getpgrp 111 -, getsid 124 156,
    getrlimit 97 163, getrusage 98 165, getpriority 140 141, uname 63 160, sysinfo 99 179, capget 125 90,
    getrandom 318 278
"""
BY_ARGUMENT = "clone 56 220, prctl 157 167, fcntl 72 25, ioctl 16 29, kill 62 129, tgkill 234 131, prlimit64 302 261"
REFUSED = """
    fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, socket 41 198, socketpair 53 199, connect 42 203,
    bind 49 200, ptrace 101 117, tkill 200 130, setrlimit 160 164, chmod 90 -, fchmod 91 52, fchmodat 268 53,
    unshare 272 97, setns 308 268, mount 165 40, process_vm_readv 310 270, process_vm_writev 311 271
"""

CLONE_THREAD, CLONE_NEW = 0x0001_0000, 0x7E02_0080  # a thread; a namespace of any kind
FCNTL = (0, 1, 2, 3, 4, 1030, 1032)  # duplicate, flags, a pipe's size: no F_SETOWN, no lock
IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it a terminal, how much is there, close on exec
PRCTL = (3, 15, 16, 23, 39, 0x53564D41)  # names and questions: no PR_SET_PDEATHSIG
O_TRUNC = 0o1000

LOAD, EQUAL, GREATER, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
ALLOW, KILL, EPERM, EACCES, ENOSYS = 0x7FFF_0000, 0x8000_0000, 0x0005_0001, 0x0005_000D, 0x0005_0026
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16  # where struct seccomp_data has them

Instruction = tuple[int, int, int, int]  # the operation, how many to skip if it holds, if not, the operand


def program(machine: str, pid: int, truncating: bool = True) -> bytes:
    """The filter for a process of this id. Without `truncating` no file can be opened to be emptied."""
    if machine not in MACHINES:
        raise OSError(
            f"the machine is {machine}, but should be one of {', '.join(MACHINES)} to have its calls filtered"
        )
    column, audit = MACHINES[machine]
    by_argument = numbers(BY_ARGUMENT, column)
    rules = {
        "clone": [*_with_bits(0, CLONE_NEW, EPERM), *_with_bits(0, CLONE_THREAD, ALLOW), _return(EPERM)],
        "prctl": _only(0, PRCTL),
        "fcntl": _only(1, FCNTL),
        "ioctl": _only(1, IOCTL),
        "kill": _only(0, [pid]),
        "tgkill": _only(0, [pid]),
        # It may ask for a limit, which is when the address of the new one is 0, in both its halves.
        "prlimit64": [_load(2), (EQUAL, 0, 1, 0), _load(2, 4), (EQUAL, 0, 1, 0), _return(ALLOW), _return(EPERM)],
    }
    allowed = numbers(ALLOWED, column)
    if not truncating:
        for name, argument in (("open", 1), ("openat", 2)):
            if name in allowed:
                by_argument[name] = allowed.pop(name)
                rules[name] = [*_with_bits(argument, O_TRUNC, EACCES), _return(ALLOW)]
    code: list[Instruction] = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, audit), _return(KILL), (LOAD, 0, 0, NUMBER)]
    for name, number in by_argument.items():
        code += [(EQUAL, 0, len(rules[name]), number), *rules[name]]
    for low, high in _ranges(allowed.values()):
        code += [(AT_LEAST, 0, 2, low), (GREATER, 1, 0, high), _return(ALLOW)]
    for number in numbers(REFUSED, column).values():
        code += [(EQUAL, 0, 1, number), _return(EPERM)]
    return b"".join(struct.pack("<HBBI", *one) for one in [*code, _return(ENOSYS)])


def install(filter: bytes) -> None:
    """Put every thread of this process under the filter, for good. Raises OSError."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    libc = ctypes.CDLL(None, use_errno=True)
    wanted = Program(len(filter) // 8, filter)
    if libc.prctl(38, 1, 0, 0, 0):  # no new privileges: the kernel's condition
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    number = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
    if libc.syscall(number, 1, 1, ctypes.byref(wanted)):  # SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC
        raise OSError(ctypes.get_errno(), "seccomp")


def numbers(table: str, column: int) -> dict[str, int]:
    """The calls of a table and their numbers on one machine."""
    rows = (row.split() for row in table.split(","))
    return {name: int(both[column]) for name, *both in rows if both[column] != "-"}


def _load(argument: int, half: int = 0) -> Instruction:
    """The lower half of an argument, or the upper."""
    return LOAD, 0, 0, ARGUMENTS + 8 * argument + half


def _return(answer: int) -> Instruction:
    return RETURN, 0, 0, answer


def _only(argument: int, values: Iterable[int]) -> list[Instruction]:
    """Allowed for these values. The kernel takes such an argument for a number of 32 bits, so the lower half is all."""
    code = [_load(argument)]
    for value in values:
        code += [(EQUAL, 0, 1, value), _return(ALLOW)]
    return [*code, _return(EPERM)]


def _with_bits(argument: int, bits: int, answer: int) -> list[Instruction]:
    """The answer if any of the bits is set."""
    return [_load(argument), (ANY_BIT, 0, 1, bits), _return(answer)]


def _ranges(of: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbours joined: first and last number of each run."""
    runs: list[tuple[int, int]] = []
    for one in sorted(of):
        if runs and runs[-1][1] == one - 1:
            runs[-1] = (runs[-1][0], one)
        else:
            runs.append((one, one))
    return runs
