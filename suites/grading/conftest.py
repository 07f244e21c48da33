"""The levels that this machine has, and a folder for what is kept between runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import cache

import pytest

from harness.grading import levels
from harness.grading.box import Level
from harness.grading.forks import Forks, NotStarted


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is kept among the files of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def forks() -> Iterator[Callable[..., Forks | None]]:
    """One worker of each level that is forked for all tests, whatever they do; None where there can be none."""
    with ExitStack() as stack:

        @cache
        def at(level: Level, torch: bool = False) -> Forks | None:
            with suppress(NotStarted):
                return stack.enter_context(Forks(level, torch))
            return None

        yield at


@pytest.fixture(params=["A", "B"])
def level(request: pytest.FixtureRequest) -> Level:
    """Each in turn; where the machine lacks one, the reason is shown instead."""
    found = levels.found()[request.param]
    if not found:
        pytest.skip(f"level {found.level}: {found.reason}; {found.advice}")
    return found.level
