"""The building blocks of the MLP: each goes forward and backward."""

import numpy as np


class LinearModule(object):
    """y = x W^T + b."""

    def __init__(self, in_features, out_features, input_layer=False):
        gain = 1.0 if input_layer else 2.0
        self.params = {
            "weight": np.random.normal(0, np.sqrt(gain / in_features), (out_features, in_features)),
            "bias": np.zeros(out_features),
        }
        self.grads = {
            "weight": np.zeros((out_features, in_features)),
            "bias": np.zeros(out_features),
        }

    def forward(self, x):
        self.x = x
        return x @ self.params["weight"].T + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = dout.T @ self.x
        self.grads["bias"] = dout.sum(axis=0)
        return dout @ self.params["weight"]

    def clear_cache(self):
        self.x = None


class ReLUModule(object):
    def forward(self, x):
        self.on = x > 0
        x[x < 0] = 0
        return x

    def backward(self, dout):
        dout[~self.on] = 0
        return dout

    def clear_cache(self):
        self.on = None


class SoftMaxModule(object):
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        inner = (dout * self.y).sum(axis=1, keepdims=True)
        return self.y * (dout - inner)

    def clear_cache(self):
        self.y = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        return -np.log(x[np.arange(len(y)), y] + 1e-12).mean()

    def backward(self, x, y):
        dx = np.zeros(x.shape)
        dx[np.arange(len(y)), y] = -1 / (x[np.arange(len(y)), y] + 1e-12) / len(y)
        return dx
