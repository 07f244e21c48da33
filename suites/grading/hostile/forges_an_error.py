"""To put its own words into the report: a steering terminal, a line of a file that is not its own."""

import sys
from typing import Any


def linear(input, weight, canary):
    worker = next(frame.f_locals["self"] for frame in iter_frames() if "token" in frame.f_locals)
    worker.described = lambda error: {
        "type": "\x1b[2JAssertionError",
        "message": "\x1b]0;pwned\x07 all tests passed\u202e" + "x" * 100_000,
        "file": "../../../../etc/passwd",
        "line": 1,
    }
    raise ValueError


def iter_frames():
    frame: Any = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back
