"""To take all memory, little by little."""

import numpy as np


def linear(input, weight, canary):
    kept = []
    while True:
        kept.append(np.zeros(1 << 21))
