"""The moves that layers share, each safe for the sharp derivative sources.

A reference is also evaluated on complex arrays (the complex step) and on longdouble. So nothing here, and nothing
in a reference, may conjugate, take a modulus or cast to float: `np.abs`, `np.var`, `np.std` and `np.linalg.norm` do
that silently. Comparisons look at the real part only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Gradients = dict[str, Array]
Pullback = Callable[..., Gradients]
Shape = tuple[int, ...]


def check(holds: bool, name: str, value: object, should: str) -> None:
    """Refuse a value in one sentence: "name is value, but should be …"."""
    if not holds:
        raise ValueError(f"{name} is {value}, but should be {should}")


def check_floating(**arrays: Array | None) -> None:
    """Refuse what is no floating (or complex) array, and arrays of different dtypes."""
    first = None
    for name, array in arrays.items():
        if array is None:
            continue
        kind = type(array).__name__
        if not isinstance(array, np.ndarray | np.generic):
            raise TypeError(f"{name} is of type {kind}, but should be a NumPy array")
        if array.dtype.kind not in "fc":
            raise TypeError(f"{name} is of dtype {array.dtype}, but should be floating, such as float64")
        first = first or (name, array.dtype)
        if array.dtype != first[1]:
            raise TypeError(f"{name} is of dtype {array.dtype}, but should be {first[1]}, as {first[0]}")


def check_integer(**arrays: Array | None) -> None:
    """Refuse what is no integer array."""
    for name, array in arrays.items():
        if array is None:
            continue
        if not isinstance(array, np.ndarray | np.generic):
            raise TypeError(f"{name} is of type {type(array).__name__}, but should be a NumPy array")
        if array.dtype.kind not in "iu":
            raise TypeError(f"{name} is of dtype {array.dtype}, but should be an integer, such as int64")


def sum_to(shape: Shape, array: Array) -> Array:
    """Undo broadcasting: add up `array` (…) over the axes along which `shape` was stretched. Always a fresh array."""
    extra = tuple(range(array.ndim - len(shape)))
    stretched = tuple(axis for axis, size in enumerate(shape, len(extra)) if size == 1 and array.shape[axis] != 1)
    return np.array(array.sum(extra + stretched, keepdims=True) if extra + stretched else array).reshape(shape)


def absolute(x: Array) -> Array:
    """|x| for the complex step: the sign of the real part decides, and 0 counts as positive."""
    return np.where(x.real < 0, -x, x)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x) without overflow: e is raised to negative powers only."""
    decay = np.exp(-absolute(x))
    return np.where(x.real < 0, decay, 1) / (1 + decay)
