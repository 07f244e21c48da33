"""How far a class is: counts, rate, remaining time. A bar where somebody is watching, else a line now and then."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

LINE_SECONDS = 30.0  # between two lines in a log
RECENT = 120.0  # seconds; the rate is of these


class Shown:
    """Counts what is done and says so on stderr. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = Console(stderr=True, highlight=False, markup=False)
        self.bar = Progress(
            BarColumn(), TextColumn("{task.description}"), console=self.console, transient=True,
            disable=not self.console.is_terminal,
        )  # fmt: skip
        self.clock, self.total, self.late, self.counts = clock, 0, 0, Counter[str]()
        self._task = self.bar.add_task("")
        self._times: deque[float] = deque([clock()])
        self._told = clock()

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bar.stop()

    def begin(self, total: int) -> None:
        """From now on it is so many in all, and the rate is another."""
        self.total, self.late = total, 0
        self._times = deque([self.clock()])
        self._show()

    def later(self) -> None:
        """One more that is done again in the end."""
        self.late += 1
        self._ticked()

    def done(self, kind: str) -> None:
        """One more, of this kind."""
        self.counts[kind] += 1
        self._ticked()

    def _ticked(self) -> None:
        now = self.clock()
        self._times.append(now)
        while len(self._times) > 2 and self._times[0] < now - RECENT:
            _ = self._times.popleft()
        self._show()
        if not self.console.is_terminal and now - self._told >= LINE_SECONDS:
            self._told = now
            self.say(self.line())

    def line(self) -> str:
        """As in "612 of 1000 · 305 a minute · 1:16 left · 3 infra"; what is done later is not in what is left."""
        done = self.counts.total()
        parts = [f"{done} of {self.total}"]
        span = self._times[-1] - self._times[0]
        if span > 0:
            rate = (len(self._times) - 1) / span
            left = _clock((self.total - done - self.late) / rate)
            parts += [f"{60 * rate:.0f} a minute", f"{left} left" + (f" for all but {self.late}" if self.late else "")]
        parts += [f"{count} {kind}" for kind, count in sorted(self.counts.items()) if kind != "graded"]
        return " · ".join(parts)

    def say(self, line: str) -> None:
        """A line that stays."""
        self.console.print(line, soft_wrap=True)

    def _show(self) -> None:
        self.bar.update(self._task, total=self.total, completed=self.counts.total(), description=self.line())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
