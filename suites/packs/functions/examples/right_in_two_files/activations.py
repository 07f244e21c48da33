"""The functions of each entry, and the softmax family."""

import numpy as np


def relu(input):
    return np.where(input > 0, input, 0), lambda d_output: {"input": np.where(input > 0, d_output, 0)}


def leaky_relu(input, negative_slope=0.01):
    slope = np.where(input > 0, 1, negative_slope)
    return input * slope, lambda d_output: {"input": d_output * slope}


def sigmoid(input):
    small = np.exp(-np.abs(input))
    output = np.where(input < 0, small, 1) / (1 + small)
    return output, lambda d_output: {"input": d_output * small / (1 + small) ** 2}


def tanh(input):
    output = np.tanh(input)
    return output, lambda d_output: {"input": d_output * (1 - output**2)}


def softmax(input, dim):
    scores = np.exp(input - input.max(dim, keepdims=True))
    p = scores / scores.sum(dim, keepdims=True)
    return p, lambda d_output: {"input": p * (d_output - (d_output * p).sum(dim, keepdims=True))}


def log_softmax(input, dim):
    shifted = input - input.max(dim, keepdims=True)
    output = shifted - np.log(np.exp(shifted).sum(dim, keepdims=True))
    return output, lambda d_output: {"input": d_output - np.exp(output) * d_output.sum(dim, keepdims=True)}
