"""Borders, and windows as columns, on the documentation's inputs, shrunk."""

import numpy as np
from torch import nn

from . import draws, example

randn, _, _ = draws(10)
IMAGE, VOLUME = np.arange(9.0).reshape(1, 1, 3, 3), randn(2, 2, 4, 3, 5)
T4D = randn(3, 3, 4, 2)

EXAMPLES = [
    example("pad", input=T4D, pad=(1, 1)),
    example("pad", input=T4D, pad=(1, 1, 2, 2), mode="constant", value=0.5),
    example("pad", input=T4D, pad=(0, 1, 2, 1, 3, 3)),
    example("pad", input=randn(5, 4), pad=(-1, 2, 1, -2), value=3.5),
    *(example("pad", input=IMAGE, pad=(2, 2, 2, 2), mode=mode) for mode in ("reflect", "replicate", "circular")),
    *(example("pad", input=IMAGE, pad=(1, 1, 2, 0), mode=mode) for mode in ("reflect", "replicate", "circular")),
    *(example("pad", input=randn(1, 2, 4), pad=(3, 1), mode=mode) for mode in ("reflect", "replicate", "circular")),
    *(example("pad", input=randn(2, 4), pad=(3, 1), mode=mode) for mode in ("reflect", "replicate", "circular")),
    *(
        example("pad", input=VOLUME, pad=(3, 3, 2, 1, 1, 0), mode=mode)
        for mode in ("reflect", "replicate", "circular", "constant")
    ),
    example("pad", lambda input, pad: nn.ZeroPad2d(pad)(input), input=IMAGE, pad=(1, 1, 2, 0)),
    example("unfold", input=randn(2, 5, 3, 4), kernel_size=(2, 3)),
    example("unfold", input=randn(1, 3, 6, 7), kernel_size=(4, 5), padding=(1, 2)),
    example("unfold", input=randn(2, 6, 7), kernel_size=3, stride=2),
    example("unfold", input=randn(2, 2, 6, 7), kernel_size=2, dilation=(2, 3), padding=1, stride=(2, 1)),
    example("fold", input=randn(1, 3 * 2 * 2, 12), output_size=(4, 5), kernel_size=(2, 2)),
    example("fold", input=randn(3 * 2 * 2, 9), output_size=4, kernel_size=2),
    example(
        "fold", input=randn(2, 2 * 2 * 2, 8), output_size=(6, 8), kernel_size=2, padding=1, stride=(3, 2), dilation=2
    ),
]
