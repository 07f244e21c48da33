"""Batch normalisation, three ways."""

import torch
import torch.nn as nn


class CustomBatchNormAutograd(nn.Module):
    """Autograd does the backward pass."""

    def __init__(self, n_neurons, eps=1e-5):
        super(CustomBatchNormAutograd, self).__init__()
        self.n_neurons = n_neurons
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(n_neurons))
        self.beta = nn.Parameter(torch.zeros(n_neurons))

    def forward(self, input):
        if input.dim() != 2 or input.shape[1] != self.n_neurons:
            raise ValueError("the input should be (batch, %d), and is %s" % (self.n_neurons, tuple(input.shape)))
        mean = input.mean(dim=0)
        var = input.var(dim=0, unbiased=False)
        normalised = (input - mean) / torch.sqrt(var + self.eps)
        return self.gamma * normalised + self.beta


class CustomBatchNormManualFunction(torch.autograd.Function):
    """The backward pass by hand."""

    @staticmethod
    def forward(ctx, input, gamma, beta, eps=1e-5):
        centred = input - input.mean(dim=0)
        inv_std = 1 / torch.sqrt((centred * centred).mean(dim=0) + eps)
        normalised = centred * inv_std
        ctx.save_for_backward(normalised, inv_std, gamma)
        return gamma * normalised + beta

    @staticmethod
    def backward(ctx, grad_output):
        normalised, inv_std, gamma = ctx.saved_tensors
        grad_gamma = (grad_output * normalised).sum(dim=0)
        grad_beta = grad_output.sum(dim=0)
        d = grad_output * gamma
        through_mean = d.mean(dim=0)
        through_var = normalised * (d * normalised).mean(dim=0)
        grad_input = inv_std * (d - through_mean - through_var)
        return grad_input, grad_gamma, grad_beta, None


class CustomBatchNormManualModule(nn.Module):
    """A module around the function."""

    def __init__(self, n_neurons, eps=1e-5):
        super(CustomBatchNormManualModule, self).__init__()
        self.n_neurons = n_neurons
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(n_neurons))
        self.beta = nn.Parameter(torch.zeros(n_neurons))

    def forward(self, input):
        assert input.shape[1] == self.n_neurons
        return CustomBatchNormManualFunction.apply(input, self.gamma, self.beta, self.eps)


if __name__ == "__main__":
    module = CustomBatchNormAutograd(100)
    out = module(100 + 10 * torch.randn(8, 100))
    print("mean", out.mean(dim=0).abs().max().item(), "variance", out.var(dim=0).mean().item())
