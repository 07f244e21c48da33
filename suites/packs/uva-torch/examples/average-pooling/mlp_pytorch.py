"""The MLP in torch."""

import torch.nn as nn


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes):
        super(MLP, self).__init__()
        layers = []
        size = n_inputs
        for hidden in n_hidden:
            layers += [nn.Linear(size, hidden), nn.ReLU()]
            size = hidden
        layers.append(nn.Linear(size, n_classes))
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)
