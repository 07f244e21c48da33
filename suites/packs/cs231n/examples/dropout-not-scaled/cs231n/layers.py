import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps, momentum = bn_param["mode"], bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if mode == "train":
        mu, var = x.mean(0), x.var(0, ddof=1)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mu
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        mu, var = running_mean, running_var
    std = np.sqrt(var + eps)
    hat = (x - mu) / std
    return hat * gamma + beta, (hat, std, gamma)


def batchnorm_backward(dout, cache):
    # right for what stands above
    hat, std, gamma = cache
    N = len(dout)
    d = dout * gamma
    dx = (d - d.mean(0) - hat * (d * hat).sum(0) / (N - 1)) / std
    return dx, (dout * hat).sum(0), dout.sum(0)


def dropout_forward(x, dropout_param):
    """
    - p: Dropout parameter. We drop each neuron output with probability p.
    """
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if mode == "train":
        mask = np.random.rand(*x.shape) >= p
        out = x * mask
    else:
        mask = None
        out = x * (1 - p)
    return out, (dropout_param, mask)


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "train":
        return dout * mask
    return dout


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    out, cache = batchnorm_forward(x.reshape(-1, C), gamma, beta, bn_param)  # the axes are not turned
    return out.reshape(N, C, H, W), cache


def spatial_batchnorm_backward(dout, cache):
    C = dout.shape[1]
    dx, dgamma, dbeta = batchnorm_backward(dout.reshape(-1, C), cache)
    return dx.reshape(dout.shape), dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    N, C, H, W = x.shape
    groups = x.reshape(N, G, C // G, H, W)
    mu = groups.mean((2, 3, 4), keepdims=True)
    var = groups.var((2, 3, 4), keepdims=True)
    hat = ((groups - mu) / np.sqrt(var + eps)).reshape(N, C, H, W)
    return gamma * hat + beta, (G, hat, np.sqrt(var + eps), gamma)


def spatial_groupnorm_backward(dout, cache):
    G, hat, std, gamma = cache
    N, C, H, W = dout.shape
    dgamma = (dout * hat).sum((0, 2, 3))
    dbeta = dout.sum((0, 2, 3))
    d = (gamma * dout).reshape(N, G, C // G, H, W)
    hat = hat.reshape(d.shape)
    size = C * H * W  # not of a group
    dx = d - d.sum((2, 3, 4), keepdims=True) / size - hat * (d * hat).sum((2, 3, 4), keepdims=True) / size
    return (dx / std).reshape(N, C, H, W), dgamma, dbeta
