from builtins import range
from builtins import object
import numpy as np

from ..layers import *
from ..layer_utils import *


class TwoLayerNet(object):
    def __init__(self, input_dim=3 * 32 * 32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params = {}
        self.reg = reg
        self.params["W1"] = np.random.normal(0, weight_scale, (input_dim, hidden_dim))
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = np.random.normal(0, weight_scale, (hidden_dim, num_classes))
        self.params["b2"] = np.zeros(num_classes)

    def loss(self, X, y=None):
        W1, W2 = self.params["W1"], self.params["W2"]
        X = X.reshape(X.shape[0], -1)
        hidden = np.maximum(0, X.dot(W1) + self.params["b1"])
        scores = hidden.dot(W2) + self.params["b2"]
        if y is None:
            return scores

        loss, dscores = softmax_loss(scores, y)
        loss += self.reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))

        grads = {}
        grads["W2"] = hidden.T.dot(dscores) + self.reg * W2
        grads["b2"] = dscores.sum(axis=0)
        dhidden = dscores.dot(W2.T)
        dhidden[hidden <= 0] = 0
        grads["W1"] = X.T.dot(dhidden) + self.reg * W1
        grads["b1"] = dhidden.sum(axis=0)
        return loss, grads
