"""The loss of a sequence of labels of which nobody knows when each was said."""

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, Pick, Plan, Real, Spec, Stream


def lattice(pick: Pick) -> None:
    """Sequences of labels, padded or one after the other, that fit into the time there is; others are of infinite loss.

    That is only asked for where it becomes 0: an infinite loss has no derivative to compare with.
    """
    steps, classes = pick.size("T", high=7), pick.size("C", low=2)
    batch = pick.shape("batch", dims=(0, 1), low=1, high=3)
    _ = pick.option("blank", st.integers(0, classes - 1))
    any_length = pick.option("zero_infinity", (False, True))
    samples = batch[0] if batch else 1
    frames = [pick.draw(st.integers(0, steps)) for _ in range(samples)]
    counts = [pick.draw(st.integers(0, 4 if any_length else (frame + 1) // 2)) for frame in frames]
    pick.put("frames", tuple(frames))
    pick.put("counts", tuple(counts))
    pick.put("tuples", pick.draw(st.booleans()))
    spare = pick.draw(st.integers(0, 2))
    padded = pick.draw(st.booleans()) and samples * (max(counts) + spare) > 0
    pick.put("targets", (samples, max(counts) + spare) if padded else (sum(counts),))


def labels(rng: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """Any class but the blank."""
    array = rng.integers(plan["C"] - 1, shape)
    return array + (array >= plan["blank"])


def frames(_: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """The length of each input."""
    return np.array(plan["frames"]).reshape(shape)


def counts(_: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """The length of each target."""
    return np.array(plan["counts"]).reshape(shape)


def lengths(plan: Plan) -> dict[str, Any]:
    """Lengths may also be given as tuples."""
    return {"input_lengths": plan["frames"], "target_lengths": plan["counts"]} if plan["tuples"] else {}


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Torch's loss. Its gradient of log_probs is too large by e^log_probs, counting on log_softmax to take that out.

    (A gradient that log_softmax hands on loses what is proportional to the probabilities.) Here it is taken out.
    """
    common = (targets, input_lengths, target_lengths, blank)
    loss = F.ctc_loss(log_probs, *common, reduction, zero_infinity)
    with torch.no_grad():
        finite = torch.isfinite(F.ctc_loss(log_probs, *common, "none"))
    ends, labels_each = torch.as_tensor(input_lengths), torch.as_tensor(target_lengths)
    ends, labels_each = ends.reshape(finite.shape), labels_each.reshape(finite.shape)
    running = torch.arange(len(log_probs)).reshape(-1, *[1] * finite.ndim) < ends
    extra = (log_probs.exp().sum(-1) * running * finite).sum(0)
    if reduction == "mean":
        extra = (extra / labels_each.clamp(min=1)).mean()
    elif reduction == "sum":
        extra = extra.sum()
    return loss - (extra - extra.detach())


SPECS = [
    Spec(
        "ctc_loss",
        ref.ctc_loss,
        ctc_loss,
        covers=("CTCLoss",),
        arguments={
            "log_probs": Real("T *batch C", high=0),
            "targets": Filled("*targets", labels),
            "input_lengths": Filled("*batch", frames),
            "target_lengths": Filled("*batch", counts),
            "blank": Choice((0,)),
            "reduction": Choice(("mean", "sum", "none")),
            "zero_infinity": Choice((False, True)),
        },
        together=lattice,
        parameters=lengths,
    ),
]

LOG_PROBS, TARGETS = np.full((6, 2, 4), -1.0), np.array([[1, 2, 3], [1, 1, 2]])
SIX, THREE = np.array([6, 6]), np.array([3, 3])
CALL = {"log_probs": LOG_PROBS, "targets": TARGETS, "input_lengths": SIX, "target_lengths": THREE}
REFUSED = [
    ("ctc_loss", {**CALL, "log_probs": LOG_PROBS[:, :0]}, ValueError, "log_probs.shape is (6, 0, 4), but should be"),
    ("ctc_loss", {**CALL, "log_probs": LOG_PROBS[None]}, ValueError, "log_probs.shape is (1, 6, 2, 4), but should be"),
    ("ctc_loss", {**CALL, "blank": 4}, ValueError, "blank is 4, but should be from 0 to 3"),
    (
        "ctc_loss",
        {**CALL, "input_lengths": np.array([6, 7])},
        ValueError,
        "input_lengths is from 6 to 7, but should be from 0 to 6",
    ),
    (
        "ctc_loss",
        {**CALL, "input_lengths": np.array([6])},
        ValueError,
        "input_lengths.shape is (1,), but should be (2,), one for each sample",
    ),
    (
        "ctc_loss",
        {**CALL, "target_lengths": np.array([3, 4])},
        ValueError,
        "target_lengths is from 3 to 4, but should be from 0 to 3",
    ),
    (
        "ctc_loss",
        {**CALL, "targets": TARGETS[:1]},
        ValueError,
        "targets.shape is (1, 3), but should be (2, 3) to fit target_lengths",
    ),
    (
        "ctc_loss",
        {**CALL, "targets": TARGETS.reshape(-1)[:5]},
        ValueError,
        "targets.shape is (5,), but should be (6,) to fit target_lengths",
    ),
    (
        "ctc_loss",
        {**CALL, "reduction": "average"},
        ValueError,
        "reduction is 'average', but should be one of 'none', 'mean', 'sum'",
    ),
    # Torch reads and writes memory that is not its own:
    ("ctc_loss", {**CALL, "targets": TARGETS + 1}, ValueError, "targets is from 0 to 4, but should be from 0 to 3"),
    # Torch takes these:
    ("ctc_loss", {**CALL, "blank": 2}, ValueError, "targets is partly 2, but should be other than blank"),
    ("ctc_loss", {**CALL, "targets": TARGETS.astype(float)}, TypeError, "targets is of dtype float64, but should be"),
]
