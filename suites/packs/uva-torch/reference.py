"""What is right: the MLP where it is linear, its activations where they are not, and the ConvNet with given weights."""

import functools
import itertools

import numpy as np

import reference_impls as ref

WIDTHS = ((64,), (128,), (256, 256), (512, 512), (512, 512))  # of the convolutions between one pooling and the next


def mlp(x, weights, biases, sizes):
    """Positive inputs and parameters: there every activation of these years is the identity."""
    h, walk, taken = x, [], 0
    for n, m in itertools.pairwise(sizes):
        h, back = ref.linear(h, weights[taken : taken + n * m].reshape(m, n), biases[:m])
        walk, taken, biases = [*walk, back], taken + n * m, biases[m:]

    def pullback(d):
        found = []
        for back in reversed(walk):
            found.append(back(d))
            d = found[-1]["input"]
        kept = {name: np.concatenate([one[name].ravel() for one in reversed(found)]) for name in ("weight", "bias")}
        return {"x": d, "weights": kept["weight"], "biases": kept["bias"]}

    return h, pullback


def relu(x):
    """2018, 2021."""
    return np.maximum(x, 0)


def elu(x):
    """2020, 2022 to 2025."""
    return np.where(x < 0, np.expm1(np.minimum(x, 0)), x)


def leaky(slope):
    """2019: any slope is one, but for those of nothing and of everything."""
    return lambda x: np.where(x < 0, slope * x, x)


def normed(x, weights, gammas, betas, sizes, activation):
    """With batch normalisation between a hidden layer and its activation; before that, biases mean nothing."""
    h, last = x, len(sizes) - 2
    for i, (n, m) in enumerate(itertools.pairwise(sizes)):
        h, weights = h @ weights[: m * n].reshape(m, n).T, weights[m * n :]
        if i < last:
            scale, shift, gammas, betas = gammas[:m], betas[:m], gammas[m:], betas[m:]
            h = activation(ref.batch_norm(h, None, None, scale, shift, training=True)[0])
    return h


def numbers(shape, size):
    """Weights of this size, the same for everyone who asks: numbers that are as good as random."""
    return np.resize(size * np.sin(np.arange(1009) ** 2 + 0.5), shape)


@functools.cache
def convnet(kernel):
    """The logits, and the gradients of the first kernel and the last weight; pooling by 3 with padding, or by 2."""
    pool = {"kernel_size": kernel, "stride": 2, "padding": kernel // 3}
    h, walk, channels = numbers((3, 3, 32, 32), 1.0), [], 3
    for widths in WIDTHS:
        for width in widths:
            weight = numbers((width, channels, 3, 3), (2 / 9 / channels) ** 0.5)
            h = step(walk, ref.conv2d, h, weight, numbers(width, 0.5), padding=1)
            scale, shift = 1 + numbers(width, 0.5), numbers(width, 0.5)
            h = step(walk, ref.batch_norm, h, None, None, scale, shift, training=True)
            h, channels = step(walk, ref.relu, h), width
        h = step(walk, ref.max_pool2d, h, **pool)
    h, back = ref.linear(np.reshape(h, (3, -1)), numbers((7, channels), (2 / channels) ** 0.5), numbers(7, 0.5))
    last, first = back(numbers(h.shape, 1.0)), {}
    d = last["input"][:, :, None, None]
    for back in reversed(walk):
        first = back(d)
        d = first["input"]
    return h, first["weight"], last["weight"]


def step(walk, function, *given, **options):
    """Forward, with the way back added to the walk."""
    output, back = function(*given, **options)
    walk.append(back)
    return output
