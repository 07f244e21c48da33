"""What each command of `backprove` says when the call itself is wrong: one line, exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click


def refuse(message: str) -> NoReturn:
    """Say in one line what is wrong with the call, and exit with 2."""
    click.echo(f"backprove: {message}", err=True)
    sys.exit(2)


def kept(path: Path, write: Callable[[], Any]) -> None:
    """Write a file that was asked for; a place where none can be written is a wrong call."""
    try:
        write()
    except OSError as error:
        refuse(f"{path} cannot be written: {error.strerror}.")
