"""Affine and bilinear maps, `nn.Linear(20, 30)` and `nn.Bilinear(20, 30, 40)` shrunk."""

from . import draws, example

randn, _, _ = draws(7)

EXAMPLES = [
    example("linear", input=randn(8, 4), weight=randn(6, 4)),
    example("linear", input=randn(8, 4), weight=randn(6, 4), bias=randn(6)),
    example("linear", input=randn(2, 3, 4), weight=randn(6, 4), bias=randn(6)),
    example("linear", input=randn(4), weight=randn(4)),
    example("bilinear", input1=randn(8, 2), input2=randn(8, 3), weight=randn(4, 2, 3)),
    example("bilinear", input1=randn(8, 2), input2=randn(8, 3), weight=randn(4, 2, 3), bias=randn(4)),
    example("bilinear", input1=randn(2, 5, 2), input2=randn(2, 5, 3), weight=randn(4, 2, 3), bias=randn(4)),
]
