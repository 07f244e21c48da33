"""Document 000: its equations against plain formulas, its nets against torch, planted mistakes seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from harness.checkpoints import plain
from harness.reproduce import drawing
from harness.reproduce.context import Context
from harness.reproduce.data import Text
from harness.reproduce.lockstep import Lockstep, OutOfStep
from harness.reproduce.net import Net, NumPyTrainer, TorchTrainer
from reference_impls import optim
from suites.experiments import (
    _aims_adversarial,
    _aims_guards,
    _aims_improved,
    _aims_sweeps,
    _aims_text,
    _aims_times,
    _aims_train,
    aims,
)

SIZES = (6, 5, 5, 3)


def batch(rows: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Points of six numbers in three classes."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(rows, 6)), rng.integers(3, size=rows)


# Momentum.


def test_momentum_is_as_in_equations_1_and_2(context: Context) -> None:
    """b ← momentum b + g; w ← w - rate b: step by step, with the gradients that the trainer has."""
    trainer = NumPyTrainer(_aims_train.net(context, context.images("mnist").flat, width=7, momentum=0.6, lr=0.1))
    images = context.images("mnist").flat
    velocity: Any = 0
    for first in (0, 8, 16):
        rows = images.train[first : first + 8], images.train_classes[first : first + 8]
        before, (_, gradients) = trainer.parameters(), trainer.gradients(*rows)
        velocity = 0.6 * velocity + gradients["layers.1.weight"]
        _ = trainer.step(*rows)
        np.testing.assert_allclose(trainer.parameters()["layers.1.weight"], before["layers.1.weight"] - 0.1 * velocity)


# The adversarial example.


def attack(way: str, limit: float = 0.1) -> Net:
    """On a net that was never trained."""
    rng = np.random.default_rng(0)
    weights = _aims_improved.mlp_parameters(SIZES, rng=rng)
    return _aims_adversarial.attack(way, limit, batch(1)[0], weights, 0.01 * rng.normal(size=(1, 6)), 0.1)


@pytest.mark.parametrize("way", [_aims_adversarial.CODE, _aims_adversarial.REPORT])
def test_the_attack_is_torchs(way: str) -> None:
    """Both ways, in lockstep, and z of the report's stays of its size."""
    beside = Lockstep(attack(way))
    for _ in range(20):
        beside.step(0.1, np.array([2]))
    assert beside.record["moved"] > 1e-3
    if way == _aims_adversarial.REPORT:
        assert np.abs(beside.ours.parameters()["z"]).max() == pytest.approx(0.1, abs=1e-15)


def test_the_gradient_goes_through_the_division() -> None:
    """Against central differences of equation 3; without the largest entry's share it is another one, and is seen."""
    net, target, h = attack(_aims_adversarial.CODE), np.array([2]), 1e-7
    start = net.start()["z"]
    _, gradients = net.loss({"z": start}, target)
    wanted = np.zeros_like(start)
    for place in np.ndindex(start.shape):
        nudge = np.zeros_like(start)
        nudge[place] = h
        up, down = (net.loss({"z": start + sign * nudge}, target)[0] for sign in (1, -1))
        wanted[place] = (up - down) / (2 * h)
    np.testing.assert_allclose(gradients["z"], wanted, rtol=1e-5)

    def cut(z: np.ndarray) -> Any:
        added, _ = _aims_adversarial.scaled(0.1, z)
        return added, lambda d: 0.1 / np.abs(z).max() * d

    made: Any = net.loss
    _, picture, weights = made.args
    wrong = replace(net, loss=lambda *given: _aims_adversarial.loss(cut, picture, weights, *given))
    with pytest.raises(OutOfStep, match=r"differ by .* in z"):
        Lockstep(wrong).step(0.1, target)


# Future work on the perceptron.

IMPROVED: list[dict[str, Any]] = [{}, {"p": 0.5}, {"norm": "batch"}, {"norm": "layer"}, {"norm": "batch", "p": 0.3}]


def improved(**given: Any) -> Net:
    """A small one."""
    options = {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.01}
    return _aims_improved.improved(
        SIZES, lambda: np.random.default_rng(0), rule="SGD", options=options, population=batch(20)[0], **given
    )


def given_masks(given: dict[str, Any]) -> list[np.ndarray]:
    """Some."""
    return [np.random.default_rng(9).random((8, 5)) > 0.5 for _ in range(2)] if "p" in given else []


