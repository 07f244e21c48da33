from builtins import range
from builtins import object
import numpy as np

from ..layers import *
from ..layer_utils import *


class TwoLayerNet(object):
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params = {}
        self.reg = reg
        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dim)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b2"] = np.zeros(num_classes)

    def loss(self, X, y=None):
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        hidden, first = affine_relu_forward(X, W1, b1)
        scores, second = affine_forward(hidden, W2, b2)
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        loss += 0.5 * self.reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        dhidden, dW2, db2 = affine_backward(dscores, second)
        _, dW1, db1 = affine_relu_backward(dhidden, first)
        return loss, {"W1": dW1 + self.reg * W1, "b1": db1, "W2": dW2 + self.reg * W2, "b2": db2}


class FullyConnectedNet(object):
    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout_keep_ratio=1,
        normalization=None,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        self.normalization = normalization
        self.use_dropout = dropout_keep_ratio != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.params = {}
        sizes = [input_dim, *hidden_dims, num_classes]
        for i in range(1, self.num_layers + 1):
            self.params["W%d" % i] = weight_scale * np.random.randn(sizes[i - 1], sizes[i])
            self.params["b%d" % i] = np.zeros(sizes[i])
            if normalization and i < self.num_layers:
                self.params["gamma%d" % i] = np.ones(sizes[i])
                self.params["beta%d" % i] = np.zeros(sizes[i])
        self.dropout_param = {"mode": "train", "p": dropout_keep_ratio} if self.use_dropout else {}
        if self.use_dropout and seed is not None:
            self.dropout_param["seed"] = seed
        self.norm_params = [{"mode": "train"} for _ in hidden_dims]
        for name, value in self.params.items():
            self.params[name] = value.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        for param in self.norm_params:
            param["mode"] = mode
        self.dropout_param["mode"] = mode

        out, caches = X, []
        for i in range(1, self.num_layers):
            out, affine_cache = affine_forward(out, self.params["W%d" % i], self.params["b%d" % i])
            norm_cache = dropout_cache = None
            if self.normalization:
                forward = batchnorm_forward if self.normalization == "batchnorm" else layernorm_forward
                gamma, beta = self.params["gamma%d" % i], self.params["beta%d" % i]
                out, norm_cache = forward(out, gamma, beta, self.norm_params[i - 1])
            out, relu_cache = relu_forward(out)
            if self.use_dropout:
                out, dropout_cache = dropout_forward(out, self.dropout_param)
            caches.append((affine_cache, norm_cache, relu_cache, dropout_cache))
        last = self.num_layers
        scores, last_cache = affine_forward(out, self.params["W%d" % last], self.params["b%d" % last])
        if mode == "test":
            return scores

        grads = {}
        loss, dout = softmax_loss(scores, y)
        dout, grads["W%d" % last], grads["b%d" % last] = affine_backward(dout, last_cache)
        for i in range(last - 1, 0, -1):
            affine_cache, norm_cache, relu_cache, dropout_cache = caches[i - 1]
            if self.use_dropout:
                dout = dropout_backward(dout, dropout_cache)
            dout = relu_backward(dout, relu_cache)
            if self.normalization:
                backward = batchnorm_backward_alt if self.normalization == "batchnorm" else layernorm_backward
                dout, grads["gamma%d" % i], grads["beta%d" % i] = backward(dout, norm_cache)
            dout, grads["W%d" % i], grads["b%d" % i] = affine_backward(dout, affine_cache)
        for i in range(1, last + 1):
            W = self.params["W%d" % i]
            loss += 0.5 * self.reg * np.sum(W * W)
            grads["W%d" % i] += self.reg * W
        return loss, grads
