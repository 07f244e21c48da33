"""Parameters of layers that torch.nn has as classes only: they arrive under the names of the class's state_dict."""

from __future__ import annotations

from collections.abc import Mapping

from ._array import Array, Shape, check

Parameters = dict[str, Array]


def given(parameters: Mapping[str, Array | None]) -> Parameters:
    """Those that are not None."""
    return {name: array for name, array in parameters.items() if array is not None}


def check_parameters(parameters: Parameters, shapes: Mapping[str, Shape]) -> None:
    """Refuse parameters that are missing, of another shape or superfluous."""
    for name, shape in shapes.items():
        check(name in parameters, name, "missing", f"given, of shape {shape}")
        check(parameters[name].shape == shape, f"{name}.shape", parameters[name].shape, f"{shape}")
    for name in parameters:
        check(name in shapes, name, "given", f"left out, the parameters being {', '.join(shapes)}")


def check_dropout(p: float, mask: Array | None, shape: Shape, *, name: str = "dropout") -> None:
    """Refuse what is no probability, and a draw that is missing or does not fit."""
    check(0 <= p <= 1, name, p, "a probability, from 0 to 1")
    check(mask is not None or p in (0, 1) or 0 in shape, "dropout_mask", "None", f"given, of shape {shape}")
    if mask is not None:
        check(mask.dtype == bool, "dropout_mask.dtype", mask.dtype, "bool: True where an entry is kept")
        check(mask.shape == shape, "dropout_mask.shape", mask.shape, f"{shape}")
