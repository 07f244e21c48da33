import numpy as np


def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(0)


def relu_forward(x):
    return x * (x > 0), x


def relu_backward(dout, cache):
    return np.where(cache > 0, dout, 0)


def softmax_loss(x, y):
    x = x - x.max(1, keepdims=True)
    logp = x - np.log(np.exp(x).sum(1, keepdims=True))
    dx = np.exp(logp)
    dx[np.arange(len(y)), y] -= 1
    return -logp[np.arange(len(y)), y].mean(), dx / len(y)


def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var = x.mean(0), x.var(0)
    if bn_param["mode"] == "test":
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    m = bn_param.get("momentum", 0.9)
    bn_param["running_mean"] = m * bn_param.get("running_mean", 0) + (1 - m) * mean
    bn_param["running_var"] = m * bn_param.get("running_var", 0) + (1 - m) * var
    std = np.sqrt(var + bn_param.get("eps", 1e-5))
    hat = (x - mean) / std
    return gamma * hat + beta, (hat, std, gamma)


def batchnorm_backward(dout, cache):
    hat, std, gamma = cache
    d = dout * gamma
    return (d - d.mean(0) - hat * (d * hat).mean(0)) / std, (dout * hat).sum(0), dout.sum(0)


def layernorm_forward(x, gamma, beta, ln_param):
    std = np.sqrt(x.var(1, keepdims=True) + ln_param.get("eps", 1e-5))
    hat = (x - x.mean(1, keepdims=True)) / std
    return gamma * hat + beta, (hat, std, gamma)


def layernorm_backward(dout, cache):
    hat, std, gamma = cache
    d = dout * gamma
    dx = (d - d.mean(1, keepdims=True) - hat * (d * hat).mean(1, keepdims=True)) / std
    return dx, (dout * hat).sum(0), dout.sum(0)
