"""The plain operations that a small autodiff library is made of."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Index, Pick, Plan, Real, Spec, Stream


def stretched(pick: Pick, word: str, both: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to `both`: some sizes are 1 instead, some axes in front are missing."""
    missing = pick.draw(st.integers(0, len(both)))
    shape = tuple(1 if pick.draw(st.integers(0, 3)) == 3 else size for size in both[missing:])
    pick.put(word, shape)
    return shape


def broadcasting(pick: Pick) -> None:
    """Two shapes that broadcast to one. The first operand may be the smaller one, or neither."""
    both = pick.shape("both", dims=(0, 3), high=3)
    for word in ("left", "right"):
        _ = stretched(pick, word, both)


def matrices(pick: Pick) -> None:
    """Vectors and stacks of matrices that fit."""
    inner = pick.size("K", 0, 3)
    batch = pick.shape("batch", dims=(0, 2), high=3)
    for word, name in (("left", "N"), ("right", "M")):
        if pick.draw(st.integers(0, 2)) == 2:
            pick.put(word, (inner,))
        else:
            outer = pick.size(name, 0, 3)
            shape = stretched(pick, word, batch)
            pick.put(word, (*shape, outer, inner) if word == "left" else (*shape, inner, outer))


def dims_of(axes: int) -> st.SearchStrategy[int | tuple[int, ...]]:
    """One of so many axes, or several, each counted from either end."""
    axes = max(axes, 1)
    several = st.lists(st.integers(0, axes - 1), unique=True, max_size=axes).map(tuple)
    signed = several.flatmap(lambda dims: st.tuples(*(st.sampled_from((dim, dim - axes)) for dim in dims)))
    return st.integers(-axes, axes - 1) | signed


def some_dims(pick: Pick) -> None:
    """One axis, several, or all."""
    shape = pick.shape("shape", dims=(0, 3))
    _ = pick.option("dim", dims_of(len(shape)) | st.none())


def certain_dims(pick: Pick) -> None:
    """One axis or several; () is all."""
    shape = pick.shape("shape", dims=(0, 3))
    _ = pick.option("dim", dims_of(len(shape)))


def all_axes(arguments: Mapping[str, Any]) -> str:
    """Where torch's logsumexp takes () for all axes."""
    lost = arguments.get("dim") == () and not arguments.get("keepdim") and arguments["input"].ndim > 0
    return "torch's backward refuses dim () without keepdim, which its forward took" if lost else ""


def new_sizes(pick: Pick) -> None:
    """Sizes that an array can be expanded to, with -1 for some that stay."""
    both = pick.shape("both", dims=(0, 3), high=3)
    shape = stretched(pick, "shape", both)
    extra = len(both) - len(shape)
    keep = [d >= extra and shape[d - extra] == size and pick.draw(st.booleans()) for d, size in enumerate(both)]
    _ = pick.option("sizes", (tuple(-1 if same else size for same, size in zip(keep, both, strict=True)),))


def one_slice(pick: Pick) -> None:
    """An axis that is not empty, and an index along it, each counted from either end."""
    shape = list(pick.shape("shape", dims=(1, 3)))
    dim = pick.option("dim", st.integers(-len(shape), len(shape) - 1))
    shape[dim] = max(shape[dim], 1)
    pick.put("shape", tuple(shape))
    _ = pick.option("index", st.integers(-shape[dim], shape[dim] - 1))


def picked_rows(pick: Pick) -> None:
    """An index as large as the input, or smaller, and of any length along `dim`."""
    shape = list(pick.shape("shape", dims=(0, 3)))
    axes = max(len(shape), 1)
    dim = pick.option("dim", st.integers(-axes, axes - 1))
    if shape:
        shape[dim] = max(shape[dim], 1)
        pick.put("shape", tuple(shape))
        wanted = [pick.draw(st.integers(0, size)) for size in shape]
        wanted[dim] = pick.draw(st.integers(0, 4))
        pick.put("wanted", tuple(wanted))
    else:
        pick.put("wanted", ())
    pick.put("size", shape[dim] if shape else 1)


