"""Losses of scores or probabilities against the class, or the distribution, that was wanted."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Array, Choice, Filled, From, Maybe, Pick, Plan, Real, Spec, Stream

from .loss_regression import REDUCTION, mostly_equal_shapes, quiet, stretching

Options = getattr(nn, "LinearCrossEntropyOptions", None)  # of a function that not every torch has


def stretched_weights(pick: Pick) -> None:
    """Weights that are given once for many entries, such as one for each class."""
    shape = pick.shape("shape", dims=(0, 3))
    _ = stretching(pick, "weights", shape), stretching(pick, "positives", shape)


def classes_somewhere(pick: Pick, low: int = 0) -> None:
    """(C), (N, C) or (N, C, *rest)."""
    batch = pick.shape("batch", dims=(0, 1), low=low)
    pick.put("rest", pick.shape("rest", low=low) if batch else ())


def classes_or_ignored(rng: Stream, shape: tuple[int, ...], plan: Plan) -> Array:
    """Classes, and sometimes the one that is ignored (which may be a class itself); never all: their mean is NaN."""
    index = rng.integers(plan["C"] + 1, shape)
    target = np.where(index == plan["C"], -100 if plan["ignore_index"] is None else plan["ignore_index"], index)
    counted = [number for number in range(plan["C"]) if number != plan["ignore_index"]]
    target.flat[:1] = counted[int(rng.integers(len(counted), ()))]
    return target


def shares(rng: Stream, shape: tuple[int, ...], _: Plan) -> Array:
    """Probabilities from 0 to 1, both of which are common."""
    return np.clip(rng.integers(129, shape) - 32, 0, 64) / 64


IGNORE_INDEX = Choice((-100, 0, -1, 9))


def classes_or_probabilities(pick: Pick, weighted: bool = False) -> None:
    """A target is a class, or a distribution over the classes, where none can be ignored.

    Distributions are not asked of a function that leaves out options. The mean of nothing is NaN: where a weight takes
    part in it, there is something.
    """
    pick.put("soft", not pick._spec.left_out and pick.draw(st.booleans()))
    mean = pick.option("reduction", REDUCTION.strategy) == "mean"
    classes_somewhere(pick, low=1 if mean and (weighted or pick.plan["soft"]) else 0)
    _ = pick.option("ignore_index", (-100, -1) if pick.plan["soft"] else IGNORE_INDEX.strategy)


def either_target(plan: Plan) -> dict[str, Any]:
    """Torch differentiates target and weight where the target is a distribution."""
    if not plan["soft"]:
        return {}
    return {"target": Filled("*batch C *rest", shares, grad=True), "weight": Maybe(Real("C", low=0.25, high=8))}


def one_or_many_logits(pick: Pick) -> None:
    """As for cross_entropy; torch can work through the batch in pieces, unless something else is asked of it too."""
    classes_or_probabilities(pick, weighted=True)
    _ = pick.option("ignore_index", (None,) if pick.plan["soft"] else (None, 0, -1, 9))
    pieces = pick.draw(st.sampled_from((None, 1, 2)))
    pick.put("pieces", None if pick.plan["soft"] or pick.plan["rest"] else pieces)
    _ = pick.option("label_smoothing", (0.0, 0.1, 1.0) if pick.plan["pieces"] is None else (0.0,))


def memory_options(plan: Plan) -> Any:
    """How torch is told to work in pieces."""
    return Options(batch_chunk_size=plan["pieces"]) if Options and plan["pieces"] else None


def probability_or_its_log(pick: Pick) -> None:
    """Either has its own domain."""
    mostly_equal_shapes(pick)
    _ = pick.option("log_target", (False, True))


def target_or_its_log(plan: Plan) -> dict[str, Any]:
    """The logarithm of a probability may be any number (that of none above 1 is positive, but torch takes it)."""
    return {"target": Real("*target_shape", low=-64, high=64)} if plan["log_target"] else {}


SPECS = [
    Spec(
        "binary_cross_entropy",
        ref.binary_cross_entropy,
        F.binary_cross_entropy,
        covers=("BCELoss",),
        arguments={
            "input": Real("*shape", low=0, high=1),
            "target": Real("*shape", low=0, high=1),
            "weight": Maybe(Real("*weights", grad=False)),
            "reduction": REDUCTION,
        },
        together=stretched_weights,
    ),
    Spec(
        "binary_cross_entropy_with_logits",
        ref.binary_cross_entropy_with_logits,
        F.binary_cross_entropy_with_logits,
        covers=("BCEWithLogitsLoss",),
        arguments={
            "input": Real("*shape"),
            "target": Filled("*shape", shares, grad=True),
            "weight": Maybe(Real("*weights", grad=False)),
            "reduction": REDUCTION,
            "pos_weight": Maybe(Real("*positives", low=0, high=8, grad=False)),
        },
        together=stretched_weights,
    ),
    Spec(
        "nll_loss",
        ref.nll_loss,
        F.nll_loss,
        covers=("NLLLoss", "NLLLoss2d"),
        arguments={
            "input": Real("*batch C *rest"),
            "target": Filled("*batch *rest", classes_or_ignored),
            "weight": Maybe(Real("C", low=0, grad=False)),
            "ignore_index": IGNORE_INDEX,
            "reduction": REDUCTION,
        },
        sizes={"C": (2, 5)},
        together=classes_somewhere,
    ),
    Spec(
        "cross_entropy",
        ref.cross_entropy,
        F.cross_entropy,
        covers=("CrossEntropyLoss",),
        arguments={
            "input": Real("*batch C *rest"),
            "target": Filled("*batch *rest", classes_or_ignored),
            "weight": Maybe(Real("C", low=0, grad=False)),
            "ignore_index": IGNORE_INDEX,
            "reduction": REDUCTION,
            "label_smoothing": Choice((0.0, 0.1, 1.0)),
        },
        sizes={"C": (2, 5)},
        together=classes_or_probabilities,
        parameters=either_target,
    ),
    Spec(
        "linear_cross_entropy",
        ref.linear_cross_entropy,
        getattr(F, "linear_cross_entropy", None),
        covers=("LinearCrossEntropyLoss",),
        arguments={
            "input": Real("*batch I"),
            "linear_weight": Real("C *rest I"),
            "target": Filled("*batch *rest", classes_or_ignored),
            "linear_bias": Maybe(Real("C *rest")),
            "weight": Maybe(Real("C", low=0, grad=False)),
            "reduction": REDUCTION,
            "ignore_index": Choice((None, 0, -1, 9)),
            "label_smoothing": Choice((0.0, 0.1, 1.0)),
            "options": From(memory_options),
        },
        sizes={"C": (2, 5)},
        together=one_or_many_logits,
        undrawn={} if Options else {"options": "this torch has none"},
        parameters=either_target,
    ),
    Spec(
        "kl_div",
        ref.kl_div,
        quiet(F.kl_div),
        covers=("KLDivLoss",),
        arguments={
            "input": Real("*shape"),
            "target": Real("*target_shape", low=0),
            "reduction": Choice(("mean", "sum", "none", "batchmean")),
            "log_target": Choice((False, True)),
        },
        together=probability_or_its_log,
        parameters=target_or_its_log,
    ),
]

REFUSED = [
    (
        "binary_cross_entropy",
        {"input": np.array([0.5, 1.5]), "target": np.array([0.0, 1.0])},
        ValueError,
        "input is from 0.0 to 1.5, but should be from 0 to 1",
    ),
    (
        "binary_cross_entropy",
        {"input": np.array([0.5, 0.5]), "target": np.array([-1.0, 1.0])},
        ValueError,
        "target is from -1.0 to 1.0, but should be from 0 to 1",
    ),
    (
        "binary_cross_entropy",
        {"input": np.full((2, 3), 0.5), "target": np.ones(3)},
        ValueError,
        "target.shape is (3,), but should be (2, 3), as input",
    ),
    (
        "binary_cross_entropy",
        {"input": np.full(3, 0.5), "target": np.ones(3), "weight": np.ones((2, 3))},
        ValueError,
        "weight.shape is (2, 3), but should be (3,), as input, or stretch to it",
    ),
    (
        "binary_cross_entropy",
        {"input": np.full(3, 0.5), "target": np.ones(3, int)},
        TypeError,
        "target is of dtype int64, but should be floating",
    ),
    (
        "binary_cross_entropy_with_logits",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 1))},
        ValueError,
        "target.shape is (2, 1), but should be (2, 3), as input",
    ),
    (
        "binary_cross_entropy_with_logits",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 3)), "pos_weight": np.ones(2)},
        ValueError,
        "pos_weight.shape is (2,), but should be (2, 3), as input, or stretch to it",
    ),
    (
        "binary_cross_entropy_with_logits",
        {"input": np.zeros(3), "target": np.zeros(3), "reduction": "batchmean"},
        ValueError,
        "reduction is 'batchmean', but should be one of 'none', 'mean', 'sum'",
    ),
    (
        "nll_loss",
        {"input": np.zeros((2, 3)), "target": np.array([0, 3])},
        ValueError,
        "target is from 0 to 3, but should be from 0 to 2, or -100",
    ),
    (
        "nll_loss",
        {"input": np.zeros((2, 3)), "target": np.array([0, -1])},
        ValueError,
        "target is from -1 to 0, but should be from 0 to 2, or -100",
    ),
    (
        "nll_loss",
        {"input": np.zeros((2, 3)), "target": np.array([0, 1, 2])},
        ValueError,
        "target.shape is (3,), but should be (2,) to fit input",
    ),
    (
        "nll_loss",
        {"input": np.zeros((2, 3)), "target": np.zeros(2)},
        TypeError,
        "target is of dtype float64, but should be an integer",
    ),
    (
        "nll_loss",
        {"input": np.zeros((2, 3)), "target": np.array([0, 1]), "weight": np.ones(2)},
        ValueError,
        "weight.shape is (2,), but should be (3,) to fit input",
    ),
    (
        "nll_loss",
        {"input": np.zeros(()), "target": np.array(0)},
        ValueError,
        "input.ndim is 0, but should be 1 or more",
    ),
    (
        "cross_entropy",
        {"input": np.zeros((2, 3)), "target": np.array([0, 3])},
        ValueError,
        "target is from 0 to 3, but should be from 0 to 2, or -100",
    ),
    (
        "cross_entropy",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 3), int)},
        ValueError,
        "target.shape is (2, 3), but should be (2,) to fit input",
    ),
    (
        "cross_entropy",
        {"input": np.zeros((2, 3)), "target": np.zeros(2)},
        ValueError,
        "target.shape is (2,), but should be (2, 3), as input",
    ),
    (
        "cross_entropy",
        {"input": np.zeros((2, 3)), "target": np.zeros((2, 3)), "ignore_index": 1},
        ValueError,
        "ignore_index is 1, but should be left out, since target holds probabilities",
    ),
    (
        "cross_entropy",
        {"input": np.zeros((2, 3)), "target": np.array([0, 1]), "label_smoothing": 1.5},
        ValueError,
        "label_smoothing is 1.5, but should be from 0 to 1",
    ),
    (
        "cross_entropy",
        {"input": np.zeros((2, 3, 4)), "target": np.zeros((2, 4), int), "weight": np.ones(4)},
        ValueError,
        "weight.shape is (4,), but should be (3,) to fit input",
    ),
    (
        "linear_cross_entropy",
        {"input": np.zeros((2, 3)), "linear_weight": np.zeros((5, 4)), "target": np.array([0, 1])},
        ValueError,
        "input.shape is (2, 3), but should be (…, 4) to fit linear_weight",
    ),
    (
        "linear_cross_entropy",
        {"input": np.zeros(3), "linear_weight": np.zeros((5, 2, 3)), "target": np.array([0, 1])},
        ValueError,
        "linear_weight.ndim is 3, but should be 2, or more where input has a batch",
    ),
    (
        "linear_cross_entropy",
        {
            "input": np.zeros((2, 3)),
            "linear_weight": np.zeros((5, 3)),
            "target": np.array([0, 1]),
            "linear_bias": np.zeros(3),
        },
        ValueError,
        "linear_bias.shape is (3,), but should be (5,) to fit linear_weight",
    ),
    (
        "linear_cross_entropy",
        {"input": np.zeros((2, 3)), "linear_weight": np.zeros((5, 3)), "target": np.zeros((2, 5)), "ignore_index": -1},
        ValueError,
        "ignore_index is -1, but should be None, since target holds probabilities",
    ),
    (
        "linear_cross_entropy",
        {"input": np.zeros((2, 3)), "linear_weight": np.zeros((5, 3)), "target": np.array([0, 5])},
        ValueError,
        "target is from 0 to 5, but should be from 0 to 4, or -100",
    ),
    (
        "kl_div",
        {"input": np.zeros((2, 3)), "target": np.ones((2, 4))},
        ValueError,
        "target.shape is (2, 4), but should be (2, 3), as input",
    ),
    (
        "kl_div",
        {"input": np.zeros(2), "target": np.array([0.5, -0.5])},  # NaN in torch
        ValueError,
        "the lowest target is -0.5, but should be 0 or more, as a probability",
    ),
    (
        "kl_div",
        {"input": np.zeros(2), "target": np.ones(2), "reduction": "batch"},
        ValueError,
        "reduction is 'batch', but should be one of 'none', 'mean', 'sum', 'batchmean'",
    ),
]
