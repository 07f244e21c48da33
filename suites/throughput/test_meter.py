"""The meter is seen to refuse wrong steps, to count only quiet blocks, and to see memory."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch

from harness.training import clock, limit, memory, meter, step, truth
from harness.training.backend import BACKENDS, Backend
from harness.training.workload import Parameters, Workload
from reference_impls.optim import SGD
from suites.throughput.small import LSTM, MLP, SMALL

NUMPY, TORCH = BACKENDS["numpy"], BACKENDS["torch-cpu"]
Change = Callable[[float, Parameters], tuple[float, Parameters]]


def planted(workload: Workload, change: Change) -> Workload:
    """The workload with a mistake in its gradients."""

    def gradients(*arguments: Any) -> tuple[float, Parameters]:
        return change(*workload.gradients(*arguments))

    return replace(workload, gradients=gradients)


def one_of(change: Callable[[Any], Any], place: int) -> Change:
    """A change of one array."""

    def changed(loss: float, grads: Parameters) -> tuple[float, Parameters]:
        name = list(grads)[place]
        return loss, {**grads, name: change(grads[name])}

    return changed


class Double(SGD):
    """Steps twice as long."""

    def step(self, gradients: Any) -> None:
        """Twice the learning rate."""
        self.lr *= 2
        super().step(gradients)
        self.lr /= 2


class Still(SGD):
    """Stays where it is: the fastest step there is."""

    def step(self, gradients: Any) -> None:
        """Nothing."""


def mistakes(workload: Workload) -> Iterator[Any]:
    """Each with the words that it is refused with."""
    for place in range(len(workload.start())):
        for what, change in {
            "sign": np.negative,
            "twice": lambda grad: 2 * grad,
            "mean": lambda grad: grad / 6,
            "zero": np.zeros_like,
            "nan": lambda grad: grad * np.nan,
            "reversed": lambda grad: np.ascontiguousarray(grad[::-1]),
        }.items():
            yield pytest.param(planted(workload, one_of(change, place)), "the gradient of ", id=f"{what} {place}")
    wrong_loss = planted(workload, lambda loss, grads: (loss * 1.1, grads))
    yield pytest.param(wrong_loss, "the loss is off by 0.1 ", id="loss")
    yield pytest.param(replace(workload, optimizer=Double), "after the update is off", id="double")
    yield pytest.param(replace(workload, optimizer=Still), "after the update is off", id="still")


@pytest.mark.parametrize(("workload", "words"), [*mistakes(MLP), *mistakes(LSTM)])
def test_a_wrong_step_is_refused(workload: Workload, words: str) -> None:
    """Whatever is wrong with it, and in whichever array."""
    with pytest.raises(truth.Wrong, match=words):
        _ = truth.check(step.make(workload, NUMPY), workload, NUMPY)


def test_a_wrong_step_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is its memory measured."""
    monkeypatch.setattr(meter, "timed", lambda *_: pytest.fail("it was timed"))
    wrong = planted(MLP, one_of(np.negative, 0))
    with pytest.raises(truth.Wrong, match=r"the gradient of layers\.\d\.weight is off by 2 of its size"):
        _ = meter.measure(wrong, NUMPY)
    with pytest.raises(truth.Wrong, match="the gradient of layers"):
        _ = meter.peak(wrong, NUMPY)