@pytest.mark.parametrize("given", IMPROVED, ids=str)
def test_improved_nets_are_torchs(given: dict[str, Any]) -> None:
    """The same steps, and the same scores when it is judged."""
    beside = Lockstep(improved(**given))
    for _ in range(20):
        beside.step(0.05, *batch(), *given_masks(given))
    net = improved(**given)
    ours, theirs = (trainer.scores(batch()[0]) for trainer in (NumPyTrainer(net), TorchTrainer(net)))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    assert NumPyTrainer(net, "float32").scores(batch()[0].astype("f4")).dtype == np.float32


def test_a_batch_is_judged_alone_of_its_rows() -> None:
    """Batch norm by the population: a row's scores do not hang on who else is judged; and of the population itself
    they are those of training."""
    net, rows = improved(norm="batch"), batch(20)[0]
    trainer = NumPyTrainer(net)
    np.testing.assert_allclose(trainer.scores(rows)[:3], trainer.scores(rows[:3]), atol=1e-12)
    training = _aims_improved.forward(net.start(), rows, "batch")[0]
    np.testing.assert_allclose(trainer.scores(rows), training, atol=1e-12)


def test_dropout_without_its_scale_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept, not divided by the chance to be kept."""
    monkeypatch.setattr(_aims_improved, "dropout", lambda rows, p, mask: (rows * mask, lambda d: {"input": d * mask}))
    with pytest.raises(OutOfStep):
        Lockstep(improved(p=0.5)).step(0.05, *batch(), *given_masks({"p": 0.5}))


# Text.


def test_pieces_are_as_the_document_reads_them() -> None:
    """Done right, none is left out; as it was done, as many characters as a batch has pieces."""
    for skip in (0, 3):
        walk = _aims_text.batches(np.arange(10_000), 3, 5, skip)
        first, second = next(walk), next(walk)
        assert first.shape == (64, 3)
        assert first.T.ravel().tolist() == list(range(5, 5 + 192))
        assert second[0, 0] == 5 + 192 + skip


def test_the_documents_loss_is_a_sixtyfourth_short() -> None:
    """63/64 of the mean, its gradients too, in both libraries."""
    start = lambda: _aims_text.documents("rnn", 4, 3, np.random.default_rng(0))  # noqa: E731
    net = _aims_text.characters("rnn", 4, 3, start=start, options={"lr": 0.1}, nonlinearity="gaussian")
    piece = np.random.default_rng(1).integers(4, size=(64, 2))
    short = _aims_text.document_loss(net)
    (mean, gradients), (loss, smaller) = (one.loss(start(), piece[:-1], piece[1:]) for one in (net, short))
    assert loss / mean == pytest.approx(63 / 64)
    np.testing.assert_allclose(smaller["linear.bias"], 63 / 64 * gradients["linear.bias"])
    beside = Lockstep(short)
    beside.step(0.1, piece[:-1], piece[1:])
    assert beside.record["steps"] == 1


def test_starts_are_drawn_gate_by_gate() -> None:
    """Each gate's way back is orthogonal; the document's spread is that of characters and units together."""
    made = _aims_text.STARTS["Xavier, orthogonal back"]("lstm", 7, 5, np.random.default_rng(0))
    for gate in np.split(made["lstm.weight_hh_l0"], 4):
        np.testing.assert_allclose(gate @ gate.T, np.eye(5), atol=1e-12)
    assert not made["lstm.bias_ih_l0"].any()
    wide = _aims_text.documents("lstm", 70, 100, np.random.default_rng(0))
    for name in ("weight_ih_l0", "weight_hh_l0"):
        assert wide[f"lstm.{name}"].std() == pytest.approx(np.sqrt(2 / 170), rel=0.02)
    assert wide["linear.weight"].std() == pytest.approx(np.sqrt(2 / 100), rel=0.02)
    for start in _aims_text.STARTS.values():
        shapes = {name: one.shape for name, one in start("lstm", 7, 5, np.random.default_rng(0)).items()}
        assert shapes == {name: one.shape for name, one in made.items()}


def test_writing_keeps_the_state() -> None:
    """The same characters come of reading the whole text again from its first one at each step."""
    text = Text("abc", "", "ab c")
    made = _aims_text.documents("lstm", 4, 6, np.random.default_rng(0))
    found = _aims_text.write("lstm", made, text, np.random.default_rng(3), 12)
    rng, read = np.random.default_rng(3), [text.alphabet.index(" ")]
    for _ in range(12):
        (scores, *_), _ = _aims_text.char_lstm(np.array(read), **made)
        powers = np.exp(scores[-1] - scores[-1].max())
        read.append(int(rng.choice(4, p=powers / powers.sum())))
    assert found == "".join(text.alphabet[one] for one in read[1:])


# Claims.


def test_a_change_beyond_the_limit_is_noticed() -> None:
    """Figure 5's exact claim."""
    run = {"way": "", "limit": 0.1, "guess": 7, "probabilities": [0.1] * 10, "added": [[0.1, -0.05]]}
    assert [one.holds for one in _aims_adversarial.claims({"runs": [run]})] == [True, True]
    over = {**run, "guess": 0, "added": [[0.1, -0.11]]}
    assert [one.holds for one in _aims_adversarial.claims({"runs": [run, over]})] == [True, False, False]


