"""Rows of a table, looked up by index."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, From, Index, Maybe, Pick, Plan, Real, Spec


class Dense(torch.autograd.Function):
    """A copy, which `max_norm` may change in place; its gradient arrives dense."""

    @staticmethod
    def forward(_: Any, weight: torch.Tensor) -> torch.Tensor:
        """The copy."""
        return weight.clone()

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:  # noqa: ARG004  # torch's signature
        """`sparse` makes a gradient that NumPy cannot read."""
        return grads[0].to_dense()


# torch's gradient is by convention not always the derivative of the output: none for the padding row, a share of it for
# a row in use several times, none through `max_norm`. So here the first output is what it is the derivative of, the
# same layer on a table whose rows are multiplied by what they count; the true output follows, to be compared as well.


def counted(input: Any, weight: Any, padding_idx: int | None, scale_grad_by_freq: bool) -> Array:
    """How much the gradient of each row counts; a column."""
    times = np.bincount(np.ravel(input), minlength=len(weight))
    share = 1 / np.maximum(times, 1) if scale_grad_by_freq else np.ones(len(weight))
    if padding_idx is not None:
        share[padding_idx] = 0
    return share[:, None]


def by_convention(reference: Callable[..., Any]) -> Callable[..., Any]:
    """The reference, with the function of which its gradient is the derivative as its first output."""

    def called(input: Array, weight: Array, padding_idx: int | None, scale_grad_by_freq: bool, **options: Any) -> Any:
        output, pullback = reference(
            input, weight, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq, **options
        )
        share = counted(input, weight, padding_idx, scale_grad_by_freq).astype(weight.dtype)
        first, _ = reference(input, weight * share, padding_idx=padding_idx, **{**options, "max_norm": None})
        return (first, *(output if isinstance(output, tuple) else (output,))), pullback

    return called


def torch_by_convention(twin: Callable[..., Any]) -> Callable[..., Any]:
    """The same of torch: its own gradient, on the value of that function."""

    def called(
        input: torch.Tensor, weight: torch.Tensor, padding_idx: int | None, scale_grad_by_freq: bool, **options: Any
    ) -> tuple[torch.Tensor, ...]:
        table: Any = Dense.apply(weight)
        output = twin(input, table, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq, **options)
        share = torch.from_numpy(counted(input, weight, padding_idx, scale_grad_by_freq))
        first = twin(input, weight * share, padding_idx=padding_idx, **{**options, "max_norm": None, "sparse": False})
        first = output + (first - output).detach()
        return (first, output) if options["max_norm"] is None else (first, output, table)

    return called


def any_table(pick: Pick) -> None:
    """The last row is never looked up: it alone may be the padding row, so that torch's gradient is exact."""
    used = pick.size("used")
    pick.put("V", used + 1)
    _ = pick.option("padding_idx", (None, used, -1))


def any_convention(pick: Pick) -> None:
    """torch knows no sparse gradient that is scaled."""
    rows = pick.size("V")
    _ = pick.option("padding_idx", st.none() | st.integers(-rows, rows - 1))
    scaled = pick.option("scale_grad_by_freq", (False, True))
    _ = pick.option("sparse", (False,) if scaled else (False, True))


def any_bags(pick: Pick) -> None:
    """Rows of equal length, or bags by where each starts; weights only to sum."""
    rows = pick.size("V", 1, 4)
    _ = pick.option("padding_idx", st.none() | st.integers(-rows, rows - 1))
    if pick.option("mode", ("mean", "sum", "max")) != "sum":
        pick.put("per_sample_weights", None)
    last = pick.option("include_last_offset", (False, True))
    seldom = pick.draw(st.integers(0, 5)) == 5
    bags = pick.size("B", 0 if seldom else 1, 4)
    if pick.draw(st.booleans()):
        pick.put("shape", (bags, pick.size("E", 1, 4)))
        pick.put("starts", None)
    else:
        entries = pick.size("E", 1, 7)
        edges = [0, *sorted(pick.draw(st.lists(st.integers(0, entries), min_size=bags, max_size=bags)))]
        if last and not seldom:
            edges[-1] = entries
        pick.put("shape", (entries,))
        pick.put("starts", edges if last else edges[:bags])


def starts(plan: Plan) -> Array | None:
    """The offsets drawn."""
    return None if plan["starts"] is None else np.array(plan["starts"], dtype=np.int64)


def in_no_bag(arguments: Mapping[str, Any]) -> str:
    """torch does not know what to do with entries that are in no bag."""
    entries, offsets = len(arguments["input"]), arguments["offsets"]
    if offsets is None or (offsets[-1] if arguments["include_last_offset"] else entries * len(offsets[:1])) == entries:
        return ""
    return "entries behind the last bag count in its mean and max; the backward reads beyond its memory for them"


def counts_of_others(arguments: Mapping[str, Any]) -> str:
    """torch takes the number of a row among those in use for a place in the sorted input."""
    ordered = np.sort(arguments["input"].reshape(-1))
    rows, times = np.unique(ordered, return_counts=True)
    if not arguments["scale_grad_by_freq"] or (times[np.searchsorted(rows, ordered[: len(rows)])] == times).all():
        return ""
    return "scale_grad_by_freq divides the gradient of a row by how often another row is used"


BY_CONVENTION: dict[str, str] = dict.fromkeys(
    ("max_norm", "norm_type", "scale_grad_by_freq", "sparse"), "the entry by_convention draws it"
)