def test_a_wrong_torch_step_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a graph that adds its gradients up would be: the optimiser clears none."""
    one = step.make(MLP, TORCH)
    one()
    monkeypatch.setattr(torch.optim.SGD, "zero_grad", lambda *_, **__: None)
    with pytest.raises(truth.Wrong, match="the gradient of "):
        _ = truth.check(one, MLP, TORCH)


def test_gradients_of_other_parameters_are_refused() -> None:
    """A model that was cut."""
    small = replace(SMALL["mlp-12-8-8-3-b6"], name="cut")
    start = functools.partial(lambda make: {n: a for n, a in make().items() if n != "layers.2.bias"}, small.start)
    cut = replace(small, start=start)
    one = step.make(cut, NUMPY)
    with pytest.raises(truth.Wrong, match="but should be of"):
        _ = truth.check(one, small, NUMPY)


def test_right_steps_pass() -> None:
    """Far within what is allowed."""
    for workload in SMALL.values():
        for backend in (NUMPY, TORCH):
            assert meter.measure(workload, backend, clock.QUICK).off < 1e-5


class FakeTime:
    """A clock that only the step moves."""

    def __init__(self) -> None:
        self.now, self.own = 100.0, 5.0

    def perf_counter(self) -> float:
        """Of the wall."""
        return self.now

    def process_time(self) -> float:
        """Of this process."""
        return self.own


class FakeStep:
    """Returns at once, as CUDA does, and takes its time when it is waited for; others take some too, now and then."""

    def __init__(self, watch: FakeTime, cost: float, busy: Callable[[int], float]) -> None:
        self.watch, self.cost, self.share = watch, cost, busy
        self.started, self.waits, self.busy = 0, 0, 50.0

    def __call__(self) -> None:
        self.started += 1

    def wait(self) -> None:
        """All that was started, slowed down by the others."""
        share = self.share(self.waits)
        own = self.started * self.cost
        self.watch.now += own * (1 + share)
        self.watch.own += own
        self.busy += own + 2 * own * (1 + share) * share  # two processors
        self.started = 0
        self.waits += 1


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Make a step whose time is known."""

    def make(cost: float, busy: Callable[[int], float] = lambda _: 0.0) -> FakeStep:
        watch = FakeTime()
        one = FakeStep(watch, cost, busy)
        monkeypatch.setattr(clock, "time", watch)
        monkeypatch.setattr(clock, "_busy", lambda: one.busy)
        monkeypatch.setattr(clock.os, "cpu_count", lambda: 2)
        return one

    return make


def test_time_is_found_though_the_step_returns_at_once(fake: Any) -> None:
    """Two milliseconds each; blocks of at least 100 ms; one wait for each block."""
    one = fake(0.002)
    timing = clock.timed(one)
    assert timing.ms == pytest.approx(2)
    assert timing.q1 == pytest.approx(timing.q3)
    assert timing.steps == 64
    assert (timing.blocks, timing.dropped, timing.contended) == (9, 0, False)
    before = one.waits
    _ = clock.block(one, 10)
    assert one.waits == before + 1


def test_warm_up_is_by_time(fake: Any) -> None:
    """A second of it, and a step that takes longer is run at least twice."""
    one = fake(0.002)
    _ = clock.warmed_up(one, clock.FULL)
    assert one.watch.now - 100 >= 1
    slow = fake(4.0)
    assert clock.warmed_up(slow, clock.FULL) == 1
    assert slow.watch.now - 100 == pytest.approx(8)
    timing = clock.timed(slow)
    assert timing.blocks == 3  # no more, when they take so long


def test_busy_blocks_are_dropped(fake: Any) -> None:
    """Every other block is disturbed and takes 1.5 times as long: it does not count."""
    one = fake(0.002, lambda number: 0.5 * (number % 2))
    timing = clock.timed(one)
    assert timing.ms == pytest.approx(2)
    assert timing.dropped in (8, 9)
    assert not timing.contended


