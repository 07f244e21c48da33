import numpy as np


def sgd_momentum(w, dw, config=None):
    config = {} if config is None else config
    rate, momentum = config.get("learning_rate", 1e-2), config.get("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v *= momentum
    v -= rate * dw
    w += v  # adds to the array that was passed in
    return w, config  # and the velocity is never kept


def rmsprop(w, dw, config=None):
    config = {} if config is None else config
    rate, decay = config.get("learning_rate", 1e-2), config.get("decay_rate", 0.99)
    cache = config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw * dw
    return w - rate * dw / (np.sqrt(config["cache"]) + config.get("epsilon", 1e-8)), config


def adam(w, dw, config=None):
    config = {} if config is None else config
    rate, eps = config.get("learning_rate", 1e-3), config.get("epsilon", 1e-8)
    beta1, beta2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    t = config.get("t", 0) + 1
    m = beta1 * config.get("m", 0) + (1 - beta1) * dw
    v = beta2 * config.get("v", 0) + (1 - beta2) * dw ** 2
    m = m / (1 - beta1 ** t)
    v = v / (1 - beta2 ** t)
    config.update(m=m, v=v, t=t)  # the corrected ones are corrected again
    return w - rate * m / (np.sqrt(v) + eps), config
