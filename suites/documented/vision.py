"""Sampling: `torch.arange(1, 5).view(1, 1, 2, 2)` made larger, grids, and affine maps of them."""

import numpy as np

from . import draws, example

randn, rand, _ = draws(43)
SMALL = np.arange(1.0, 5.0).reshape(1, 1, 2, 2)
SIGNAL, IMAGE, VOLUME = randn(2, 3, 4), randn(2, 3, 4, 5), randn(1, 2, 3, 4, 2)
GRID, GRID_3D = 2.6 * rand(2, 3, 4, 2) - 1.3, 2.6 * rand(1, 2, 3, 2, 3) - 1.3
SMOOTH = {"linear": SIGNAL, "bilinear": IMAGE, "bicubic": IMAGE, "trilinear": VOLUME}

EXAMPLES = [
    *(example("interpolate", input=SMALL, scale_factor=2, mode=mode) for mode in ("nearest", "nearest-exact", "area")),
    *(example("interpolate", input=input, scale_factor=2, mode=mode) for mode, input in SMOOTH.items()),
    *(
        example("interpolate", input=input, size=7, mode=mode, align_corners=corners)
        for mode, input in SMOOTH.items()
        for corners in (True, False)
    ),
    *(example("interpolate", input=input, size=3) for input in (SIGNAL, IMAGE, VOLUME)),
    example("interpolate", input=IMAGE, size=(2, 9), mode="area"),
    *(example("interpolate", input=IMAGE, size=(2, 3), mode=mode, antialias=True) for mode in ("bilinear", "bicubic")),
    *(
        example("interpolate", input=IMAGE, scale_factor=1.7, mode="bilinear", recompute_scale_factor=again)
        for again in (True, False)
    ),
    *(
        example("grid_sample", input=IMAGE, grid=GRID, mode=mode, padding_mode=padding, align_corners=corners)
        for mode in ("bilinear", "nearest", "bicubic")
        for padding in ("zeros", "border", "reflection")
        for corners in (True, False)
    ),
    *(
        example("grid_sample", input=VOLUME, grid=GRID_3D, mode=mode, align_corners=False)
        for mode in ("bilinear", "nearest")
    ),
    *(
        example("affine_grid", theta=randn(2, 2, 3), size=(2, 3, 4, 5), align_corners=corners)
        for corners in (True, False)
    ),
    example("affine_grid", theta=randn(1, 3, 4), size=(1, 2, 3, 4, 2), align_corners=False),
]
