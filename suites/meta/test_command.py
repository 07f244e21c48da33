"""What a person at a terminal gets, bad input included."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from harness import search
from harness.cli import main

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "layers.py"
FIELDS = {"file", "name", "verdict", "argument", "pattern", "cases", "seconds", "case", "message", "source_used"}

RIGHT = "import numpy as np\ndef relu(input):\n    return np.maximum(input, 0), lambda d: {'input': d * (input > 0)}\n"
WRONG = "def exp(input):\n    import numpy as np\n    y = np.exp(input)\n    return y, lambda d: {'input': -d * y}\n"


def run(*arguments: object) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def refused(result: Result) -> str:
    """Status 2, one line, no traceback."""
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    return result.output


def test_verify_prints_a_table_and_writes_json_and_junit(tmp_path: Path) -> None:
    """The same facts for people and for machines."""
    result = run("verify", "relu", "linear", "--json", tmp_path / "r.json", "--junit", tmp_path / "r.xml")
    assert result.exit_code == 0
    assert "2 of 2 right in 200 cases" in result.output
    written = json.loads((tmp_path / "r.json").read_text())
    assert [check["name"] for check in written["checks"]] == ["relu", "linear"]
    assert set(written["checks"][0]) >= FIELDS
    assert set(written["versions"]) >= {"python", "numpy", "torch"}
    suite = ET.fromstring((tmp_path / "r.xml").read_text()).find("testsuite")  # noqa: S314  # our own file
    assert suite is not None
    assert suite.get("failures") == "0"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.json", "r.xml"]


def test_the_examples_come_out_as_their_file_says(tmp_path: Path) -> None:
    """Ten right, ten wrong; each wrong one with its argument, its pattern, its numbers and a replay command."""
    result = run("check", EXAMPLES, "--json", tmp_path / "r.json")
    assert result.exit_code == 1
    checks = {check["name"]: check for check in json.loads((tmp_path / "r.json").read_text())["checks"]}
    assert [check["verdict"] for check in checks.values()] == ["AGREE"] * 10 + [
        *("HANDWRITTEN",) * 7,
        "IMPURE",
        "FORWARD",
        "HANDWRITTEN",
    ]
    assert checks["mul"]["pattern"] == "batch axis not summed"
    assert checks["bilinear"]["pattern"] == "looks transposed"
    assert checks["l1_loss"]["pattern"] == "every entry is shape.size = 2 times the right value (residual 0)"
    assert checks["log_softmax"]["pattern"].startswith("only the diagonal along axis 0 is there")
    assert checks["leaky_relu"]["pattern"].startswith("the branches are exchanged")
    assert checks["softplus"]["pattern"].startswith("the cotangent is ignored")
    assert "the right derivative of the function as it stands" in checks["tanhshrink"]["message"]
    for check in list(checks.values())[10:]:
        assert check["message"]
        assert f"backprove replay '{check['case']}' --file {EXAMPLES}" in result.output


def test_replay_shows_the_failure_and_writes_it_down(tmp_path: Path) -> None:
    """The file that it writes fails on its own, without Hypothesis and without the harness."""
    case = 'l1_loss/shape=[2];target_shape=[2];reduction="mean";weight=null/plain.C.0'
    result = run("replay", case, "--file", EXAMPLES, "--save", tmp_path / "shown.py")
    assert result.exit_code == 1
    assert "d_input[0] is -0.4375, but should be -0.21875" in result.output
    assert "differences" in result.output
    shown = (tmp_path / "shown.py").read_text()
    assert "import hypothesis" not in shown
    assert "import harness" not in shown
    again = subprocess.run([sys.executable, tmp_path / "shown.py"], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "d_input" in again.stderr


def test_replay_of_a_right_case() -> None:
    """Everything about it, status 0."""
    result = run("replay", "linear/out=[2];batch=[];I=2/plain.C.0")
    assert result.exit_code == 0
    assert "AGREE" in result.output
    assert "d_weight" in result.output


@pytest.mark.parametrize(
    "case", ["", "nonsense", "linear/I=2/plain.C.0", "nolayer/N=1/plain.C.0", "linear/{/plain.C.0"]
)
def test_foreign_cases(case: str) -> None:
    """Unparsable, or of a function that there is not: one line."""
    assert "backprove: " in refused(run("replay", case))


def test_unknown_name() -> None:
    """With what was perhaps meant."""
    assert "Did you mean" in refused(run("verify", "softmx"))


@pytest.mark.parametrize("option", ["--json", "--junit"])
def test_unwritable_result(tmp_path: Path, option: str) -> None:
    """Found out before the work."""
    assert "cannot be written" in refused(run("verify", "relu", option, tmp_path / "no" / "such" / "r"))
    assert "cannot be written" in refused(run("verify", "relu", option, tmp_path))


def test_missing_file(tmp_path: Path) -> None:
    """click's own words."""
    assert "does not exist" in refused(run("check", tmp_path / "none.py"))


