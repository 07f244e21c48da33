import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))

    mean = np.mean(x, axis=0)
    var = np.var(x, axis=0)
    if mode == "train":
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * var
    x_norm = (x - mean) / np.sqrt(var + eps)  # in test mode too
    out = gamma * x_norm + beta

    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, (x, x_norm, mean, var, gamma, eps)


def batchnorm_backward(dout, cache):
    x, x_norm, mean, var, gamma, eps = cache
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * x_norm, axis=0)
    dx_norm = dout * gamma
    dx = dx_norm / np.sqrt(var + eps)
    dmean = -np.sum(dx, axis=0)
    dx = dx + dmean / x.shape[0]
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    x, x_norm, mean, var, gamma, eps = cache
    N = x.shape[0]
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * x, axis=0)  # x for x_norm
    dx_norm = dout * gamma
    dx = N * dx_norm - np.sum(dx_norm, axis=0) - x_norm * np.sum(dx_norm * x_norm, axis=0)
    dx = dx / (N * np.sqrt(var + eps))
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    mean = np.mean(x, axis=1, keepdims=True)
    std = np.std(x, axis=1, keepdims=True) + eps
    x_norm = (x - mean) / std
    return gamma * x_norm + beta, (x_norm, std, gamma)


def layernorm_backward(dout, cache):
    # as batchnorm, axis 0
    x_norm, std, gamma = cache
    N = dout.shape[0]
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * x_norm, axis=0)
    d = dout * gamma
    dx = (N * d - np.sum(d, axis=0) - x_norm * np.sum(d * x_norm, axis=0)) / (N * std)
    return dx, dgamma, dbeta
