"""Cases that Hypothesis draws: the same ones for the same seed, on any machine and in any order."""

from __future__ import annotations

import contextlib
import warnings
import zlib
from collections.abc import Callable, Iterator
from unittest import mock

import hypothesis
from hypothesis import Phase
from hypothesis.internal.conjecture.engine import ConjectureRunner
from hypothesis.internal.conjecture.providers import HypothesisProvider

from .inputs import Case, cases
from .pytest_plugin import SLOW_IS_FINE
from .spec import Spec


def drawn(spec: Spec, examples: int, seed: int = 0) -> list[Case]:
    """The first cases of a spec."""
    found: list[Case] = []
    draw(spec, lambda case: found.append(case), examples, seed, (Phase.generate,))  # noqa: PLW0108  # no built-in
    return found


def draw(spec: Spec, look: Callable[[Case], None], examples: int, seed: int, phases: tuple[Phase, ...]) -> None:
    """Let Hypothesis draw cases and hand them to `look`."""
    settings = hypothesis.settings(
        max_examples=examples,
        phases=phases,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=SLOW_IS_FINE,
        verbosity=hypothesis.Verbosity.quiet,
    )
    run = hypothesis.seed(zlib.crc32(f"{spec.name} {seed}".encode()))(settings(hypothesis.given(cases(spec))(look)))
    with warnings.catch_warnings(), _independent():
        warnings.simplefilter("ignore", RuntimeWarning)  # overflow and empty means show in the values
        run()


@contextlib.contextmanager
def _independent() -> Iterator[None]:
    """Cases that depend on the seed alone, and not on each other.

    Hypothesis also mutates what it drew before, and mixes in numbers that it reads in whatever local code is loaded.
    There is no setting for either; a version that has neither is left as it is.
    """
    with (
        mock.patch.object(ConjectureRunner, "generate_mutations_from", create=True),
        mock.patch.object(HypothesisProvider, "_maybe_draw_constant", return_value=None, create=True),
    ):
        yield
