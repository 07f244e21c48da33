"""To crash the interpreter."""

import ctypes


def linear(input, weight, canary):
    _ = ctypes.string_at(0)
