"""One affine layer."""

import torch


class Layer:
    """activation(W x + b), with a column of x for each sample."""

    def __init__(self, input_dim, output_dim, activation_func, bias_std, rng):
        weights = rng.normal(0, (2 / input_dim) ** 0.5, (output_dim, input_dim))
        bias = bias_std * rng.normal(0, 1, (output_dim, 1))
        self.weights = torch.tensor(weights, dtype=torch.float32, requires_grad=True)
        self.bias = torch.tensor(bias, dtype=torch.float32, requires_grad=True)
        self.activation = activation_func

    def forward(self, x):
        return self.activation(self.weights @ x + self.bias)

    def get_params(self):
        return [self.weights, self.bias]

    def zero_grad(self):
        for parameter in self.get_params():
            parameter.grad = None
