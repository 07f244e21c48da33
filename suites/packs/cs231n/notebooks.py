"""The notebooks' own inputs and numbers. Our whole answer is asked for, which must begin as the notebook's does."""

import math

import numpy as np
import references as ours
from names import CAPTIONS, LAYERS, NETS, OPTIM, RNN, pair

from harness.grading.pack import Trajectory


def even(low, high, *shape):
    """An even row of numbers."""
    return np.linspace(low, high, math.prod(shape)).reshape(shape)


def seen(file, target, call, answer, first, arguments, points=0.0, key="", **options):
    """A check of one such example. Raises ValueError where our own answer is another."""
    want = answer if isinstance(answer, dict) else {"output": np.asarray(answer[0])}
    begins = float(next(iter(want.values())).flat[0])
    if abs(begins - first) > 5e-9 * max(1, abs(first)):
        raise ValueError(f"{target} gives {begins}, but should give {first}, as in the notebook")
    return Trajectory(
        f"{key or target}.notebook",
        file=file,
        target=target,
        points=points,
        call=call,
        arguments=arguments,
        options=options,
        want=want,
        hint="These are the notebook's own numbers: print yours beside them.",
    )


def layer(file, name, answer, first, arguments, **options):
    """One of `NAME_forward`."""
    named = pair(file, name, *arguments)
    return seen(file, named["forward"], "layer", answer, first, arguments, **named, **options)


def rule(name, first, arguments, **options):
    """One step of an update rule."""
    answer = getattr(ours, name)(**arguments, **options)
    return seen(OPTIM, name, "optimise", answer, first, arguments, rule=name, **options)


def captioning(cell, first, features):
    """The loss of a whole net; there are no words of it here but the numbers."""
    arguments = {"features": features, "captions": np.arange(130).reshape(10, 13) % 3}
    options = {"cell": cell, "sizes": (3, 30, 40), "low": -1.4, "high": 1.3}
    answer, key = {"output": np.array(first)}, f"captioning.{cell}"
    return seen(CAPTIONS, "CaptioningRNN.loss", "captioning", answer, first, arguments, 0.1, key, **options)


IMAGE = {"x": even(-0.1, 0.5, 2, 3, 4, 4), "w": even(-0.2, 0.3, 3, 3, 4, 4), "b": even(-0.1, 0.2, 3)}
PLANE, TWO = {"x": even(-0.3, 0.4, 2, 3, 4, 4)}, {"pool_height": 2, "pool_width": 2, "stride": 2}
CELL = {"x": even(-0.4, 0.7, 3, 10), "prev_h": even(-0.2, 0.5, 3, 4)}
CELL |= {"Wx": even(-0.1, 0.9, 10, 4), "Wh": even(-0.3, 0.7, 4, 4), "b": even(-0.2, 0.4, 4)}
GATES = {"x": even(-0.4, 1.2, 3, 4), "prev_h": even(-0.3, 0.7, 3, 5), "prev_c": even(-0.4, 0.9, 3, 5)}
GATES |= {"Wx": even(-2.1, 1.3, 4, 20), "Wh": even(-0.7, 2.2, 5, 20), "b": even(0.3, 0.7, 20)}
STEP, RATE = {"w": even(-0.4, 0.6, 4, 5), "dw": even(-0.6, 0.4, 1, 4, 5)}, {"learning_rate": 1e-2}
SPEED, CACHE = {"velocity": even(0.6, 0.9, 4, 5)}, {"cache": even(0.6, 0.9, 4, 5)}
MOMENTS = {"m": even(0.6, 0.9, 4, 5), "v": even(0.7, 0.5, 4, 5)}
NET = {"X": even(-5.5, 4.5, 5, 3).T, "W1": even(-0.7, 0.3, 5, 50), "b1": even(-0.1, 0.9, 50)}
NET |= {"W2": even(-0.3, 0.4, 50, 7), "b2": even(-0.9, 0.1, 7), "y": np.array([0, 5, 1])}

CHECKS = (
    layer(LAYERS, "conv_{}_naive", ours.conv(**IMAGE, stride=2, pad=1), -0.08759809, IMAGE, stride=2, pad=1),
    layer(LAYERS, "max_pool_{}_naive", ours.max_pool(**PLANE, **TWO), -0.26315789, PLANE, **TWO),
    layer(RNN, "rnn_step_{}", ours.rnn_step(**CELL), -0.58172089, CELL),
    seen(RNN, "lstm_step_forward", "lstm_step", ours.lstm_step(**GATES), 0.24635157, GATES),
    rule("sgd_momentum", 0.1406, STEP | SPEED, learning_rate=1e-3),
    rule("rmsprop", -0.39223849, STEP | CACHE, **RATE),
    rule("adam", -0.40094747, STEP | MOMENTS, **RATE, t=5),
    *(
        seen(NETS, "TwoLayerNet.loss", "two_layer_net", ours.net_loss(**NET, reg=reg), first, NET, key=key, reg=reg)
        for key, reg, first in (("two_layer", 0.0, 3.4702243556), ("two_layer.reg", 1.0, 26.5948426952))
    ),
    captioning("rnn", 9.83235591003, even(-1.5, 0.3, 10, 20)),
    captioning("lstm", 9.82445935443, even(-0.5, 1.7, 10, 20)),
)
