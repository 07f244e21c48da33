"""Document 002: its exact claims, each seen failing on a mistake, and every figure from a few steps."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from harness.checkpoints import plain
from harness.reproduce import drawing
from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim
from harness.reproduce.lockstep import OutOfStep
from suites.experiments import _uva_convnet, _uva_grid, _uva_norm, _uva_train, uva
from suites.experiments._nets import perceptron
from suites.experiments._uva_nets import convolutions, drawn_as_torch, row, shapes, with_mean_biases

Numbers = dict[str, Any]
FIT = _uva_grid.fit


def made(context: Context, name: str) -> tuple[Numbers, dict[str, Claim]]:
    """A figure's numbers and exact claims; it is drawn and described on the way."""
    figure = next(one for one in uva.EXPERIMENT.figures if one.name == name)
    numbers = context.numbers(figure)
    assert figure.draw is not None
    assert drawing.drawn(figure, numbers)[0].startswith(b"\x89PNG")
    assert figure.caption(numbers)
    assert figure.table is None or figure.table(numbers).rows
    assert "digits" in context.used["images"]
    return numbers, exact(figure.claims(numbers))


def exact(claims: Any) -> dict[str, Claim]:
    """By the start of what they say."""
    return {one.says[:25]: one for one in claims if one.exact}


def shorter(monkeypatch: pytest.MonkeyPatch, choices: dict[Any, Any]) -> None:
    """Other quick choices."""
    monkeypatch.setattr(Context, "choose", lambda self, quick, full: choices.get(quick, quick))


def fails(claims: Any) -> list[bool]:
    """Of the exact ones."""
    return [not one.holds for one in claims if one.exact]


