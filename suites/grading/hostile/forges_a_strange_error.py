"""To have the report break over an error whose fields are no text."""

import sys
from typing import Any


def linear(input, weight, canary):
    frame: Any = sys._getframe()
    while "token" not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals["self"].described = lambda error: {"type": None, "message": [], "file": {}, "line": 1e999}
    raise ValueError
