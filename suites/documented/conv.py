"""Convolutions, `nn.Conv2d(16, 33, 3)` on `torch.randn(20, 16, 50, 100)` and the like, shrunk."""

from . import draws, example

randn, _, _ = draws(8)
SIGNAL, IMAGE, VOLUME = randn(2, 4, 9), randn(2, 4, 7, 8), randn(2, 2, 4, 5, 6)
KERNEL, GROUPED, SMALL = randn(6, 4, 3, 5), randn(6, 2, 3, 3), randn(4, 3, 3, 5)
ROW, BACK, CUBE = randn(6, 4, 3), randn(4, 3, 3), randn(4, 2, 3, 2, 2)

EXAMPLES = [
    example("conv1d", input=SIGNAL, weight=ROW),
    example("conv1d", input=SIGNAL, weight=ROW, bias=randn(6), stride=2),
    example("conv1d", input=SIGNAL, weight=ROW, padding=2, dilation=3),
    example("conv1d", input=SIGNAL, weight=randn(6, 2, 3), padding="same", groups=2),
    example("conv1d", input=SIGNAL, weight=randn(6, 4, 4), padding="valid"),
    example("conv1d", input=SIGNAL[0], weight=randn(6, 4, 1)),
    example("conv2d", input=IMAGE, weight=randn(6, 4, 3, 3), stride=2),
    example("conv2d", input=IMAGE, weight=KERNEL, bias=randn(6), stride=(2, 1), padding=(4, 2)),
    example("conv2d", input=IMAGE, weight=KERNEL, stride=(2, 1), padding=(4, 2), dilation=(3, 1)),
    example("conv2d", input=IMAGE, weight=randn(8, 4, 3, 3), padding=1),
    example("conv2d", input=IMAGE, weight=GROUPED, bias=randn(6), groups=2),
    example("conv2d", input=IMAGE, weight=randn(8, 1, 3, 3), groups=4),
    example("conv2d", input=IMAGE, weight=KERNEL, padding="same", dilation=(1, 2)),
    example("conv2d", input=IMAGE, weight=KERNEL, padding="valid"),
    example("conv2d", input=IMAGE[0], weight=KERNEL),
    example("conv3d", input=VOLUME, weight=randn(3, 2, 3, 3, 3), stride=2),
    example("conv3d", input=VOLUME, weight=randn(3, 2, 3, 5, 2), bias=randn(3), stride=(2, 1, 1), padding=(4, 2, 0)),
    example("conv3d", input=VOLUME, weight=randn(4, 1, 2, 2, 2), dilation=2, groups=2),
    example("conv3d", input=VOLUME, weight=randn(3, 2, 3, 1, 3), padding="same"),
    example("conv3d", input=VOLUME[0], weight=randn(3, 2, 1, 2, 3)),
    example("conv_transpose1d", input=SIGNAL, weight=BACK, bias=randn(3)),
    example("conv_transpose1d", input=SIGNAL, weight=BACK, stride=3, padding=1, output_padding=2),
    example("conv_transpose1d", input=SIGNAL[0], weight=BACK, dilation=2),
    example("conv_transpose1d", input=SIGNAL, weight=BACK, groups=2),
    example("conv_transpose2d", input=IMAGE, weight=randn(4, 3, 3, 3), stride=2),
    example("conv_transpose2d", input=IMAGE, weight=SMALL, bias=randn(3), stride=(2, 1), padding=(4, 2)),
    example("conv_transpose2d", input=IMAGE, weight=randn(4, 8, 3, 3), padding=1),
    example("conv_transpose2d", input=IMAGE, weight=randn(4, 4, 3, 3), stride=2, padding=1, output_padding=(1, 0)),
    example("conv_transpose2d", input=IMAGE, weight=SMALL, groups=4, dilation=(2, 1)),
    example("conv_transpose2d", input=IMAGE[0], weight=SMALL),
    example("conv_transpose3d", input=VOLUME, weight=CUBE[:2], bias=randn(2), stride=2),
    example("conv_transpose3d", input=VOLUME, weight=CUBE[:2], stride=(2, 1, 3), padding=(0, 1, 1), output_padding=0),
    example(
        "conv_transpose3d", input=VOLUME, weight=CUBE[:2], stride=2, output_padding=1, groups=2, dilation=(1, 2, 1)
    ),
    example("conv_transpose3d", input=VOLUME[0], weight=CUBE[:2]),
]
