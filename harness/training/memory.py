"""Peak memory of a step: of CUDA's allocator, or of the process over what it held before the step was made."""

from __future__ import annotations

import ctypes
import gc
import re
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
MB = 2.0**20


class Peak:
    """From when it is made, before anything of the step is."""

    def __init__(self, device: str) -> None:
        self.device, self.baseline = device, 0.0
        _ = gc.collect()
        if device == "cuda":
            import torch  # noqa: PLC0415

            torch.cuda.empty_cache()
            torch.cuda.synchronize()
            self.baseline = torch.cuda.memory_allocated() / MB
            torch.cuda.reset_peak_memory_stats()
        else:
            _give_back()
            self.baseline, self.forgotten = _held("VmRSS"), _forget()

    def again(self) -> None:
        """Forget the most so far, which was needed for a check; what there was before stays the baseline.

        On CUDA all is kept: a check takes nothing there, and what a graph needs is seen only while it is captured.
        """
        if self.device != "cuda":
            _ = gc.collect()
            _give_back()
            self.forgotten = _forget()

    def mb(self) -> float | None:
        """The most since then, over what there was; None where the system does not say."""
        if self.device == "cuda":
            import torch  # noqa: PLC0415

            return torch.cuda.max_memory_allocated() / MB - self.baseline
        return max(0.0, _held("VmHWM") - self.baseline) if self.forgotten else None


def _give_back() -> None:
    """What was freed goes back to the system: else the step would live in it, and seem to need nothing."""
    try:
        _ = ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # another C library
        return


def _forget() -> bool:
    """Let the system's high-water mark start from now: Linux does, where this may be written."""
    try:
        _ = CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _held(field: str) -> float:
    try:
        found = re.search(rf"^{field}:\s+(\d+) kB", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        found = None
    return int(found[1]) / 1024 if found else 0.0
