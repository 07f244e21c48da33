import numpy as np


class Mlp:
    def __init__(
        self, input_dim, output_dim, hidden_dim, num_hidden_layers, output_act, hidden_act, bias_std=0, rng=None
    ):
        raise NotImplementedError

    def forward(self, x):
        raise NotImplementedError

    def get_params(self):
        raise NotImplementedError

    def zero_grad(self):
        raise NotImplementedError
