"""Document 001: what is known exactly, seen to fail, and that its figures are made at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.checkpoints import plain
from harness.reproduce import drawing
from harness.reproduce.context import Context
from suites.experiments import sapienza


def numbers(context: Context, name: str) -> tuple[Any, dict[str, Any]]:
    """A figure, and what it found."""
    figure = next(one for one in sapienza.EXPERIMENT.figures if one.name == name)
    return figure, context.numbers(figure)


@pytest.mark.parametrize("name", ["q1", "q2"])
def test_what_is_known_exactly(context: Context, name: str) -> None:
    """Scores, cost 1.30378789133, every gradient below 1e-8."""
    figure, found = numbers(context, name)
    claims = figure.claims(found)
    assert all(one.exact for one in claims)
    assert all(one.holds for one in claims), claims


def test_a_wrong_net_is_noticed(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the penalty, as CS231n has it later, and a bias gradient that is a mean: neither passes."""
    right = sapienza.toy_net
    monkeypatch.setattr(sapienza, "toy_net", lambda reg: right(reg / 2))
    figure, found = numbers(context, "q1")
    assert [one.holds for one in figure.claims(found)] == [True, False]

    def mean(reg: float) -> Any:
        net = right(reg)

        def loss(*batch: Any) -> Any:
            value, grads = net.loss(*batch)
            return value, grads | {"layers.0.bias": grads["layers.0.bias"] / 5}

        return replace(net, loss=loss)

    monkeypatch.setattr(sapienza, "toy_net", mean)
    figure, found = numbers(context, "q2")
    wrong = [one.says for one in figure.claims(found) if not one.holds]
    assert any("layers.0.bias" in one for one in wrong)
    assert not any("weight" in one for one in wrong)


def test_toy_training(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends where right code ends, in lockstep."""
    monkeypatch.setattr(Context, "choose", lambda self, quick, full: 3 if (quick, full) == (20, 200) else quick)
    figure, found = numbers(context, "q3")
    assert figure.claims(found)[0].holds
    assert [one["steps"] for one in context.locksteps] == [20] * 3
    assert max(one["difference"] for one in context.locksteps) < 1e-12
    png, svg = drawing.drawn(figure, found)
    assert png.startswith(b"\x89PNG")
    assert "<svg" in svg


def test_images_and_layers_are_drawn(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """With few steps, in colour too."""
    short = {1000: 3, 20: 1, (5000, 1000): (300, 40)}
    monkeypatch.setattr(Context, "choose", lambda self, quick, full: short.get(quick, quick))
    for name in ("images", "q4"):
        figure, found = numbers(context, name)
        _ = figure.claims(found)
        assert drawing.drawn(figure, plain(found))[0].startswith(b"\x89PNG")
        assert "digits" in context.used["images"]
    figure, found = numbers(context, "images")
    for one in (found["default"], found["tuned"]):
        one["weights"] = np.ones((15, 3072)).tolist()
    assert drawing.drawn(figure, found | {"shape": [3, 32, 32]})[0].startswith(b"\x89PNG")
