"""The moves that layers share, each safe for the sharp derivative sources.

A reference is also evaluated on complex arrays (the complex step) and on longdouble. So nothing here, and nothing
in a reference, may conjugate a complex number, take its modulus or cast it to float: `np.abs`, `np.var`, `np.std` and
`np.linalg.norm` do that silently. Comparisons look at the real part only.
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


def check_dim(dim: int, array: Array, of: str = "input", name: str = "dim") -> None:
    """Refuse what is no axis of `array`; an array without axes takes 0 and -1, as in torch."""
    axes = max(array.ndim, 1)
    check(-axes <= dim < axes, name, dim, f"an axis of {of}, of shape {array.shape}")


def axes_of(dim: int | Shape | None, array: Array, of: str = "input") -> Shape:
    """The axes that `dim` names, one or several, counted from the front; all of them for None and (), as in torch."""
    if dim is None or dim == ():
        return tuple(range(array.ndim))
    dims = dim if isinstance(dim, tuple | list) else (dim,)
    for one in dims:
        check_dim(one, array, of)
    axes = tuple(one % max(array.ndim, 1) for one in dims)
    check(len(set(axes)) == len(axes), "dim", dim, "without repetition")
    return axes if array.ndim else ()


def check_broadcast(**arrays: Array) -> None:
    """Refuse two arrays that do not broadcast: from the last axis on, sizes are equal, or one of them is 1."""
    check_floating(**arrays)
    (left, a), (right, b) = arrays.items()
    fits = all(m == n or 1 in (m, n) for m, n in zip(a.shape[::-1], b.shape[::-1], strict=False))
    check(fits, f"{right}.shape", b.shape, f"one that broadcasts with {a.shape}, the shape of {left}")


def sum_to(shape: Shape, array: Array) -> Array:
    """Undo broadcasting: add up `array` (…) over the axes along which `shape` was stretched. Always a fresh array."""
    extra = tuple(range(array.ndim - len(shape)))
    stretched = tuple(axis for axis, size in enumerate(shape, len(extra)) if size == 1 and array.shape[axis] != 1)
    return np.array(array.sum(extra + stretched, keepdims=True) if extra + stretched else array).reshape(shape)


def scatter_rows(shape: Shape, index: Array, rows: Array) -> Array:
    """Add each of `rows` to the row of its index, in zeros of `shape`: the derivative of looking rows up."""
    total = np.zeros(shape, rows.dtype)
    if index.size:
        # Side by side, the rows of one index are one sum.
        index = index.reshape(-1)
        order = np.argsort(index, kind="stable")
        ordered, rows = index[order], rows.reshape(index.size, *shape[1:])[order]
        first = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
        total[ordered[first]] = np.add.reduceat(rows, first)
    return total


# Of complex numbers the sign of the real part decides, and 0 counts as positive. Of real numbers a processor takes the
# larger without guessing which it is; `np.where` guesses at every entry, is wrong at half of them, and takes many times
# as long.


def absolute(x: Array) -> Array:
    """|x|."""
    return np.where(x.real < 0, -x, x) if x.dtype.kind == "c" else np.abs(x)


def positive_part(x: Array) -> Array:
    """max(x, 0)."""
    return np.where(x.real < 0, 0, x) if x.dtype.kind == "c" else np.maximum(x, 0)


def negative_part(x: Array) -> Array:
    """min(x, 0)."""
    return np.where(x.real < 0, x, 0) if x.dtype.kind == "c" else np.minimum(x, 0)


def between(x: Array, low: float, high: float) -> Array:
    """x, kept from `low` to `high`."""
    if x.dtype.kind == "c":
        return np.where(x.real <= low, low, np.where(x.real >= high, high, x))
    return np.minimum(np.maximum(x, low), high)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x) without overflow: e is raised to negative powers only."""
    decay = np.exp(-absolute(x))  # at most 1
    above = np.where(x.real < 0, decay, 1) if x.dtype.kind == "c" else np.maximum(decay, x >= 0)
    return above / (1 + decay)


def log1p(x: Array) -> Array:
    """log(1 + x), exact for small complex x as well, where NumPy's own loses the small real part."""
    return 2 * np.arctanh(x / (2 + x)) if x.dtype.kind == "c" else np.log1p(x)


def log1p_exp(x: Array) -> Array:
    """log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which never overflows."""
    return positive_part(x) + log1p(np.exp(-absolute(x)))


def normal_cdf(x: Array) -> Array:
    """The probability that a standard normal number is below x."""
    if x.dtype.char not in "gG":
        from scipy import special  # noqa: PLC0415 - takes longer to load than all the rest

        return special.ndtr(x)
    # SciPy has no longdouble. Near 0 the part above |x| is 1/2 - density (x + x³/3 + x⁵/(3·5) + …); farther out it is
    # density / (x + 1 / (x + 2 / (x + …))).
    size = absolute(x)
    near = size.real < 2
    low, high = np.where(near, size, 0), np.where(near, 2, size)
    term = total = low
    for odd in range(3, 81, 2):
        term = term * low * low / odd
        total = total + term
    fraction = high
    for step in range(120, 0, -1):
        fraction = high + step / fraction
    density = np.exp(-size * size / 2) / np.sqrt(8 * np.arctan(x.dtype.type(1)))
    above = np.where(near, 0.5 - density * total, density / fraction)
    return np.where(x.real < 0, above, 1 - above)


def elementwise(output: Array, slope: Callable[[], Array]) -> tuple[Array, Pullback]:
    """A function of each entry of `input` alone: its Jacobian is diagonal, with `slope()` on the diagonal."""

    def elementwise_pullback(d_output: Array) -> Gradients:
        return {"input": d_output * slope()}

    return output, elementwise_pullback
