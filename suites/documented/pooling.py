"""Pooling of `torch.randn(20, 16, 50, 32)` and the like, shrunk, with the documentation's windows."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from . import Array, Example, draws, example

randn, rand, _ = draws(9)
SIGNAL, IMAGE, VOLUME = randn(2, 3, 11), randn(2, 3, 9, 8), randn(2, 2, 5, 6, 7)
BY = {1: SIGNAL, 2: IMAGE, 3: VOLUME}
PLACES, RATIOS = {2: rand(2, 3, 2), 3: rand(2, 2, 3)}, {2: (0.5, 0.4), 3: (0.5, 0.4, 0.6)}


def unpooled(dims: int, input: Array, kernel_size: int | tuple[int, ...], padding: int = 0, **options: Any) -> Example:
    """What max_pool leaves, and where it found it, as the documentation has it; the original size is given back."""
    pool = getattr(F, f"max_pool{dims}d")
    stride = options.pop("stride", None)
    pooled, indices = pool(torch.from_numpy(input), kernel_size, stride, padding, return_indices=True)
    more = {name: value for name, value in (("stride", stride), ("padding", padding)) if value}
    arrays = {"input": pooled.numpy(), "indices": indices.numpy()}
    return example(
        f"max_unpool{dims}d", **arrays, kernel_size=kernel_size, **more, output_size=input.shape[-dims:], **options
    )


EXAMPLES = [
    example("max_pool1d", input=SIGNAL, kernel_size=3, stride=2),
    example("max_pool2d", input=IMAGE, kernel_size=3, stride=2),
    example("max_pool2d", input=IMAGE, kernel_size=(3, 2), stride=(2, 1)),
    example("max_pool3d", input=VOLUME, kernel_size=3, stride=2),
    example("max_pool3d", input=VOLUME, kernel_size=(3, 2, 2), stride=(2, 1, 2)),
    example("avg_pool1d", input=np.arange(1.0, 8.0).reshape(1, 1, 7), kernel_size=3, stride=2),
    example("avg_pool2d", input=IMAGE, kernel_size=3, stride=2),
    example("avg_pool2d", input=IMAGE, kernel_size=(3, 2), stride=(2, 1)),
    example("avg_pool3d", input=VOLUME, kernel_size=3, stride=2),
    example("avg_pool3d", input=VOLUME, kernel_size=(3, 2, 2), stride=(2, 1, 2)),
    *(
        row
        for dims, input in BY.items()
        for name, without_batch in ((f"max_pool{dims}d", input[0]),)
        for row in (
            example(name, input=without_batch, kernel_size=2),
            example(name, input=input, kernel_size=3, padding=1),
            example(name, input=input, kernel_size=2, dilation=2, stride=1),
            example(name, input=input, kernel_size=2, stride=3, ceil_mode=True),
            example(name, input=input, kernel_size=2, return_indices=True),
        )
    ),
    *(
        row
        for dims, input in BY.items()
        for name, without_batch in ((f"avg_pool{dims}d", input[0]),)
        for row in (
            example(name, input=without_batch, kernel_size=2),
            example(name, input=input, kernel_size=3, padding=1),
            example(name, input=input, kernel_size=3, padding=1, count_include_pad=False),
            example(name, input=input, kernel_size=3, stride=2, padding=1, ceil_mode=True),
            example(name, input=input, kernel_size=2, stride=3, ceil_mode=True, count_include_pad=False),
        )
    ),
    example("avg_pool2d", input=IMAGE, kernel_size=3, padding=1, divisor_override=2),
    example("avg_pool3d", input=VOLUME, kernel_size=3, padding=1, divisor_override=-5),
    example("adaptive_avg_pool1d", input=SIGNAL, output_size=5),
    example("adaptive_avg_pool2d", input=IMAGE, output_size=(5, 7)),
    example("adaptive_avg_pool2d", input=IMAGE, output_size=7),
    example("adaptive_avg_pool2d", input=IMAGE, output_size=(None, 7)),
    example("adaptive_avg_pool3d", input=VOLUME, output_size=(4, 2, 5)),
    example("adaptive_avg_pool3d", input=VOLUME, output_size=3),
    example("adaptive_avg_pool3d", input=VOLUME[0], output_size=(3, None, None)),
    example("adaptive_max_pool1d", input=SIGNAL, output_size=5),
    example("adaptive_max_pool1d", input=SIGNAL, output_size=4, return_indices=True),
    example("adaptive_max_pool2d", input=IMAGE, output_size=(5, 7)),
    example("adaptive_max_pool2d", input=IMAGE, output_size=(None, 7), return_indices=True),
    example("adaptive_max_pool3d", input=VOLUME, output_size=(4, 2, 5)),
    example("adaptive_max_pool3d", input=VOLUME[0], output_size=(3, None, None), return_indices=True),
    *(
        row
        for dims, input in BY.items()
        for name, power in ((f"lp_pool{dims}d", abs(input)),)
        for row in (
            example(name, input=input, norm_type=2, kernel_size=3, stride=2),
            example(name, input=power, norm_type=1.2, kernel_size=(3, 2, 2)[:dims] if dims > 1 else 3),
            example(name, input=input, norm_type=4, kernel_size=2, stride=3, ceil_mode=True),
        )
    ),
    *(
        row
        for dims, places in PLACES.items()
        for name, input in ((f"fractional_max_pool{dims}d", BY[dims]),)
        for row in (
            example(name, input=input, kernel_size=2, output_size=(3, 2, 4)[:dims], _random_samples=places),
            example(name, input=input, kernel_size=2, output_ratio=RATIOS[dims], _random_samples=places),
            example(name, input=input, kernel_size=2, output_size=3, return_indices=True, _random_samples=places),
        )
    ),
    *(unpooled(dims, input, 2) for dims, input in BY.items()),
    *(unpooled(dims, input, 3, 1, stride=3) for dims, input in BY.items()),
    unpooled(2, IMAGE[0], (3, 2), stride=(3, 2)),
]