def dividends(stream: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """Odd multiples of 1/512; without rounding of many scales, and sometimes 0."""
    odd = (stream.integers(2048, shape) * 2 - 2047) / 512
    return (
        odd
        if plan.get("rounding_mode")
        else odd * 2.0 ** (stream.integers(25, shape) - 12) * (stream.integers(8, shape) > 0)
    )


def divisors(stream: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """Of both signs and many scales, never 0; with rounding powers of two, so that no quotient is close to a jump."""
    powers = (1 - 2 * stream.integers(2, shape)) * 2.0 ** (stream.integers(7, shape) - 3)
    return powers if plan.get("rounding_mode") else powers * (1 + stream.uniform(shape))


def expand(input: torch.Tensor, sizes: tuple[int, ...]) -> torch.Tensor:
    return input.expand(sizes)


PAIR = {"input": Real("*left"), "other": Real("*right")}
SPECS = [
    Spec("add", ref.add, torch.add, arguments={**PAIR, "alpha": Choice((1, 2, -0.5))}, together=broadcasting),
    Spec("sub", ref.sub, torch.sub, arguments={**PAIR, "alpha": Choice((1, 2, -0.5))}, together=broadcasting),
    Spec("mul", ref.mul, torch.mul, arguments=PAIR, together=broadcasting),
    Spec(
        "div",
        ref.div,
        torch.div,
        arguments={
            "input": Filled("*left", dividends, grad=True),
            "other": Filled("*right", divisors, grad=True),
            "rounding_mode": Choice((None, "trunc", "floor")),
        },
        together=broadcasting,
    ),
    Spec("matmul", ref.matmul, torch.matmul, arguments=PAIR, together=matrices),
    Spec("exp", ref.exp, torch.exp, arguments={"input": Real("*shape", low=-80, high=80)}),
    Spec("log", ref.log, torch.log, arguments={"input": Real("*shape", low=0)}),
    Spec(
        "sum",
        ref.sum,
        torch.sum,
        arguments={"input": Real("*shape"), "dim": Choice((None,)), "keepdim": Choice((False, True))},
        together=some_dims,
    ),
    Spec(
        "logsumexp",
        ref.logsumexp,
        torch.logsumexp,
        arguments={"input": Real("*shape"), "dim": Choice((0,)), "keepdim": Choice((False, True))},
        together=certain_dims,
        differs=all_axes,
    ),
    Spec("expand", ref.expand, expand, arguments={"input": Real("*shape"), "sizes": Choice(((),))}, together=new_sizes),
    Spec(
        "select",
        ref.select,
        torch.select,
        arguments={"input": Real("*shape"), "dim": Choice((0,)), "index": Choice((0,))},
        together=one_slice,
    ),
    Spec(
        "gather",
        ref.gather,
        torch.gather,
        arguments={"input": Real("*shape"), "dim": Choice((0,)), "index": Index("*wanted", below="size")},
        together=picked_rows,
    ),
]

TWO, FOUR = np.zeros((2, 3)), np.zeros((4,))
REFUSED = [
    *(
        (
            name,
            {"input": TWO, "other": FOUR},
            ValueError,
            "other.shape is (4,), but should be one that broadcasts with (2, 3)",
        )
        for name in ("add", "sub", "mul", "div")
    ),
    (
        "add",
        {"input": TWO, "other": np.zeros((2, 3), int)},
        TypeError,
        "other is of dtype int64, but should be floating",
    ),
    ("add", {"input": TWO, "other": [1.0]}, TypeError, "other is of type list, but should be a NumPy array"),
    (
        "div",
        {"input": TWO, "other": TWO + 1, "rounding_mode": "up"},
        ValueError,
        "rounding_mode is 'up', but should be None",
    ),
    ("matmul", {"input": TWO, "other": TWO}, ValueError, "input.shape is (2, 3), but should be (…, 2) to fit other"),
    ("matmul", {"input": TWO, "other": FOUR}, ValueError, "input.shape is (2, 3), but should be (…, 4) to fit other"),
    ("matmul", {"input": TWO, "other": np.zeros(())}, ValueError, "other.ndim is 0, but should be at least 1"),
    ("matmul", {"input": np.zeros(()), "other": TWO}, ValueError, "input.ndim is 0, but should be at least 1"),
    (
        "matmul",
        {"input": np.zeros((2, 2, 3)), "other": np.zeros((4, 3, 2))},
        ValueError,
        "other.shape is (4, 3, 2), but should be of a batch that broadcasts with (2,)",
    ),
    ("exp", {"input": np.arange(3)}, TypeError, "input is of dtype int64, but should be floating"),
    ("log", {"input": np.arange(3)}, TypeError, "input is of dtype int64, but should be floating"),
    ("sum", {"input": TWO, "dim": 2}, ValueError, "dim is 2, but should be an axis of input, of shape (2, 3)"),
    ("sum", {"input": TWO, "dim": (0, -2)}, ValueError, "dim is (0, -2), but should be without repetition"),
    ("logsumexp", {"input": TWO, "dim": -3}, ValueError, "dim is -3, but should be an axis of input, of shape (2, 3)"),
    ("logsumexp", {"input": TWO, "dim": (1, 1)}, ValueError, "dim is (1, 1), but should be without repetition"),
    ("expand", {"input": TWO, "sizes": (3,)}, ValueError, "sizes is (3,), but should be at least 2 sizes"),
    (
        "expand",
        {"input": TWO, "sizes": (-1, 2, 3)},
        ValueError,
        "sizes is (-1, 2, 3), but should be 0 or more for each new",
    ),
    ("expand", {"input": TWO, "sizes": (2, 6)}, ValueError, "sizes is (2, 6), but should be (…, *(2, 3))"),
    ("select", {"input": TWO, "dim": 2, "index": 0}, ValueError, "dim is 2, but should be an axis of input"),
    ("select", {"input": TWO, "dim": 1, "index": 3}, ValueError, "index is 3, but should be from -3 to 2"),
    ("select", {"input": np.zeros(()), "dim": 0, "index": 0}, ValueError, "input.ndim is 0, but should be at least 1"),
    ("gather", {"input": TWO, "dim": 2, "index": np.zeros((2, 3), int)}, ValueError, "dim is 2, but should be an axis"),
    ("gather", {"input": TWO, "dim": 0, "index": np.zeros((3,), int)}, ValueError, "index.ndim is 1, but should be 2"),
    (
        "gather",
        {"input": TWO, "dim": 0, "index": np.zeros((2, 4), int)},
        ValueError,
        "index.shape is (2, 4), but should be no",
    ),
    ("gather", {"input": TWO, "dim": 0, "index": np.full((2, 3), 2)}, ValueError, "index is [[2 2 2]"),
    ("gather", {"input": TWO, "dim": 0, "index": np.full((2, 3), -1)}, ValueError, "index is [[-1 -1 -1]"),
    (
        "gather",
        {"input": TWO, "dim": 0, "index": TWO},
        TypeError,
        "index is of dtype float64, but should be an integer",
    ),
]
