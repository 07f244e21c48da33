"""docs/torch.md says of torch what is true: every block of it runs, and prints what stands there."""

import doctest
from pathlib import Path

import pytest
import torch

PAGE = Path(__file__).parent.parent / "docs" / "torch.md"
SEEN_IN = "2.13."


def prints(page: str) -> tuple[int, int]:
    """How many examples the page has, and how many do not print what it says."""
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    _ = runner.run(doctest.DocTestParser().get_doctest(page, {}, PAGE.name, str(PAGE), 0))
    found = runner.summarize(verbose=False)
    return found.attempted, found.failed


@pytest.mark.skipif(not torch.__version__.startswith(SEEN_IN), reason=f"the page is about torch {SEEN_IN}*")
def test_the_page_is_true() -> None:
    """A finding that torch has mended, or one that never was, fails here."""
    count, wrong = prints(PAGE.read_text(encoding="utf-8"))
    assert count > 30
    assert wrong == 0


def test_a_page_that_is_not_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    """And what is not so is shown."""
    assert prints(">>> 1 + 1\n3\n") == (1, 1)
    assert "Expected:\n    3\nGot:\n    2" in capsys.readouterr().out
