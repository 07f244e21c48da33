"""The adapter of the hostile submissions: runs in the box, beside them."""

import layer  # pyright: ignore[reportMissingImports]


def linear(input, weight, canary):
    """Their one function, as arrays by name."""
    result = layer.linear(input, weight, canary)
    return result if isinstance(result, dict) else {"output": result}
