"""What the nets compute, the path that their training takes, and the data that they are asked about."""

from itertools import pairwise

import numpy as np

import reference_impls as ref

ACTS = {"sigmoid": ref.sigmoid, "tanh": ref.tanh, "relu": ref.relu}


def mlp(x, name, **weights):
    """Logits: the activation between the layers, and none at the end."""
    backs, last = [], len(weights) // 2
    for number in map(str, range(1, last + 1)):
        x, to_affine = ref.linear(x, weights["W" + number], weights["b" + number])
        x, to_z = (x, None) if number == str(last) else ACTS[name](x)
        backs.append((number, to_affine, to_z))

    def pullback(d_x):
        grads = {}
        for number, to_affine, to_z in reversed(backs):
            d = to_affine(d_x if to_z is None else to_z(d_x)["input"])
            grads |= {"W" + number: d["weight"], "b" + number: d["bias"]}
            d_x = d["input"]
        return grads

    return x, pullback


def loss(x, y, name, weights):
    """The mean over the samples, and its gradients."""
    logits, back = mlp(x, name, **weights)
    value, to_logits = ref.cross_entropy(logits, y)
    return value, back(to_logits(np.array(1.0))["input"])


def sgd(learning_rate):
    """Downhill."""
    return lambda weight, slope: weight - learning_rate * slope


class Adam:
    """Kingma & Ba 2015, algorithm 1; the learning rate is its α. One for each parameter."""

    def __init__(self, learning_rate):
        self.alpha, self.t, self.m, self.v = learning_rate, 0, 0.0, 0.0

    def __call__(self, weight, slope):
        self.t += 1
        self.m, self.v = 0.9 * self.m + 0.1 * slope, 0.999 * self.v + 0.001 * slope**2
        m, v = self.m / (1 - 0.9**self.t), self.v / (1 - 0.999**self.t)
        return weight - self.alpha * m / (np.sqrt(v) + 1e-8)


def training(x, y, batch, epochs, name="sigmoid", adam=False, learning_rate=0.5, **weights):
    """The loss of each batch before its step, and all parameters after it."""
    rules = {key: Adam(learning_rate) if adam else sgd(learning_rate) for key in weights}
    losses, path = [], {key: [] for key in weights}
    for start in [*range(0, len(x), batch)] * epochs:
        rows = slice(start, start + batch)
        value, grads = loss(x[rows], y[rows], name, weights)
        weights = {key: rules[key](weight, grads[key]) for key, weight in weights.items()}
        losses.append(value)
        for key, weight in weights.items():
            path[key].append(weight)
    return np.array(losses), {key: np.stack(one) for key, one in path.items()}


def weights(*sizes, seed=0):
    """W1, b1, W2, … of a net with these numbers of units."""
    rng, found = np.random.default_rng(seed), {}
    for number, (before, after) in enumerate(pairwise(sizes), start=1):
        found[f"W{number}"] = rng.normal(size=(after, before)) / np.sqrt(before)
        found[f"b{number}"] = rng.normal(size=after)
    return found


def samples(count, size, seed=1):
    """Pixels from 0 to 1, and digits: not in order, and not all of them."""
    rng = np.random.default_rng(seed)
    return {"x": rng.random((count, size)), "y": rng.integers(0, 10, count)}


def streamed(x, y):
    """Digit by digit, and each in the order in which it came."""
    order = np.argsort(y, kind="stable")
    return {"x": x[order], "y": y[order]}
