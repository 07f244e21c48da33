from builtins import range
import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], np.prod(x.shape[1:])).dot(w) + b.reshape(1, -1)
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = np.reshape(dout.dot(w.T), x.shape)
    dw = np.zeros(w.shape)
    for n in range(x.shape[0]):
        dw += np.outer(x[n], dout[n])
    db = np.ones(x.shape[0]).dot(dout)
    return dx, dw, db


def relu_forward(x):
    out = x.copy()
    out[out < 0] = 0
    return out, x


def relu_backward(dout, cache):
    dx = dout.copy()
    dx[cache < 0] = 0  # and passes all on at 0
    return dx


def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps, momentum = bn_param["mode"], bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1], dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1], dtype=x.dtype))
    cache = None
    if mode == "train":
        mu = 1.0 / len(x) * np.sum(x, axis=0)
        xmu = x - mu
        var = 1.0 / len(x) * np.sum(xmu ** 2, axis=0)
        sqrtvar = np.sqrt(var + eps)
        ivar = 1.0 / sqrtvar
        xhat = xmu * ivar
        out = gamma * xhat + beta
        cache = (xhat, gamma, xmu, ivar, sqrtvar, var, eps)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mu
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        scale = gamma / np.sqrt(running_var + eps)
        out = x * scale + (beta - running_mean * scale)
    return out, cache


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu = dxhat * ivar
    dsqrtvar = -1.0 / sqrtvar ** 2 * divar
    dvar = 0.5 / np.sqrt(var + eps) * dsqrtvar
    dxmu += 2 * xmu * (np.ones((N, D)) * dvar / N)
    dmu = -np.sum(dxmu, axis=0)
    return dxmu + np.ones((N, D)) * dmu / N, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    xhat, gamma, xmu, ivar = cache[:4]
    N = len(dout)
    dgamma, dbeta = np.einsum("nd,nd->d", dout, xhat), np.einsum("nd->d", dout)
    return gamma * ivar / N * (N * dout - dbeta - xhat * dgamma), dgamma, dbeta


def dropout_forward(x, dropout_param):
    """
    - dropout_param: A dictionary with the following keys:
      - p: Dropout parameter. We drop each neuron output with probability p.
    """
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask, out = None, x
    if mode == "train":
        mask = (np.random.random_sample(x.shape) > p).astype(float)
        mask /= 1 - p
        out = x * mask
    return out.astype(x.dtype, copy=False), (dropout_param, mask)


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    return dout * mask if mask is not None else dout


def _columns(x, HH, WW, stride, pad):
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    rows, cols = (x.shape[2] - HH) // stride + 1, (x.shape[3] - WW) // stride + 1
    i = np.arange(rows)[:, None, None, None] * stride + np.arange(HH)[:, None]
    j = np.arange(cols)[:, None, None] * stride + np.arange(WW)
    return x, i, j  # x[:, :, i, j] is (N, C, rows, cols, HH, WW)


def conv_forward_naive(x, w, b, conv_param):
    padded, i, j = _columns(x, w.shape[2], w.shape[3], conv_param["stride"], conv_param["pad"])
    out = np.einsum("ncrshw,fchw->nfrs", padded[:, :, i, j], w) + b[:, None, None]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    pad = conv_param["pad"]
    padded, i, j = _columns(x, w.shape[2], w.shape[3], conv_param["stride"], pad)
    dw = np.einsum("ncrshw,nfrs->fchw", padded[:, :, i, j], dout)
    dpadded = np.zeros_like(padded)
    np.add.at(dpadded, (slice(None), slice(None), i, j), np.einsum("nfrs,fchw->ncrshw", dout, w))
    dx = dpadded[:, :, pad : dpadded.shape[2] - pad, pad : dpadded.shape[3] - pad]
    return dx, dw, np.einsum("nfrs->f", dout)


def max_pool_forward_naive(x, pool_param):
    _, i, j = _columns(x, pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"], 0)
    return x[:, :, i, j].max(axis=(4, 5)), (x, pool_param)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    HH, WW, S = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros(x.shape)
    for n in range(dout.shape[0]):
        for c in range(dout.shape[1]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    window = x[n, c, i * S : i * S + HH, j * S : j * S + WW]
                    a, b = np.unravel_index(np.argmax(window), window.shape)  # one of several maxima
                    dx[n, c, i * S + a, j * S + b] += dout[n, c, i, j]
    return dx


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    out, cache = batchnorm_forward(np.moveaxis(x, 1, 3).reshape(N * H * W, C), gamma, beta, bn_param)
    return np.moveaxis(out.reshape(N, H, W, C), 3, 1), cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    dx, dgamma, dbeta = batchnorm_backward(np.moveaxis(dout, 1, 3).reshape(N * H * W, C), cache)
    return np.moveaxis(dx.reshape(N, H, W, C), 3, 1), dgamma, dbeta


def svm_loss(x, y):
    N = x.shape[0]
    correct_class_scores = x[np.arange(N), y]
    margins = np.maximum(0, x - correct_class_scores[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num_pos
    dx /= N
    return loss, dx


def softmax_loss(x, y):
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
