"""Twelve functions, each with its derivative beside it."""

import numpy as np


def relu(input):
    return np.where(input > 0, input, 0), lambda d_output: {"input": np.where(input > 0, d_output, 0)}


def leaky_relu(input, negative_slope=0.01):
    slope = np.where(input > 0, 1, negative_slope)
    return input * slope, lambda d_output: {"input": d_output * slope}


def sigmoid(input):
    small = np.exp(-np.abs(input))
    output = np.where(input < 0, small, 1) / (1 + small)
    return output, lambda d_output: {"input": small / (1 + small) ** 2}


def tanh(input):
    output = np.tanh(input)
    return output, lambda d_output: {"input": 1 - output**2}


def softmax(input, dim):
    scores = np.exp(input - input.max(dim, keepdims=True))
    p = scores / scores.sum(dim, keepdims=True)
    return p, lambda d_output: {"input": p * (d_output - (d_output * p).sum(dim, keepdims=True))}


def log_softmax(input, dim):
    shifted = input - input.max(dim, keepdims=True)
    output = shifted - np.log(np.exp(shifted).sum(dim, keepdims=True))
    return output, lambda d_output: {"input": d_output - np.exp(output) * d_output.sum(dim, keepdims=True)}


def linear(input, weight, bias=None):
    output = input @ weight.T
    if bias is not None:
        output = output + bias

    def pullback(d_output):
        rows, d_rows = input.reshape(-1, input.shape[-1]), d_output.reshape(-1, len(weight))
        d_input = (d_rows @ weight).reshape(input.shape)
        return d_input, d_rows.T @ rows, None if bias is None else d_rows.sum(0)

    return output, pullback


def mul(input, other):
    def summed(gradient, shape):
        gradient = gradient.sum(tuple(range(gradient.ndim - len(shape))))
        axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
        return gradient.sum(axes, keepdims=True).reshape(shape)

    def pullback(d_output):
        return {"input": summed(d_output * other, input.shape), "other": summed(d_output * input, other.shape)}

    return input * other, pullback


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    axes = tuple(range(-len(normalized_shape), 0))
    centred = input - input.mean(axes, keepdims=True)
    spread = np.sqrt((centred**2).mean(axes, keepdims=True) + eps)
    unit = centred / spread
    output = unit if weight is None else unit * weight
    output = output if bias is None else output + bias

    def pullback(d_output):
        d_unit = d_output if weight is None else d_output * weight
        shift, stretch = d_unit.mean(axes, keepdims=True), (d_unit * unit).mean(axes, keepdims=True)
        gradients = {"input": (d_unit - shift - unit * stretch) / spread}
        batch = tuple(range(input.ndim - len(normalized_shape)))
        if weight is not None:
            gradients["weight"] = (d_output * unit).sum(batch)
        if bias is not None:
            gradients["bias"] = d_output.sum(batch)
        return gradients

    return output, pullback


def conv2d(input, weight, bias=None, stride=1, padding=0):
    rows, columns = weight.shape[2:]
    padded = np.pad(input, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (rows, columns), (2, 3))[:, :, ::stride, ::stride]
    output = np.einsum("nchwij,ocij->nohw", windows, weight)
    if bias is not None:
        output = output + bias[:, None, None]

    def pullback(d_output):
        d_padded = np.zeros_like(padded)
        high, wide = d_output.shape[2] * stride, d_output.shape[3] * stride
        for i in range(rows):
            for j in range(columns):
                seen = d_padded[:, :, i : i + high : stride, j : j + wide : stride]
                seen += np.einsum("nohw,oc->nchw", d_output, weight[:, :, i, j])
        inside = slice(padding, -padding or None)
        d_weight = np.einsum("nohw,nchwij->ocij", d_output, windows)
        gradients = {"input": d_padded[:, :, inside, inside], "weight": d_weight}
        if bias is not None:
            gradients["bias"] = d_output.sum((0, 2, 3))
        return gradients

    return output, pullback


def mse_loss(input, target):
    off = input - target
    return (off**2).mean(), lambda d_output: (2 * off / off.size, -2 * off / off.size)


def cross_entropy(input, target):
    rows = np.arange(len(input))
    shifted = input - input.max(1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))

    def pullback(d_output):
        d_input = np.exp(logarithms)
        d_input[rows, target] -= 1
        return {"input": d_input / len(input)}

    return -logarithms[rows, target].mean(), pullback
