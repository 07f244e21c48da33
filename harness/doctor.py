"""What this machine can do: how well it confines a hand-in, what computes here, in which versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .grading.levels import found

PACKAGES = ("backprove", "numpy", "scipy", "torch", "hypothesis")
MEANS = {
    "A": "bubblewrap: namespaces of its own, seccomp, limits",
    "B": "Landlock, seccomp, limits, for containers",
}
Row = tuple[str, bool | None, str, str]  # what, whether it is good (None: neither), how it is, and what to do


def rows() -> list[Row]:
    """All findings, the isolation first: each level was tried just now."""
    return [*isolation(), *compute(), ("versions", None, ", ".join(_versions()), "")]


def isolation() -> list[Row]:
    """The level that `grade` takes, and each with why it is not there."""
    levels = found()
    best = next((name for name, level in levels.items() if level), "")
    none = "no hand-in is graded without walls, unless asked for by --isolation weak"
    chosen = f"level {best}" if best else "none"
    told: list[Row] = [("isolation", bool(best), chosen, "" if best else none)]
    for name, level in levels.items():
        told.append((f"  level {name}", bool(level), level.reason or MEANS[name], level.advice))
    return told


def compute() -> list[Row]:
    """Processors, BLAS and its threads, torch and CUDA."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    told: list[Row] = [("processors", None, f"{allowed} for this process, of {os.cpu_count()}; {_name()}", "")]
    told.append(("BLAS", None, _blas(), ""))
    told.append(_cuda())
    return told


def _blas() -> str:
    """NumPy's library, and how many threads it may use."""
    import numpy as np  # noqa: PLC0415 - so that help is quick

    built: Any = np.show_config(mode="dicts") or {}
    library = built.get("Build Dependencies", {}).get("blas", {})
    names = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
    threads = ", ".join(f"{name}={os.environ[name]}" for name in names if name in os.environ)
    return f"{library.get('name', 'unknown')} {library.get('version', '')}; {threads or 'as many threads as it likes'}"


def _cuda() -> Row:
    import torch  # noqa: PLC0415 - two seconds

    if torch.cuda.is_available():
        devices = {torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())}
        return "CUDA", True, f"{torch.version.cuda}: {torch.cuda.device_count()} × {', '.join(devices)}", ""
    if torch.version.cuda is None:
        return "CUDA", None, "none: this torch is built without it", "see pytorch.org for a build with CUDA"
    return "CUDA", None, f"none: torch is built for {torch.version.cuda}, but finds no device", "see nvidia-smi"


def _versions() -> list[str]:
    told = [f"Python {platform.python_version()}", f"{platform.system()} {platform.release()}"]
    for name in PACKAGES:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            told.append(f"{name} (not installed)")
    return told


def _name() -> str:
    return platform.processor() or platform.machine()
