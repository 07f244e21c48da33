"""Calls the functions of CS231n as its notebooks do: `(out, cache)` forward, gradients in the order of the inputs."""

import importlib
import inspect
import pathlib
import sys
import types

import numpy as np


def _module(name):
    """layers, optim, classifiers.fc_net …"""
    return importlib.import_module(f"cs231n.{name}")


def _affine_relu_forward(x, w, b):
    a, first = _module("layers").affine_forward(x, w, b)
    out, second = _module("layers").relu_forward(a)
    return out, (first, second)


def _affine_relu_backward(dout, cache):
    return _module("layers").affine_backward(_module("layers").relu_backward(dout, cache[1]), cache[0])


if not any(pathlib.Path(sys.path[0]).rglob("layer_utils.py")):  # given with the course, and handed in by few
    pairs = sys.modules["cs231n.layer_utils"] = types.ModuleType("cs231n.layer_utils")
    vars(pairs).update(affine_relu_forward=_affine_relu_forward, affine_relu_backward=_affine_relu_backward)


def _written(result, name):
    """A skeleton returns None."""
    if result is None:
        raise NotImplementedError(f"{name} returns None")
    return result


def _there(names, gradients):
    """Gradients by the names of the inputs; a lone one need not come as a tuple."""
    several = gradients if isinstance(gradients, tuple | list) else (gradients,)
    return {name: grad for name, grad in zip(names, several, strict=False) if grad is not None}


def layer(module, forward, backward, inputs, d_output=None, **given):
    """`out, cache = NAME_forward(x, w, b, param)`, then `dx, dw, db = NAME_backward(dout, cache)`."""
    code = _module(module)
    arrays = [given.pop(name) for name in inputs]
    if "G" in given:
        arrays.append(given.pop("G"))
    if given:
        arrays.append(_copies(given))  # conv_param, pool_param, bn_param, ln_param, gn_param
    out, cache = _written(getattr(code, forward)(*arrays), forward)
    if d_output is None:
        return {"output": _written(out, forward)}
    return {"output": out, **_there(inputs, getattr(code, backward)(d_output, cache))}


def word_embedding(x, W, d_output=None):
    """`out, cache = word_embedding_forward(x, W)`: x are words, so there is dW alone."""
    code = _module("rnn_layers")
    out, cache = _written(code.word_embedding_forward(x, W), "word_embedding_forward")
    if d_output is None:
        return {"output": _written(out, "word_embedding_forward")}
    return {"output": out, **_there(("W",), code.word_embedding_backward(d_output, cache))}


def lstm_step(x, prev_h, prev_c, Wx, Wh, b, d_output=None):
    """`h, c, cache = lstm_step_forward(…)`; output is h and c side by side."""
    code, name = _module("rnn_layers"), "lstm_step_forward"
    h, c, cache = _written(code.lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b), name)
    out = np.concatenate([_written(h, name), _written(c, name)], axis=1)
    if d_output is None:
        return {"output": out}
    d_h, d_c = np.split(d_output, 2, axis=1)
    names = ("x", "prev_h", "prev_c", "Wx", "Wh", "b")
    return {"output": out, **_there(names, code.lstm_step_backward(d_h, d_c, cache))}


def loss(module, name, x, y, d_output=None, **more):
    """`loss, dx = NAME(x, y)`."""
    value, dx = _written(getattr(_module(module), name)(x, y, *more.values()), name)
    return {"output": _written(value, name), **_there(("x",), None if d_output is None else _scaled(dx, d_output))}


def running(x, momentum):
    """`batchnorm_forward` in training on one batch after the other; then the averages that it kept."""
    param, features = {"mode": "train", "momentum": momentum}, x.shape[2]
    for batch in x:
        _ = _module("layers").batchnorm_forward(batch, np.ones(features), np.zeros(features), param)
    return {name: param.get(name) for name in ("running_mean", "running_var")}


def dropout(x, keep, mode, dout=None):
    """`dropout_forward` and `dropout_backward`. Until 2017 p was the probability of dropping: the docstring says."""
    code = _module("layers")
    drops = "drop each" in " ".join((code.dropout_forward.__doc__ or "").split())
    param = {"mode": mode, "p": 1 - keep if drops else keep, "seed": 5}
    out, cache = _written(code.dropout_forward(x, param), "dropout_forward")
    answer = {"output": _written(out, "dropout_forward")}
    if dout is not None:
        answer["x"] = _written(code.dropout_backward(dout, cache), "dropout_backward")
    return answer


def optimise(rule, w, dw, **config):
    """`next_w, config = RULE(w, dw, config)` for one gradient after the other: w after each."""
    step, config, path = getattr(_module("optim"), rule), _copies(config), []
    for gradient in dw:
        w, config = step(np.array(w), gradient, config)
        path.append(np.array(_written(w, rule)))
    return {"w": np.array(path)}


def _copies(given):
    """Arrays that may be overwritten."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in given.items()}


def _scaled(gradient, d_output):
    return None if gradient is None else np.asarray(gradient) * d_output


def _answer(net, X, y, d_output):
    """`loss, grads = net.loss(X, y)`, or scores without labels."""
    got = _written(net.loss(X) if y is None else net.loss(X, y), "loss")
    if y is None:
        return {"output": got}
    value, grads = got
    if d_output is None:
        return {"output": _written(value, "loss")}
    return {"output": value, **{name: _scaled(grad, d_output) for name, grad in grads.items() if grad is not None}}


def two_layer_net(X, W1, b1, W2, b2, y=None, reg=0.0, d_output=None):
    """`TwoLayerNet(…).loss(X, y)` with these parameters."""
    sizes = {"input_dim": W1.shape[0], "hidden_dim": W1.shape[1], "num_classes": W2.shape[1]}
    net = _module("classifiers.fc_net").TwoLayerNet(**sizes, reg=reg)
    net.params.update(_copies({"W1": W1, "b1": b1, "W2": W2, "b2": b2}))
    return _answer(net, X, y, d_output)


def fully_connected(X, y, reg, normalization=None, d_output=None, **params):
    """`FullyConnectedNet(…).loss(X, y)` with these parameters; until 2017 there was use_batchnorm in its place."""
    kind = _module("classifiers.fc_net").FullyConnectedNet
    sizes = [params[f"W{i + 1}"].shape for i in range(sum(name.startswith("W") for name in params))]
    options = {"hidden_dims": [size for _, size in sizes[:-1]], "input_dim": sizes[0][0], "num_classes": sizes[-1][1]}
    if "normalization" in inspect.signature(kind).parameters:
        options["normalization"] = normalization
    elif normalization:
        if normalization != "batchnorm":
            raise NotImplementedError(f"{kind.__name__} takes no normalization")
        options["use_batchnorm"] = True
    net = kind(**options, reg=reg, dtype=np.float64)
    net.params.update(_copies(params))
    return _answer(net, X, y, d_output)


def captioning(features, captions, cell, sizes, low, high):
    """`CaptioningRNN(…).loss(features, captions)`, each parameter an even row of numbers from low to high."""
    words, vectors, hidden = sizes
    index = {"<NULL>": 0, **{f"word {i}": i for i in range(1, words)}}
    options = {"input_dim": features.shape[1], "wordvec_dim": vectors, "hidden_dim": hidden, "cell_type": cell}
    model = _module("classifiers.rnn").CaptioningRNN(index, **options, dtype=np.float64)
    for name, value in model.params.items():
        model.params[name] = np.linspace(low, high, num=value.size).reshape(value.shape)
    return {"output": _written(_written(model.loss(features, captions), "loss")[0], "loss")}
