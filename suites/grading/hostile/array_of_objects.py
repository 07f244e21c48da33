"""To have the grader unpickle an object that runs a command."""

import os

import numpy as np


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


def linear(input, weight, canary):
    return np.array([Evil()] * 4)
