"""backprove: is this gradient right, who is wrong when it is not, and why?

    from harness import verify

Read `check.py` first: it is the whole flow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import verifies, verify
    from .spec import Choice, Filled, From, Index, Mask, Maybe, Pick, Real, Spec
    from .verdict import Kind

__all__ = ["Choice", "Filled", "From", "Index", "Kind", "Mask", "Maybe", "Pick", "Real", "Spec", "verifies", "verify"]


def __getattr__(name: str) -> Any:
    """Import on first use: `backprove --help` should not wait for torch."""
    for module in ("spec", "verdict", "api") if name in __all__ else ():
        found = vars(importlib.import_module(f"{__name__}.{module}")).get(name)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
