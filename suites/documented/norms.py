"""Normalisation of `torch.randn(20, 100, 35, 45)` and the like, shrunk; statistics kept and used."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from . import draws, example

randn, rand, _ = draws(23)
TABLE, SIGNAL, IMAGE, VOLUME = randn(6, 4), randn(3, 4, 5), randn(2, 4, 3, 5), randn(2, 4, 2, 3, 2)
KEPT = {"running_mean": randn(4), "running_var": rand(4) + 0.5}
NONE = {"running_mean": None, "running_var": None}
AFFINE = {"weight": randn(4), "bias": randn(4)}
SENTENCE, SHAPE = randn(3, 5, 4), (5, 4)


def keeping(function: Callable[..., torch.Tensor]) -> Callable[..., Any]:
    """torch writes new statistics over the old ones; ours come back as further outputs."""

    def call(running_mean: torch.Tensor | None, running_var: torch.Tensor | None, **rest: Any) -> Any:
        kept = [None if old is None else old.clone() for old in (running_mean, running_var)]
        output = function(rest.pop("input"), *kept, **rest)
        return output if kept[0] is None else (output, *kept)

    return call


def across_channels(input: torch.Tensor, size: int, alpha: float, beta: float = 0.75, k: float = 1.0) -> torch.Tensor:
    """By the formula in the documentation of local_response_norm, which CrossMapLRN2d itself misses at the edges."""
    around = F.pad((input * input)[:, None], (0, 0, 0, 0, size // 2, size // 2)).unfold(2, size, 1).sum(-1)[:, 0]
    return input / (k + alpha / size * around) ** beta


BATCH, INSTANCE = keeping(F.batch_norm), keeping(F.instance_norm)

EXAMPLES = [
    *(example("batch_norm", BATCH, input=input, training=True, **NONE) for input in (TABLE, SIGNAL, IMAGE, VOLUME)),
    example("batch_norm", BATCH, input=IMAGE, **KEPT),
    example("batch_norm", BATCH, input=IMAGE, training=True, **KEPT, **AFFINE),
    example("batch_norm", BATCH, input=TABLE, training=True, momentum=0.7, **KEPT),
    example("batch_norm", BATCH, input=TABLE, training=True, eps=0.1, **NONE, **AFFINE),
    *(example("instance_norm", INSTANCE, input=input, **NONE) for input in (SIGNAL, IMAGE, VOLUME)),
    example("instance_norm", INSTANCE, input=IMAGE, use_input_stats=False, **KEPT),
    example("instance_norm", INSTANCE, input=IMAGE, momentum=0.7, **KEPT, **AFFINE),
    example("instance_norm", INSTANCE, input=SIGNAL, eps=0.1, **NONE, **AFFINE),
    example("layer_norm", input=SENTENCE, normalized_shape=(4,)),
    example("layer_norm", input=SENTENCE, normalized_shape=SHAPE, weight=randn(*SHAPE), bias=randn(*SHAPE)),
    example("layer_norm", input=SENTENCE, normalized_shape=(4,), eps=0.1),
    example("rms_norm", input=SENTENCE, normalized_shape=(4,)),
    example("rms_norm", input=SENTENCE, normalized_shape=SHAPE, weight=randn(*SHAPE), eps=0.1),
    *(example("group_norm", input=IMAGE, num_groups=groups, **AFFINE) for groups in (1, 2, 4)),
    example("group_norm", input=TABLE, num_groups=2, eps=0.1),
    *(example("local_response_norm", input=input, size=2) for input in (SIGNAL, IMAGE, VOLUME)),
    example("local_response_norm", input=IMAGE, size=3, alpha=0.5),
    example("local_response_norm", input=IMAGE, size=3, alpha=0.5, beta=0.3),
    example("local_response_norm", input=IMAGE, size=3, alpha=0.5, k=2.0),
    *(
        example("cross_map_lrn2d", across_channels, input=IMAGE, size=3, **rest)
        for rest in ({"alpha": 0.5}, {"alpha": 0.5, "beta": 0.3}, {"alpha": 0.5, "k": 2.0})
    ),
]