SPECS = [
    Spec(
        "embedding",
        ref.embedding,
        F.embedding,
        covers=("Embedding",),
        undrawn=BY_CONVENTION,
        arguments={"input": Index("*shape", "used"), "weight": Real("V D"), "padding_idx": Choice((None,))},
        together=any_table,
    ),
    Spec(
        "embedding_by_convention",
        by_convention(ref.embedding),
        torch_by_convention(F.embedding),
        arguments={
            "input": Index("N *shape", "V"),
            "weight": Real("V D"),
            "padding_idx": Choice((None,)),
            "scale_grad_by_freq": Choice((False,)),
            "sparse": Choice((False,)),
            "max_norm": Choice((None, 1.0, 0.25)),
            "norm_type": Choice((2.0, 1.0, 3.0, float("inf"))),
        },
        sizes={"N": (0, 4)},
        together=any_convention,
    ),
    Spec(
        "embedding_bag",
        ref.embedding_bag,
        F.embedding_bag,
        covers=("EmbeddingBag",),
        undrawn=BY_CONVENTION,
        arguments={
            "input": Index("*shape", "V"),
            "weight": Real("V D"),
            "offsets": From(starts),
            "mode": Choice(("mean",)),
            "per_sample_weights": Maybe(Real("*shape")),
            "include_last_offset": Choice((False,)),
            "padding_idx": Choice((None,)),
        },
        together=any_bags,
        differs=in_no_bag,
    ),
    Spec(
        "embedding_bag_by_convention",
        by_convention(ref.embedding_bag),
        torch_by_convention(F.embedding_bag),
        arguments={
            "input": Index("B E", "V"),
            "weight": Real("V D"),
            "padding_idx": Choice((None,)),
            "scale_grad_by_freq": Choice((False,)),
            "sparse": Choice((False,)),
            "max_norm": Choice((None, 1.0, 0.25)),
            "norm_type": Choice((2.0, 1.0, 3.0, float("inf"))),
            "mode": Choice(("mean", "sum")),
        },
        sizes={"B": (1, 3)},
        together=any_convention,
        differs=counts_of_others,
    ),
]


def refused(start: str, error: type[Exception] = ValueError, **arguments: Any) -> tuple[str, Any, type[Exception], str]:
    """A bad call, where only what is bad is said."""
    name = "embedding_bag" if "mode" in arguments else "embedding"
    return name, {"input": np.array([0, 2]), "weight": np.zeros((4, 3)), **arguments}, error, start


def no_bag(start: str, error: type[Exception] = ValueError, **arguments: Any) -> tuple[str, Any, type[Exception], str]:
    """A bad call of embedding_bag."""
    return refused(start, error, **{"offsets": np.array([0]), "mode": "sum", **arguments})


REFUSED = [
    refused("input is 4, but should be from 0 to 3", input=np.array([0, 4])),
    refused("input is -1, but should be from 0 to 3", input=np.array([-1, 0])),
    refused("input is of dtype float64, but should be an integer", TypeError, input=np.zeros(2)),
    refused("weight is of dtype int64, but should be floating", TypeError, weight=np.zeros((4, 3), dtype=np.int64)),
    refused("weight.ndim is 1, but should be 2", weight=np.zeros(4)),
    refused("padding_idx is 4, but should be from -4 to 3", padding_idx=4),
    refused("padding_idx is -5, but should be from -4 to 3", padding_idx=-5),
    refused("max_norm is -1.0, but should be 0 or more", max_norm=-1.0),
    refused("scale_grad_by_freq is True, but should be False if sparse", scale_grad_by_freq=True, sparse=True),
    no_bag("input is 4, but should be from 0 to 3", input=np.array([0, 4])),
    no_bag("input is of dtype float64, but should be an integer", TypeError, input=np.zeros(2)),
    no_bag("input.ndim is 3, but should be 1 or 2", input=np.zeros((1, 1, 1), dtype=np.int64)),
    no_bag("weight.ndim is 1, but should be 2", weight=np.zeros(4)),
    no_bag("mode is prod, but should be sum, mean or max", mode="prod"),
    no_bag("padding_idx is 4, but should be from -4 to 3", padding_idx=4),
    no_bag("offsets is None, but should be given", offsets=None),
    no_bag("offsets is given, but should be None", input=np.array([[0, 2]])),
    no_bag("offsets.ndim is 2, but should be 1", offsets=np.array([[0]])),
    no_bag("offsets is of dtype float64, but should be an integer", TypeError, offsets=np.zeros(1)),
    no_bag("offsets is [1], but should be from 0 up to 2", offsets=np.array([1])),
    no_bag("offsets is [0 3], but should be from 0 up to 2", offsets=np.array([0, 3])),
    no_bag("offsets is empty", offsets=np.zeros(0, dtype=np.int64), include_last_offset=True),
    no_bag("mode is mean, but should be sum", per_sample_weights=np.zeros(2), mode="mean"),
    no_bag("per_sample_weights.shape is (3,), but should be (2,)", per_sample_weights=np.zeros(3)),
    no_bag("scale_grad_by_freq is True, but should be False if mode is max", scale_grad_by_freq=True, mode="max"),
    no_bag("scale_grad_by_freq is True, but should be False if sparse", scale_grad_by_freq=True, sparse=True),
    no_bag("sparse is True, but should be False if mode is max", sparse=True, mode="max"),
]
