"""From what there is left to do to nothing: the one loop that submits, waits and keeps.

What a hand-in did is final. What the grader failed at is tried three times, and then kept as `infra`. A time-out is
done once more at the end, alone, since it may have been the neighbours': until then its record says `again`.
"""

from __future__ import annotations

import signal
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any

from ..grading.pack import Pack
from .local import Executor
from .progress import Shown
from .store import AGAIN, FINAL, Grading, Store
from .task import InfraError, Result, ungraded

MOST_TRIES = 3
MOST_INFRA = 20  # one after the other: then it is the machine or the pack, and no other hand-in will fare better
WAKE_SECONDS = 0.5  # a signal is heard at once; this is for what no signal tells


class Stop:
    """Set by Ctrl-C and SIGTERM: once, finish what is under way; twice, drop it."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, *_: Any) -> None:
        self.times += 1

    @contextmanager
    def heard(self) -> Iterator[None]:
        """For as long as this lasts."""
        before = {number: signal.signal(number, self) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                _ = signal.signal(number, handler)


class Running:
    """Grades what a gradebook has no record of. Raises BadGradebook where a record cannot be kept."""

    def __init__(
        self, store: Store, grading: Grading, pack: Pack, executor: Executor, shown: Shown, stop: Stop
    ) -> None:
        self.store, self.grading, self.pack = store, grading, pack
        self.executor, self.shown, self.stop = executor, shown, stop
        self.tries: Counter[str] = Counter()
        self.infra, self.gave_up = 0, ""

    def all(self) -> bool:
        """Whether everything is done; False if it was stopped, or gave up: `gave_up` then says why."""
        todo, late = self.store.to_do(self.grading), self.store.to_do(self.grading, AGAIN)
        self.shown.begin(len(todo) + len(late))
        self._each(todo, self.executor.window, rerun=True)
        late = self.store.to_do(self.grading, AGAIN)
        if late and not self._over:
            self.shown.begin(self.shown.total)
            self.shown.say(f"{len(late)} took too long: once more, each alone.")
        self._each(late, 1, rerun=False)
        return not self._over

    @property
    def _over(self) -> bool:
        """Whether no more is to be begun."""
        return bool(self.stop.times or self.gave_up)

    def _each(self, hashes: Sequence[str], window: int, rerun: bool) -> None:
        queue, live = deque(hashes), dict[Future[Result], str]()
        told = False
        while (queue and not self._over) or live:
            while queue and len(live) < window and not self._over:
                hash = queue.popleft()
                live[self.executor.submit(self.store.data(hash))] = hash
            done, _ = wait(live, timeout=WAKE_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                hash = live.pop(future)
                if not future.cancelled() and self._again(hash, future, rerun):
                    queue.append(hash)
            if self.stop.times and not told:
                live = {future: hash for future, hash in live.items() if not future.cancel()}
                self.shown.say(f"Finishing the {len(live)} under way; Ctrl-C once more drops them.")
                told = True
            if self.stop.times > 1:
                return

    def _again(self, hash: str, future: Future[Result], rerun: bool) -> bool:
        """Keep what came of one; whether it must be tried again instead."""
        self.tries[hash] += 1
        reason = ""
        try:
            result = future.result()
        except InfraError as error:
            reason = str(error)
            result = ungraded(self.grading.work, self.pack, hash, f"{reason}, {MOST_TRIES} times in a row")
        infra = bool(reason) or result.has("infra")
        if infra and self.stop.times > 1:  # it was us
            return False
        if not infra or self.tries[hash] == 1:
            self._count(infra, result)
        if infra and self.tries[hash] < MOST_TRIES:
            return not self._over
        late = rerun and result.has("timeout")
        tries = self.tries.pop(hash)
        self.store.keep(self.grading, hash, result, AGAIN if late else FINAL, tries)
        if late:
            self.shown.later()
        else:
            self.shown.done("infra" if infra else "graded")
        return False

    def _count(self, infra: bool, result: Result) -> None:
        """Give up where one hand-in after the other fails at its first try."""
        self.infra = self.infra + 1 if infra else 0
        if self.infra == MOST_INFRA:
            self.gave_up = next(row["message"] for row in result.record["checks"] if row["status"] == "infra")
