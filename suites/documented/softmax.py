"""The softmax family and glu, on `torch.randn(2, 3)` and `torch.randn(4, 2)` as in the documentation."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import draws, example, seeded

randn, _, _ = draws(2)
LOGITS = randn(4, 5)
# As torch draws them: -log of an exponential number.
GUMBELS = seeded(lambda: -torch.empty(4, 5, dtype=torch.float64).exponential_().log())().numpy()
NOISY, DRAWN = {"logits": LOGITS, "gumbels": GUMBELS}, seeded(F.gumbel_softmax, "gumbels")

EXAMPLES = [
    *(
        example(name, input=input, dim=dim)
        for name in ("softmax", "softmin", "log_softmax")
        for input, dim in ((randn(2, 3), 1), (randn(2, 3), 0), (randn(2, 3, 4), -2), (np.array([1e4, 0, -1e4]), 0))
    ),
    example("softmax", lambda input, dim: nn.Softmax2d()(input), input=randn(2, 3, 4, 2), dim=-3),
    example("gumbel_softmax", DRAWN, **NOISY),
    example("gumbel_softmax", DRAWN, **NOISY, tau=0.5),
    example("gumbel_softmax", DRAWN, **NOISY, hard=True),
    example("gumbel_softmax", DRAWN, **NOISY, tau=2, hard=True, dim=0),
    example("glu", input=randn(4, 2)),
    example("glu", input=randn(4, 3), dim=0),
]
