import numpy as np


def affine(x, w, b):
    return x @ w + b


def affine_backward(d_out, x, w, b):
    return d_out @ w.T, x.T @ d_out, np.mean(d_out, axis=0)
