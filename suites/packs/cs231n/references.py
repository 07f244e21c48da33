"""What is right in CS231n, by the course's names and layouts: compositions of reference_impls."""

import numpy as np

import reference_impls as ref


def named(name, reference, **names):
    """A reference by the course's names: named("affine", ref.linear, x="input", w="weight.T", b="bias")."""
    split = {name: ours.partition(".") for name, ours in names.items()}

    def renamed(**given):
        rest = {name: value for name, value in given.items() if name not in split}
        there = {ours: given[name].T if turned else given[name] for name, (ours, turned, _) in split.items()}
        output, pullback = reference(**there, **rest)

        def back(*d_outputs):
            found = pullback(*d_outputs)
            return {
                name: found[ours].T if turned else found[ours]
                for name, (ours, turned, _) in split.items()
                if ours in found
            }

        return output, back

    renamed.__name__ = name
    return renamed


relu = named("relu", ref.relu, x="input")
linear = named("temporal_affine", ref.linear, x="input", w="weight.T", b="bias")
softmax_loss = named("softmax_loss", ref.cross_entropy, x="input", y="target")
conv = named("conv", ref.conv2d, x="input", w="weight", b="bias", pad="padding")
word_embedding = named("word_embedding", ref.embedding, x="input", W="weight")
batch_norm = named("batchnorm", ref.batch_norm, x="input", gamma="weight", beta="bias")
layer_norm = named("layernorm", ref.layer_norm, x="input", gamma="weight", beta="bias")
group_norm = named("spatial_groupnorm", ref.group_norm, x="input", gamma="weight", beta="bias")
margins = named("svm_loss", ref.multi_margin_loss, x="input", y="target")
largest = named("max_pool", ref.max_pool2d, x="input")


def affine(x, w, b):
    """Each sample is one row."""
    rows, to_x = ref.flatten(x, 1)
    out, back = linear(x=rows, w=w, b=b)

    def pullback(d_out):
        found = back(d_out)
        return {**found, "x": to_x(found["x"])["input"]}

    return out, pullback


def svm_loss(x, y):
    """The margins are added up over the classes, and not averaged as in torch."""
    return margins(x=x, y=y, weight=np.full(x.shape[1], x.shape[1] + 0.0))


def batchnorm(x, gamma, beta, eps=1e-5, mode="train", running_mean=None, running_var=None):
    """The statistics of the batch, or those that are given."""
    return batch_norm(
        x=x,
        gamma=gamma,
        beta=beta,
        eps=eps,
        training=mode == "train",
        running_mean=running_mean if mode == "test" else None,
        running_var=running_var if mode == "test" else None,
    )


def normalised(x, gamma, beta, running_mean, running_var, eps, mode):
    """The output alone: averages that were kept are constants, and nobody asks for gradients."""
    (out, *_), _ = batchnorm(x, gamma, beta, eps, mode, running_mean, running_var)
    return out, lambda _: {}


def layernorm(x, gamma, beta, eps=1e-5):
    """Each row by its own statistics."""
    return layer_norm(x=x, gamma=gamma, beta=beta, eps=eps, normalized_shape=x.shape[1:])


def spatial_groupnorm(x, gamma, beta, G, eps):
    """gamma and beta are (1, C, 1, 1)."""
    out, back = group_norm(x=x, gamma=gamma.ravel(), beta=beta.ravel(), num_groups=G, eps=eps)

    def pullback(d_out):
        found = back(d_out)
        return {**found, **{name: found[name].reshape(gamma.shape) for name in ("gamma", "beta")}}

    return out, pullback


def max_pool(x, pool_height, pool_width, stride):
    """The largest entry of each window."""
    return largest(x=x, kernel_size=(pool_height, pool_width), stride=stride)


def _weights(Wx, Wh, b, end=""):
    """Parameters for torch's layout, and their gradients from it: gates are i, f, o, g here, and i, f, g, o there."""
    hidden = len(Wh)
    order = np.arange(len(b)).reshape(-1, hidden)[[0, 1, 3, 2] if len(b) > hidden else [0]].ravel()
    arrays = {"weight_ih": Wx[:, order].T, "weight_hh": Wh[:, order].T, "bias_ih": b[order], "bias_hh": 0 * b}

    def back(found):
        Wx, Wh = found[f"weight_ih{end}"].T, found[f"weight_hh{end}"].T
        return {"Wx": Wx[:, order], "Wh": Wh[:, order], "b": found[f"bias_ih{end}"][order]}

    return {name + end: array for name, array in arrays.items()}, back


def rnn_step(x, prev_h, Wx, Wh, b):
    """One step."""
    weights, to_weights = _weights(Wx, Wh, b)
    h, back = ref.rnn_cell(x, prev_h, **weights)

    def pullback(d_h):
        found = back(d_h)
        return {"x": found["input"], "prev_h": found["h_0"], **to_weights(found)}

    return h, pullback


