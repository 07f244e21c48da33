"""Optimisers alone: against torch on gradients of any size, option by option, and against the formulas by hand."""

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from harness.spec import Array
from reference_impls import optim
from suites.specs.optim import HOW, OPTIMISERS, Optimiser
from suites.training import STEPS, Parameters, same

ROWS = [
    pytest.param(one, options, id=f"{one.ours.__name__} {options}") for one in OPTIMISERS for options in one.options
]
every_optimiser = pytest.mark.parametrize("one", OPTIMISERS, ids=lambda one: one.ours.__name__)


def start() -> Parameters:
    """Some parameters, one of them a number."""
    rng = np.random.default_rng(1)
    return {"weight": rng.standard_normal((4, 3)), "bias": rng.standard_normal(4), "scale": np.array(0.5)}


def gradients() -> list[Parameters]:
    """Of each step: of sizes from 1e-9 to 1e3, and now and then 0."""
    rng = np.random.default_rng(2)
    sizes = 10.0 ** rng.integers(-9, 4, STEPS) * (rng.random(STEPS) > 0.1)
    return [{name: np.array(size * rng.standard_normal(p.shape)) for name, p in start().items()} for size in sizes]


@pytest.mark.parametrize(("one", "options"), ROWS)
def test_as_torch(one: Optimiser, options: dict[str, Any]) -> None:
    """After each of 50 steps, to 13 digits of the largest; and the learning rate changes halfway."""
    parameters = start()
    tensors = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in start().items()}
    ours, theirs = one.ours(parameters, **options), one.torch([*tensors.values()], **options)
    for number, grads in enumerate(gradients()):
        if number == STEPS // 2:
            ours.lr /= 10
            theirs.param_groups[0]["lr"] /= 10
        for name, tensor in tensors.items():
            tensor.grad = torch.from_numpy(grads[name].copy())
        ours.step(grads)
        theirs.step()
        size = max(float(abs(tensor.detach()).max()) for tensor in tensors.values())
        same(parameters, {name: tensor.detach().numpy() for name, tensor in tensors.items()}, 1e-13 * max(1, size))


@every_optimiser
def test_every_option_of_torch(one: Optimiser) -> None:
    """Is taken, with torch's default, and tried."""
    own, torchs = (dict(inspect.signature(make).parameters) for make in (one.ours, one.torch))
    del own["parameters"], torchs["params"]
    assert set(own) == set(torchs) - HOW
    for name, option in own.items():
        assert option.default == torchs[name].default, name
        assert any(options.get(name, option.default) != option.default for options in one.options), name


def test_every_optimiser_has_a_twin() -> None:
    """And is written once."""
    assert sorted(optim.__all__) == sorted(one.ours.__name__ for one in OPTIMISERS)


@every_optimiser
def test_in_place_and_nothing_else(one: Optimiser) -> None:
    """The arrays given are moved; gradients stay as they are, and gradients of what is no parameter are left aside."""
    for options in one.options:
        parameters, grads = start(), gradients()[1]
        given, before = dict(parameters), {name: grad.copy() for name, grad in grads.items()}
        for grad in grads.values():
            grad.flags.writeable = False
        optimizer = one.ours(parameters, **options)
        for _ in range(3):
            optimizer.step(grads | {"input": np.ones(7)})
        for name, array in given.items():
            assert parameters[name] is array
            assert (array != start()[name]).all()
            np.testing.assert_array_equal(grads[name], before[name])
            for memory in optimizer.memory.values():
                assert not any(np.shares_memory(one, grads[name]) for one in memory.values())


def walked(make: type[Any], slopes: list[float], **options: Any) -> list[float]:
    """Where one number is after each step, from 1."""
    parameter = {"p": np.array([1.0])}
    optimizer, places = make(parameter, **options), []
    for slope in slopes:
        optimizer.step({"p": np.array([float(slope)])})
        places.append(float(parameter["p"][0]))
    return places


def test_momentum_by_hand() -> None:
    """Document 000, equations 1 and 2: b = 2, 0.5·2 + 4 = 5, 0.5·5 - 1 = 1.5; p falls by 0.1 b."""
    assert walked(optim.SGD, [2, 4, -1], lr=0.1, momentum=0.5) == pytest.approx([0.8, 0.3, 0.15], rel=1e-15)