def test_a_training_of_another_rule_is_another_curve(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figure 1's claim holds, and fails where one library trains otherwise."""
    monkeypatch.setattr(Context, "choose", lambda self, quick, full: 1 if (quick, full) == (4, 6) else quick)
    monkeypatch.setitem(_aims_times.SIZES, "small", (10, 2))
    found = plain(_aims_times.numbers(context, "small"))
    assert all(one.holds for one in _aims_times.claims(found))
    assert [one["steps"] for one in context.locksteps] == [20]

    class Nesterov(NumPyTrainer):
        """Not plain SGD."""

        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.optimizer = optim.SGD(self.arrays, lr=0.05, momentum=0.5, nesterov=True)

    monkeypatch.setitem(_aims_times.WAYS, "NumPy", Nesterov)
    fresh = replace(context, store=replace(context.store, version="2"))
    assert not any(one.holds for one in _aims_times.claims(plain(_aims_times.numbers(fresh, "small"))))


def test_overflow_is_where_it_is_said_to_be(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """All exact claims hold; with the guard in the document's they do not."""
    assert all(one.holds for one in _aims_guards.claims(plain(_aims_guards.numbers(context))))
    monkeypatch.setattr(_aims_guards, "document_sigmoid", torch.sigmoid)
    holds = [one.holds for one in _aims_guards.claims(plain(_aims_guards.numbers(context)))]
    assert holds == [True, False, True]
    monkeypatch.setattr(
        _aims_guards,
        "document_cross_entropy",
        lambda *given: torch.nn.functional.cross_entropy(*given, reduction="none"),
    )
    holds = [one.holds for one in _aims_guards.claims(plain(_aims_guards.numbers(context)))]
    assert holds == [False, False, True]
    monkeypatch.setattr(_aims_guards, "cross_entropy", lambda *_, reduction: (np.zeros(121), None))
    holds = [one.holds for one in _aims_guards.claims(plain(_aims_guards.numbers(context)))]
    assert holds == [False, False, False]


def test_claims_of_a_sweep_are_judged_seed_by_seed() -> None:
    """One seed against it, and it does not hold."""
    found = {"curves": {"0.0": {"last": [3.0, 3.1]}, "0.8": {"last": [1.0, 1.1]}}}
    assert _aims_sweeps.falls(found, "").holds
    assert not _aims_sweeps.falls(found, "", turn=True).holds
    assert _aims_sweeps.below(found, "", "0.8", "0.0").holds
    found["curves"]["0.8"]["last"][1] = 3.2
    assert not _aims_sweeps.falls(found, "").holds
    assert not _aims_sweeps.below(found, "", "0.8", "0.0").holds


# All figures, of few steps.


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Narrow nets, few pictures and steps, each lockstep of one."""
    few = {
        (2000, 500): (60, 60),
        4: 1,
        6: 1,
        3: 2,
        (1000, 5e-3): (5, 5e-3),
        200: 3,
        120: 3,
        16: 2,
        64: 4,
        200_000: 5000,
    }
    monkeypatch.setattr(Context, "choose", lambda self, quick, full: few.get(quick, quick))
    monkeypatch.setattr("harness.reproduce.lockstep.STEPS", 1)
    monkeypatch.setattr(_aims_improved, "WIDTH", 9)
    for size in _aims_times.SIZES:
        monkeypatch.setitem(_aims_times.SIZES, size, (9, 2))


NAMES = [one.name for one in aims.EXPERIMENT.figures]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("short")
def test_every_figure_is_made(context: Context, name: str) -> None:
    """Numbers, picture, claims, caption and table."""
    figure = next(one for one in aims.EXPERIMENT.figures if one.name == name)
    found = context.numbers(figure)
    png, svg = drawing.drawn(figure, found)
    assert png.startswith(b"\x89PNG")
    assert "<svg" in svg
    assert figure.caption(found)
    assert all(one.seen for one in figure.claims(found))
    assert figure.table is None or figure.table(found).rows
    assert bool(context.locksteps) == (name != "guards")
