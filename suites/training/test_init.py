"""Initialisers: they ask for the very distribution that torch asks for, and their numbers follow it."""

import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from harness.spec import Array
from reference_impls import init
from suites.specs.init import INITIALISERS, LEFT_OUT, Initialiser

SHAPES = [(6, 4), (4, 6), (5, 3, 2), (3, 5, 4, 2), (1, 7), (7, 1)]
ROWS = [
    pytest.param(one, options, id=f"{one.ours.__name__} {options}") for one in INITIALISERS for options in one.options
]
Draw = tuple[str, float, float]


class Listens(TorchDispatchMode):
    """Notes which distributions torch draws from: normal of mean and std, uniform of bounds."""

    def __init__(self) -> None:
        super().__init__()
        self.draws: list[Draw] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Note it, and go on."""
        usual = {"normal": (0.0, 1.0), "uniform": (0.0, 1.0)}  # torch leaves out what is usual
        kind = func.overloadpacket.__name__.rstrip("_")
        if kind in usual:
            first, second = [*args[1:], *usual[kind][len(args) - 1 :]]
            self.draws.append((kind, first, second))
        return func(*args, **(kwargs or {}))


class Notes:
    """A generator that notes what it is asked for."""

    def __init__(self) -> None:
        self.rng, self.draws = np.random.default_rng(0), list[Draw]()

    def normal(self, mean: float, std: float, shape: Any) -> Array:
        """Normal."""
        self.draws.append(("normal", mean, std))
        return self.rng.normal(mean, std, shape)

    def uniform(self, a: float, b: float, shape: Any) -> Array:
        """Uniform."""
        self.draws.append(("uniform", a, b))
        return self.rng.uniform(a, b, shape)


def asks_as_torch(ours: Callable[..., Array], twin: Callable[..., Any], options: Any, shape: tuple[int, ...]) -> None:
    """The same distributions with the same parameters; an array of this shape."""
    notes = Notes()
    array = ours(shape, **options, rng=notes)
    with Listens() as theirs:
        tensor = twin(torch.empty(shape, dtype=torch.float64), **options)
    assert array.shape == tuple(tensor.shape)
    assert [draw[0] for draw in notes.draws] == [draw[0] for draw in theirs.draws]
    np.testing.assert_allclose([d[1:] for d in notes.draws], [d[1:] for d in theirs.draws], rtol=1e-14)
    if not notes.draws:
        np.testing.assert_array_equal(array, tensor.numpy())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("one", "options"), ROWS)
def test_asks_as_torch(one: Initialiser, options: dict[str, Any], shape: tuple[int, ...]) -> None:
    """Fans, gains, standard deviations and bounds, for weights and for kernels."""
    asks_as_torch(one.ours, one.torch, options, shape)


def follows(array: Array, draw: Draw) -> None:
    """The numbers are of this distribution: a Kolmogorov-Smirnov test that one right array in a million fails."""
    kind, first, second = draw
    law = stats.norm(first, second) if kind == "normal" else stats.uniform(first, second - first)
    result: Any = stats.kstest(array.reshape(-1), law.cdf)
    assert result.pvalue > 1e-6, f"not {draw}"


@pytest.mark.parametrize(("one", "options"), ROWS[:-2])  # all but orthogonal
def test_follows_its_distribution(one: Initialiser, options: dict[str, Any]) -> None:
    """40,000 numbers of ours, and as many of torch's; rows and columns are independent."""
    notes = Notes()
    array = one.ours((100, 400), **options, rng=notes)
    if not notes.draws:
        return
    follows(array, notes.draws[0])
    _ = torch.manual_seed(4)
    follows(one.torch(torch.empty(100, 400, dtype=torch.float64), **options).numpy(), notes.draws[0])
    centred = (array - array.mean()) / array.std()
    assert abs((centred[1:] * centred[:-1]).mean()) < 0.03
    assert abs((centred[:, 1:] * centred[:, :-1]).mean()) < 0.03


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_orthogonal(shape: tuple[int, ...]) -> None:
    """Rows or columns, whichever are fewer, at right angles and of length `gain`."""
    array = init.orthogonal(shape, 3.0, rng=np.random.default_rng(1)).reshape(shape[0], -1)
    products = array @ array.T if array.shape[0] <= array.shape[1] else array.T @ array
    np.testing.assert_allclose(products, 9 * np.eye(min(array.shape)), atol=1e-13)


def no_side_preferred(draw: Callable[..., Array]) -> None:
    """Among 500 orthogonal matrices every entry has mean 0 and variance 1/3, within five standard errors."""
    rng = np.random.default_rng(2)
    many = np.stack([draw((3, 3), rng=rng) for _ in range(500)])
    assert (abs(many.mean(0)) < 5 / math.sqrt(3 * 500)).all(), "lies to one side"
    assert (abs((many**2).mean(0) - 1 / 3) < 5 * 0.3 / math.sqrt(500)).all(), "has another spread"


