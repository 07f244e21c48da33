"""Document 004: its counts, its zero start, its stream, its errors; and that a planted mistake is seen."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from torch import nn

from harness.reproduce import drawing
from harness.reproduce.context import Context
from harness.reproduce.lockstep import OutOfStep

from . import _uca_batches, _uca_nets, _uca_stream, _uca_zero, uca

FEW = {30: 2, (2_000, 500): (200, 60)}  # epochs; pictures


@pytest.fixture
def few(context: Context, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Short runs, one of each."""
    monkeypatch.setattr(Context, "choose", lambda _, quick, full: FEW[quick])
    monkeypatch.setattr(_uca_nets, "SEEDS", 1)
    monkeypatch.setattr(_uca_stream, "EPOCHS_WITHIN", 1)
    monkeypatch.setattr(uca, "DEEP", 1)
    monkeypatch.setattr(uca, "RATES", [0.001, 10.0])
    monkeypatch.setattr(uca, "ADAM_RATES", [uca.SLOW, 1.0])
    return context


@pytest.mark.parametrize(("hidden", "count"), uca.PUBLISHED.items())
def test_the_published_counts(hidden: tuple[int, ...], count: int) -> None:
    """Of nets built as the document builds them."""
    sizes = (784, *hidden, 10)
    made = nn.Sequential(*(nn.Linear(*pair) for pair in pairwise(sizes)))
    assert sum(one.numel() for one in made.parameters()) == count


def test_a_wrong_count_is_seen() -> None:
    """By its exact claim alone."""
    right = {uca.named((784, *hidden, 10)): count for hidden, count in uca.PUBLISHED.items()}
    runs = {name: [{"test": [1.0]}] for name in right}
    wrong = {**right, "784-300-10": 238_500}  # a layer without its bias
    for ours, holds in ((right, True), (wrong, False)):
        found = uca.counts_claims({"ours": ours, "torch": right, "runs": runs})
        assert [one.holds for one in found if one.exact] == [holds, True, True]


def test_the_start_is_torchs(context: Context) -> None:
    """Uniform within one over the root of a unit's inputs, biases too."""
    begun = _uca_nets.net(context, _uca_nets.pictures(context), 0).start()
    for name, inputs in (("layers.0", 64), ("layers.1", 300)):
        for kind in ("weight", "bias"):
            largest = abs(begun[f"{name}.{kind}"]).max() * inputs**0.5
            assert 0.5 < largest <= 1


def test_the_stream_is_sorted_and_stable() -> None:
    """Digit by digit, each as they lie; shuffled, every row comes once."""
    classes = np.random.default_rng(0).integers(0, 10, 50)
    rows = np.concatenate(_uca_nets.batches(np.random.default_rng(0), classes, 8, stratified=True))
    assert [(classes[row], row) for row in rows] == sorted((one, row) for row, one in enumerate(classes))
    mixed = _uca_nets.batches(np.random.default_rng(0), classes, 8)
    assert [len(one) for one in mixed] == [8] * 6 + [2]
    np.testing.assert_array_equal(np.sort(np.concatenate(mixed)), np.arange(50))


def test_a_mean_of_means_is_not_the_mean() -> None:
    """Unless the batches are as large as each other."""
    assert _uca_nets.mean_of_means(np.array([1.0, 1.0, 4.0]), 2) == 2.5
    assert _uca_nets.mean_of_means(np.array([1.0, 1.0, 4.0, 4.0]), 2) == 2.5


def test_the_errors_as_they_are_done(few: Context) -> None:
    """The last batch's loss is that before its step; the losses of the sets are those after the epoch."""
    images = _uca_nets.pictures(few)
    made = _uca_nets.net(few, images, 0)
    found = _uca_nets.fit(few, images, made, batch=len(images.train), seed=0)
    assert found["as done"]["train"] == pytest.approx(found["train"][:-1], rel=1e-5)
    assert found["as done"]["test"] == pytest.approx(found["test"][1:], rel=1e-5)


def test_every_figure_is_made(few: Context) -> None:
    """Of a few steps: with a caption, drawn, and with every exact claim holding."""
    for figure in uca.EXPERIMENT.figures:
        numbers = few.numbers(figure)
        assert figure.draw
        assert figure.caption(numbers)
        assert [one.says for one in figure.claims(numbers) if one.exact and not one.holds] == []
        assert drawing.drawn(figure, numbers)[0].startswith(b"\x89PNG")
        if figure.table:
            assert figure.table(numbers).rows
    assert max(one["difference"] for one in few.locksteps) < 1e-8


def test_a_start_that_is_not_zero_is_seen(few: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """All exact claims of the zero start fail where the weights stay as they were drawn."""
    plain = _uca_zero.made

    def forgetful(*given: Any, **how: Any) -> Any:
        return plain(*given, **{name: one for name, one in how.items() if name == "activation"})

    monkeypatch.setattr(_uca_zero, "made", forgetful)
    found = _uca_zero.claims(_uca_zero.numbers(few))
    assert [one.holds for one in found if one.exact] == [False] * 4


def test_a_skipped_update_is_out_of_step(few: Context) -> None:
    """An optimiser that is made before the zeros in one library alone."""
    images = _uca_nets.pictures(few)
    right = _uca_zero.made(few, images, 0, zero=True)
    wrong = replace(right, optimizer=_uca_zero.made(few, images, 0, zero=True, detached=True).optimizer)
    with pytest.raises(OutOfStep, match=r"layers\.1"):
        _ = few.trainer(wrong).step(images.train, images.train_classes)


def test_steps_are_compared_at_as_many_steps() -> None:
    """Full batch and batches of 128 that go down alike for each step, and not for each epoch."""

    def runs(steps: int) -> list[dict[str, Any]]:
        train = [float(np.exp(-0.1 * steps * epoch)) for epoch in range(21)]
        return [{"train": train, "as done": {"train": train[1:]}, "steps": steps}]

    found = {one.says.partition(",")[0]: one.holds for one in _uca_batches.claims(
        {"full": runs(1), "128": runs(5), "16": runs(40)})}  # fmt: skip
    assert found["For each step full batch is as fast as batches of 128"]
    assert found["Full batch is slower for each epoch than batches of 128"]


def test_a_wild_training_is_in_lockstep_as_far_as_that_can_be(few: Context) -> None:
    """For its first steps; in which a wrong rule is seen as ever."""
    images = _uca_nets.pictures(few)
    made = _uca_nets.net(few, images, 0, lr=1.0, rule="Adam")
    _ = _uca_nets.fit(few, images, made, batch=16, seed=0, wild=True)
    assert [one["steps"] for one in few.locksteps] == [_uca_nets.SURE]
    plain = replace(made, optimizer=_uca_nets.net(few, images, 0, lr=1.0).optimizer)
    with pytest.raises(OutOfStep, match="after step 1"):
        _ = _uca_nets.fit(few, images, plain, batch=16, seed=0, wild=True)
