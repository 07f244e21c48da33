"""The measurement itself: peers are asked fairly, and what is written is what was found."""

from __future__ import annotations

import importlib.util
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from harness import registry
from harness.checkpoints import Store
from harness.cli import main
from harness.draw import drawn
from harness.inputs import Case
from harness.power import alarms, cost, kills, measure, names, peers, show, sizes, smallest
from harness.spec import Filled, Stream
from suites.mutants import Mutant, handwritten
from suites.mutants.generic import MISTAKES, each, everywhere

TINY = measure.Effort((120, 700), 8, (1, 1, 1, 1), 139, (100,), (10,), ("tanh",))


def usual(name: str) -> Case:
    """The case that a person would pick."""
    case = sizes.usual(registry.spec(name))
    assert case is not None
    return case


def spoiled(case: Case, mistake: str) -> Case:
    """With one of the generic mistakes."""
    return replace(case, spec=replace(case.spec, reference=MISTAKES[mistake](case.spec.reference)))


@pytest.mark.parametrize("name", ["linear", "tanh", "lstm", "cross_entropy"])
@pytest.mark.parametrize("peer", peers.installed())
class TestPeers:
    """Each accepts what is right, and refuses what is grossly wrong: the adapters hide nothing."""

    def test_right(self, peer: str, name: str) -> None:
        """A false alarm here would be the adapter's."""
        assert peers.passes(peers.PEERS[peer], usual(name)) is True

    @pytest.mark.parametrize("mistake", ["twice", "sign", "zero"])
    def test_wrong(self, peer: str, name: str, mistake: str) -> None:
        """Every entry of every gradient."""
        assert peers.passes(peers.PEERS[peer], spoiled(usual(name), mistake)) is False


def test_ones_hide_an_ignored_cotangent() -> None:
    """The comparison of courses is blind where ours is not: what the table is about."""
    case = spoiled(usual("tanh"), "cotangent ignored")
    assert peers.passes(peers.sum_backward, case) is True
    assert peers.passes(peers.backprove, case) is False


def test_nobody_is_asked_about_nothing() -> None:
    """Where there is nothing to differentiate, or the function raises, there is no answer."""
    nothing = drawn(registry.spec("one_hot"), 1)[0]
    assert {name: peers.passes(peer, nothing) for name, peer in peers.installed().items() if name != kills.OURS} == {
        name: None for name in peers.installed() if name != kills.OURS
    }


class TestSizes:
    """Cases of a wanted size."""

    def test_usual(self) -> None:
        """Options as they are by default, everything there, several entries."""
        case = usual("conv2d")
        assert case.plan["stride"] == 1
        assert "bias" in case.differentiable
        assert sizes.entries(case) > 3

    @pytest.mark.parametrize("name", ["linear", "mse_loss", "batch_norm", "gru"])
    def test_grown(self, name: str) -> None:
        """At least as many entries, and not twice as many."""
        large = sizes.grown(usual(name), 1000)
        assert large is not None
        assert 1000 <= sizes.entries(large) < 2000

    def test_not_to_be_grown(self) -> None:
        """A function that has no size of its own."""
        assert sizes.grown(usual("affine_grid"), 10**6) is None


def rules() -> list[str]:
    """The functions of which an argument is filled by a rule of its own."""
    kinds = {name: registry.spec(name).arguments.values() for name in registry.specs()}
    return [name for name, of in kinds.items() if any(isinstance(getattr(k, "array", k), Filled) for k in of)]


@pytest.mark.parametrize("name", rules())
def test_arrays_are_filled_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not entry by entry, nor row by row: however large the case, an argument takes a few draws."""
    large, draws = sizes.grown(usual(name), 1000), 0
    assert large is not None
    bits = Stream.bits

    def counted(stream: Stream, count: int) -> Any:
        nonlocal draws
        draws += 1
        return bits(stream, count)

    monkeypatch.setattr(Stream, "bits", counted)
    assert replace(large, seed=1).arguments
    assert draws <= 2 * len(large.kinds)


def test_cases_are_filled_before_they_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing is reported apart."""

    def looked(cases: list[Case], sides: dict[str, Any]) -> dict[str, float]:
        assert all({"arguments", "nudge"} <= vars(case).keys() for case in cases)
        return dict.fromkeys(sides, 1.0)

    monkeypatch.setattr(cost, "_in_turn", looked)
    assert [record["function"] for record in cost.measure(registry.spec("tanh"), (100,))] == ["tanh"]


