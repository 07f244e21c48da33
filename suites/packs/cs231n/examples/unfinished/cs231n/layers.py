from builtins import range
import numpy as np


def affine_forward(x, w, b):
    out = None
    x_rows = x.reshape(len(x), -1)
    out = x_rows.dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = None, None, None
    dw = x.reshape(len(x), -1).T.dot(dout)
    return dx, dw, db


def relu_forward(x):
    out = None
    pass
    cache = x
    return out, cache


def relu_backward(dout, cache):
    dx, x = None, cache
    pass
    return dx


def svm_loss(x, y):
    loss, dx = None, None
    return loss, dx


def softmax_loss(x, y):
    loss, dx = 0.0, None
    shifted = x - x.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[range(len(y)), y])
    return loss, dx


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))

    out, cache = None, None
    if mode == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        hat = (x - mean) / np.sqrt(var + eps)
        out = gamma * hat + beta
        cache = hat, gamma
    elif mode == "test":
        pass
    else:
        raise ValueError('Invalid forward batchnorm mode "%s"' % mode)

    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    raise NotImplementedError


def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])

    mask = None
    out = None
    if mode == "train":
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    elif mode == "test":
        pass
    cache = (dropout_param, mask)
    return out, cache


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    mode = dropout_param["mode"]

    dx = None
    if mode == "train":
        pass
    elif mode == "test":
        dx = dout
    return dx


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, pad)
    print(padded.shape)
    out = np.zeros((x.shape[0], w.shape[0], x.shape[2] // stride, x.shape[3] // stride))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = padded[:, :, i * stride : i * stride + w.shape[2], j * stride : j * stride + w.shape[3]]
            out[:, :, i, j] = np.tensordot(window, w, ([1, 2, 3], [1, 2, 3])) + b
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    dx, dw, db = None, None, None
    return dx, dw, db
