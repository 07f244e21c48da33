"""A killed run continues, and ends with the numbers of one that was not killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from harness.checkpoints import Store
from harness.reproduce.context import Context
from suites.experiments.conftest import Run, small

KILLED = """
import os, signal, sys
from harness.reproduce import command, experiment
from suites.experiments.conftest import small

def before(name):
    if name == "two b":
        os.kill(os.getpid(), signal.SIGKILL)

one = small(before=before)
experiment.gathered = lambda: {one.name: one}
command.reproduce(["--out", sys.argv[1]])
"""


def files(out: Path) -> dict[str, bytes]:
    """What came out, without the checkpoints and the page."""
    return {path.name: path.read_bytes() for path in sorted(out.glob("999-*"))}


def test_killed_and_resumed_is_the_same(run: Run, tmp_path: Path) -> None:
    """By SIGKILL in the middle of the second figure: of what was done nothing is run again, and all bytes agree."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert run("--out", whole).exit_code == 0
    killed = subprocess.run([sys.executable, "-c", KILLED, str(broken)], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert set(files(broken)) == {name for name in files(whole) if "one" in name}
    ran: list[str] = []
    result = run("--out", broken, only=small(before=ran.append))
    assert result.exit_code == 0, result.output
    assert ran == ["two b", "two c"]
    assert files(broken) == files(whole)
    assert {path.suffix for path in broken.glob("999-two*")} == {".json", ".png", ".svg"}
    record = json.loads((broken / "999-two.json").read_text())
    assert [one["steps"] for one in record["lockstep"]] == [20, 20, 20]  # those of a, which was not run again, too


def test_other_settings_are_other_checkpoints(run: Run, tmp_path: Path) -> None:
    """Another seed is run, and does not take the first one's place."""
    ran: list[str] = []
    for seed, count in ((0, 6), (1, 12), (0, 12), (1, 12)):
        assert run("--out", tmp_path, "--seed", seed, only=small(before=ran.append)).exit_code == 0
        assert len(ran) == count


def test_torn_and_outdated_checkpoints_are_made_again(tmp_path: Path) -> None:
    """With a line for each kind, and no other trace."""
    said: list[str] = []
    store = Store(tmp_path, {"seed": 0}, "1", said.append)
    kept = store.keep("curve", {"value": [0.1, float("nan")]})
    assert store.load("curve") == kept == {"value": [0.1, None]}
    assert Store(tmp_path, {"seed": 1}, "1", said.append).load("curve") is None
    assert not said
    later = Store(tmp_path, {"seed": 0}, "2", said.append)
    assert later.load("curve") is None
    assert later.load("curve") is None
    assert said == ["Checkpoints of another version are left aside, and made again: curve and others."]
    (path,) = tmp_path.iterdir()
    whole = path.read_text()
    for torn in (whole[:-9], "", "[]", whole.replace("0.1", "0.2"), "\udcff"):
        _ = path.write_bytes(os.fsencode(torn))
        said.clear()
        assert store.load("curve") is None, torn
        assert said == [f"A checkpoint is torn, and is made again: curve ({path})."]


def test_random_numbers_depend_on_their_key_alone(context: Context) -> None:
    """And not on what was drawn or resumed before."""
    first = context.rng("a", 1).random(3)
    _ = context.rng("b").random(5)
    assert (context.rng("a", 1).random(3) == first).all()
    assert (context.rng("a", 2).random(3) != first).all()
