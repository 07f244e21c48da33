"""The losses, with the documentation's inputs: `torch.randn(3, 5)` and a target of the right kind."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

import reference_impls as ref

from . import Array, Example, draws, example

randn, rand, randint = draws(17)
REDUCTIONS = ("none", "sum")
INPUT, TARGET, WEIGHT = randn(3, 5), randn(3, 5), rand(3, 5)
ONES = np.where(rand(3, 5) < 0.5, -1.0, 1.0)
LABELS, CLASSES = randint(5, 3), rand(5)
PIXELS, PIXEL_LABELS = randn(2, 4, 3, 2), randint(4, 2, 3, 2)
SOFT = np.exp(TARGET) / np.exp(TARGET).sum(1, keepdims=True)
LOG_P = np.log(SOFT)
ANCHOR, POSITIVE, NEGATIVE = randn(4, 6), randn(4, 6), randn(4, 6)
SIDE = np.array([1.0, -1.0, 1.0, -1.0])
FIRST = np.array([[3, 0, -1, 1], [1, 2, 0, -1]])
WORDS, LENGTHS, WORD_LENGTHS = randint(4, 3, 3) + 1, np.array([8, 7, 8]), np.array([3, 2, 1])
ENDINGS = np.concatenate([row[:n] for row, n in zip(WORDS, WORD_LENGTHS, strict=True)])
EVERY: dict[str, dict[str, Any]] = {
    "l1_loss": {"input": INPUT, "target": TARGET},
    "mse_loss": {"input": INPUT, "target": TARGET},
    "smooth_l1_loss": {"input": INPUT, "target": TARGET},
    "huber_loss": {"input": INPUT, "target": TARGET},
    "soft_margin_loss": {"input": INPUT, "target": ONES},
    "hinge_embedding_loss": {"input": INPUT, "target": ONES},
    "margin_ranking_loss": {"input1": INPUT[:, 0], "input2": TARGET[:, 0], "target": ONES[:, 0]},
    "kl_div": {"input": LOG_P, "target": SOFT[::-1]},
    "binary_cross_entropy": {"input": rand(3, 5), "target": rand(3, 5)},
    "binary_cross_entropy_with_logits": {"input": INPUT, "target": rand(3, 5)},
    "nll_loss": {"input": LOG_P, "target": LABELS},
    "cross_entropy": {"input": INPUT, "target": LABELS},
    "multi_margin_loss": {"input": INPUT, "target": LABELS},
    "multilabel_margin_loss": {"input": randn(2, 4), "target": FIRST},
    "multilabel_soft_margin_loss": {"input": INPUT, "target": (ONES + 1) / 2},
    "cosine_embedding_loss": {"input1": ANCHOR, "input2": POSITIVE, "target": SIDE},
    "triplet_margin_loss": {"anchor": ANCHOR, "positive": POSITIVE, "negative": NEGATIVE},
    "triplet_margin_with_distance_loss": {"anchor": ANCHOR, "positive": POSITIVE, "negative": NEGATIVE},
    "poisson_nll_loss": {"input": INPUT, "target": 5 * rand(3, 5)},
    "gaussian_nll_loss": {"input": INPUT, "target": TARGET, "var": rand(3, 5) + 0.1},
    "linear_cross_entropy": {"input": INPUT, "linear_weight": randn(4, 5), "target": randint(4, 3)},
    "ctc_loss": {
        "log_probs": randn(8, 3, 5),
        "targets": WORDS,
        "input_lengths": LENGTHS,
        "target_lengths": WORD_LENGTHS,
    },
}
# Of their targets, 1 and -1, torch has no gradient.
SIDES = ("soft_margin_loss", "hinge_embedding_loss", "cosine_embedding_loss")
TRIPLET = {"margin": 0.4, "p": 3.0, "eps": 0.1, "swap": True}


def apart(x1: Array, x2: Array) -> tuple[Array, Callable[[Array], dict[str, Array]]]:
    """A distance of one's own: that of the documentation's Minkowski example with p = 1."""
    sign = np.sign(x1 - x2)

    def pullback(d_output: Array) -> dict[str, Array]:
        return {"x1": sign * d_output[..., None], "x2": -sign * d_output[..., None]}

    return abs(x1 - x2).sum(-1), pullback


def with_apart(**arguments: Any) -> torch.Tensor:
    """The same distance for torch."""
    del arguments["distance_function"]
    return F.triplet_margin_with_distance_loss(**arguments, distance_function=lambda x1, x2: (x1 - x2).abs().sum(-1))


def ctc(**arguments: Any) -> Example:
    """torch's gradient is right behind log_softmax only, so that is where both are taken."""

    def ours(log_probs: Array, **rest: Any) -> tuple[Array, Callable[[Array], dict[str, Array]]]:
        log_probs, before = ref.log_softmax(log_probs, -1)
        output, pullback = ref.ctc_loss(log_probs, **rest)
        return output, lambda d_output: {"log_probs": before(pullback(d_output)["log_probs"])["input"]}

    def theirs(log_probs: torch.Tensor, **rest: Any) -> torch.Tensor:
        return F.ctc_loss(log_probs.log_softmax(-1), **rest)

    return Example("ctc_loss", EVERY["ctc_loss"] | arguments, theirs, ours)


