"""Dropout of the documentation's inputs, with what torch itself drops from a fixed seed."""

from typing import Any

import torch
from torch.nn import functional as F

from . import Array, Example, draws, example, seeded

randn, _, _ = draws(4)
CHANNELS = {"dropout1d": 1, "dropout2d": 2, "dropout3d": 3, "feature_alpha_dropout": 2}


def dropped(name: str, input: Array, **options: Any) -> Example:
    """torch's own; what it keeps is seen in what it makes of ones: more than of those that it drops."""
    ones = torch.ones(input.shape, dtype=torch.float64)
    mask = (seeded(getattr(F, name))(input=ones, **options) > 0).numpy()
    for _ in range(CHANNELS.get(name, 0) if name != "feature_alpha_dropout" else input.ndim - 2):
        mask = mask[..., 0]
    return example(name, seeded(getattr(F, name), "mask"), input=input, **options, mask=mask)


NAMES = {
    "dropout": (5, 4),
    "dropout1d": (5, 4, 8),
    "dropout2d": (5, 4, 3, 3),
    "dropout3d": (5, 4, 2, 3, 2),
    "alpha_dropout": (5, 4),
    "feature_alpha_dropout": (5, 4, 2, 3, 2),
}
EXAMPLES = [
    *(dropped(name, randn(*shape), p=0.2, training=True) for name, shape in NAMES.items()),
    *(dropped(name, randn(*shape), training=True) for name, shape in NAMES.items()),
    *(example(name, input=randn(*shape), training=False) for name, shape in NAMES.items()),
    *(example(name, input=randn(*shape), p=1.0, training=True) for name, shape in NAMES.items()),
    *(example(name, input=randn(*shape), p=0.0, training=True) for name, shape in NAMES.items()),
    dropped("dropout1d", randn(4, 8), p=0.3, training=True),
    dropped("dropout3d", randn(4, 2, 3, 2), p=0.3, training=True),
]
