"""One affine layer."""

import torch


class Layer:
    """activation(W x + b), with a column of x for each sample."""

    def __init__(self, input_dim, output_dim, activation_func, bias_std, rng):
        weights = (2 / input_dim) ** 0.5 * rng.standard_normal((input_dim, output_dim))
        bias = rng.normal(0, bias_std, (1, output_dim))
        self.weights = torch.tensor(weights, dtype=torch.float32, requires_grad=True)
        self.bias = torch.tensor(bias, dtype=torch.float32, requires_grad=True)
        self.activation = activation_func

    def forward(self, x):
        return self.activation(x.T @ self.weights + self.bias).T

    def get_params(self):
        return [self.weights, self.bias]

    def zero_grad(self):
        for parameter in self.get_params():
            if parameter.grad is not None:
                parameter.grad.zero_()