def test_the_numpy_mlp(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exact claims hold; each fails on what should fail it: right biases, wrong ones, a right plot, a step less."""
    shorter(monkeypatch, {3: 1})
    for name, value in (("HIDDEN", 8), ("STEPS", 450), ("EVERY", 30)):
        monkeypatch.setattr(uva, name, value)
    numbers, claims = made(context, "mlp")
    assert len(claims) == 4
    assert all(one.holds for one in claims.values())
    assert {one["steps"] for one in context.locksteps} == {20}
    biases = numbers["bias gradients"]
    mended = {name: {**one, "document": one["right"]} for name, one in biases.items()}
    wrong = {name: {**one, "right": one["document"], "document": one["document"] / 200} for name, one in biases.items()}
    still = numbers["rate 0"]
    assert fails(uva.mlp_claims({**numbers, "bias gradients": mended})) == [True, False, False, False]
    assert fails(uva.mlp_claims({**numbers, "bias gradients": wrong})) == [False, True, False, False]
    less = {**still, "losses": still["losses"][:-1]}
    assert fails(uva.mlp_claims({**numbers, "rate 0": less}))[-1]
    with monkeypatch.context() as patch:
        patch.setattr(uva, "plotted", partial(_uva_train.windows, every=uva.EVERY))
        assert fails(uva.mlp_claims(numbers)) == [False, False, True, False]


def test_what_the_document_plots() -> None:
    """Against its own loop, written out."""
    losses, total, want = list(np.random.default_rng(0).uniform(1, 2, uva.STEPS + 1)), 0.0, []
    for i, loss in enumerate(losses):
        total += loss
        if i % uva.EVERY == 0 and i:
            want.append(total / i)
            total = 0.0
    assert np.allclose(uva.plotted(losses), want, rtol=1e-12)


def test_lockstep_sees_mean_bias_gradients_on_one_side(context: Context) -> None:
    """The document's mistake in NumPy alone."""
    net = perceptron((4, 5, 3), rng=lambda: np.random.default_rng(0), options={"lr": 0.1})
    both = with_mean_biases(net, 6)
    batch = np.random.default_rng(1).standard_normal((6, 4)), np.arange(6) % 3
    _ = context.trainer(both).step(*batch)
    planted = type(net)(**{**vars(both), "twin": net.twin})
    with pytest.raises(OutOfStep, match="bias"):
        _ = context.trainer(planted).step(*batch)


def test_folds_are_scikit_learns() -> None:
    """As many of each class in each; and every row in one."""
    classes = np.random.default_rng(0).integers(0, 4, 103)
    for mixed in (None, np.random.default_rng(1)):
        found = _uva_grid.folds(classes, 5, mixed)
        theirs = [classes[held] for _, held in StratifiedKFold(5).split(classes, classes)]
        for number in range(5):
            counts = np.bincount(classes[found == number], minlength=4)
            assert np.abs(counts - np.bincount(theirs[number], minlength=4)).max() <= 1


def test_the_grid(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """36 settings; its claims hold, and fail where a fold or a number of the table is another."""
    shorter(monkeypatch, {1000: 60})
    monkeypatch.setattr(_uva_grid, "EPOCHS", 1)
    monkeypatch.setattr(_uva_grid, "NETS", ((4, 4), (5,), (3, 3, 3)))
    monkeypatch.setattr(_uva_grid, "fit", lambda *arguments: [0.5] * 5 if arguments[3][2] > 64 else FIT(*arguments))
    figure = next(one for one in uva.EXPERIMENT.figures if one.name == "grid")
    monkeypatch.setattr(
        context, "trainer", lambda net, **how: Context.trainer(context, net, **{**how, "lockstep": False})
    )
    numbers = context.numbers(figure)
    assert drawing.drawn(figure, numbers)[0].startswith(b"\x89PNG")
    assert figure.caption(numbers)
    monkeypatch.setattr(_uva_grid, "NETS", ((100, 100), (1000,), (50, 30, 20)))
    numbers = {**numbers, "scores": {way: dict(zip(_uva_grid.settings(), one.values(), strict=True))
                                     for way, one in numbers["scores"].items()}}  # fmt: skip
    assert len(_uva_grid.table(numbers).rows) == 36
    assert fails(_uva_grid.claims(numbers)) == [False, False]
    numbers["scores"][uva.DONE] = {name: one[:4] for name, one in numbers["scores"][uva.DONE].items()}
    monkeypatch.setattr(_uva_grid, "PUBLISHED", ((50.0, *_uva_grid.PUBLISHED[0][1:]), *_uva_grid.PUBLISHED[1:]))
    assert fails(_uva_grid.claims(numbers)) == [True, True]


def test_the_deep_net(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn from a few steps."""
    shorter(monkeypatch, {(250, 25): (4, 2), (2000, 500): (300, 50), 2: 1})
    numbers, _ = made(context, "adam")
    best, right = uva.chosen({"test": [0.1, 0.9, 0.5], "validation": [0.1, 0.2, 0.3]})
    assert (best, right) == (0.9, 0.5)
    assert all(len(run["validation"]) == 2 for runs in numbers["runs"].values() for run in runs)


def test_batch_norm_three_ways(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """They agree; a backward that takes the statistics as constants is seen, and a module that heeds its eps."""
    shorter(monkeypatch, {(300, 30): (20, 5), 3: 1})
    numbers, claims = made(context, "batchnorm")
    assert len(claims) == 7
    assert all(one.holds for one in claims.values())
    mended = {**numbers["differences"], _uva_norm.DOCUMENTS: numbers["differences"]["manual module"]}
    assert fails(_uva_norm.claims({**numbers, "differences": mended})) == [False] * 5 + [True, False]
    # Of another way, another result.
    other = plain(numbers)
    other["curves"]["manual module"]["losses"][-1] += 1e-6
    assert fails(_uva_norm.claims(other)) == [False] * 6 + [True]


@pytest.mark.parametrize("quantity", ["input", "gamma", "beta"])
def test_a_wrong_batch_norm_is_seen(context: Context, monkeypatch: pytest.MonkeyPatch, quantity: str) -> None:
    """One gradient of the manual function averaged over the batch."""
    right, place = _uva_norm.ManualFunction.backward, ("input", "gamma", "beta").index(quantity)

    def backward(ctx: Any, d_output: Any) -> tuple[Any, ...]:
        grads: list[Any] = list(right(ctx, d_output))
        grads[place] = grads[place].div(len(d_output))
        return tuple(grads)

    shorter(monkeypatch, {3: 1})
    monkeypatch.setattr(_uva_norm.ManualFunction, "backward", staticmethod(backward))
    found = _uva_norm.differences(context)
    assert found["manual function"]["1e-05"][quantity] > 0.1
    assert found["autograd"]["1e-05"][quantity] < _uva_norm.AGREE


def test_the_convnet(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is the published one, and another's is not."""
    shorter(monkeypatch, {(120, 20, 64, 8): (20, 10, 16, 32), (1500, 500): (100, 20), 2: 1})
    numbers, claims = made(context, "convnet")
    assert len(claims) == 2
    assert all(one.holds for one in claims.values())
    assert {one["steps"] for one in context.locksteps} == {20}
    counts = {
        way: _uva_convnet.parameters(1, 10, normed=normed) for way, normed in ((uva.DONE, False), (uva.RIGHT, True))
    }
    assert fails(_uva_convnet.claims({**numbers, "parameters": counts})) == [True, False]
    swapped = {**numbers["parameters"], uva.RIGHT: numbers["parameters"][uva.DONE]}
    assert fails(_uva_convnet.claims({**numbers, "parameters": swapped})) == [False, True]


def test_torchs_start_and_order_of_layers(context: Context) -> None:
    """Bounds by the inputs of a unit; and a net whose ReLU comes before its norm is out of step."""
    layers = convolutions(1, 3, divide=32, normed=True)
    found = drawn_as_torch(shapes(layers), np.random.default_rng(0))
    assert np.abs(found["conv1.weight"]).max() <= 1 / math.sqrt(2 * 9)
    assert found["norm0.weight"].tolist() == [1, 1]
    assert "conv0.bias" not in found
    net = row("net", layers, rng=lambda: np.random.default_rng(0), options={"lr": 1e-3})
    turned = [layers[0], layers[2], layers[1], *layers[3:]]
    other = row("net", turned, rng=lambda: np.random.default_rng(0), options={"lr": 1e-3})
    batch = np.random.default_rng(1).standard_normal((5, 1, 8, 8)), np.arange(5) % 3
    _ = context.trainer(net).step(*batch)
    with pytest.raises(OutOfStep):
        _ = context.trainer(type(net)(**{**vars(net), "twin": other.twin})).step(*batch)
