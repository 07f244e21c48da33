"""Modules; weights are (in, out) here, as x @ W reads best."""

import numpy as np


class LinearModule(object):
    def __init__(self, in_features, out_features):
        self.params = {"weight": None, "bias": None}
        self.grads = {"weight": None, "bias": None}
        self.params["weight"] = np.random.normal(0, 0.0001, size=(in_features, out_features))
        self.params["bias"] = np.zeros((1, out_features))
        self.grads["weight"] = np.zeros((in_features, out_features))
        self.grads["bias"] = np.zeros((1, out_features))

    def forward(self, x):
        self.input = x.copy()
        return np.dot(x, self.params["weight"]) + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = np.dot(self.input.T, dout)
        self.grads["bias"] = np.sum(dout, axis=0, keepdims=True)
        return np.dot(dout, self.params["weight"].T)


class SoftMaxModule(object):
    def forward(self, x):
        shifted = x - np.max(x, axis=-1, keepdims=True)
        self.out = np.exp(shifted) / np.sum(np.exp(shifted), axis=-1, keepdims=True)
        return self.out

    def backward(self, dout):
        dx = np.zeros_like(dout)
        for n in range(len(dout)):
            s = self.out[n]
            dx[n] = dout[n] @ (np.diag(s) - np.outer(s, s))
        return dx


class CrossEntropyModule(object):
    def forward(self, x, y):
        return np.mean(np.sum(-y * np.log(x), axis=1))

    def backward(self, x, y):
        return -(y / x)


class LeakyReLUModule(object):
    def __init__(self, neg_slope):
        self.neg_slope = neg_slope

    def forward(self, x):
        self.slope = np.where(x > 0, 1, self.neg_slope)
        return x * self.slope

    def backward(self, dout):
        return dout * self.slope
