"""To end by a signal of its own."""

import os


def linear(input, weight, canary):
    os.abort()
