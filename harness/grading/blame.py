"""A mistake of the pack's or of the grader's own, in one line: never the student's, and never in silence."""

from __future__ import annotations

from pathlib import Path


class Broken(Exception):
    """The pack itself fails."""


def of_pack(what: str, error: Exception) -> Broken:
    """What of the pack's raised; over an answer of a form that its author did not think of, perhaps."""
    return Broken(f"the pack failed, so look at it: {what} raises {_said(error)}")


def of_grader(error: Exception) -> str:
    """An exception of the grader's own."""
    return f"the grader failed, and not the hand-in: {_said(error)}"


def _said(error: Exception) -> str:
    """One line, with the place."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": ") + place
