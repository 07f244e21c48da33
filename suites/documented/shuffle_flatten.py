"""Arrays in another order or shape, on the documentation's inputs."""

import numpy as np
from torch import nn

from . import draws, example

randn, _, _ = draws(6)

EXAMPLES = [
    example("pixel_shuffle", input=randn(1, 9, 4, 4), upscale_factor=3),
    example("pixel_shuffle", input=randn(8, 2, 3), upscale_factor=2),
    example("pixel_unshuffle", input=randn(1, 1, 12, 12), downscale_factor=3),
    example("pixel_unshuffle", input=randn(2, 4, 6), downscale_factor=2),
    example("channel_shuffle", input=np.arange(1.0, 17.0).reshape(1, 4, 2, 2), groups=2),
    example("channel_shuffle", input=randn(2, 6, 3), groups=3),
    example("flatten", input=randn(2, 1, 5, 5)),
    example("flatten", input=randn(2, 1, 5, 5), start_dim=1),
    example("flatten", input=randn(2, 1, 5, 5), start_dim=0, end_dim=2),
    example("flatten", input=randn(2, 1, 5, 5), start_dim=-3, end_dim=-2),
    example("unflatten", input=randn(2, 50), dim=1, sizes=(2, 5, 5)),
    example("unflatten", input=randn(5, 12, 3), dim=-2, sizes=(2, 2, 3, 1, 1)),
    example("unflatten", input=randn(3, 4, 1), dim=1, sizes=(2, -1)),
    example("identity", nn.Identity(), input=randn(3, 4)),
    example("one_hot", input=np.arange(5) % 3),
    example("one_hot", input=np.arange(5) % 3, num_classes=5),
    example("one_hot", input=np.arange(6).reshape(3, 2) % 3),
]