def test_a_file_without_known_functions(tmp_path: Path) -> None:
    """Nothing to check is a wrong call."""
    path = tmp_path / "mine.py"
    _ = path.write_text("def frobnicate(x):\n    return x\n")
    assert "no function in these files has the name of a spec" in refused(run("check", path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def relu(input:\n", "broken.py:1"),
        ("import numpy\nraise ValueError('gone')\n", "broken.py:2: raise ValueError('gone')"),
        ("import no_such_module\n", "ModuleNotFoundError"),
        ("import sys\nsys.exit(3)\n", "SystemExit"),
    ],
    ids=["syntax", "raises", "missing import", "exits"],
)
def test_a_file_that_does_not_import(tmp_path: Path, text: str, words: str) -> None:
    """One message with the line; the other files are still checked, and the results kept."""
    _ = (tmp_path / "broken.py").write_text(text)
    _ = (tmp_path / "right.py").write_text(RIGHT)
    result = run("check", tmp_path / "broken.py", tmp_path / "right.py", "--json", tmp_path / "r.json")
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output
    verdicts = [check["verdict"] for check in json.loads((tmp_path / "r.json").read_text())["checks"]]
    assert verdicts == ["ERROR", "AGREE"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def relu(x):\n    return x\n", "the signature of relu is (x), but should be (input"),
        ("def relu(input):\n    return input\n", "should be (output, pullback)"),
        ("def relu(input):\n    return input, None\n", "should be (output, pullback)"),
        ("def relu(input):\n    return 1 / 0\n", "mine.py:2: return 1 / 0"),
        ("def relu(input):\n    return input * 1, lambda d: {}\n", "the gradient of input is missing"),
        ("def relu(input):\n    return input * 1, lambda d: {'input': 1 * d, 'b': d}\n", "a gradient is given for 'b'"),
        ("def relu(input):\n    return input * float('nan'), lambda d: {'input': 1 * d}\n", "but should be"),
    ],
    ids=["signature", "no pair", "no pullback", "raises", "missing key", "extra key", "NaN"],
)
def test_functions_that_break_the_contract(tmp_path: Path, text: str, words: str) -> None:
    """One clear message each; the right function beside it is still judged."""
    path = tmp_path / "mine.py"
    _ = path.write_text(text + WRONG.replace("-d", "d"))
    result = run("check", path, "--json", tmp_path / "r.json")
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output
    verdicts = [check["verdict"] for check in json.loads((tmp_path / "r.json").read_text())["checks"]]
    assert verdicts[1] == "AGREE"
    assert verdicts[0] in ("ERROR", "FORWARD")


def test_coverage_counts_the_classes() -> None:
    """Computed from torch's own list."""
    result = run("coverage")
    assert "Linear " in result.output
    counts = result.output.splitlines()[-1].split()
    assert counts[0] == counts[2]  # 139 of 139
    assert result.exit_code == 0


def test_help_does_not_wait_for_torch() -> None:
    """`--help` imports neither torch nor the references."""
    script = "import sys; from harness.cli import main; sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, env={**os.environ, "PYTHONPATH": str(EXAMPLES.parents[2])}
    )
    assert done.returncode == 0


def test_interrupted_work_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C: what is done is shown and written, and the status says that it is not all."""
    examined = []

    def interrupted(spec: object, *options: object) -> object:
        examined.append(spec)
        if len(examined) == 2:
            raise KeyboardInterrupt
        return real(spec, *options)  # type: ignore[arg-type]

    real = search.examine
    monkeypatch.setattr(search, "examine", interrupted)
    result = run("verify", "relu", "linear", "exp", "--json", tmp_path / "r.json")
    assert result.exit_code == 1
    assert "1 of 3 done" in result.output
    assert [check["name"] for check in json.loads((tmp_path / "r.json").read_text())["checks"]] == ["relu"]