def test_without_the_guard_they_would_count(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test above can fail."""
    one = fake(0.002, lambda number: 0.5 * (number % 2))
    monkeypatch.setattr(clock, "OTHERS", 1.0)
    assert clock.timed(one).q3 == pytest.approx(3)


def test_a_busy_machine_is_owned_up_to(fake: Any) -> None:
    """All blocks are disturbed: they are taken, and the result says so."""
    timing = clock.timed(fake(0.002, lambda _: 0.2))
    assert timing.contended
    assert timing.ms == pytest.approx(2.4)
    assert (timing.blocks, timing.dropped) == (27, 0)


def test_where_others_cannot_be_seen_every_block_counts(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system without /proc."""
    one = fake(0.002, lambda _: 0.2)
    monkeypatch.setattr(clock, "_busy", lambda: None)
    assert not clock.timed(one).contended


linux = pytest.mark.skipif(not memory.CLEAR.exists(), reason="no /proc/self/clear_refs here")


def needed() -> float | None:
    """The peak of 80 MB in small pieces, after as much was freed; what lies between them is kept."""
    pieces = [(np.ones(10_000), np.ones(500)) for _ in range(1000)]
    between = [small for _, small in pieces]
    del pieces
    seen = memory.Peak("cpu")
    pieces = [np.ones(10_000) for _ in range(1000)]
    del pieces, between
    return seen.mb()


@linux
def test_memory_is_seen_though_it_was_freed_before() -> None:
    """76 MB, and not much else."""
    mb = needed()
    assert mb is not None
    assert 70 < mb < 90


@linux
def test_memory_kept_by_the_allocator_would_hide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So giving it back is what the test above rests on."""
    monkeypatch.setattr(memory, "_give_back", lambda: None)
    mb = needed()
    assert mb is not None
    assert mb < 40


@linux
def test_memory_of_a_check_is_forgotten() -> None:
    """What is held for a moment before `again` does not count."""
    seen = memory.Peak("cpu")
    big = np.ones(10_000_000)
    del big
    seen.again()
    mb = seen.mb()
    assert mb is not None
    assert mb < 30


def test_the_floor_is_the_larger_of_the_two() -> None:
    """A machine of slow products, and one of slow memory."""
    slow = limit.Limit(rate=MLP.flop / 0.5, bandwidth=MLP.moved(4, 4) / 0.1)
    assert slow.floor(MLP, NUMPY) == pytest.approx(500)
    narrow = limit.Limit(rate=MLP.flop / 0.1, bandwidth=MLP.moved(4, 4) / 0.5)
    assert narrow.floor(MLP, NUMPY) == pytest.approx(500)
    half = Backend("torch", "cuda", "eager", "bfloat16")
    assert narrow.floor(MLP, half) == pytest.approx(250)


def test_the_record_is_consistent() -> None:
    """What is derived is derived from what stands beside it."""
    found = meter.measure(MLP, TORCH, clock.QUICK).record()
    assert (found["workload"], found["backend"], found["precision"]) == (MLP.name, "torch-cpu", "float32")
    assert found["throughput"] * found["ms"] == pytest.approx(1e3 * MLP.units)
    assert found["flop_per_second"] == pytest.approx(found["flop"] / MLP.units * found["throughput"])
    assert found["reached"] * found["ms"] == pytest.approx(found["floor_ms"])
    assert found["limit"]["rate"] > 0
    assert found["limit"]["bandwidth"] > 0


def test_backends() -> None:
    """Eleven, by name; without a CUDA device nine say why not."""
    assert list(BACKENDS)[:2] == ["numpy", "torch-cpu"]
    assert len(BACKENDS) == 11
    assert all(name == one.name for name, one in BACKENDS.items())
    reasons = [one.missing() for one in BACKENDS.values()]
    assert not any(reasons[:2])
    assert all(reasons[2:]) or torch.cuda.is_available()


def test_tf32_is_set_and_set_back() -> None:
    """For matrix products and for cuDNN."""
    matmul: Any = torch.backends.cuda.matmul
    cudnn: Any = torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    for precision in ("float32", "tf32", "bfloat16"):
        with Backend("torch", "cuda", precision=precision).products():
            assert (matmul.allow_tf32, cudnn.allow_tf32) == 2 * (precision == "tf32",)
        assert (matmul.allow_tf32, cudnn.allow_tf32) == before


@pytest.mark.parametrize("workload", SMALL.values(), ids=list(SMALL))
def test_compiled(workload: Workload, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way through torch.compile, with the compiler left out, for it takes a minute."""
    calls: list[Any] = []
    plain = torch.compile

    def compiled(function: Any) -> Any:
        calls.append(function)
        return plain(function, backend="eager")

    monkeypatch.setattr(torch, "compile", compiled)
    backend = Backend("torch", "cpu", "compile")
    assert truth.check(step.make(workload, backend), workload, backend) < 1e-5
    assert len(calls) == 1


def test_a_graph_that_replays_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As fast as can be. CUDA's part is played by mocks, so here every graph is such a one."""
    for name in ("Stream", "current_stream", "stream", "CUDAGraph", "graph"):
        monkeypatch.setattr(torch.cuda, name, mock.MagicMock())
    backend = Backend("torch", "cpu", "graph")
    one = step.make(MLP, backend)
    assert isinstance(one.run, mock.MagicMock)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(truth.Wrong):
        _ = truth.check(one, MLP, backend)
    monkeypatch.setattr(one, "run", one._eager)  # pyright: ignore[reportAttributeAccessIssue]
    assert truth.check(one, MLP, backend) < 1e-5
