"""torch's plain operations."""

import numpy as np

from . import draws, example

randn, rand, randint = draws(3)
TABLE = randn(4, 4)

EXAMPLES = [
    *(
        example(name, input=left, other=right)
        for name in ("add", "sub", "mul", "div")
        for left, right in ((randn(4), randn(4, 1)), (TABLE, randn(4)), (randn(), randn(2, 3)))
    ),
    example("add", input=randn(4), other=randn(4, 1), alpha=10),
    example("sub", input=np.array([1.0, 2.0]), other=np.array([0.0, 1.0]), alpha=2),
    example("div", input=TABLE, other=randn(4), rounding_mode="trunc"),
    example("div", input=TABLE, other=randn(4), rounding_mode="floor"),
    example("matmul", input=randn(3), other=randn(3)),
    example("matmul", input=randn(3, 4), other=randn(4)),
    example("matmul", input=randn(4), other=randn(2, 4, 3)),
    example("matmul", input=randn(10, 3, 4), other=randn(4)),
    example("matmul", input=randn(10, 3, 4), other=randn(10, 4, 5)),
    example("matmul", input=randn(10, 3, 4), other=randn(4, 5)),
    example("exp", input=np.array([0.0, np.log(2.0)])),
    example("log", input=rand(5) * 5),
    example("sum", input=randn(1, 3)),
    example("sum", input=TABLE, dim=1),
    example("sum", input=randn(4, 5, 6), dim=(2, 1)),
    example("sum", input=TABLE, dim=-2, keepdim=True),
    example("logsumexp", input=randn(3, 3), dim=1),
    example("logsumexp", input=randn(2, 3, 4), dim=(0, -1), keepdim=True),
    example("expand", lambda input, sizes: input.expand(sizes), input=randn(3, 1), sizes=(3, 4)),
    example("expand", lambda input, sizes: input.expand(sizes), input=randn(3, 1), sizes=(2, -1, 4)),
    example("select", input=TABLE, dim=0, index=1),
    example("select", input=TABLE, dim=-1, index=-2),
    example("gather", input=np.array([[1.0, 2.0], [3.0, 4.0]]), dim=1, index=np.array([[0, 0], [1, 0]])),
    example("gather", input=randn(4, 3), dim=-2, index=randint(4, 6, 2)),
]
