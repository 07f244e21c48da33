"""`backprove dashboard`: on result files that asv itself wrote, and on what nobody should have written."""

import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from harness.dashboard import command, history, page, results

asv_results = pytest.importorskip("asv.results", reason="asv is in the extra `bench`")

BACKENDS, WORKLOADS = ["numpy", "torch-cpu", "torch-cuda-eager-float32", "torch-cuda-graph-tf32"], ["mlp", "lstm"]
PARAMS = [[repr(one) for one in BACKENDS], [repr(one) for one in WORKLOADS]]
THROUGHPUT, MS, REACHED, TIME = (
    "bench_training.Training.track_throughput",
    "bench_training.Training.track_ms_per_step",
    "bench_training.Training.track_reached",
    "bench_references.References.time_forward",
)
KNOWN: dict[str, dict[str, Any]] = {
    name: {"name": name, "unit": unit, "version": "1", "params": PARAMS, "param_names": ["backend", "workload"]}
    for name, unit in ((THROUGHPUT, "1/s"), (MS, "ms"), (REACHED, "unit"))
}
KNOWN[TIME] = {"name": TIME, "unit": "seconds", "version": "2", "params": [["'relu'"]], "param_names": ["workload"]}
COUNT = 20
GIT = shutil.which("git") or "git"
Values = dict[str, list[Any]]


class Measured:
    """What asv's runner hands on: values, or samples that asv makes its own statistics of."""

    def __init__(self, values: Sequence[Any]) -> None:
        """A list among the values is one of samples."""
        self.result = [None if isinstance(one, list) else one for one in values]
        self.samples = [one if isinstance(one, list) else None for one in values]
        self.result = [1.0 if isinstance(one, list) else one for one in values]
        self.number = [1 if isinstance(one, list) else None for one in values]
        self.stderr, self.errcode, self.profile = "", 0, None


