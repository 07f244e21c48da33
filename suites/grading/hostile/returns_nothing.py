"""To be graded for nothing."""


def linear(input, weight, canary):
    return None
