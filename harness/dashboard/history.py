"""The order of commits, which git knows; the dates in asv's files are only what is left where there is no git."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Commit:
    """`place` counts all commits of the history, measured or not."""

    hash: str
    place: int
    date: str
    subject: str = ""

    @property
    def short(self) -> str:
        """As git abbreviates it."""
        return self.hash[:8]


@dataclass(frozen=True)
class History:
    """Measured commits, oldest first; how many are not of this history; whether git said so."""

    commits: list[Commit]
    left_out: int = 0
    from_git: bool = True


def history(dates: Mapping[str, int], repository: Path) -> History:
    """Of the commits that have results, by hash; the dates are asv's, in milliseconds."""
    known = _log(repository)
    ours = [one for one in known if one.hash in dates]
    if ours:
        return History(ours, len(dates) - len(ours))
    ordered = sorted(dates, key=lambda commit: (dates[commit], commit))
    return History([Commit(one, place, _day(dates[one] / 1e3)) for place, one in enumerate(ordered)], from_git=False)


def _log(repository: Path) -> list[Commit]:
    """All of HEAD's history, oldest first; empty where git does not answer."""
    git = shutil.which("git")
    if git is None:
        return []
    command = [git, "-C", str(repository), "log", "--topo-order", "--reverse", "--format=%H%x00%ct%x00%s", "HEAD"]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode:
        return []
    rows = [line.split("\0", 2) for line in done.stdout.split("\n") if line.count("\0") >= 2]
    return [Commit(commit, place, _day(int(at)), subject) for place, (commit, at, subject) in enumerate(rows)]


def _day(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d")
