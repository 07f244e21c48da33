"""What becomes of a hand-in: every status, the points it earns, and what the student is told."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference_impls as ref
from harness.grading import deciding, grade, levels, runner
from harness.grading.box import Level, NotStarted
from harness.grading.grade import Record
from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import Real, Spec

ADAPTER = """
def scale(x, w, d_output=None):
    import layer
    answer = {"output": layer.scale(x, w)}
    return answer if d_output is None else answer | layer.scale_backward(d_output, x, w)


def square(x, d_output=None):
    import layer
    answer = {"output": layer.square(x)}
    return answer if d_output is None else answer | {"x": layer.square_backward(d_output, x)}


def descend(x, rate):
    import layer
    return {"path": layer.descend(x, rate)}
"""
RIGHT = """
import numpy as np

def scale(x, w):
    return x * w

def scale_backward(d, x, w):
    return {"x": d * w, "w": (d * x).sum(0)}

def square(x):
    return x * x

def square_backward(d, x):
    return 2 * x * d

def descend(x, rate):
    return np.stack([x * (1 - rate) ** step for step in range(4)])
"""
HINTS = {"scale.w": "Every row has a part in it."}


def scaled(x: Any, w: Any) -> Any:
    """What is right."""
    output, back = ref.mul(x, w)

    def pullback(d: Any) -> dict[str, Any]:
        gradients = back(d)
        return {"x": gradients["input"], "w": gradients["other"]}

    return output, pullback


def squared(x: Any) -> Any:
    """What is right."""
    return x * x, lambda d: {"x": 2 * x * d}


def path(x: Any, rate: float) -> dict[str, Any]:
    """What is right."""
    return {"path": np.array([x, x * (1 - rate), x * (1 - rate) ** 2, x * (1 - rate) ** 3])}


SCALE = Spec("scale", scaled, None, arguments={"x": Real("N D"), "w": Real("D")})
SQUARE = Spec("square", squared, None, arguments={"x": Real("N")})
START: dict[str, Any] = {"arguments": {"x": np.array([1.0, -2.0])}, "options": {"rate": 0.5}}
FILE = "layer.py"
PACK = Pack(
    "test",
    title="Two functions and a loop",
    files=(FILE,),
    seconds=1.0,
    checks=(
        Check("scale", file=FILE, target="scale", points=2, call="scale", spec=SCALE),
        Check("scale.x", file=FILE, target="scale_backward", points=1, call="scale", spec=SCALE, judges="x"),
        Check(
            "scale.w",
            file=FILE,
            target="scale_backward",
            points=1,
            call="scale",
            spec=SCALE,
            judges="w",
            needs=("scale",),
            hint=HINTS["scale.w"],
        ),
        Check("square", file=FILE, target="square", points=2, call="square", spec=SQUARE, unstable=0.5),
        Check("square.x", file=FILE, target="square_backward", points=2, call="square", spec=SQUARE, judges="x"),
        Trajectory(
            "path", file=FILE, target="descend", points=2, call="descend", want=path, needs=("square",), **START
        ),
    ),
)
ALL = ("scale", "scale.x", "scale.w", "square", "square.x", "path")
Graded = Callable[..., Record]


@pytest.fixture(scope="module")
def best() -> Level:
    """The best level; where there is none, nothing is graded, and that is said."""
    try:
        return levels.best()
    except NotStarted as error:
        pytest.skip(f"no isolation on this machine: {error}")


@pytest.fixture
def graded(tmp_path: Path, best: Level) -> Graded:
    """The record of a source, which is the right one with one part replaced."""
    _ = (tmp_path / "adapter.py").write_text(ADAPTER)
    (tmp_path / "in").mkdir()

    def run(old: str = "", new: str = "", pack: Pack = PACK, source: str = RIGHT, **options: Any) -> Record:
        assert old in source
        _ = (tmp_path / "in" / "layer.py").write_text(source.replace(old, new, 1) if old else source)
        return grade.grade(replace(pack, folder=tmp_path), tmp_path / "in", level=best, **options)

    return run


def told(record: Record, **statuses: str) -> dict[str, Record]:
    """The checks by id; all that are not named in `statuses` (dots as underscores) are passed."""
    rows = {check["id"]: check for check in record["checks"]}
    assert {id: row["status"] for id, row in rows.items()} == {
        id: statuses.get(id.replace(".", "_"), "pass") for id in rows
    }, json.dumps(record["checks"], indent=1)
    for row in rows.values():
        assert 0 <= row["points"] <= row["max_points"]
        assert row["points"] == row["max_points"] or row["status"] != "pass"
    assert record["score"] == pytest.approx(sum(row["points"] for row in rows.values()))
    return rows


def test_pass(graded: Graded) -> None:
    """All points, and nothing to say."""
    record = graded()
    rows = told(record)
    assert (record["score"], record["max_score"], record["message"]) == (10.0, 10.0, "")
    assert {row["message"] for row in rows.values()} == {""}
    assert {row["verdict"] for row in rows.values()} == {"AGREE"}


def test_fail(graded: Graded) -> None:
    """The claim, where, what it looks like, inputs that can be pasted, the hint; and nothing else is hidden."""
    record = graded("(d * x).sum(0)", "(d * x).mean(0)")
    row = told(record, scale_w="fail")["scale.w"]
    assert (record["score"], row["points"]) == (9.0, 0.0)
    assert (row["verdict"], row["target"], row["file"]) == ("HANDWRITTEN", "scale_backward", "layer.py")
    first, *rest = row["message"].splitlines()
    got, want = map(float, re.findall(r"is (\S+), but should be (\S+)", first)[0])
    assert first.startswith("d_w[")
    assert rest[-1] == "  hint: Every row has a part in it."
    assert any(line.startswith("  wrong: ") for line in rest)
    assert f"  pattern: {row['pattern']}" in rest
    assert "N" in row["pattern"] or "mean" in row["pattern"], row["pattern"]
    assert row["counterexample"].splitlines() == [line[2:] for line in rest if " = np.array(" in line]
    assert "  in layer.py:7: def scale_backward(d, x, w):" in rest
    given: dict[str, Any] = {"np": np}
    exec(row["counterexample"], given)  # noqa: S102 - it is there to be pasted
    x, w, d = given["x"], given["w"], given["d_output"]
    assert (len(x), x.size) == (2, 2)  # smaller ones do not show it
    assert (d * x).mean(0)[0] == pytest.approx(got, rel=1e-5)
    assert (d * x).sum(0)[0] == pytest.approx(want, rel=1e-5)
    assert w.shape == (1,)
    assert row["case"].startswith("scale/")


def test_the_same_again(graded: Graded) -> None:
    """A record depends on the seed, and not on what was graded before."""
    first = graded("(d * x).sum(0)", "(d * x).mean(0)")
    _ = graded("x * x", "x * x * x", seed=9)
    again = graded("(d * x).sum(0)", "(d * x).mean(0)")
    assert first["checks"] == again["checks"]


def test_wrong_shape(graded: Graded) -> None:
    """Said as such."""
    row = told(graded("(d * x).sum(0)", "d * x"), scale_w="fail")["scale.w"]
    assert (row["message"].partition("\n")[0], row["pattern"]) == (
        "d_w.shape is (1, 1), but should be (1,), as w",
        "batch axis not summed",
    )
    row = told(graded("np.stack([x * (1", "np.stack([[x] * (1"), path="error")["path"]
    assert row["message"].startswith("TypeError: ")
    row = told(graded("range(4)", "range(5)"), path="fail")["path"]
    assert row["message"].startswith("the shape of path is (5, 2), but should be (4, 2)")


@pytest.mark.parametrize("bad", ["np.nan", "np.inf", "1j", "'x'", "None", "[[1], [1, 2]]", "np.float16(1) * x[:0]"])
def test_no_value_passes_that_is_none(bad: str, graded: Graded) -> None:
    """Neither NaN nor anything else that compares oddly."""
    rows = {
        row["id"]: row
        for row in graded("return x * x", f"return x * {bad}" if "n" in bad else f"return {bad}")["checks"]
    }
    assert rows["square"]["status"] in ("fail", "error", "missing")
    assert rows["square"]["points"] == 0
    assert rows["scale"]["status"] == rows["scale.w"]["status"] == "pass"


def test_unstable(graded: Graded) -> None:
    """Wrong only at values that the task never asks for: what the pack says of its points, and it is told."""
    record = graded("return x * x", "return np.minimum(x * x, 1e6)")
    row = told(record, square="unstable")["square"]
    assert row["points"] == 1.0
    assert "only extreme values go wrong" in row["message"]


def test_mutation(graded: Graded) -> None:
    """An argument is written to: half of the points, and what to do."""
    record = graded("return x * x", "x += 0; return x * x")
    rows = told(record, square="mutation", square_x="mutation")
    assert (rows["square"]["points"], rows["square"]["pattern"], rows["square"]["verdict"]) == (
        1.0,
        "mutated",
        "IMPURE",
    )
    assert "work on a copy" in rows["square"]["message"]
    rows = told(graded("return x * x", "x *= x; return x"), square="mutation", square_x="fail")
    assert "changed as well: work on a copy" in rows["square.x"]["message"]
    _ = told(graded("return 2 * x * d", "d *= 2 * x; return d"), square_x="mutation")  # the forward is innocent
    record = graded("def descend(x, rate):", "def descend(x, rate):\n    x[0] = x[0]")
    assert told(record, path="mutation")["path"]["points"] == 1.0


BODIES = ("pass", "raise NotImplementedError", "return None", "out = None\n    return out", '"""TODO"""')


@pytest.mark.parametrize("body", BODIES)
def test_missing(body: str, graded: Graded) -> None:
    """Untouched; what needs it says why it is not judged. What is right beside it is right."""
    record = graded("def square(x):\n    return x * x", f"def square(x):\n    {body}")
    rows = told(record, square="missing", path="skipped", **{"square_x": "missing"} if "raise" in body else {})
    assert rows["square"]["message"].startswith("not written yet")
    assert rows["path"]["message"] == "not judged: it needs square (square), which is not written yet"
    rows = told(graded("return 2 * x * d", body), square_x="missing")
    assert rows["square.x"]["message"].startswith("not written yet")


def test_missing_altogether(graded: Graded) -> None:
    """No function of the name; no file of the name."""
    rows = told(graded("def square(", "def sqare("), square="missing", square_x="missing", path="skipped")
    assert "layer.py defines no square" in rows["square"]["message"]
    pack = replace(
        PACK, files=("layer.py", "other.py"), checks=(*PACK.checks, replace(PACK.checks[0], id="o", file="other.py"))
    )
    rows = told(graded(pack=pack), o="missing")
    assert rows["o"]["message"] == "other.py is not among the files handed in"


def test_missing_gradient(graded: Graded) -> None:
    """One that is not returned hides no other."""
    assert told(graded('"x": d * w, ', ""), scale_x="missing")["scale.x"]["message"].startswith("not written yet")


def test_error(graded: Graded) -> None:
    """The exception, and the student's line."""
    record = graded("return 2 * x * d", "return (2 * x) @ d[:, None, None] @ np.ones((7, 7))")
    row = told(record, square_x="error")["square.x"]
    assert re.match(r"ValueError: .*\n  at layer.py:14: return .*", row["message"]), row["message"]
    assert row["verdict"] == "ERROR"
    record = graded("return x * x", "return x * y")
    rows = told(record, square="error", square_x="error", path="skipped")
    assert rows["square"]["message"].startswith("NameError: name 'y' is not defined\n  at layer.py:11: return x * y")
    assert rows["path"]["message"] == "not judged: it needs square (square), which is an exception"


