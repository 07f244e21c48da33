"""Nothing: it computes what it should, with a module of NumPy's that is imported on the way."""

import numpy as np


def linear(input, weight, canary):
    order = np.random.default_rng(0).permutation(len(input))
    output = np.empty((len(input), len(weight)))
    output[order] = input[order] @ weight.T
    return output