class TestKills:
    """Who catches what, after how many cases."""

    def test_harmless_ones_are_left_out(self) -> None:
        """A change that changes nothing cannot be caught."""
        nothing = Mutant("linear", "nothing", each(lambda g: g.copy())(registry.spec("linear").reference))
        assert list(kills.trials(registry.spec("linear"), [nothing], {kills.OURS: peers.backprove}, 10)) == []

    def test_crying_wolf_catches_nothing(self) -> None:
        """A checker that refuses everything is not credited with a single catch."""
        mutant = next(one for one in handwritten() if one.of == "linear")
        found = list(kills.trials(registry.spec("linear"), [mutant], {kills.OURS: lambda _: False}, 5))
        assert {one.after for one in found} == {None}

    def test_after(self) -> None:
        """The first case that shows it."""
        mutant = next(one for one in handwritten() if one.of == "linear" and one.only == "batch 1")
        ours, one = kills.trials(registry.spec("linear"), [mutant], {kills.OURS: peers.backprove})
        assert ours.after is not None
        assert ours.after > 1
        assert one.shapes == "one"
        assert one.after is None

    def test_catalogue(self) -> None:
        """At least 400 were written by hand, over all families; the generic ones are made in every function."""
        written = handwritten()
        assert len(written) >= 400
        assert len({mutant.of for mutant in written}) >= 130
        assert len(everywhere()) == len(MISTAKES) * len(registry.specs())
        assert len([mutant for mutant in written if mutant.held_out]) >= 200


@pytest.mark.parametrize("mode", ["float64", "float64, no twin"])
def test_alarms_are_counted(mode: str) -> None:
    """A wrong function is accused, a right one is not."""
    calm = alarms.Calm(mode)
    calm.look(registry.spec("linear"), 10)
    assert (calm.cases, calm.accused) == (10, [])
    assert max(calm.quantiles()["all"]) <= 1
    spec = registry.spec("linear")
    calm.look(replace(spec, reference=MISTAKES["twice"](spec.reference)), 10)
    assert calm.accused


def test_the_smallest_error_is_found_by_bisection() -> None:
    """A checker that sees one part in a thousand is said to see about that."""

    def coarse(case: Case) -> bool:
        right = usual("tanh").spec.reference(**case.arguments)[1](np.ones_like(case.arguments["input"]))["input"]
        wrong = case.spec.reference(**case.arguments)[1](np.ones_like(case.arguments["input"]))["input"]
        return bool(np.allclose(wrong, right, rtol=1e-3, atol=0))

    assert math.isclose(smallest.seen(usual("tanh"), coarse), 10**-2.5, rel_tol=1e-6)
    assert smallest.seen(usual("tanh"), smallest.alone) < 1e-9


def test_names_beside_their_truth() -> None:
    """A mutant that doubles is called by its ratio."""
    spec = registry.spec("linear")
    mutant = Mutant("linear", "doubled", MISTAKES["twice"](spec.reference), ("ratio",))
    one = names.named(mutant, names.convicted(spec, mutant, drawn(spec, 20)))
    assert one is not None
    assert one.right


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Where parts are kept."""
    return Store(tmp_path_factory.mktemp("parts"), {}, measure.version(), print)


@pytest.fixture(scope="module")
def found(store: Store) -> dict[str, Any]:
    """A very small sample of everything."""
    return measure.measure(TINY, lambda *_: None, store)


def test_what_is_known_is_not_measured_again(found: dict[str, Any], store: Store) -> None:
    """A run that was stopped goes on: of its parts only the one that is missing is made, and all is as it was."""
    assert store.load("_smallest ('tanh', 10)") is not None
    for path in store.folder.iterdir():
        if json.loads(path.read_text())["key"].startswith("_smallest"):
            path.unlink()
    made: list[str] = []
    again = measure.measure(TINY, lambda what, *_: made.append(what), store)
    assert made == ["smallest error: tanh"]
    kept = [part for part in found if part != "smallest"]  # which peers measure along random directions
    assert json.dumps([again[part] for part in kept]) == json.dumps([found[part] for part in kept])


class TestReport:
    """What is written is what was found."""

    def test_lines(self, found: dict[str, Any]) -> None:
        """Every part is there, what was missed is named, nobody is accused."""
        said = "\n".join(show.lines(found))
        assert [f"Missed: {name}" in said for name in measure.missed(found["kills"])] == [True] * said.count("Missed")
        assert said.count("0 accused") == 4
        assert "of gradcheck's fast mode" in said
        _ = json.dumps(found)

    @pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is an extra")
    def test_page(self, found: dict[str, Any], tmp_path: Path) -> None:
        """The page and its plots, beside it."""
        show.page(found, tmp_path / "trust.md")
        text = (tmp_path / "trust.md").read_text()
        assert "| backprove | ours |" in text
        assert all(f"| all, {mode} |" in text for mode in alarms.MODES)
        assert all(name in text for name in measure.missed(found["kills"]) or ["None is missed"])
        pictures = sorted(picture.name for picture in (tmp_path / "trust").iterdir())
        assert pictures == ["caught.svg", "cost.svg", "smallest.svg"]
        assert all(f"trust/{name}" in text for name in pictures)

    def test_command(self, found: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The table on the terminal, the numbers as JSON."""
        monkeypatch.setattr(measure, "measure", lambda *_: found)
        result = CliRunner().invoke(main, ["power", "--quick", "--json", str(tmp_path / "power.json")])
        assert result.exit_code == 0, result.output
        assert "torch gradcheck, fast" in result.output
        assert json.loads((tmp_path / "power.json").read_text())["effort"]["cases"] == TINY.cases

    def test_bad_path(self) -> None:
        """Known before an hour of work."""
        result = CliRunner().invoke(main, ["power", "--quick", "--json", "/nowhere/power.json"])
        assert result.exit_code == 2
        assert "cannot be written" in result.output
