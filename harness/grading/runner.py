"""The box of one hand-in over all its checks: a fresh one after each that ended, but not for ever."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..spec import Array
from .box import Box, Died, Level, NotStarted, Outcome, StudentError, Timeout
from .forks import Forks
from .pack import Pack
from .wire import WireError

MOST_ENDED = 4  # boxes; a hand-in that ends more of them is not asked again
# Inside: of one function, so that others have their turn; all together. Far more than needed, for busy machines.
EACH_SECONDS, MOST_SECONDS = 60.0, 180.0


class Gone(BaseException):
    """The box ended: no Exception, or Hypothesis would shrink against it. `status` is the check's."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Runner:
    """Asks the adapter's functions; enters a box when it is first asked."""

    def __init__(self, submission: Path, pack: Pack, level: Level, forks: Forks | None = None) -> None:
        self.submission, self.pack, self.forks = submission, pack, forks
        self.level: Level = level
        self._box: Box | None = None
        self._launched: Box | None = None
        self._ended: list[Gone] = []
        self._seconds: dict[str, float] = defaultdict(float)

    def call(
        self, name: str, arrays: Mapping[str, Array], options: Mapping[str, Any], writeable: bool = False
    ) -> dict[str, Array]:
        """The adapter's answer. Raises StudentError, or Gone."""
        return self._ask(name, lambda box: box.call(name, arrays, options, self.pack.seconds, writeable))

    def skeletons(self, targets: Sequence[tuple[str, str]]) -> list[bool]:
        """Which targets compute nothing; none where nobody can be asked."""
        try:
            return self._ask("", lambda box: box.skeletons(targets, self.pack.seconds))
        except (StudentError, Gone):
            return [False] * len(targets)

    def close(self) -> None:
        """End the box."""
        for box in (self._box, self._launched):
            if box is not None:
                box.close()
        self._box = self._launched = None

    def launch(self) -> None:
        """Have a box started meanwhile; what is wrong with it is told by the first call."""
        box = self._made()
        with suppress(NotStarted, StudentError):
            _ = box.launch()
            self._launched = box

    def _ask(self, name: str, what: Callable[[Box], Any]) -> Any:
        if len(self._ended) >= MOST_ENDED:
            last = self._ended[-1]
            raise Gone(last.status, f"not asked any more, since {MOST_ENDED} calls ended like this: {last.message}")
        if self._seconds[name] > EACH_SECONDS or sum(self._seconds.values()) > MOST_SECONDS:
            whose = (
                f"its calls took {EACH_SECONDS:g} s"
                if self._seconds[name] > EACH_SECONDS
                else f"all calls took {MOST_SECONDS:g} s"
            )
            raise Gone("timeout", f"not asked any more, since {whose} altogether")
        start = time.monotonic()
        try:
            return what(self._opened())
        except StudentError:
            raise
        except (Outcome, WireError) as outcome:
            gone = _gone(outcome)
            self.close()
            self._ended.append(gone)
            raise gone from None
        except NotStarted as error:
            raise Gone("infra", f"the box could not be started: {error}") from None
        except (ValueError, TypeError) as error:  # what cannot cross, of our own
            raise Gone("infra", f"the pack asks what no box can answer: {error}") from None
        finally:
            self._seconds[name] += time.monotonic() - start

    def _opened(self) -> Box:
        if self._box is None:
            box, self._launched = self._launched or self._made(), None
            try:
                try:
                    self._box = box.__enter__()
                except NotStarted:
                    if box.forks is None:
                        raise
                    self.forks = None  # it may be that only forks cannot be had any more
                    self._box = self._made().__enter__()
            except StudentError as error:  # nothing of theirs is loaded before the first call
                raise NotStarted(f"the pack's adapter does not load: {error}") from None
        return self._box

    def _made(self) -> Box:
        pack = self.pack
        return Box(self.submission, pack.adapter, self.level, torch=pack.torch, stubs=pack.stubs, forks=self.forks)


def _gone(outcome: Exception) -> Gone:
    match outcome:
        case Timeout():
            return Gone("timeout", f"{outcome}: is there a loop that never ends?")
        case Died():
            return Gone("died", f"the process that ran it ended: {outcome}")
    return Gone("died", f"the process that ran it sent something that is no answer: {outcome}")
