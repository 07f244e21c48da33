"""To take 3 GiB."""

import numpy as np


def linear(input, weight, canary):
    return np.ones(3 << 27)
