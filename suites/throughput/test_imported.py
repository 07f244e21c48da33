"""A run of `backprove bench` elsewhere becomes a result of asv; asv's page loads nothing from elsewhere."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from benchmarks import bench_training, offline
from benchmarks.imported import imported
from harness.dashboard import results

BACKEND, WORKLOAD = "torch-cuda-graph-bfloat16", "mlp-784-400-400-10-b100"
NUMBERS = {"ms": 2.0, "q1": 1.9, "q3": 2.2, "throughput": 5e4, "reached": 0.4, "peak_mb": 30.0, "blocks": 9}
ABOUT = {
    "python": "3.11.7", "numpy": "2.4.6", "torch": "2.13.0", "system": "Linux x86_64", "processor": "EPYC", "cores": 16,
    "environment": {}, "commit": "", "gpu": {"name": "H200", "cuda": "12.8", "driver": "570.1"},
}  # fmt: skip
RUN: dict[str, Any] = {"results": [{"backend": BACKEND, "workload": WORKLOAD, **NUMBERS}], "machine": ABOUT}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """The command, on what the file is to hold."""

    def call(content: str, *more: str) -> Result:
        _ = (tmp_path / "bench.json").write_text(content)
        given = [str(tmp_path / "bench.json"), "--machine", "h200", "--results", str(tmp_path / "results"), *more]
        return CliRunner().invoke(imported, given)

    return call


def test_it_is_read_back(run: Callable[..., Result], tmp_path: Path) -> None:
    """By the dashboard, with quartiles; and by asv, where it is installed."""
    assert run(json.dumps(RUN), "--commit", "ab" * 20).exit_code == 0
    (found,), doubts = results.runs(tmp_path / "results")
    assert not doubts
    assert (found.about["gpu"], found.about["driver"], found.about["torch"]) == ("H200", "570.1", "2.13.0")
    known = {f"bench_training.Training.track_{name}": {"version": "2"} for name in ("ms_per_step", "throughput")}
    series = results.gathered([found], known, ["ab" * 20], [])
    points = {one.kind: one.points[0] for one in series}
    assert {one.params for one in series} == {(("backend", BACKEND), ("workload", WORKLOAD))}
    assert (points["track_ms_per_step"].low, points["track_ms_per_step"].high) == (1.9, 2.2)
    assert points["track_throughput"].value == 5e4
    assert points["track_throughput"].low == pytest.approx(5e4 * 2 / 2.2)
    asv = pytest.importorskip("asv.results", reason="asv is in the extra `bench`")
    theirs = asv.Results.load(str(next((tmp_path / "results" / "h200").glob("abab*"))))
    params = [[repr(name) for name in names] for names in bench_training.Training.params]
    values = theirs.get_result_value("bench_training.Training.track_reached", params)
    assert [one for one in values if one == one] == [0.4]


def test_the_commit_of_the_file_counts(run: Callable[..., Result], tmp_path: Path) -> None:
    """Unless another is given."""
    assert run(json.dumps(RUN | {"machine": ABOUT | {"commit": "cd" * 20}})).exit_code == 0
    assert results.runs(tmp_path / "results")[0][0].commit == "cd" * 20


@pytest.mark.parametrize(
    ("content", "more", "words"),
    [
        (json.dumps(RUN), (), "the commit is '', but should be 40 hexadecimal digits"),
        (json.dumps(RUN), ("--commit", "HEAD"), "the commit is 'HEAD'"),
        (json.dumps(RUN)[:50], ("--commit", "ab" * 20), "is not whole JSON, perhaps half-written"),
        ("[]", (), "is not what `backprove bench --json` writes"),
        (json.dumps(RUN | {"results": [{"ms": 1}]}), (), "is not what `backprove bench --json` writes"),
        (json.dumps(RUN | {"results": []}), (), "holds no result"),
        (json.dumps(RUN), ("--machine", "a/b", "--commit", "ab" * 20), "should be the name of a folder"),
    ],
)
def test_refused(run: Callable[..., Result], content: str, more: tuple[str, ...], words: str) -> None:
    """Status 2, and one line."""
    result = run(content, *more)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert words in result.output


def test_asvs_page_loads_nothing_from_elsewhere() -> None:
    """Every script of the page of the asv that is installed has a package; what asks for a checksum is gone."""
    asv = pytest.importorskip("asv", reason="asv is in the extra `bench`")
    page = (Path(asv.__file__).parent / "www" / "index.html").read_text(encoding="utf-8")
    assert re.search('<script[^>]*src="https:', page)
    local = offline.rewritten(page)
    assert not re.search('<(script|link)[^>]*(src|href)="https?:', local)
    assert "integrity" not in local
    assert set(re.findall('"vendor/([^"]+)"', local)) == set(offline.FILES)
    with pytest.raises(LookupError, match=r"loads other\.js, but"):
        _ = offline.rewritten('<script src="https://x.org/other.js"></script>')