def test_sometimes_an_error(graded: Graded) -> None:
    """Where others are right, the smallest inputs that raise are shown."""
    record = graded("return x * x", "assert len(x) < 3\n    return x * x")
    rows = told(record, square="error", square_x="error", path="skipped")
    assert rows["square"]["message"].startswith("AssertionError")
    assert rows["square"]["counterexample"].count(",") == 2  # three entries


def test_timeout(graded: Graded) -> None:
    """By the grader's clock; others are judged all the same."""
    record = graded("return x * x", "\n    while True: pass")
    rows = told(record, square="timeout", square_x="timeout", path="skipped")
    assert rows["square"]["message"] == "no answer within 1 s: is there a loop that never ends?"
    assert rows["path"]["message"] == "not judged: it needs square (square), which is without an answer"


def test_died(graded: Graded) -> None:
    """The process ends; others are judged all the same, in another."""
    record = graded("return x * x", "\n    import os; os._exit(3)")
    rows = told(record, square="died", square_x="died", path="skipped")
    assert rows["square"]["message"] == "the process that ran it ended: it ended with exit status 3"
    record = graded("return {", "import ctypes; ctypes.string_at(0)\n    return {")
    assert "SIGSEGV" in told(record, scale_x="died", scale_w="died")["scale.x"]["message"]


