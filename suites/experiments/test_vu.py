"""Document 003: its data, its graph, and that a planted mistake is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import reference_impls as ref
from harness.reproduce import drawing
from harness.reproduce.context import Context
from harness.reproduce.lockstep import OutOfStep
from harness.spec import Array

from . import _vu_judged, _vu_nets, _vu_ops, vu


def test_the_classes_are_those_of_the_quadratic_form() -> None:
    """x₁² + 1.5 x₁x₂ + 0.2 x₂² > 0.6, and of the points that are drawn nearly half."""
    points, classes = _vu_nets.synthetic(np.random.default_rng(0), 2000)
    x, y = points.T
    np.testing.assert_array_equal(classes, x**2 + 1.5 * x * y + 0.2 * y**2 > 0.6)
    assert 0.4 < classes.mean() < 0.6


def test_the_start_that_was_given_lacks_the_root() -> None:
    """2 / (inputs + outputs) is 0.02 where Glorot's is 0.1 √2."""
    drawn = _vu_nets.given_start((40, 60), rng=np.random.default_rng(0))
    assert drawn.std() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("count", range(5))
def test_a_diamond_doubles(count: int) -> None:
    """By the right walk; by the other one as long as nothing is used twice."""
    assert _vu_judged.slope(_vu_ops.backward, count) == 2**count
    assert (_vu_judged.slope(_vu_ops.backward_of_2020, count) == 2**count) == (count == 0)


def test_the_graph_has_the_gradients_of_the_net(context: Context) -> None:
    """That of the document, with its faults, on a batch on which they do not show."""
    assert _vu_judged.as_given(context) < 1e-12


def test_a_wrong_op_is_seen(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference whose second gradient has lost its sign; the sum beside it is right."""

    def wrong(input: Array, other: Array) -> tuple[Array, Any]:
        output, pullback = ref.sub(input, other)
        return output, lambda d_output: {"input": pullback(d_output)["input"], "other": d_output.copy()}

    add, sub = _vu_judged.OPS[:2]
    monkeypatch.setattr(_vu_judged, "FUNCTIONS", ())
    monkeypatch.setattr(_vu_judged, "OPS", (add, replace(sub, reference=wrong)))
    numbers = _vu_judged.judge_ops(context)
    assert [one["verdict"] for one in numbers.values()] == ["AGREE", "HANDWRITTEN"]
    (claim,) = _vu_judged.ops_claims(numbers)
    assert not claim.holds
    assert claim.seen == "wrong: Sub"
    assert len(_vu_judged.ops_table(numbers).rows) == 2


def test_momentum_is_its_equation_and_no_other(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another momentum in the equation it is off."""
    assert vu.equation(context) < 1e-12
    monkeypatch.setattr(vu, "MOMENTUM", 0.8)
    assert vu.equation(context) > 1e-3


def two_steps(context: Context, made: Any) -> dict[str, Array]:
    """How far each parameter went."""
    points, classes = _vu_nets.synthetic(np.random.default_rng(0), 2 * _vu_nets.BATCH)
    trainer = context.trainer(made)
    begun = trainer.parameters()
    for rows in (slice(None, _vu_nets.BATCH), slice(_vu_nets.BATCH, None)):
        _ = trainer.step(points[rows], classes[rows])
    return {name: abs(one - begun[name]).max() for name, one in trainer.parameters().items()}


@pytest.mark.parametrize(("way", "trained"), vu.THIRD.items())
def test_what_is_not_in_parameters_stays(context: Context, way: str, trained: int) -> None:
    """In both libraries, or else they were out of step."""
    made = _vu_nets.net(
        lambda: np.random.default_rng(0), _vu_nets.GIVEN, **_vu_nets.NETS["three layers"], trained=trained
    )
    went = two_steps(context, made)
    assert [one > 0 for one in went.values()] == [True] * trained + [False] * (6 - trained), way
    assert context.locksteps[0]["difference"] < 1e-14


def test_a_loss_that_is_averaged_is_out_of_step(context: Context) -> None:
    """The library adds it up."""
    made = _vu_nets.net(lambda: np.random.default_rng(0), _vu_nets.GLOROT, **_vu_nets.NETS["sigmoid"])

    def averaged(*batch: Any) -> Any:
        loss, gradients = made.loss(*batch)
        return loss / 128, {name: one / 128 for name, one in gradients.items()}

    with pytest.raises(OutOfStep, match="the loss"):
        _ = two_steps(context, replace(made, loss=averaged))


def test_a_third_layer_that_moves_is_seen() -> None:
    """The exact claim fails."""
    still = {f"layers.{layer}.{kind}": float(layer < 2) for layer in range(3) for kind in ("weight", "bias")}
    run = {"loss": [0.7, 0.3], "accuracy": [0.5, 0.9]}
    all_three = [{**run, "moved": dict.fromkeys(still, 1.0)}]
    for missing, holds in ((still, True), (dict.fromkeys(still, 1.0), False)):
        found = vu.third_claims({"start": dict(zip(vu.THIRD, ([{**run, "moved": missing}], all_three), strict=True))})
        assert [one.holds for one in found if one.exact] == [holds]


FEW = {20: 8, 3: 1, (12_800, 2_000, 24): (256, 100, 2)}  # cases, seeds; points, held out, epochs


def test_every_figure_is_made(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a few steps: drawn or tabled, with a caption, and with every exact claim holding."""
    monkeypatch.setattr(Context, "choose", lambda _, quick, full: FEW[quick])
    monkeypatch.setattr(_vu_judged, "OPS", _vu_judged.OPS[:2])
    monkeypatch.setattr(_vu_judged, "FUNCTIONS", _vu_judged.FUNCTIONS[:1])
    for figure in vu.EXPERIMENT.figures:
        numbers = context.numbers(figure)
        assert figure.caption(numbers)
        assert figure.claims(numbers)
        assert [one.says for one in figure.claims(numbers) if one.exact and not one.holds] == []
        if figure.draw:
            assert drawing.drawn(figure, numbers)[0].startswith(b"\x89PNG")
        else:
            assert figure.table
            assert figure.table(numbers).rows
    assert {one["steps"] for one in context.locksteps} == {4}


def test_faults_that_are_not_found_are_seen() -> None:
    """Each exact claim fails: where the judge passes the code as given, and where the walks are the same."""
    passed = {name: {"verdict": "AGREE"} for name in _vu_judged.FAULTS}
    numbers = {"judged": passed, "slopes": {"right": [2, 4], "of 2020": [3, 4]}, "off on a batch": 0.1}
    assert not any(one.holds for one in _vu_judged.faults_claims(numbers))
