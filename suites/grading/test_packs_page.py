"""docs/packs.md says what is true: its pack is written as it stands there, and its commands give what is shown."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.grading import levels, pack
from harness.grading.box import NotStarted
from harness.report.handin_html import STATUSES

PAGE = (Path(__file__).parents[2] / "docs" / "packs.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^```console\n\$ backprove (.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files."""
    try:
        _ = levels.best()
    except NotStarted as error:
        pytest.skip(f"no isolation on this machine: {error}")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        _ = (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "logistic"


def test_the_page_is_true(folder: Path) -> None:
    """Each command prints what it says, and writes what it says."""
    assert (len(FILES), len(COMMANDS)) == (7, 1)
    for command, printed in COMMANDS:
        result = CliRunner().invoke(main, shlex.split(command))
        assert (result.exit_code, result.output) == (0, printed)
    (written,) = re.findall(r"summed.json` is then:\n\n```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert (folder / "examples" / "summed.json").read_text() == written


def test_a_page_that_is_not_is_noticed(folder: Path) -> None:
    """A mistake in its adapter, say."""
    adapter = folder / "adapter.py"
    _ = adapter.write_text(adapter.read_text().replace("d_output * d_w", "d_w"))
    result = CliRunner().invoke(main, ["pack", "test", "logistic"])
    assert result.exit_code == 1
    assert "not as they say" in result.output


def test_statuses() -> None:
    """All of them stand in its table, and no others."""
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    assert {status for row in rows for status in re.findall(r"`(\w+)`", row)} == set(STATUSES)


def test_what_it_costs_to_change_an_argument() -> None:
    """The defaults that it tells."""
    fields = {name: field.default for name, field in pack.Check.__dataclass_fields__.items()}
    assert (fields["unstable"], fields["mutation"]) == (1.0, 0.5)
    assert json.loads(FILES["logistic/examples/right.json"])["score"] == 10
