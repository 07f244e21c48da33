"""Runs in the box: what is only dated. Python 2 is told from a mistake, and names that NumPy dropped are there."""

from __future__ import annotations

import re
from typing import Any

PYTHON_2 = {
    "Missing parentheses in call to 'print'": "print is a function in Python 3: print(...)",
    "Missing parentheses in call to 'exec'": "exec is a function in Python 3",
    "multiple exception types must be parenthesized": "write `except Error as error:`",
    "leading zeros in decimal integer literals": "octal numbers are written 0o17 in Python 3",
    "inconsistent use of tabs and spaces": "tabs and spaces may not be mixed in Python 3",
}
GONE = {
    "xrange": "range",
    "raw_input": "input",
    "unicode": "str",
    "basestring": "str",
    "long": "int",
    "unichr": "chr",
    "reduce": "functools.reduce",
    "izip": "zip",
}
GONE_METHODS = {"iteritems": "items", "itervalues": "values", "iterkeys": "keys", "has_key": "`in`"}


def of_source(message: str, data: bytes) -> str:
    """What is wrong with a source, for a student."""
    for said, better in PYTHON_2.items():
        if said in message:
            return f"this is Python 2, but should be Python 3: {better}"
    if b"\0" in data:
        return "this is no text, but should be Python source"
    if "unicode error" in message or "codec can't decode" in message or "encoding" in message:
        return f"this is not UTF-8, but should be: {message}"
    if re.search(rb"(?m)^\s*(print\s+[\"'\w]|exec\s+[\"'\w]|raise\s+\w+\s*,)", data):
        return f"this is Python 2, but should be Python 3: {message}"
    return message


def of_error(error: BaseException) -> str:
    """The message of an exception that Python 2 would not have raised; else ""."""
    name = str(getattr(error, "name", "") or "")
    if isinstance(error, NameError) and name in GONE:
        return f"{error}: this is Python 2, in Python 3 it is {GONE[name]}"
    if isinstance(error, AttributeError) and name in GONE_METHODS:
        return f"{error}: this is Python 2, in Python 3 it is {GONE_METHODS[name]}"
    return ""


def old_numpy() -> None:
    """The names that NumPy has dropped, and the old name of an argument."""
    import numpy as np  # noqa: PLC0415

    same: dict[str, Any] = {
        "float": float,
        "int": int,
        "complex": complex,
        "object": object,
        "str": str,
        "long": int,
        "unicode": str,
        "float_": np.float64,
        "complex_": np.complex128,
        "product": np.prod,
        "cumproduct": np.cumprod,
        "alltrue": np.all,
        "sometrue": np.any,
        "NaN": np.nan,
        "NAN": np.nan,
        "Inf": np.inf,
        "Infinity": np.inf,
        "infty": np.inf,
        "row_stack": np.vstack,
        "round_": np.round,
        "in1d": np.isin,
        "trapz": getattr(np, "trapezoid", None),
        "asfarray": lambda a, dtype=np.float64: np.asarray(a, dtype),
        "msort": lambda a: np.sort(a, axis=0),
    }
    for name, value in same.items():
        if name not in vars(np):
            setattr(np, name, value)
    new = np.reshape

    def reshape(a: Any, *args: Any, **kwargs: Any) -> Any:
        if "newshape" in kwargs:
            kwargs["shape"] = kwargs.pop("newshape")
        return new(a, *args, **kwargs)

    np.reshape = reshape  # type: ignore[assignment]
