"""`backprove reproduce`: what it writes, what it refuses, and what it keeps."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.reproduce import drawing, experiment
from harness.reproduce.experiment import Claim, Table
from harness.training.backend import Backend
from suites.experiments.conftest import Run, small


def changed(**fields: Any) -> experiment.Experiment:
    """The small experiment, its first figure with these."""
    one = small()
    first, *others = one.figures
    return replace(one, figures=(replace(first, **fields), *others))


def test_the_page_is_whole_in_itself(run: Run, tmp_path: Path) -> None:
    """Captions, data, claims, numbers and lockstep; nothing is fetched, and no script is run."""
    result = run("--out", tmp_path / "a" / "b")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "a" / "b" / "report.html").read_text()
    assert page.count('<img src="data:image/png;base64,') == 2
    for part in (
        "Three curves.",
        "The loss falls",
        "a › losses",
        "mlp 2-4-2 relu, SGD lr 0.1 momentum 0.5",
        "999-two.json",
    ):
        assert html.escape(part) in page, part
    assert "Data: made by the experiment itself" in page
    assert not re.search(r"(?:src|href)=\"(?!data:|#)|<script|@import|url\(", page)


def test_claims(run: Run, tmp_path: Path) -> None:
    """What is exact fails the command, anything else is a finding; both are on the page."""
    loose = Claim("Pigs fly", False, "none did")
    result = run("--out", tmp_path, only=changed(claims=lambda _: [loose]))
    assert result.exit_code == 0
    assert "finding: 999-one: not so here: Pigs fly (none did)" in result.output
    result = run("--out", tmp_path, only=changed(claims=lambda _: [replace(loose, exact=True)]))
    assert result.exit_code == 1
    assert "999-one: Pigs fly: none did" in result.output
    assert "which is not so here" in (tmp_path / "report.html").read_text()


def test_a_failing_figure_costs_one_figure(run: Run, tmp_path: Path) -> None:
    """Whether its numbers, its drawing or its caption fail."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("one by none")

    for field in ("numbers", "draw", "caption", "claims", "table"):
        out = tmp_path / field
        result = run("--out", out, only=changed(**{field: broken}))
        assert result.exit_code == 1, field
        assert "999-one: ZeroDivisionError: one by none" in result.output
        assert json.loads((out / "999-one.json").read_text())["failed"]
        assert not json.loads((out / "999-two.json").read_text())["failed"]
        assert "one by none" in (out / "report.html").read_text()


def test_tables_need_no_drawing(run: Run, tmp_path: Path) -> None:
    """And are escaped."""
    result = run("--out", tmp_path, only=changed(draw=None, table=lambda _: Table(["<x>"], [["1 < 2"]])))
    assert result.exit_code == 0, result.output
    page = (tmp_path / "report.html").read_text()
    assert "&lt;x&gt;" in page
    assert "1 &lt; 2" in page
    assert {path.name for path in tmp_path.glob("999-one*")} == {"999-one.json"}


def test_names_and_list(run: Run, tmp_path: Path) -> None:
    """By name or number."""
    listed = run("--list")
    assert listed.exit_code == 0
    assert "999 small: A small experiment" in listed.output
    assert "two" in listed.output
    for name in ("small", "999"):
        assert run(name, "--out", tmp_path).exit_code == 0
    wrong = run("smal")
    assert wrong.exit_code == 2
    assert wrong.output == "backprove: no experiment is called 'smal': there are 999 small.\n"


def test_what_cannot_be_done_is_said_in_one_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No CUDA, no place to write."""
    monkeypatch.setattr(Backend, "missing", lambda self: "no CUDA device: nowhere" if self.device == "cuda" else "")
    result = run("--device", "cuda", "--out", tmp_path / "out")
    assert (result.exit_code, result.output) == (2, "backprove: no CUDA device: nowhere.\n")
    assert not (tmp_path / "out").exists()
    _ = (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "folder"):
        result = run("--out", out)
        assert result.exit_code == 2
        assert "cannot be written" in result.output
        assert len(result.output.splitlines()) == 1


def test_a_full_disk_keeps_what_was_done(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and the next run goes on."""

    def full(folder: Path, name: str, *_: Any) -> None:
        if "two" in name:
            raise OSError(28, "No space left on device", str(folder / name))

    with monkeypatch.context() as patch:
        patch.setattr(drawing, "write", full)
        result = run("--out", tmp_path)
    assert result.exit_code == 2
    assert "No space left on device. What was finished is kept" in result.output
    ran: list[str] = []
    assert run("--out", tmp_path, only=small(before=ran.append)).exit_code == 0
    assert ran == []


def test_interrupted(run: Run, tmp_path: Path) -> None:
    """By Ctrl-C: the page has what is finished, and says how to go on."""

    def stop(name: str) -> None:
        if name == "two b":
            raise KeyboardInterrupt

    result = run("--out", tmp_path, only=small(before=stop))
    assert result.exit_code == 1
    assert "the same command goes on from there" in result.output
    assert (tmp_path / "report.html").read_text().count("data:image/png") == 1


def test_the_documents_are_found() -> None:
    """By being there, each with a number of its own, figures of different names, and a version that is its files'."""
    found = experiment.gathered()
    assert len({one.number for one in found.values()}) == len(found) > 0
    for name, one in found.items():
        assert one.name == name
        assert len({figure.name for figure in one.figures}) == len(one.figures)
        assert all(figure.draw or figure.table for figure in one.figures)
    assert len({one.version for one in found.values()}) == len(found)
