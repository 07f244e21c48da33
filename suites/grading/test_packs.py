"""Every bundled pack: each of its examples scores exactly what its file says, and its references are right."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from harness.grading import levels, selftest
from harness.grading.box import Level, NotStarted
from harness.grading.forks import Forks
from harness.grading.pack import EXAMPLES, Pack, bundled, load
from harness.spec import Real, Spec

PACKS = bundled()
FOLDERS = {
    f"{name}/{example.name}": (name, example)
    for name, folder in PACKS.items()
    for example in sorted((folder / EXAMPLES).iterdir())
    if example.is_dir()
}
loaded = cache(load)


@pytest.fixture(scope="module")
def best() -> Level:
    """The best level; where there is none, nothing is graded, and that is said."""
    try:
        return levels.best()
    except NotStarted as error:
        pytest.skip(f"no isolation on this machine: {error}")


@pytest.mark.parametrize("id", FOLDERS)
def test_example(id: str, best: Level, forks: Callable[..., Forks | None]) -> None:
    """Its score and its statuses, to the letter."""
    name, example = FOLDERS[id]
    pack = loaded(name)
    assert selftest.of_example(pack, example, best, forks=forks(best, pack.torch)) == []


@pytest.mark.parametrize("name", PACKS)
def test_folder(name: str) -> None:
    """Something right, something wrong, nothing left over."""
    assert selftest.of_folder(loaded(name)) == []


@pytest.mark.parametrize("name", PACKS)
def test_references(name: str) -> None:
    """What a pack takes for the truth is one: differences say so, and torch where it is asked."""
    work = selftest.work(loaded(name), "weak")
    found = [row for key, one in work.items() if key.startswith("reference ") for row in one()]
    assert found == []


PLANTED = """
before = TwoLayerNet.loss


def loss(self, X, y=None, reg=0.0):
    told = before(self, X, y, reg)
    if y is not None:
        told[1]["b2"] = told[1]["b2"] * (1.0 + 1e-4)
    return told


TwoLayerNet.loss = loss
"""


def test_a_planted_mistake_is_noticed(best: Level, tmp_path: Path) -> None:
    """A gradient that is off by a ten thousandth costs its points, and the comparison says so."""
    pack: Pack = loaded("two-layer-net")
    _ = shutil.copytree(pack.examples["right"], tmp_path / "right")
    _ = shutil.copy(pack.examples["right"].with_suffix(".json"), tmp_path / "right.json")
    with (tmp_path / "right" / "two_layernet.py").open("a") as file:
        _ = file.write(PLANTED)
    score, status = selftest.of_example(pack, tmp_path / "right", best)
    assert score == ("right", "score", "10.0", "9.0")
    assert status[:3] == ("right", "loss.backward.b2", "pass")
    assert status[3].startswith("fail: d_b2[")


def test_a_wrong_file_is_noticed(best: Level, tmp_path: Path) -> None:
    """Whatever the file beside an example says that is not so, or if there is none."""
    selftest.new(tmp_path / "own")
    pack = load(tmp_path / "own")
    example = pack.examples["right"]
    beside = example.with_suffix(".json")
    for said, rows in {
        '{"score": 5.0, "checks": {}}': [("right", "score", "5.0", "6.0")],
        '{"score": 6.0, "checks": {"affine": "fail"}}': [("right", "affine", "fail", "pass")],
        '{"score": 6.0, "checks": {"afine": "fail"}}': [("right", "afine", "fail", "no such check")],
        '{"score": 6.0}': [("right", "right.json", "readable", 'it should be {"score": …, "checks": {id: status}}')],
        "": [("right", "right.json", "readable", "Expecting value: line 1 column 1 (char 0)")],
    }.items():
        _ = beside.write_text(said)
        assert selftest.of_example(pack, example, best) == rows
    beside.unlink()
    assert selftest.of_example(pack, example, best) == [
        ("right", "right.json", "a file", 'missing; it would be {"score": 6.0, "checks": {}}')
    ]
    assert selftest.of_example(pack, example, best, write=True) == []
    _ = (beside.parent / "left.json").write_text("{}")
    shutil.rmtree(pack.examples["bias-averaged"])
    assert [row[1:] for row in selftest.of_folder(pack)] == [
        ("bias-averaged.json", "beside a folder of that name", "alone"),
        ("left.json", "beside a folder of that name", "alone"),
        ("examples", "one at least that is wrong", "none"),
    ]


def test_like_another(best: Level, tmp_path: Path) -> None:
    """An example has the files of the one that it is like, but for its own; that one has all of its."""
    selftest.new(tmp_path / "own")
    pack = load(tmp_path / "own")
    example, wrong = pack.examples["right"].with_name("again"), pack.examples["bias-averaged"]
    example.mkdir()
    _ = (example / "notes.py").write_text("")
    beside = example.with_suffix(".json")
    _ = beside.write_text('{"like": "right", "score": 6.0, "checks": {}}')
    assert selftest.of_example(pack, example, best) == []
    _ = beside.write_text(f'{{"like": "{wrong.name}", "score": 6.0, "checks": {{}}}}')
    assert ("again", "score", "6.0", "5.0") in selftest.of_example(pack, example, best)
    for name, like in (("nothing", ""), ("again", ""), (wrong.name, '"like": "again", ')):
        _ = wrong.with_suffix(".json").write_text(f'{{{like}"score": 5.0, "checks": {{}}}}')
        _ = beside.write_text(f'{{"like": "{name}", "score": 6.0, "checks": {{}}}}')
        told = [row[3] for row in selftest.of_example(pack, example, best)]
        assert f"again is like '{name}', but should be like one that has all its files" in told[1]


def test_a_wrong_reference_is_noticed(tmp_path: Path) -> None:
    """A pack that is wrong itself would fail who is right."""
    selftest.new(tmp_path / "own")
    source = tmp_path / "own" / "pack.py"
    _ = source.write_text(source.read_text().replace('gradients["bias"]', '2 * gradients["bias"]'))
    work = selftest.work(load(tmp_path / "own"), "weak")
    (row,) = [row for key, one in work.items() if key.startswith("reference ") for row in one()]
    assert row[:3] == ("affine", "its reference", "right")
    assert row[3].startswith("HANDWRITTEN b: ")


def test_a_wrong_twin_is_noticed() -> None:
    """A spec's call in torch is another opinion: where the two differ, that is told."""
    spec = Spec("cube", lambda x: (x**3, lambda d: {"x": 3 * x * x * d}), None, arguments={"x": Real("N")})
    assert selftest.of_reference(replace(spec, twin=lambda x: x**3)) == []
    ((name, *_, told),) = selftest.of_reference(replace(spec, twin=lambda x: x**2))
    assert (name, told.partition(" ")[0]) == ("cube", "FORWARD")
