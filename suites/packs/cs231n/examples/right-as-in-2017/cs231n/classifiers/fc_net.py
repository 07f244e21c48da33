from builtins import range
from builtins import object
import numpy as np

from cs231n.layers import *
from cs231n.layer_utils import *


class TwoLayerNet(object):
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params, self.reg = {}, reg
        for i, shape in ((1, (input_dim, hidden_dim)), (2, (hidden_dim, num_classes))):
            self.params["W%d" % i] = weight_scale * np.random.randn(*shape)
            self.params["b%d" % i] = np.zeros(shape[1])

    def loss(self, X, y=None):
        hidden, first = affine_relu_forward(X, self.params["W1"], self.params["b1"])
        scores, second = affine_forward(hidden, self.params["W2"], self.params["b2"])
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        dhidden, dW2, db2 = affine_backward(dscores, second)
        _, dW1, db1 = affine_relu_backward(dhidden, first)
        for W, dW in ((self.params["W1"], dW1), (self.params["W2"], dW2)):
            loss = loss + self.reg / 2 * np.linalg.norm(W) ** 2
            dW += self.reg * W
        return loss, dict(W1=dW1, W2=dW2, b1=db1, b2=db2)


class FullyConnectedNet(object):
    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout=0,
        use_batchnorm=False,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        self.use_batchnorm = use_batchnorm
        self.reg = reg
        self.dtype = dtype
        self.dropout_param = {"p": dropout, "mode": "train"} if dropout > 0 else None
        self.dims = [input_dim] + list(hidden_dims) + [num_classes]
        self.bn_params = [{"mode": "train"} for _ in hidden_dims]
        self.params = {}
        for i in range(len(self.dims) - 1):
            self.params["W%d" % (i + 1)] = weight_scale * np.random.randn(self.dims[i], self.dims[i + 1])
            self.params["b%d" % (i + 1)] = np.zeros(self.dims[i + 1])
        if use_batchnorm:
            for i, size in enumerate(hidden_dims):
                self.params["gamma%d" % (i + 1)] = np.ones(size)
                self.params["beta%d" % (i + 1)] = np.zeros(size)
        self.params = {k: v.astype(dtype) for k, v in self.params.items()}

    def loss(self, X, y=None):
        out = X.astype(self.dtype)
        back = []
        last = len(self.dims) - 1
        for i in range(1, last + 1):
            out, cache = affine_forward(out, self.params["W%d" % i], self.params["b%d" % i])
            back.append((affine_backward, cache, ["W%d" % i, "b%d" % i]))
            if i == last:
                break
            if self.use_batchnorm:
                self.bn_params[i - 1]["mode"] = "test" if y is None else "train"
                gamma, beta = self.params["gamma%d" % i], self.params["beta%d" % i]
                out, cache = batchnorm_forward(out, gamma, beta, self.bn_params[i - 1])
                back.append((batchnorm_backward, cache, ["gamma%d" % i, "beta%d" % i]))
            out, cache = relu_forward(out)
            back.append((relu_backward, cache, []))
            if self.dropout_param:
                self.dropout_param["mode"] = "test" if y is None else "train"
                out, cache = dropout_forward(out, self.dropout_param)
                back.append((dropout_backward, cache, []))
        if y is None:
            return out
        loss, d = softmax_loss(out, y)
        grads = {}
        for function, cache, names in reversed(back):
            d = function(d, cache)
            if names:
                grads[names[0]], grads[names[1]] = d[1:]
                d = d[0]
        for name in grads:
            if name[0] == "W":
                loss += 0.5 * self.reg * np.sum(self.params[name] * self.params[name])
                grads[name] = grads[name] + self.reg * self.params[name]
        return loss, grads