@pytest.fixture
def repository(tmp_path: Path) -> list[str]:
    """Twenty commits whose dates all are the same, so that only git knows their order."""
    stamp = {"GIT_AUTHOR_DATE": "2026-01-02T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-02T00:00:00Z"}
    who = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(tmp_path)}
    who |= {f"GIT_{role}_{what}": "x@y.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def git(*arguments: str) -> str:
        done = subprocess.run(
            [GIT, "-C", str(tmp_path), *arguments], env=stamp | who | {"PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    _ = git("init", "-q")
    for number in range(COUNT):
        _ = git("commit", "-q", "--allow-empty", "-m", f"Step {number} <b>&")
    return git("rev-list", "--reverse", "HEAD").split()


def save(
    folder: Path, commit: str, values: Values, date: int = 0, machine: str = "vm", version: str = "", gpu: str = "H200"
) -> None:
    """One file, by asv."""
    about = {"machine": machine, "cpu": "AMD <EPYC>", "gpu": gpu, "num_cpu": "2", "python": "3.11"}
    one = asv_results.Results(about, {}, commit, date, "3.11", "virtualenv-py3.11", {})
    for name, row in values.items():
        one.add_result(KNOWN[name] | ({"version": version} if version else {}), Measured(row))
    (folder / machine).mkdir(parents=True, exist_ok=True)
    _ = (folder / machine / "machine.json").write_text(json.dumps({"machine": machine, "version": 1}))
    one.save(str(folder))
    _ = (folder / "benchmarks.json").write_text(json.dumps(KNOWN | {"version": 2}))


def speeds(number: int, slower_from: int = 99, noise: float = 0.02, by: float = 0.8) -> list[float]:
    """NumPy on the perceptron gets slower; nothing runs on the second CUDA backend with the LSTM."""
    random = np.random.default_rng(number)
    base = [40e3, 30e3, 20e3, 25e3, 400e3, 100e3, 2e6, math.nan]
    found = [one * math.exp(noise * random.standard_normal()) for one in base]
    found[0] *= by if number >= slower_from else 1
    return found


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """The command, with the page in page.html."""

    def call(*more: Any) -> Result:
        given = ["--out", tmp_path / "page.html", "--results", tmp_path / "results", *more]
        return CliRunner().invoke(command.dashboard, [str(one) for one in given])

    return call


def filled(tmp_path: Path, commits: Sequence[str], slower_from: int = 99, by: float = 0.8) -> None:
    """Results of all commits, written in no order."""
    for number in map(int, np.random.default_rng(0).permutation(len(commits))):
        values = speeds(number, slower_from, by=by)
        save(tmp_path / "results", commits[number], {
            THROUGHPUT: list(values), MS: [1e5 / one for one in values],
            REACHED: [0.5, *[math.nan] * 7], TIME: [[1e-3, 1.1e-3, 1.2e-3, 1.05e-3]],
        })  # fmt: skip


def text_of(path: Path) -> str:
    """What a reader sees."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.append(data)

    Reader().feed(path.read_text())
    return re.sub(r"\s+", " ", " ".join(found))


def test_a_slower_commit_is_named(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """By git's order, which dates do not know; more is better; the time of the same step says it no second time."""
    filled(tmp_path, repository, slower_from=14)
    result = run()
    assert result.exit_code == 0, result.output
    told = [line for line in result.output.splitlines() if line.startswith(("slower", "faster"))]
    assert len(told) == 1
    assert told[0].startswith("slower: mlp on numpy, −2")
    assert f"since {repository[14][:8]} Step 14 <b>& [vm]" in told[0]
    shown = text_of(tmp_path / "page.html")
    assert "Step 14 <b>&" in shown
    assert "50% of the limit" in shown
    assert "torch-cuda-eager-float32 ÷ torch-cpu" in shown
    assert "torch-cuda-graph-tf32 ÷ torch-cpu" in shown
    assert "numpy ÷ torch-cpu" in shown
    assert "H200" in shown


def test_a_faster_commit_is_better(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """asv's own page would call it a regression."""
    filled(tmp_path, repository, slower_from=14, by=1.25)
    result = run("--fail-if-slower")
    assert result.exit_code == 0, result.output
    assert "faster: mlp on numpy, +2" in result.output


@pytest.mark.parametrize(("slower_from", "newest", "status"), [(14, 10, 1), (14, 5, 0), (18, 10, 1), (99, 10, 0)])
def test_the_exit_status(
    repository: list[str], tmp_path: Path, run: Callable[..., Result], slower_from: int, newest: int, status: int
) -> None:
    """1 if something became slower within the newest commits, and only if that was asked for."""
    filled(tmp_path, repository, slower_from, by=0.7)
    assert run("--fail-if-slower", "--newest", newest).exit_code == status
    assert run().exit_code == 0


def test_one_commit_alone_is_perhaps(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """And fails nothing."""
    filled(tmp_path, repository, slower_from=19, by=0.6)
    result = run("--fail-if-slower")
    assert result.exit_code == 0
    assert "perhaps: mlp on numpy, −4" in result.output


def test_nothing_is_loaded(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """No script, no address, no style sheet; every tag is closed; hostile words are text."""
    filled(tmp_path, repository, slower_from=14)
    assert run().exit_code == 0
    found = (tmp_path / "page.html").read_text()
    for word in ("<script", "http:", "https:", "<link", "src=", "@import", "url(", "<b>&", "AMD <EPYC>"):
        assert word not in found
    for tag in ("svg", "figure", "table", "details", "div", "p", "text", "title"):
        assert len(re.findall(f"<{tag}[ >]", found)) == found.count(f"</{tag}>"), tag
    assert "nan" not in re.sub("[a-z]+nan|nan[a-z]+", "", found)


def test_what_asv_reads_back_is_what_we_read(repository: list[str], tmp_path: Path) -> None:
    """Values, quartiles and parameters, with asv's own reader as the judge."""
    filled(tmp_path, repository[:6])
    where = tmp_path / "results"
    found, doubts = results.runs(where)
    series = results.gathered(found, results.benchmarks(where), repository, doubts)
    assert len(doubts) == COUNT - 6  # commits without a number
    for path in where.glob("*/*-*.json"):
        theirs = asv_results.Results.load(str(path))
        for name in (THROUGHPUT, TIME):
            values = theirs.get_result_value(name, KNOWN[name]["params"])
            stats = theirs.get_result_stats(name, KNOWN[name]["params"])
            ours = [p for one in series if one.benchmark == name for p in one.points if p.commit == theirs.commit_hash]
            assert [p.value for p in ours] == [value for value in values if not math.isnan(value)]
            if name == TIME:
                assert [(p.low, p.high) for p in ours] == [(one["q_25"], one["q_75"]) for one in stats]
    assert {one.params for one in series if one.benchmark == TIME} == {(("workload", "relu"),)}
    assert {one.param("backend") for one in series if one.training} == set(BACKENDS)


def test_another_version_is_left_out(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """What an older benchmark measured is of something else, and no change."""
    for number, commit in enumerate(repository):
        save(tmp_path / "results", commit, {THROUGHPUT: speeds(number, 10)}, version="1" if number >= 10 else "0")
    result = run()
    assert "slower" not in result.output
    assert "10 commits" not in result.output
    assert "70 values are of another version" in text_of(tmp_path / "page.html")


def test_commits_of_elsewhere_are_left_out(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """And are counted; where git knows none of them, dates order them."""
    filled(tmp_path, repository)
    save(tmp_path / "results", "f" * 40, {THROUGHPUT: speeds(0)})
    assert "(20 commits" in run().output
    assert "1 measured commit is not in the history" in text_of(tmp_path / "page.html")
    dates = {"b" * 40: 1, "a" * 40: 2, "c" * 40: 2}
    found = history.history(dates, tmp_path)
    assert [one.hash[0] for one in found.commits] == ["b", "a", "c"]
    assert not found.from_git


def test_the_gap_is_named(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """Commits that were not measured may have done it."""
    for number, commit in enumerate(repository):
        if number not in (8, 9):
            save(tmp_path / "results", commit, {THROUGHPUT: speeds(number, 8)})
    assert f"since {repository[10][:8]}, or one of the 2 before it" in run().output


def test_only_times(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """Less is better, and ratios are of speeds."""
    for number, commit in enumerate(repository):
        save(tmp_path / "results", commit, {MS: [1e5 / one for one in speeds(number, 14)]})
    result = run("--fail-if-slower")
    assert result.exit_code == 1
    assert "slower: mlp on numpy, +2" in result.output
    ratio = re.search(r"mlp numpy ÷ torch-cpu ([\d.]+)", text_of(tmp_path / "page.html"))
    assert ratio
    assert float(ratio[1]) == pytest.approx(0.8 * 40 / 20, rel=0.1)


def test_few_commits(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """One is a page too."""
    filled(tmp_path, repository[:1])
    result = run("--fail-if-slower")
    assert result.exit_code == 0, result.output
    assert "Too early to say" in text_of(tmp_path / "page.html")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"commit_hash": "ab', "is not whole JSON, perhaps half-written"),
        ("[]", "holds a list, not an object"),
        ('{"version": 1}', "is of asv's format 1"),
        ('{"version": 2, "results": {}}', "is no result file of asv: KeyError: 'result_columns'"),
        (
            '{"version": 2, "results": {"a": [[1, 2], [["1"]]]}, "result_columns": ["result", "params"], "date": 1,'
            '"env_name": "e", "params": {}, "commit_hash": "00"}',
            "2 values for 1 choices of parameters",
        ),
    ],
)
def test_broken_files(
    repository: list[str], tmp_path: Path, run: Callable[..., Result], content: str, says: str
) -> None:
    """Alone: status 2, and no page. Beside others: named in one line, there and on the page, and the others shown."""
    broken = tmp_path / "results" / "vm" / "00000000-env.json"
    broken.parent.mkdir(parents=True)
    content = content.replace("00", repository[0])
    _ = broken.write_text(content)
    result = run()
    assert result.exit_code == 2
    assert not (tmp_path / "page.html").exists()
    filled(tmp_path, repository, slower_from=14)
    result = run()
    assert result.exit_code == 0, result.output
    notes = [line for line in result.output.splitlines() if line.startswith("note: ")]
    assert len(notes) == 1
    assert says in notes[0]
    assert says in text_of(tmp_path / "page.html")
    assert "slower: mlp on numpy, −2" in result.output


def test_two_machines_of_one_name(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """Another GPU from the tenth commit on: no change, but two machines, each with its own curves."""
    for number, commit in enumerate(repository):
        gpu, factor = ("A100", 0.5) if number >= 10 else ("H200", 1)
        values = {THROUGHPUT: [factor * one for one in speeds(number)]}
        save(tmp_path / "results", commit, values, gpu=gpu)
    result = run("--fail-if-slower")
    assert result.exit_code == 0, result.output
    assert "slower" not in result.output
    said = re.search("note: vm is the name of 2 machines, (.*) and (.*): they are shown apart", result.output)
    assert said
    assert set(said.groups()) == {"AMD <EPYC> 2 A100", "AMD <EPYC> 2 H200"}
    assert {"vm (1)", "vm (2)"} <= set(re.findall(r"vm \(\d\)", text_of(tmp_path / "page.html")))


def test_a_commit_that_was_not_built(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """asv keeps a file without numbers: one line names the commit, and the others are shown."""
    for number, commit in enumerate(repository):
        save(tmp_path / "results", commit, {THROUGHPUT: [None] * 8 if number == 4 else speeds(number)})
    result = run()
    assert result.exit_code == 0, result.output
    assert f"note: {repository[4][:8]} has no number: it was not built, or " in result.output


def test_no_results(tmp_path: Path, run: Callable[..., Result]) -> None:
    """No folder, and one with a machine only."""
    assert run().exit_code == 2
    (tmp_path / "results" / "vm").mkdir(parents=True)
    _ = (tmp_path / "results" / "vm" / "machine.json").write_text("{}")
    result = run()
    assert result.exit_code == 2
    assert f"backprove: no results of asv in {tmp_path}/results: `asv run` writes them" in result.output
    assert result.output.count("\n") == 1


def test_all_skipped(repository: list[str], tmp_path: Path, run: Callable[..., Result]) -> None:
    """No number at all."""
    save(tmp_path / "results", repository[0], {THROUGHPUT: [math.nan] * 8})
    result = run()
    assert result.exit_code == 2
    assert "holds no number" in result.output


@pytest.mark.parametrize("out", ["", "missing/page.html"])
def test_unwritable(repository: list[str], tmp_path: Path, run: Callable[..., Result], out: str) -> None:
    """A folder, and a file in none."""
    filled(tmp_path, repository[:2])
    result = run("--out", tmp_path / out)
    assert result.exit_code == 2
    assert "cannot be written" in result.output
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "unit", "says"),
    [
        (36123.0, "1/s", "36.1k/s"), (999.9, "1/s", "1k/s"), (2.5e6, "", "2.5M"), (0.00123, "seconds", "1.23 ms"),
        (2.7, "ms", "2.7 ms"), (512.3, "MB", "512 MB"), (3e-7, "seconds", "300 ns"),
    ],
)  # fmt: skip
def test_numbers(value: float, unit: str, says: str) -> None:
    """Short, with their unit."""
    assert page.number(value, unit) == says
