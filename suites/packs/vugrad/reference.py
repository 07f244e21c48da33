"""What is right: each op and function with its derivative, the graph's sums, and the steps of training."""

import numpy as np

import reference_impls as ref


def add(a, b):
    return a + b, lambda d: {"a": d, "b": d}


def sub(a, b):
    return a - b, lambda d: {"a": d, "b": -d}


def multiply(a, b):
    return a * b, lambda d: {"a": d * b, "b": d * a}


def matrix_multiply(a, b):
    return a @ b, lambda d: {"a": d @ b.T, "b": a.T @ d}


def batch_mm(matrix, vectors):
    return vectors @ matrix.T, lambda d: {"matrix": d.T @ vectors, "vectors": d @ matrix}


def log(x):
    return np.log(x), lambda d: {"x": d / x}


def identity(x):
    return x, lambda d: {"x": d}


def exp(x):
    return np.exp(x), lambda d: {"x": d * np.exp(x)}


def total(x):
    return np.asarray(x.sum()), lambda d: {"x": np.broadcast_to(d, x.shape)}


def row_max(x):
    largest = np.arange(x.shape[1]) == x.argmax(1)[:, None]
    return x.max(1), lambda d: {"x": np.where(largest, d[:, None], 0)}


def row_sum(x):
    return x.sum(1), lambda d: {"x": np.broadcast_to(d[:, None], x.shape)}


def normalize(x):
    shares, sums = x / x.sum(1, keepdims=True), x.sum(1, keepdims=True)
    return shares, lambda d: {"x": (d - (d * shares).sum(1, keepdims=True)) / sums}


def expand(x, dim, repeats):
    return np.repeat(x, repeats, dim), lambda d: {"x": d.sum(dim, keepdims=True)}


def squeeze(x, dim):
    return x.squeeze(dim), lambda d: {"x": np.expand_dims(d, dim)}


def unsqueeze(x, dim):
    return np.expand_dims(x, dim), lambda d: {"x": d.squeeze(dim)}


def select(x, indices):
    at = np.arange(len(x)), indices

    def pullback(d):
        back = np.zeros_like(x)
        back[at] = d
        return {"x": back}

    return x[at], pullback


def entrywise(function):
    """One of our references, whose argument is called x here."""

    def named(x):
        output, pullback = function(x)
        return output, lambda d: {"x": pullback(d)["input"]}

    return named


def celoss(x, targets):
    """Of probabilities, added up over the batch."""
    chosen, to_chosen = select(x, targets)
    return -np.log(chosen).sum(), lambda d: to_chosen(-d / chosen)


def logceloss(x, targets):
    """Of their logarithms."""
    chosen, to_chosen = select(x, targets)
    return -chosen.sum(), lambda d: to_chosen(np.full_like(chosen, -d))


def linear(x, weight, bias):
    output, pullback = ref.linear(x, weight, bias)

    def back(d):
        grads = pullback(d)
        return {"x": grads["input"], "weight": grads["weight"], "bias": grads["bias"]}

    return output, back


def net(x, weights, biases, activation):
    """Linear layers with an activation in between, and the logarithm of the softmax at the end."""
    backs, last = [], len(weights) - 1
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        x, to_layer = ref.linear(x, weight, bias)
        x, to_bent = ref.log_softmax(x, dim=1) if number == last else activation(x)
        backs.append((to_layer, to_bent))

    def pullback(d):
        grads = []
        for to_layer, to_bent in reversed(backs):
            one = to_layer(to_bent(d)["input"])
            d = one["input"]
            grads.insert(0, (one["weight"], one["bias"]))
        return grads

    return x, pullback


def mlp(X, W1, b1, W2, b2):
    """Of one hidden layer, with the sigmoid."""
    output, pullback = net(X, (W1, W2), (b1, b2), ref.sigmoid)

    def back(d):
        (d_W1, d_b1), (d_W2, d_b2) = pullback(d)
        return {"W1": d_W1, "b1": d_b1, "W2": d_W2, "b2": d_b2}

    return output, back


def slopes(x, y, weights, biases, activation):
    """The gradients of the summed loss of a batch."""
    output, pullback = net(x, weights, [bias[0] for bias in biases], activation)
    _, to_output = logceloss(output, y)
    return [(weight, bias[None]) for weight, bias in pullback(to_output(1.0)["x"])]


def chain(x, w):
    """What the walks through sum(sigmoid(exp(x)·w)) leave at x."""
    s = 1 / (1 + np.exp(-np.exp(x) * w))
    slope = s * (1 - s) * np.exp(x) * w
    return {"first": slope, "added": 2 * slope, "zeroed": np.zeros_like(x), "again": slope}


def diamond(x):
    """What arrives at x through end = sigmoid(end) + end, once and twice, from exp(x)."""
    end = slope = np.exp(x)
    found = []
    for _ in range(2):
        s = 1 / (1 + np.exp(-end))
        end, slope = s + end, slope * (s * (1 - s) + 1)
        found.append(slope)
    return {"one": found[0], "two": found[1]}
