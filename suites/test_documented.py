"""The references agree with torch on inputs written by hand from its documentation, which try every option."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import reference_impls
from suites.documented import Example, examples

EXAMPLES = examples()
REFERENCES = {
    name: function
    for name, function in vars(reference_impls).items()
    if inspect.isfunction(function) and function.__module__.startswith("reference_impls")
}
# Floating arguments of which nobody asks for a gradient: torch has none either.
DRAWN, RUNNING = "what torch draws", "running statistics, which training overwrites"
CONSTANT = {
    **dict.fromkeys(("slopes", "gumbels", "_random_samples"), DRAWN),
    **dict.fromkeys(("running_mean", "running_var"), RUNNING),
}


def tensor(value: Any) -> Any:
    """Arrays as tensors, with a gradient where they can have one."""
    if not isinstance(value, np.ndarray):
        return value
    found = torch.from_numpy(np.array(value, order="C"))
    return found.requires_grad_(found.is_floating_point())


def close(got: Any, want: torch.Tensor, what: str) -> None:
    """Of the same shape, and equal to ten digits of the largest entry."""
    expected = want.detach().to_dense().numpy()
    assert np.shape(got) == expected.shape, what
    size = abs(expected[np.isfinite(expected)]).max(initial=0)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10 * size, err_msg=what)


def agree(row: Example) -> None:
    """Outputs, and the gradients of all floating arguments to a random cotangent."""
    arguments = {name: np.array(v) if isinstance(v, np.ndarray) else v for name, v in row.arguments.items()}
    for array in arguments.values():
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    output, pullback = (row.ours or REFERENCES[row.name])(**arguments)
    outputs = output if isinstance(output, tuple) else (output,)

    tensors = {
        name: value if name in CONSTANT or name in row.constant else tensor(value)
        for name, value in row.arguments.items()
    }
    tensors |= {n: torch.from_numpy(np.array(v)) for n, v in tensors.items() if isinstance(v, np.ndarray)}
    leaves = {n: v for n, v in tensors.items() if isinstance(v, torch.Tensor) and v.requires_grad}
    own = row.torch(**tensors)
    own = tuple(own) if isinstance(own, tuple | list) else (own,)
    assert len(outputs) == len(own)
    for place, (got, want) in enumerate(zip(outputs, own, strict=True)):
        close(got, want, f"output {place}")

    rng = np.random.default_rng(11)
    smooth = [one for one in own if one.requires_grad]
    cotangents = [rng.standard_normal(one.shape) for one in smooth]
    grads = pullback(*cotangents)
    assert set(grads) == set(leaves)
    given = [torch.from_numpy(np.asarray(one)) for one in cotangents]
    wanted: Sequence[Any] = torch.autograd.grad(smooth, [*leaves.values()], given, allow_unused=True) if smooth else ()
    for (name, leaf), want in zip(leaves.items(), wanted, strict=True):
        close(grads[name], torch.zeros_like(leaf) if want is None else want, f"d_{name}")


def untried(rows: Sequence[Example]) -> list[tuple[str, str]]:
    """The optional arguments, of all references, that no row gives another value than their default."""

    def tries(row: Example, option: inspect.Parameter) -> bool:
        value = row.arguments.get(option.name, option.default)
        return isinstance(value, np.ndarray) or value != option.default

    return [
        (name, option.name)
        for name, function in REFERENCES.items()
        for option in inspect.signature(function).parameters.values()
        if option.default is not option.empty
        if not any(row.name == name and tries(row, option) for row in rows)
    ]


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # of kl_div, which is documented to
@pytest.mark.parametrize("row", EXAMPLES, ids=str)
def test_as_torch(row: Example) -> None:
    """In float64, to ten digits."""
    agree(row)


def test_every_reference_has_a_row() -> None:
    """And no row is of something else."""
    assert {row.name for row in EXAMPLES} == set(REFERENCES)


def test_every_option_is_tried() -> None:
    """Each optional argument of each reference has another value than its default in a row."""
    assert untried(EXAMPLES) == []


def test_an_option_that_no_row_tries_is_found() -> None:
    """Without its row, leaky_relu's only option is missed."""
    rows = [row for row in EXAMPLES if "negative_slope" not in row.arguments]
    assert ("leaky_relu", "negative_slope") in untried(rows)


def test_a_mistake_is_found() -> None:
    """Another option than torch was given; a gradient that is wrong, missing or too much; a wrong output."""
    row = next(row for row in EXAMPLES if row.name == "leaky_relu" and "negative_slope" in row.arguments)
    agree(row)
    with pytest.raises(AssertionError, match="output 0"):
        agree(replace(row, ours=lambda input, **_: reference_impls.leaky_relu(input, 0.2)))

    def planted(change: Any) -> Example:
        def ours(**arguments: Any) -> Any:
            output, pullback = reference_impls.leaky_relu(**arguments)
            return output, lambda d_output: change(pullback(d_output))

        return replace(row, ours=ours)

    with pytest.raises(AssertionError, match="d_input"):
        agree(planted(lambda grads: {"input": grads["input"] * (1 + 1e-9)}))
    with pytest.raises(AssertionError, match="set"):
        agree(planted(lambda _: {}))
    with pytest.raises(AssertionError, match="set"):
        agree(planted(lambda grads: {**grads, "weight": grads["input"]}))
