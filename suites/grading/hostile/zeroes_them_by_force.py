"""To change inputs which are marked read-only."""

import ctypes


def linear(input, weight, canary):
    for array in (input, weight):
        _ = ctypes.memset(array.ctypes.data, 0, array.nbytes)
    return input @ weight.T
