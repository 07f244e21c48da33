import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    ai, af, ag, ao = np.split(a, 4, axis=1)
    i, f, g, o = sigmoid(ai), sigmoid(af), np.tanh(ag), sigmoid(ao)
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, g, o, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, g, o, next_c = cache
    t = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - t ** 2)
    di, df, dg, do = dc * g, dc * prev_c, dc * i, dnext_h * t
    da = np.hstack((di * i * (1 - i), df * f * (1 - f), dg * (1 - g ** 2), do * o * (1 - o)))
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dprev_c = dc * f
    return dx, dprev_h, dprev_c, x.T.dot(da), prev_h.T.dot(da), da.sum(axis=0)


def lstm_forward(x, h0, Wx, Wh, b):
    h, cache, prev_h, prev_c = [], [], h0, np.zeros(h0.shape)
    for t in range(x.shape[1]):
        prev_h, prev_c, step = lstm_step_forward(x[:, t], prev_h, prev_c, Wx, Wh, b)
        h.append(prev_h)
        cache.append(step)
    return np.stack(h, axis=1), cache


def lstm_backward(dh, cache):
    x, prev_h, prev_c, Wx, Wh = cache[0][:5]
    N, T, H = dh.shape
    dx, dWx, dWh, db = np.zeros((N, T, x.shape[1])), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4 * H)
    dh0 = np.zeros((N, H))
    for t in reversed(range(T)):
        # the cell starts anew with each step
        dx[:, t], dh0, _, dwx, dwh, dbt = lstm_step_backward(dh[:, t] + dh0, np.zeros((N, H)), cache[t])
        dWx += dwx
        dWh += dwh
        db += dbt
    return dx, dh0, dWx, dWh, db
