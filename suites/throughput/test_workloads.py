"""The workloads: their sizes are those of their names, their FLOP those that torch counts, and all backends agree."""

import re

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from harness.training import clock, meter, step
from harness.training.backend import BACKENDS, Backend
from harness.training.torch_step import mean_loss
from harness.training.workload import Workload, gathered, named
from suites.throughput.small import LSTM, MLP, SMALL
from suites.throughput.workloads import WORKLOADS

CPU = [BACKENDS["numpy"], BACKENDS["torch-cpu"], Backend("torch", "cpu", "eager", "bfloat16")]
every_size = pytest.mark.parametrize("workload", [*SMALL.values(), *WORKLOADS.values()], ids=lambda one: one.name)


@every_size
def test_names_hold_the_sizes(workload: Workload) -> None:
    """A perceptron's layers, a character model's vocabulary, hidden units, length; and the batch of both."""
    shapes = {name: array.shape for name, array in workload.start().items()}
    input, _ = workload.a_batch()
    numbers = [int(one) for one in re.findall(r"\d+", workload.name)]
    if workload.name.startswith("mlp"):
        *sizes, batch = numbers
        if "800x4" in workload.name:
            sizes = [784, 800, 800, 800, 800, 10]
        weights = [shapes[f"layers.{depth}.weight"] for depth in range(len(sizes) - 1)]
        assert weights == list(zip(sizes[1:], sizes[:-1], strict=True))
        assert input.shape == (batch, sizes[0])
        assert (workload.units, workload.unit) == (batch, "samples")
    else:
        vocabulary, hidden, length, batch = numbers
        assert shapes["lstm.weight_ih_l0"] == (4 * hidden, vocabulary)
        assert shapes["linear.weight"] == (vocabulary, hidden)
        assert input.shape == (length, batch)
        assert (workload.units, workload.unit) == (length * batch, "tokens")


def test_flop_by_hand() -> None:
    """Of the documents' two models: 2.24 MFLOP for a sample, 2.11 for a token."""
    assert WORKLOADS["mlp-784-400-400-10-b100"].flop == 2 * 100 * (2 * 784 * 400 + 3 * (400 * 400 + 400 * 10))
    one = WORKLOADS["char-lstm-v96-h256-t64-b32"]
    assert one.flop / one.units == pytest.approx(2.11e6, rel=0.01)


@pytest.mark.parametrize("workload", [MLP, LSTM, WORKLOADS["mlp-784-400-400-10-b100"]], ids=lambda one: one.name)
def test_flop_is_what_torch_counts(workload: Workload) -> None:
    """To the last product; in float64, since torch counts none of its fused LSTM."""
    module = workload.twin().double()
    input, classes = map(torch.from_numpy, workload.a_batch())
    with FlopCounterMode(display=False) as counter:
        _ = mean_loss(module, input.double() if input.is_floating_point() else input, classes).backward()
    assert counter.get_total_flops() == workload.flop


@pytest.mark.parametrize("workload", SMALL.values(), ids=list(SMALL))
@pytest.mark.parametrize("backend", [*CPU, *(one for one in BACKENDS.values() if one.device == "cuda")], ids=str)
def test_every_backend_is_right(workload: Workload, backend: Backend) -> None:
    """The meter takes it: loss, gradients and update are float64's; and it goes on as NumPy does."""
    if reason := backend.missing():
        pytest.skip(reason)
    result = meter.measure(workload, backend, clock.QUICK)
    assert result.loss < 5
    digits = {"float32": 1e-5, "tf32": 1e-2, "bfloat16": 5e-2}[backend.precision]
    np.testing.assert_allclose(losses(workload, backend), losses(workload, CPU[0]), rtol=digits)


def losses(workload: Workload, backend: Backend) -> list[float]:
    """Of five steps on batches of their own. A graph that added up gradients, or read an old batch, would be seen."""
    rng, found = np.random.default_rng(3), []
    with backend.products():
        one = step.make(workload, backend)
        one.reset()
        for _ in range(5):
            one.feed(workload.batch(rng))
            one()
            found.append(one.loss())
    return found


def test_batches() -> None:
    """The timed one is always the same; the next character is one of four."""
    for workload in SMALL.values():
        for one, again in zip(workload.a_batch(), workload.a_batch(), strict=True):
            np.testing.assert_array_equal(one, again)
    input, following = LSTM.batch(np.random.default_rng(8))
    np.testing.assert_array_equal(input[1:], following[:-1])
    many = [LSTM.batch(np.random.default_rng(seed)) for seed in range(60)]
    pairs = {(int(a), int(b)) for x, y in many for a, b in zip(x.flat, y.flat, strict=True)}
    assert 7 < len(pairs) <= 4 * 7


def test_bytes() -> None:
    """Parameters and momentum in and out, hidden units out and in."""
    parameters = (12 + 1) * 8 + (8 + 1) * 8 + (8 + 1) * 3
    assert MLP.moved(4, 4) == 4 * 4 * parameters + 2 * 4 * 6 * 16
    assert MLP.moved(2, 2) == MLP.moved(4, 4) / 2


def test_found_by_name() -> None:
    """Or refused, with what was perhaps meant."""
    assert gathered() is WORKLOADS
    assert named("mlp-784-400-400-10-b100") is WORKLOADS["mlp-784-400-400-10-b100"]
    with pytest.raises(LookupError, match=r"did you mean char-lstm-v96-h256-t64-b32\?"):
        _ = named("char-lstm-v96-h256")
    with pytest.raises(LookupError, match="there are mlp-784"):
        _ = named("resnet")
