"""`nn.Embedding(10, 3)` and `nn.EmbeddingBag(10, 3)` on the documentation's indices; adaptive softmax."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from . import Example, draws, example, parameters

randn, rand, randint = draws(47)
WORDS, TABLE = np.array([[1, 2, 4, 5], [4, 3, 2, 9]]), randn(10, 3)
FLAT, OFFSETS = WORDS.ravel(), np.array([0, 4])


def renewed(name: str, **arguments: Any) -> Example:
    """torch writes the shortened rows into the table; ours come back as a further output, of which the gradient is."""
    function = getattr(F, name)

    def call(weight: torch.Tensor, **rest: Any) -> Any:
        table = weight.detach().clone()
        _ = function(weight=table, **rest)
        rest["max_norm"] = None
        return function(weight=weight + (table - weight).detach(), **rest), table

    return example(name, call, **arguments)


def adaptive(cutoffs: list[int], rows: int | None, **options: Any) -> Example:
    """`nn.AdaptiveLogSoftmaxWithLoss(in_features, n_classes, cutoffs)`."""
    module = nn.AdaptiveLogSoftmaxWithLoss(16, 10, cutoffs, dtype=torch.float64, **options)
    weights = parameters(module, 53)
    shape = () if rows is None else (rows,)

    def call(input: torch.Tensor, target: torch.Tensor, cutoffs: Any, **values: Any) -> Any:
        del cutoffs
        return functional_call(module, values, (input, target))

    inputs = {"input": randn(*shape, 16), "target": randint(10, *shape) if shape else np.array(7)}
    return example("adaptive_log_softmax_with_loss", call, **inputs, cutoffs=cutoffs, **weights)


EXAMPLES = [
    example("embedding", input=WORDS, weight=TABLE),
    example("embedding", input=np.array([[0, 2, 0, 5]]), weight=TABLE, padding_idx=0),
    example("embedding", input=WORDS, weight=TABLE, scale_grad_by_freq=True),
    example("embedding", input=WORDS, weight=TABLE, sparse=True),
    renewed("embedding", input=WORDS, weight=TABLE, max_norm=1.0),
    renewed("embedding", input=WORDS, weight=TABLE, max_norm=1.0, norm_type=1.0),
    example("embedding_bag", input=WORDS, weight=TABLE),
    *(
        example("embedding_bag", input=FLAT, weight=TABLE, offsets=OFFSETS, mode=mode)
        for mode in ("sum", "mean", "max")
    ),
    example("embedding_bag", input=FLAT, weight=TABLE, offsets=np.array([0, 4, 8]), include_last_offset=True),
    example("embedding_bag", input=WORDS, weight=TABLE, mode="sum", per_sample_weights=rand(2, 4)),
    example("embedding_bag", input=np.array([2, 2, 2, 2, 4, 3, 2, 9]), weight=TABLE, offsets=OFFSETS, padding_idx=2),
    example("embedding_bag", input=WORDS, weight=TABLE, mode="sum", sparse=True),
    example("embedding_bag", input=np.array([[1, 1, 1]]), weight=TABLE, mode="sum", scale_grad_by_freq=True),
    renewed("embedding_bag", input=WORDS, weight=TABLE, mode="sum", max_norm=1.0),
    renewed("embedding_bag", input=WORDS, weight=TABLE, mode="sum", max_norm=1.0, norm_type=1.0),
    adaptive([2, 5], 6),
    adaptive([3], 6, head_bias=True),
    adaptive([2, 5], None, div_value=2.0),
]
