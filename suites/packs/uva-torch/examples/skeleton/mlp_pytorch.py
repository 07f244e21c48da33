"""Write what says TODO."""

from __future__ import absolute_import, division, print_function


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes):
        # TODO
        raise NotImplementedError

    def forward(self, x):
        # TODO
        raise NotImplementedError

        return out