def lstm_step(x, prev_h, prev_c, Wx, Wh, b):
    """One step; h and c side by side."""
    weights, to_weights = _weights(Wx, Wh, b)
    state, back = ref.lstm_cell(x, prev_h, prev_c, **weights)

    def pullback(d_state):
        found = back(*np.split(d_state, 2, axis=1))
        return {"x": found["input"], "prev_h": found["h_0"], "prev_c": found["c_0"], **to_weights(found)}

    return np.concatenate(state, axis=1), pullback


def rnn(x, h0, Wx, Wh, b):
    """All steps."""
    weights, to_weights = _weights(Wx, Wh, b, "_l0")
    states, back = ref.rnn_tanh(x, h0[None], batch_first=True, **weights)
    return states.output, _all_steps(states, back, to_weights)


def lstm(x, h0, Wx, Wh, b):
    """All steps, from a cell of zeros."""
    weights, to_weights = _weights(Wx, Wh, b, "_l0")
    states, back = ref.lstm(x, h0[None], np.zeros_like(h0)[None], batch_first=True, **weights)
    return states.output, _all_steps(states, back, to_weights)


def _all_steps(states, back, to_weights):
    def pullback(d_h):
        found = back(d_h, *(np.zeros_like(state) for state in states[1:]))
        return {"x": found["input"], "h0": found["h_0"][0], **to_weights(found)}

    return pullback


def temporal_softmax_loss(x, y, mask):
    """Added up over the steps that count, and divided by the samples."""
    losses, back = ref.cross_entropy(x.reshape(-1, x.shape[2]), y.ravel(), reduction="none")
    share = mask.ravel() / len(x)
    return (losses * share).sum(), lambda d_loss: {"x": back(d_loss * share)["input"].reshape(x.shape)}


def scores(X, normalization=None, **params):
    """Affine, norm and ReLU for each hidden layer, then affine."""
    out, steps, last = X, [], sum(name.startswith("W") for name in params)
    for i in range(1, last + 1):
        out, back = affine(out, params[f"W{i}"], params[f"b{i}"])
        steps.append((back, {"w": f"W{i}", "b": f"b{i}"}))
        if i < last and normalization:
            norm = batchnorm if normalization == "batchnorm" else layernorm
            out, back = norm(out, params[f"gamma{i}"], params[f"beta{i}"])
            steps.append((back, {"gamma": f"gamma{i}", "beta": f"beta{i}"}))
        if i < last:
            out, back = relu(x=out)
            steps.append((back, {}))

    def pullback(d_out):
        grads = {}
        for back, names in reversed(steps):
            found = back(d_out)
            d_out = found["x"]
            grads |= {names[name]: found[name] for name in names}
        return {"X": d_out, **grads}

    return out, pullback


def net_loss(X, y, reg, normalization=None, **params):
    """The mean of the softmax loss, and half of reg times the squares of the weights."""
    out, to_params = scores(X, normalization, **params)
    loss, to_out = softmax_loss(x=out, y=y)
    weights = {name: value for name, value in params.items() if name.startswith("W")}

    def pullback(d_loss):
        found = to_params(to_out(d_loss)["x"])
        return {name: found[name] + reg * weights.get(name, 0) * d_loss for name in params}

    return loss + 0.5 * reg * sum((w * w).sum() for w in weights.values()), pullback


def net_scores(X, **params):
    """The scores alone: without labels a net gives no gradients."""
    return scores(X, **params)[0], lambda _: {}


def averages(x, momentum):
    """What is kept of a mean and of a variance, over one batch after the other."""
    mean, var = 0, 0
    for batch in x:
        mean = momentum * mean + (1 - momentum) * batch.mean(0)
        var = momentum * var + (1 - momentum) * batch.var(0)
    return {"running_mean": mean, "running_var": var}


def sgd_momentum(w, dw, learning_rate, velocity=0.0, momentum=0.9):
    """A step is a part of the step before, and goes down the gradient."""
    path = []
    for gradient in dw:
        velocity = momentum * velocity - learning_rate * gradient
        path.append(w := w + velocity)
    return {"w": np.array(path)}


def rmsprop(w, dw, learning_rate, cache=0.0, decay_rate=0.99, epsilon=1e-8):
    """Each entry by the size that its gradient has had."""
    path = []
    for gradient in dw:
        cache = decay_rate * cache + (1 - decay_rate) * gradient**2
        path.append(w := w - learning_rate * gradient / (np.sqrt(cache) + epsilon))
    return {"w": np.array(path)}


def adam(w, dw, t, learning_rate, m=0.0, v=0.0, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Both, each corrected for its start at 0.  Kingma & Ba 2014, arXiv:1412.6980."""
    path = []
    for step, gradient in enumerate(dw, t + 1):
        m, v = beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient**2
        path.append(w := w - learning_rate * (m / (1 - beta1**step)) / (np.sqrt(v / (1 - beta2**step)) + epsilon))
    return {"w": np.array(path)}