def test_adam_by_hand() -> None:
    """The first step is lr long whatever the gradient's size, which is what the corrections are for."""
    for slope in (1e-3, 1.0, 1e6):
        assert walked(optim.Adam, [slope], lr=0.1, eps=0) == pytest.approx([0.9], rel=1e-14)
    # With g = 1, 2: m̂ = (0.5·0.5·1 + 0.5·2) / 0.75 = 5/3, v̂ = (0.5·0.5·1 + 0.5·4) / 0.75 = 3.
    second = walked(optim.Adam, [1, 2], lr=0.1, betas=(0.5, 0.5), eps=0)[1]
    assert second == pytest.approx(0.9 - 0.1 * (5 / 3) / np.sqrt(3), rel=1e-14)


def test_rmsprop_by_hand() -> None:
    """v = 0.25·4² = 4, so the step is lr·4/2."""
    assert walked(optim.RMSprop, [4], lr=0.1, alpha=0.75, eps=0) == pytest.approx([0.8], rel=1e-15)


def test_adamw_by_hand() -> None:
    """Decay is beside the step: with no gradient at all the parameter still shrinks."""
    assert walked(optim.AdamW, [0, 0], lr=0.1, weight_decay=0.5) == pytest.approx([0.95, 0.95**2], rel=1e-15)


ONE = {"p": np.zeros(2)}
READ_ONLY = np.zeros(2)
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: optim.SGD({}), ValueError, "parameters is {}, but should be at least one array"),
        (lambda: optim.SGD({"p": [1.0]}), TypeError, "p is of type list, but should be a NumPy array"),  # pyright: ignore[reportArgumentType]
        (lambda: optim.SGD({"p": np.zeros(2, int)}), TypeError, "p is of dtype int64, but should be floating"),
        (lambda: optim.SGD({"p": np.zeros(2, complex)}), ValueError, "p.dtype is complex128, but should be real"),
        (lambda: optim.SGD({"p": READ_ONLY}), ValueError, "p is read-only, but should be writable"),
        (lambda: optim.SGD(ONE, lr=-1), ValueError, "lr is -1, but should be 0 or more"),
        (lambda: optim.SGD(ONE, momentum=-1), ValueError, "momentum is -1, but should be 0 or more"),
        (lambda: optim.SGD(ONE, nesterov=True), ValueError, "nesterov is True, but should be False without momentum"),
        (
            lambda: optim.SGD(ONE, momentum=0.5, dampening=0.5, nesterov=True),
            ValueError,
            "nesterov is True, but should be False without momentum, or with dampening",
        ),
        (lambda: optim.RMSprop(ONE, alpha=-0.1), ValueError, "alpha is -0.1, but should be 0 or more"),
        (lambda: optim.Adam(ONE, betas=(0.9, 1.0)), ValueError, "betas[1] is 1.0, but should be from 0 to below 1"),
        (lambda: optim.AdamW(ONE, weight_decay=-1), ValueError, "weight_decay is -1, but should be 0 or more"),
        (lambda: optim.SGD(ONE).step({}), ValueError, "the gradient of p is missing, but should be given"),
        (
            lambda: optim.SGD(ONE).step({"p": np.zeros((1, 2))}),
            ValueError,
            "the gradient of p is of shape (1, 2) and dtype float64, but should be of shape (2,) and dtype float64",
        ),
        (
            lambda: optim.SGD(ONE).step({"p": np.zeros(2, np.float32)}),
            ValueError,
            "the gradient of p is of shape (2,) and dtype float32, but should be of shape (2,) and dtype float64",
        ),
    ],
)
def test_refusals(call: Any, error: type[Exception], words: str) -> None:
    """In our words, and before anything is moved."""
    with pytest.raises(error) as refusal:
        call()
    assert str(refusal.value).startswith(words)
    assert not ONE["p"].any()


def test_a_step_that_is_refused_moves_nothing() -> None:
    """The first parameter has a gradient, the second has none."""
    parameters: dict[str, Array] = start()
    optimizer = optim.Adam(parameters)
    with pytest.raises(ValueError, match="the gradient of scale is missing"):
        optimizer.step({name: np.ones_like(array) for name, array in parameters.items() if name != "scale"})
    same(parameters, start(), 0)
    assert optimizer.steps == 0
