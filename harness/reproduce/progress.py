"""How far a run is, and how long the rest will take: a bar where somebody watches, else a line for each figure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

LINES = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.fields[left]}  {task.description}"))


class Watch:
    """Counts by weight. What comes from checkpoints takes no time, and is not what the rest is reckoned from."""

    def __init__(self, total: float, bar: Progress | None, console: Console) -> None:
        self.total, self.bar, self.console = total, bar, console
        self.task: TaskID | None = bar.add_task("", total=total, left="") if bar else None
        self.begun = self.started = time.monotonic()
        self.done = self.weight = self.worked = 0.0
        self.name = ""

    def start(self, name: str, weight: float) -> None:
        """A figure."""
        self.name, self.weight, self.started = name, weight, time.monotonic()
        self.part(0.0, "")

    def part(self, part: float, what: str) -> None:
        """So much of the figure, from 0 to 1, and what is done now."""
        if self.bar is not None and self.task is not None:
            done = self.done + part * self.weight
            line = f"{self.name}: {what}" if what else self.name
            self.bar.update(self.task, completed=done, description=line, left=self.left(part))

    def finish(self, said: str, fresh: bool) -> None:
        """The figure, what came of it, and whether anything of it was run."""
        took = time.monotonic() - self.started
        self.done += self.weight
        if fresh:
            self.worked += self.weight
        else:
            self.begun += took
        if self.bar is None:
            left = self.left(0.0)
            line = f"{self.name}: {said} ({took:.1f} s{', ' + left if left else ''})"
            self.say(line)

    def say(self, line: str) -> None:
        """As it is, above the bar."""
        self.console.print(line, highlight=False, soft_wrap=True, markup=False)

    def left(self, part: float) -> str:
        """The time for the rest, if it can be told already."""
        worked = self.worked + part * self.weight
        rest = self.total - self.done - part * self.weight
        if worked <= 0 or rest <= 0:
            return ""
        seconds = rest * (time.monotonic() - self.begun) / worked
        return f"about {timedelta(seconds=round(seconds))} to go"


@contextmanager
def watch(total: float) -> Iterator[Watch]:
    """For figures of this weight in all."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Watch(total, None, console)
        return
    with Progress(*LINES, console=console, transient=True) as bar:
        yield Watch(total, bar, console)
