"""Layers on top of each other."""

import numpy as np

from nn.layer import Layer


class Mlp:
    """A row for each sample, of any shape, comes in; a row of logits goes out."""

    def __init__(
        self, input_dim, output_dim, hidden_dim, num_hidden_layers, output_act, hidden_act, bias_std=0, rng=None
    ):
        rng = np.random.default_rng(0) if rng is None else rng
        sizes = [input_dim] + num_hidden_layers * [hidden_dim] + [output_dim]
        acts = num_hidden_layers * [hidden_act] + [output_act]
        self.layers = [Layer(*pair, act, bias_std, rng) for *pair, act in zip(sizes, sizes[1:], acts)]

    def forward(self, x):
        columns = x.reshape(len(x), -1).T
        for layer in self.layers:
            columns = layer.forward(columns)
        return columns.T

    def get_params(self):
        return [parameter for layer in self.layers for parameter in layer.get_params()]

    def zero_grad(self):
        for layer in self.layers:
            layer.zero_grad()
