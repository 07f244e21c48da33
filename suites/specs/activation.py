"""Elementwise activations, and the softmax family."""

from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Pick, Real, Spec


def any_dim(pick: Pick) -> None:
    """An axis of the input, counted from either end."""
    shape = pick.shape("shape", dims=(1, 3))
    _ = pick.option("dim", st.integers(-len(shape), len(shape) - 1))


SPECS = [
    Spec("relu", ref.relu, F.relu, covers=("ReLU",), arguments={"input": Real("*shape")}),
    Spec(
        "softplus",
        ref.softplus,
        F.softplus,
        covers=("Softplus",),
        arguments={"input": Real("*shape"), "beta": Choice((1.0, 0.5, 2.0)), "threshold": Choice((20.0, 2.0))},
    ),
    Spec(
        "softmax",
        ref.softmax,
        F.softmax,
        covers=("Softmax",),
        arguments={"input": Real("*shape"), "dim": Choice((-1,))},
        together=any_dim,
    ),
]