def test_who_ends_every_box(graded: Graded) -> None:
    """Is not asked for ever."""
    record = graded(source="import os\n" + re.sub(r"return .*", "os._exit(1)", RIGHT))
    assert {row["status"] for row in record["checks"]} == {"died", "skipped"}
    assert record["score"] == 0


def test_slow(graded: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call is quick enough, and all of them are not; the others have their turn."""
    monkeypatch.setattr(runner, "EACH_SECONDS", 3.0)
    rows = told(
        graded("return x * x", "import time; time.sleep(0.4); return x * x"),
        square="timeout",
        square_x="timeout",
        path="skipped",
    )
    assert rows["square"]["message"] == "not asked any more, since its calls took 3 s altogether"


def test_undecided(graded: Graded) -> None:
    """The derivative of what has none is not judged before the forward is right."""
    rows = told(
        graded("return x * x", "return x * x + 1j", source=RIGHT.replace("return 2 * x * d", "return 3 * x * d")),
        square="fail",
        square_x="skipped",
        path="skipped",
    )
    assert rows["square"]["message"].startswith("output is complex, but should be real")
    assert rows["square.x"]["message"].endswith("could not be decided: the output is complex, but should be real")


def test_skipped(graded: Graded) -> None:
    """A loop needs what it calls to be right; a gradient is judged beside a wrong forward."""
    rows = told(graded("return x * x", "return x * x + 1"), square="fail", path="skipped")
    assert rows["path"]["message"] == "not judged: it needs square (square), which is wrong"
    _ = told(graded("return x * w", "return x * x * w"), scale="fail")  # the gradients are what was asked for
    rows = told(graded("return x * w", "return 1 / 0"), scale="error", scale_x="error", scale_w="skipped")
    assert rows["scale.w"]["message"] == "not judged: it needs scale (scale), which is an exception"


def test_infra(graded: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails here is not laid to the student: the reference, the pack's call, the grader itself."""

    def raises(**_: Any) -> Any:
        raise ValueError("no")

    broken = replace(PACK.checks[3], spec=replace(SQUARE, reference=raises))
    pack = replace(PACK, checks=(*PACK.checks[:3], broken))
    assert "the reference of square fails at square/" in told(graded(pack=pack), square="infra")["square"]["message"]
    pack = replace(PACK, checks=(*PACK.checks[:3], replace(PACK.checks[5], needs=(), options={"rate": {1}})))
    assert "the pack asks what no box can answer" in told(graded(pack=pack), path="infra")["path"]["message"]
    pack = replace(PACK, checks=PACK.checks[:1])
    said = "the grader failed, and not the hand-in: ZeroDivisionError: division by zero ("
    with monkeypatch.context() as patch:
        patch.setattr(deciding.Group, "decided", lambda *_: 1 / 0)
        assert told(graded(pack=pack), scale="infra")["scale"]["message"].startswith(said)
    monkeypatch.setattr(deciding, "groups", lambda *_: 1 / 0)
    record = graded(pack=pack)
    assert told(record, scale="infra")["scale"]["message"] == record["message"]
    assert record["message"].startswith(said)


def test_a_pack_that_raises(graded: Graded) -> None:
    """Over an answer that its judge did not think of, or where it says what it wants: the student is not to blame."""
    judged = replace(
        PACK.checks[5], needs=(), want={}, judge=lambda got: "" if got["path"].reshape(4, 2).any() else "0"
    )
    pack = replace(PACK, checks=(*PACK.checks[:3], judged))
    assert graded(pack=pack)["score"] == 6.0
    row = told(graded("range(4)", "range(3)", pack=pack), path="infra")["path"]
    assert row["message"].startswith("the pack failed, so look at it: judge of path raises ValueError: cannot reshape")
    assert "\n" not in row["message"]
    pack = replace(PACK, checks=(*PACK.checks[:3], replace(judged, judge=None, want=lambda **_: {}["path"])))
    row = told(graded(pack=pack), path="infra")["path"]
    assert re.fullmatch(
        r"the pack failed, so look at it: want of path raises KeyError: 'path' \(test_grade.py:\d+\)", row["message"]
    )


def test_follow_through(graded: Graded) -> None:
    """The right derivative of a wrong forward earns its points, and is told so; a wrong one does not."""
    wrong = RIGHT.replace("return x * x", "return x * x * x")
    rows = told(graded("return 2 * x * d", "return 3 * x * x * d", source=wrong), square="fail", path="skipped")
    assert rows["square.x"]["points"] == 2.0
    assert "it is the derivative of your forward as it stands" in rows["square.x"]["message"]
    rows = told(
        graded("return 2 * x * d", "return 4 * x * x * d", source=wrong), square="fail", square_x="fail", path="skipped"
    )
    assert "this is not the derivative of that forward either" in rows["square.x"]["message"]
    assert "is " in rows["square.x"]["message"].partition("\n")[0]


def test_follow_through_of_one_and_not_the_other(graded: Graded) -> None:
    """They are looked at together first: one that is off by a thousandth is not carried by one that is right."""
    wrong = RIGHT.replace("return x * w", "return 3 * x * w").replace('"x": d * w', '"x": 3 * d * w')
    own = {"scale": "fail"}
    rows = told(graded('"w": (d * x)', '"w": 3 * (d * x)', source=wrong), **own)
    assert (rows["scale.x"]["points"], rows["scale.w"]["points"]) == (1.0, 1.0)
    rows = told(graded('"w": (d * x)', '"w": 3.003 * (d * x)', source=wrong), **own, scale_w="fail")
    assert (rows["scale.x"]["points"], rows["scale.w"]["points"]) == (1.0, 0.0)


@pytest.mark.parametrize(("forward", "backward"), [("0 * x", "0 * x"), ("np.ones_like(x)", "np.zeros_like(d)")])
def test_a_constant_earns_nothing(forward: str, backward: str, graded: Graded) -> None:
    """0 is the derivative of a constant forward, which is no achievement."""
    source = RIGHT.replace("return x * x", f"return {forward}")
    rows = told(
        graded("return 2 * x * d", f"return {backward}", source=source), square="fail", square_x="fail", path="skipped"
    )
    assert "your forward does not depend on this argument at all" in rows["square.x"]["message"]


def test_random(graded: Graded) -> None:
    """What changes from call to call is said to."""
    row = told(
        graded("return x * x", "return x * x + np.random.rand(*x.shape)"),
        square="fail",
        square_x="pass",
        path="skipped",
    )
    assert row["square"]["pattern"] == "random"
    assert "it changes from call to call" in row["square"]["message"]


@pytest.mark.parametrize("wrong", ["x * x", "x * x + 1"])
@pytest.mark.parametrize("gradient", ["2 * x * d", "2 * x * d[0]"])
def test_a_shape_that_changes_from_call_to_call(wrong: str, gradient: str, graded: Graded) -> None:
    """Is a wrong answer, and no end of the grading."""
    source = RIGHT.replace("return 2 * x * d", f"return {gradient}")
    rows = graded("return x * x", f"return ({wrong})[np.random.randint(2):]", source=source)["checks"]
    status = {row["id"]: row["status"] for row in rows}
    assert status["square"] == "fail"
    assert status["square.x"] in ("fail", "skipped")


def test_other_types_are_fine(graded: Graded) -> None:
    """Lists, other floats of enough digits, matrices, and more than was asked for."""
    for old, new in (
        ("return x * x", "return [float(one) ** 2 for one in x] if x.dtype == float else x * x"),
        ("return x * x", "return np.asmatrix(x * x).A1"),
        ('"x": d * w, ', '"x": d * w, "more": np.zeros(3), '),
        ("return x * x", "print('x' * 5000); return x * x"),
    ):
        assert graded(old, new)["score"] == 10.0, new


def test_public(graded: Graded) -> None:
    """A student's own run has the public checks alone; what needs a hidden one is judged without."""
    pack = replace(PACK, checks=(*PACK.checks[:3], replace(PACK.checks[3], public=False), *PACK.checks[4:]))
    record = graded("return x * x", "return x * x + 1", pack=pack, public=True)
    assert [row["id"] for row in record["checks"]] == ["scale", "scale.x", "scale.w", "square.x", "path"]
    assert record["max_score"] == 8.0


def test_no_torch_for_numpy(tmp_path: Path) -> None:
    """Two seconds that nobody has to wait for who grades NumPy."""
    code = (
        "import sys; from harness.grading import batch, pack; pack.load('two-layer-net'); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"files": ()}, "the pack test should have at least one file and one check"),
        ({"checks": ()}, "the pack test should have at least one file and one check"),
        ({"checks": PACK.checks[:1] * 2}, "the id scale is given to several checks, but should be given to one"),
        ({"files": ("a.py",)}, "scale: the file is layer.py, but should be one of a.py"),
        ({"checks": PACK.checks[2:]}, "scale.w: it needs scale, which should be a check further up"),
        ({"checks": (replace(PACK.checks[0], points=-1),)}, "scale: the points are -1, but should be 0 or more"),
        ({"checks": (replace(PACK.checks[0], points=np.inf),)}, "scale: the points are inf, but should be 0 or more"),
        ({"checks": (replace(PACK.checks[0], call="_x"),)}, "the call is '_x', but should be a public function"),
        ({"checks": (replace(PACK.checks[5], want={}, needs=()),)}, "path: want is empty, but should say"),
        ({"checks": (replace(PACK.checks[0], judges="y"),)}, "scale: it judges y, but should judge"),
    ],
)
def test_a_pack_that_cannot_be_graded(change: dict[str, Any], said: str) -> None:
    """Says so when it is made."""
    with pytest.raises(ValueError, match=re.escape(said)):
        _ = replace(PACK, **change)