def test_orthogonal_prefers_no_side() -> None:
    """Which a bare QR factorisation does."""
    no_side_preferred(init.orthogonal)
    with pytest.raises(AssertionError, match="lies to one side"):
        no_side_preferred(lambda shape, rng: np.linalg.qr(rng.normal(size=shape))[0])


@pytest.mark.parametrize(
    "name", ["linear", "conv1d", "conv_transpose2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
)
@pytest.mark.parametrize("param", [None, 0.0, 0.3])
def test_gain(name: Any, param: float | None) -> None:
    """Torch's."""
    assert init.calculate_gain(name, param) == pytest.approx(nn.init.calculate_gain(name, param), rel=1e-15)


def test_every_initialiser() -> None:
    """Has a twin; takes its options with its defaults; and torch's others are left out for a reason."""
    assert {one.ours.__name__ for one in INITIALISERS} | {"calculate_gain"} == set(init.__all__)
    torchs = {name for name in vars(nn.init) if name.endswith("_") and not name.startswith("_")}
    assert {f"{name}_" for name in init.__all__} & torchs | set(LEFT_OUT) == torchs
    for one in INITIALISERS:
        if one.ours is init.he_normal:
            continue
        own, theirs = (dict(inspect.signature(function).parameters) for function in (one.ours, one.torch))
        assert set(own) - {"shape", "rng", "dtype"} == set(theirs) - {"tensor", "generator"}
        for name in set(own) & set(theirs):
            assert own[name].default == theirs[name].default, f"{one.ours.__name__}: {name}"


@pytest.mark.parametrize("one", INITIALISERS, ids=lambda one: one.ours.__name__)
def test_dtype_and_seed(one: Initialiser) -> None:
    """One seed is one start, rounded in float32; nothing at all may be asked for."""
    wide, again, narrow = (
        one.ours((6, 4), **one.options[-1], rng=np.random.default_rng(5), dtype=dtype) for dtype in ("f8", "f8", "f4")
    )
    np.testing.assert_array_equal(wide, again)
    assert wide.dtype == np.float64
    assert narrow.dtype == np.float32
    assert narrow.flags.c_contiguous
    assert narrow.flags.writeable
    np.testing.assert_array_equal(narrow, wide.astype("f4"))
    for nothing in ((0, 3), (3, 0), (0, 0)):
        assert one.ours(nothing, **one.options[-1], rng=np.random.default_rng(5)).shape == nothing


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda rng: init.calculate_gain("elu"), "nonlinearity is 'elu', but should be one of conv1d"),
        (lambda rng: init.kaiming_normal((3,), rng=rng), r"shape is \(3,\), but should be \(O, I, …\)"),
        (lambda rng: init.xavier_uniform((), rng=rng), r"shape is \(\), but should be"),
        (lambda rng: init.orthogonal((3,), rng=rng), r"shape is \(3,\), but should be"),
        (lambda rng: init.kaiming_uniform((3, 2), mode="in", rng=rng), "mode is 'in', but should be 'fan_in' or"),
    ],
)
def test_refusals(call: Any, words: str) -> None:
    """In our words."""
    with pytest.raises(ValueError, match=words):
        call(np.random.default_rng(0))


def transposed(shape: tuple[int, ...], **options: Any) -> Array:
    """Takes outputs for inputs."""
    return init.kaiming_normal((shape[1], shape[0], *shape[2:]), **options).swapaxes(0, 1)


@pytest.mark.parametrize(
    ("wrong", "twin", "shape"),
    [
        (transposed, nn.init.kaiming_normal_, (6, 4)),
        (lambda shape, rng: init.he_normal(shape[:2], rng=rng), nn.init.kaiming_normal_, (3, 5, 4)),  # no kernel
        (partial(init.kaiming_normal, nonlinearity="linear"), nn.init.kaiming_normal_, (6, 4)),
        (init.kaiming_uniform, nn.init.kaiming_normal_, (6, 4)),
        (
            lambda shape, rng: rng.normal(0, 2 / sum(shape), shape),
            nn.init.xavier_normal_,
            (6, 4),
        ),  # vugrad 2020: no root
        (lambda shape, rng: rng.uniform(-0.2, 0.2, shape), nn.init.xavier_uniform_, (6, 4)),
    ],
)
def test_a_wrong_initialiser_is_noticed(wrong: Any, twin: Any, shape: tuple[int, ...]) -> None:
    """A planted mistake asks for something else."""
    with pytest.raises(AssertionError):
        asks_as_torch(wrong, twin, {}, shape)


def test_numbers_of_another_distribution_are_noticed() -> None:
    """A standard deviation of 5 % too much, and bounds taken for a standard deviation."""
    rng = np.random.default_rng(6)
    for wrong in (rng.normal(0, 1.05, 40000), rng.uniform(-1, 1, 40000)):
        with pytest.raises(AssertionError, match="not"):
            follows(wrong, ("normal", 0.0, 1.0))
