"""What a step runs on: a library, a device, a way of launching and a precision, all in one name."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

PRECISIONS = ("float32", "tf32", "bfloat16")
VARIANTS = ("eager", "compile", "graph")


@dataclass(frozen=True)
class Backend:
    """NumPy, or torch on a device.

    variant    "eager"; "compile": the forward and backward through torch.compile; "graph": the step as one CUDA graph
    precision  "float32", with every product in full; "tf32": float32 whose products round their inputs to TF32;
               "bfloat16": parameters, activations and the update, with the loss itself in float32
    """

    library: str
    device: str = "cpu"
    variant: str = "eager"
    precision: str = "float32"

    @property
    def name(self) -> str:
        """As it stands in the parameters of benchmarks and after --backend."""
        if self.library == "numpy":
            return "numpy"
        plain = self.device == "cpu" and (self.variant, self.precision) == ("eager", "float32")
        return f"torch-{self.device}" if plain else f"torch-{self.device}-{self.variant}-{self.precision}"

    @property
    def number_size(self) -> int:
        """Bytes of one number."""
        return 2 if self.precision == "bfloat16" else 4

    def missing(self) -> str:
        """Why it cannot run here; "" if it can."""
        if self.device != "cuda":
            return ""
        if not _driver():
            return "no CUDA device: there is no NVIDIA driver here"
        import torch  # noqa: PLC0415 - a second and a half, which a skipped benchmark need not wait for

        return "" if torch.cuda.is_available() else f"no CUDA device: torch {torch.__version__} sees none here"

    @contextmanager
    def products(self) -> Iterator[None]:
        """Products of float32 in TF32 or in full, and afterwards as before."""
        import torch  # noqa: PLC0415

        matmul: Any = torch.backends.cuda.matmul
        cudnn: Any = torch.backends.cudnn
        before = matmul.allow_tf32, cudnn.allow_tf32
        matmul.allow_tf32 = cudnn.allow_tf32 = self.precision == "tf32"
        try:
            yield
        finally:
            matmul.allow_tf32, cudnn.allow_tf32 = before


@cache
def _driver() -> bool:
    """Whether CUDA's driver library can be loaded at all, which needs no torch."""
    for name in ("libcuda.so.1", "nvcuda.dll"):
        try:
            _ = ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


_CUDA = [Backend("torch", "cuda", variant, precision) for variant in VARIANTS for precision in PRECISIONS]
BACKENDS = {one.name: one for one in (Backend("numpy"), Backend("torch"), *_CUDA)}
