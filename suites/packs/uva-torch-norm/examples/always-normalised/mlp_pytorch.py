"""The MLP in torch."""

from collections import OrderedDict

import torch
import torch.nn as nn


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super().__init__()
        layers = OrderedDict()
        sizes = [n_inputs] + list(n_hidden)
        for i, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
            linear = nn.Linear(n_in, n_out)
            nn.init.kaiming_normal_(linear.weight, nonlinearity="linear" if i == 0 else "relu")
            nn.init.zeros_(linear.bias)
            layers["linear%d" % i] = linear
            layers["norm%d" % i] = nn.BatchNorm1d(n_out)
            layers["elu%d" % i] = nn.ELU()
        layers["output"] = nn.Linear(sizes[-1], n_classes)
        self.layers = nn.Sequential(layers)

    def forward(self, x):
        return self.layers(x)

    @property
    def device(self):
        """Where it lives."""
        return next(self.parameters()).device
