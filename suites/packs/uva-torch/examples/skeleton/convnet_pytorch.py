"""Write what says TODO."""

from __future__ import absolute_import, division, print_function


class ConvNet(nn.Module):
    def __init__(self, n_channels, n_classes):
        # TODO
        raise NotImplementedError

    def forward(self, x):
        # TODO
        raise NotImplementedError

        return out
