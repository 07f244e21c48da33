import numpy as np


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1) @ w
    out += b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    x_rows = x.reshape(x.shape[0], -1)
    dw = x_rows.T @ dout
    db = np.sum(dout, axis=0)
    x_rows[:] = dout @ w.T  # the cache is of no use any more
    return x, dw, db


def relu_forward(x):
    mask = x < 0
    x[mask] = 0
    return x, mask


def relu_backward(dout, cache):
    dout[cache] = 0
    return dout


def softmax_loss(x, y):
    N = len(y)
    x -= np.max(x, axis=1, keepdims=True)
    logsum = np.log(np.sum(np.exp(x), axis=1))
    loss = np.mean(logsum - x[np.arange(N), y])
    np.exp(x - logsum[:, None], out=x)
    x[np.arange(N), y] -= 1
    x /= N
    return loss, x


def svm_loss(x, y):
    N = len(y)
    correct = x[np.arange(N), y].reshape(N, 1)
    margins = np.maximum(0, x - correct + 1.0)
    margins[np.arange(N), y] = 0
    counted = (margins > 0).astype(float)
    counted[np.arange(N), y] -= counted.sum(axis=1)
    return margins.sum() / N, counted / N


def max_pool_forward_naive(x, pool_param):
    h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    rows, cols = (x.shape[2] - h) // s + 1, (x.shape[3] - w) // s + 1
    out = np.empty(x.shape[:2] + (rows, cols))
    for i in range(rows):
        for j in range(cols):
            out[:, :, i, j] = np.amax(x[:, :, s * i : s * i + h, s * j : s * j + w], axis=(2, 3))
    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    # only the first of several maxima
    x, pool_param = cache
    h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, s * i : s * i + h, s * j : s * j + w]
        a, b = divmod(int(np.argmax(window)), w)
        dx[n, c, s * i + a, s * j + b] += dout[n, c, i, j]
    return dx