def in_two_steps(
    input: torch.Tensor, linear_weight: torch.Tensor, target: torch.Tensor, *, linear_bias: Any = None, **options: Any
) -> torch.Tensor:
    """What linear_cross_entropy stands for, in a torch that has none."""
    chosen = {name: value for name, value in options.items() if name != "options" and value is not None}
    return F.cross_entropy(F.linear(input, linear_weight, linear_bias), target, **chosen)


OWN = {} if hasattr(F, "linear_cross_entropy") else {"linear_cross_entropy": in_two_steps}
Chunks = getattr(torch.nn, "LinearCrossEntropyOptions", dict)


def of(name: str, constant: str = "", **options: Any) -> Example:
    """A loss on its inputs above, with options."""
    constant = " ".join([constant, *(["target"] if name in SIDES else [])])
    return example(name, OWN.get(name), constant, **{**EVERY[name], **options})


EXAMPLES = [
    *(of(name) for name in EVERY if name != "ctc_loss"),
    *(of(name, reduction=how) for name in EVERY if name != "ctc_loss" for how in REDUCTIONS),
    *(of(name, weight=WEIGHT) for name in ("l1_loss", "mse_loss", "huber_loss")),
    *(of(name, "weight", weight=WEIGHT) for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits")),
    *(of(name, "weight", weight=CLASSES) for name in ("nll_loss", "cross_entropy", "multi_margin_loss")),
    of("multilabel_soft_margin_loss", weight=CLASSES),
    of("binary_cross_entropy_with_logits", "pos_weight", pos_weight=CLASSES),
    *(of(name, ignore_index=int(LABELS[0])) for name in ("nll_loss", "cross_entropy")),
    example("nll_loss", input=PIXELS, target=PIXEL_LABELS),
    example("cross_entropy", input=PIXELS, target=PIXEL_LABELS, label_smoothing=0.1),
    example("cross_entropy", input=INPUT, target=SOFT),
    example("cross_entropy", input=INPUT[0], target=np.array(LABELS[0])),
    of("smooth_l1_loss", beta=0.3),
    of("huber_loss", delta=0.3),
    of("kl_div", reduction="batchmean"),
    of("kl_div", target=np.log(SOFT[::-1]), log_target=True),
    of("poisson_nll_loss", full=True),
    of("poisson_nll_loss", input=abs(INPUT), log_input=False),
    of("poisson_nll_loss", input=abs(INPUT), log_input=False, eps=0.1),
    of("gaussian_nll_loss", full=True),
    of("gaussian_nll_loss", eps=0.3),
    of("gaussian_nll_loss", var=rand(3, 1) + 0.1),
    of("hinge_embedding_loss", margin=0.4),
    of("margin_ranking_loss", margin=0.4),
    of("cosine_embedding_loss", margin=0.2),
    of("multi_margin_loss", p=2),
    of("multi_margin_loss", margin=0.5),
    *(of("triplet_margin_loss", **{name: value}) for name, value in TRIPLET.items()),
    *(of("triplet_margin_with_distance_loss", **{name: TRIPLET[name]}) for name in ("margin", "swap")),
    example("triplet_margin_with_distance_loss", with_apart, **EVERY["triplet_margin_loss"], distance_function=apart),
    of("linear_cross_entropy", linear_bias=randn(4)),
    of("linear_cross_entropy", "weight", weight=rand(4)),
    of("linear_cross_entropy", ignore_index=int(EVERY["linear_cross_entropy"]["target"][1])),
    of("linear_cross_entropy", label_smoothing=0.2),
    of("linear_cross_entropy", options=Chunks(batch_chunk_size=2)),
    *(ctc(reduction=how) for how in ("mean", *REDUCTIONS)),
    ctc(targets=WORDS - 1, blank=4),
    ctc(targets=ENDINGS),
    ctc(target_lengths=np.array([3, 3, 3]), input_lengths=np.array([8, 2, 8]), zero_infinity=True),
]
