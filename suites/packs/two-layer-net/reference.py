"""What is right: the net, composed of the references, the path of its training, and the data that it is asked about."""

import numpy as np

import reference_impls as ref

PARAMETERS = ("W1", "b1", "W2", "b2")


def logits(X, W1, b1, W2, b2):
    """What the second affine map gives."""
    z1, to_first = ref.linear(X, W1.T, b1)
    a1, to_z1 = ref.relu(z1)
    z2, to_second = ref.linear(a1, W2.T, b2)

    def back(d_z2):
        second = to_second(d_z2)
        first = to_first(to_z1(second["input"])["input"])
        weights = {"W1": first["weight"].T, "b1": first["bias"], "W2": second["weight"].T, "b2": second["bias"]}
        return {"X": first["input"], **weights}

    return z2, back


def scores(X, W1, b1, W2, b2):
    """In this assignment scores are probabilities."""
    z2, back = logits(X, W1, b1, W2, b2)
    p, to_z2 = ref.softmax(z2, dim=1)
    return p, lambda d_p: back(to_z2(d_p)["input"])


def loss(X, y, W1, b1, W2, b2, reg):
    """The mean over the samples, and reg (‖W1‖² + ‖W2‖²): without a half."""
    z2, back = logits(X, W1, b1, W2, b2)
    data, to_z2 = ref.cross_entropy(z2, y)

    def pullback(d_loss):
        grads = back(to_z2(d_loss)["input"])
        return {
            "W1": grads["W1"] + 2 * reg * W1 * d_loss,
            "b1": grads["b1"],
            "W2": grads["W2"] + 2 * reg * W2 * d_loss,
            "b2": grads["b2"],
        }

    return data + reg * ((W1 * W1).sum() + (W2 * W2).sum()), pullback


def descent(rate, decay, **given):
    """Where each parameter is before the first step, and after every step."""
    path = {}
    for name in PARAMETERS:
        rates = rate * decay ** np.arange(len(given["dW1"])).reshape(-1, *(1,) * given[name].ndim)
        path[name] = np.concatenate([given[name][None], given[name] - np.cumsum(rates * given[f"d{name}"], 0)])
    return path


def toy():
    """The net and the data of the assignment's driver: two seeds, drawn in its order."""
    first, second = np.random.RandomState(0), np.random.RandomState(1)
    W1, W2 = 0.1 * first.randn(4, 10), 0.1 * first.randn(10, 3)
    return {"X": 10 * second.randn(5, 4), "W1": W1, "b1": np.zeros(10), "W2": W2, "b2": np.zeros(3)}


def planted(steps):
    """A net, ten rows that carry their number, and gradients for each step of its training."""
    rng = np.random.default_rng(0)
    shapes = {"W1": (2, 3), "b1": (3,), "W2": (3, 4), "b2": (4,)}
    given = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    given |= {f"d{name}": rng.normal(size=(steps, *shape)) for name, shape in shapes.items()}
    return {"X": np.stack([np.arange(10.0), rng.normal(size=10)], 1), "y": np.arange(10), **given}


def open_net():
    """A net in which every hidden unit is on: who forgot the ReLU is judged for the labels alone."""
    rng = np.random.default_rng(1)
    draw = {"X": rng.uniform(0, 1, (30, 3)), "W1": rng.uniform(0, 1, (3, 6)), "b1": rng.uniform(0, 1, 6)}
    return {**draw, "W2": rng.normal(size=(6, 4)), "b2": rng.normal(size=4)}
