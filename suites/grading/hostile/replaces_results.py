"""To put another folder in the place of the results'."""

import os


def linear(input, weight, canary):
    os.rename(canary["folder"], canary["folder"] + "-old")
    return input @ weight.T
