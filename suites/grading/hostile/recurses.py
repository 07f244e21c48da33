"""To exhaust the interpreter's own stack."""


def linear(input, weight, canary):
    return linear(input, weight, canary)
