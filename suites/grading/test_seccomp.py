"""The filter, run here as the kernel would run it, for both machines."""

import re
import struct
from pathlib import Path

import pytest

from harness.grading import seccomp
from harness.grading.seccomp import ALLOW, ALLOWED, BY_ARGUMENT, EACCES, ENOSYS, EPERM, KILL, MACHINES, REFUSED

PID = 4711
HEADERS = {"x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "/usr/include/asm-generic/unistd.h"}
NUMBERS = {one: seccomp.numbers(",".join((ALLOWED, BY_ARGUMENT, REFUSED)), MACHINES[one][0]) for one in MACHINES}
CASES = [
    ("read", (0,), ALLOW),
    ("mmap", (0,), ALLOW),
    ("exit_group", (0,), ALLOW),
    ("execve", (0,), EPERM),
    ("socket", (2, 1), EPERM),
    ("ptrace", (16, PID), EPERM),
    ("clone", (0x3D0F00,), ALLOW),  # as the C library starts a thread
    ("clone", (17,), EPERM),  # as it forks
    ("clone", (0x10010000,), EPERM),  # a thread in a new namespace of users
    ("kill", (PID, 9), ALLOW),
    ("kill", (PID + 1, 9), EPERM),
    ("kill", (2**64 - 1, 9), EPERM),
    ("kill", (0, 9), EPERM),
    ("tgkill", (PID, PID, 6), ALLOW),
    ("tgkill", (1, 1, 9), EPERM),
    ("tkill", (PID, 9), EPERM),
    ("fcntl", (0, 1), ALLOW),
    ("fcntl", (0, 8), EPERM),
    ("fcntl", (0, 2**32 + 8), EPERM),
    ("ioctl", (0, 0x5401), ALLOW),
    ("ioctl", (0, 0x5412), EPERM),
    ("prctl", (15,), ALLOW),
    ("prctl", (1,), EPERM),
    ("prlimit64", (0, 7, 0, 1 << 40), ALLOW),
    ("prlimit64", (0, 7, 1 << 40, 0), EPERM),
    ("prlimit64", (0, 7, 1 << 20, 0), EPERM),
    ("openat", (0, 0, 0o1000), ALLOW),
]


def run(program: bytes, audit: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """What the filter answers."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    code = [struct.unpack_from("<HBBI", program, 8 * i) for i in range(len(program) // 8)]
    at, held = 0, 0
    while True:
        operation, yes, no, operand = code[at]
        at += 1
        if operation == seccomp.RETURN:
            return operand
        if operation == seccomp.LOAD:
            held = struct.unpack_from("<I", data, operand)[0]
        else:
            tests = {
                seccomp.EQUAL: held == operand,
                seccomp.GREATER: held > operand,
                seccomp.AT_LEAST: held >= operand,
                seccomp.ANY_BIT: bool(held & operand),
            }
            at += yes if tests[operation] else no


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("name", "arguments", "answer"), CASES)
def test_each_rule(machine: str, name: str, arguments: tuple[int, ...], answer: int) -> None:
    """What is allowed is, by the values of its arguments where there is a rule."""
    assert run(seccomp.program(machine, PID), MACHINES[machine][1], NUMBERS[machine][name], arguments) == answer


@pytest.mark.parametrize("machine", MACHINES)
def test_every_number(machine: str) -> None:
    """Exactly the listed calls pass; each other one up to 2000 does not, nor one of another machine's."""
    program, audit = seccomp.program(machine, PID), MACHINES[machine][1]
    column = MACHINES[machine][0]
    allowed = set(seccomp.numbers(ALLOWED, column).values())
    refused = set(seccomp.numbers(REFUSED, column).values())
    ruled = set(seccomp.numbers(BY_ARGUMENT, column).values())
    assert len(allowed) + len(refused) + len(ruled) == len(NUMBERS[machine])
    for number in set(range(2000)) - ruled:
        answer = ALLOW if number in allowed else EPERM if number in refused else ENOSYS
        assert run(program, audit, number) == answer
    assert run(program, audit, (1 << 30) + 57) == ENOSYS
    assert {run(program, other, number) for other in (0x40000003, 0, 0xC00000F3) for number in range(500)} == {KILL}
    assert len(program) // 8 < 400


@pytest.mark.parametrize("machine", MACHINES)
def test_no_emptying(machine: str) -> None:
    """Where Landlock does not see to it, the filter does."""
    program, audit = seccomp.program(machine, PID, truncating=False), MACHINES[machine][1]
    assert run(program, audit, NUMBERS[machine]["openat"], (0, 0, 0o1000)) == EACCES
    assert run(program, audit, NUMBERS[machine]["openat"], (0, 0, 0)) == ALLOW
    if machine == "x86_64":
        assert run(program, audit, NUMBERS[machine]["open"], (0, 0o1001)) == EACCES


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernels(machine: str) -> None:
    """As its headers have them, where they are installed."""
    if not Path(HEADERS[machine]).exists():
        pytest.skip(f"{HEADERS[machine]} is missing: install linux-libc-dev")
    text = Path(HEADERS[machine]).read_text()
    kernels = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", text)}
    assert {
        name: kernels.get("fstatat" if name == "newfstatat" and machine == "aarch64" else name)
        for name in NUMBERS[machine]
    } == NUMBERS[machine]


def test_another_machine() -> None:
    """It is said which there are."""
    with pytest.raises(OSError, match="the machine is riscv64, but should be one of x86_64, aarch64"):
        _ = seccomp.program("riscv64", PID)
