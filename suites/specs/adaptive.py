"""A softmax over many classes, in a head of the frequent ones and tails of the rare ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import functional_call

import reference_impls as ref
from harness.spec import Choice, Index, Pick, Plan, Real, Spec


def clusters(pick: Pick) -> None:
    """One to three tails, that make their input smaller by another power of `div` each."""
    _ = pick.shape("batch", dims=(0, 1), low=1)  # the mean of nothing is NaN
    sizes = pick.draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    cutoffs = tuple(int(end) for end in np.cumsum(sizes))
    _ = pick.option("cutoffs", st.just(cutoffs[:-1]))
    pick.put("classes", cutoffs[-1])
    features = pick.size("I")
    div = pick.draw(st.sampled_from((1, 2)))
    pick.put("hidden", tuple(features // div ** (i + 1) for i in range(len(sizes) - 1)))
    pick.put("bias", pick.draw(st.booleans()))


def parameters(plan: Plan) -> dict[str, Real]:
    """The weights by the names that torch's class gives them."""
    cutoffs = (*plan["cutoffs"], plan["classes"])
    head = cutoffs[0] + len(cutoffs) - 1
    shapes = {"head.weight": f"{head} I"} | ({"head.bias": f"{head}"} if plan["bias"] else {})
    for i, hidden in enumerate(plan["hidden"]):
        shapes[f"tail.{i}.0.weight"] = f"{hidden} I"
        shapes[f"tail.{i}.1.weight"] = f"{cutoffs[i + 1] - cutoffs[i]} {hidden}"
    return {name: Real(shape) for name, shape in shapes.items()}


def with_class(input: Tensor, target: Tensor, cutoffs: Sequence[int], **weights: Tensor) -> tuple[Tensor, Tensor]:
    """Torch's class with these weights."""
    classes = cutoffs[-1] + len(weights[f"tail.{len(cutoffs) - 1}.1.weight"])
    layer = nn.AdaptiveLogSoftmaxWithLoss(
        input.shape[-1], classes, cutoffs, div_value=1.0, head_bias="head.bias" in weights, dtype=input.dtype
    )
    return functional_call(layer, weights, (input, target))


SPECS = [
    Spec(
        "adaptive_log_softmax_with_loss",
        ref.adaptive_log_softmax_with_loss,
        with_class,
        covers=("AdaptiveLogSoftmaxWithLoss",),
        arguments={
            "input": Real("*batch I"),
            "target": Index("*batch", below="classes"),
            "cutoffs": Choice(((2,),)),
        },
        together=clusters,
        parameters=parameters,
        outputs=2,
    ),
]

WEIGHTS = {
    "head.weight": np.zeros((3, 4)),
    "tail.0.0.weight": np.zeros((2, 4)),
    "tail.0.1.weight": np.zeros((3, 2)),
}
CALL: dict[str, Any] = {"input": np.zeros((5, 4)), "target": np.zeros(5, int), "cutoffs": (2,), **WEIGHTS}
REFUSED = [
    (
        "adaptive_log_softmax_with_loss",
        {**CALL, "target": np.full(5, 5)},
        ValueError,
        "target is from 0 to 5, but should be from 0 to 4",
    ),
    (
        "adaptive_log_softmax_with_loss",
        {**CALL, "target": np.zeros(4, int)},
        ValueError,
        "target.shape is (4,), but should be (5,) to fit input",
    ),
    (
        "adaptive_log_softmax_with_loss",
        {**CALL, "input": np.zeros((1, 5, 4))},
        ValueError,
        "input.ndim is 3, but should be 1 or 2: (I) or (N, I)",
    ),
    (
        "adaptive_log_softmax_with_loss",
        {**CALL, "cutoffs": (0,)},
        ValueError,
        "cutoffs is (0,), but should be positive and rising",
    ),
    (
        "adaptive_log_softmax_with_loss",
        {**CALL, "input": np.zeros((5, 3))},
        ValueError,
        "head.weight.shape is (3, 4), but should be (3, 3)",
    ),
    (
        "adaptive_log_softmax_with_loss",
        {**CALL, "cutoffs": (1, 2)},
        ValueError,
        "tail.1.0.weight is missing, but should be given: head.weight, ",
    ),
]
