"""What the numbers were measured on: processor, threads, BLAS, GPU."""

from __future__ import annotations

import importlib
import os
import platform
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

HERE = Path(__file__).parent
CPUINFO = Path("/proc/cpuinfo")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_CORETYPE")


def about() -> dict[str, Any]:
    """As JSON."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "environment": {name: os.environ[name] for name in THREADS if name in os.environ},
        "blas": _blas(),
        "torch_cpu": torch.backends.cpu.get_cpu_capability(),
        "gpu": _gpu(),
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", CPUINFO.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _blas() -> list[dict[str, Any]] | dict[str, Any]:
    """The libraries in this process with their threads and kernels, if threadpoolctl is there; else NumPy's alone."""
    if find_spec("threadpoolctl"):
        info = importlib.import_module("threadpoolctl").threadpool_info()
        kept = ("user_api", "internal_api", "version", "num_threads", "architecture")
        return [{name: one[name] for name in kept if name in one} for one in info]
    built: Any = np.show_config(mode="dicts") or {}
    found = built.get("Build Dependencies", {}).get("blas", {})
    return {name: found[name] for name in ("name", "version", "openblas configuration") if name in found}


def _gpu() -> dict[str, Any] | None:
    """The first one, which is what "cuda" means."""
    if not torch.cuda.is_available():
        return None
    properties: Any = torch.cuda.get_device_properties(0)
    return {
        "name": properties.name,
        "memory_mb": properties.total_memory // 2**20,
        "capability": f"{properties.major}.{properties.minor}",
        "processors": properties.multi_processor_count,
        "cuda": torch.version.cuda,
        "driver": _said("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader").partition("\n")[0],
        "cudnn": torch.backends.cudnn.version(),
    }


def _commit() -> str:
    """Of the clone that this file is part of; "" if it is installed elsewhere, be it below another repository."""
    prefix, _, commit = _said("git", "-C", str(HERE), "rev-parse", "--show-prefix", "HEAD").partition("\n")
    return commit if prefix == "harness/training/" else ""


def _said(program: str, *arguments: str) -> str:
    """What a program answers; "" where it is not here, or fails."""
    found = shutil.which(program)
    if found is None:
        return ""
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    return "" if done.returncode else done.stdout.strip()
