"""Twenty layers and losses as somebody might write them: the first ten are right, the last ten are not."""

import numpy as np

# --- right ---------------------------------------------------------------------------------------------------------


def linear(input, weight, bias=None):
    output = input @ weight.T
    if bias is not None:
        output = output + bias

    def pullback(d_output):
        rows, d_rows = input.reshape(-1, input.shape[-1]), d_output.reshape(-1, *weight.shape[:-1])
        d_input = (d_rows @ weight if weight.ndim == 2 else np.outer(d_rows, weight)).reshape(input.shape)
        return d_input, d_rows.T @ rows, None if bias is None else d_rows.sum(0)

    return output, pullback


def relu(input):
    return np.where(input > 0, input, 0), lambda d_output: {"input": d_output * (input > 0)}


def sigmoid(input):
    output = 0.5 * (1 + np.tanh(0.5 * input))
    return output, lambda d_output: {"input": d_output * output * (1 - output)}


def tanh(input):
    output = np.tanh(input)
    return output, lambda d_output: {"input": d_output * (1 - output**2)}


def softmax(input, dim):
    scores = np.exp(input - input.max(dim, keepdims=True, initial=-np.inf))
    p = scores / scores.sum(dim, keepdims=True)
    return p, lambda d_output: {"input": p * (d_output - (d_output * p).sum(dim, keepdims=True))}


def layer_norm(input, normalized_shape, eps=1e-5):  # no weight, no bias: then they are not asked for
    axes = tuple(range(-len(normalized_shape), 0))
    centred = input - input.mean(axes, keepdims=True)
    spread = np.sqrt((centred**2).mean(axes, keepdims=True) + eps)
    unit = centred / spread

    def pullback(d_output):
        shift, stretch = d_output.mean(axes, keepdims=True), (d_output * unit).mean(axes, keepdims=True)
        return {"input": (d_output - shift - unit * stretch) / spread}

    return unit, pullback


def mse_loss(input, target):  # only the mean
    off = input - target
    return (off**2).mean(), lambda d_output: (2 * off / off.size * d_output, -2 * off / off.size * d_output)


def exp(input):
    output = np.exp(input)
    return output, lambda d_output: {"input": d_output * output}


def select(input, dim, index):
    at = (slice(None),) * (dim % input.ndim) + (index,)

    def pullback(d_output):
        d_input = np.zeros_like(input)
        d_input[at] = d_output
        return {"input": d_input}

    return input[at].copy(), pullback


def softsign(input):  # np.abs is not safe for the complex step: the next rung of the ladder is used
    return input / (1 + np.abs(input)), lambda d_output: {"input": d_output / (1 + np.abs(input)) ** 2}


# --- wrong ---------------------------------------------------------------------------------------------------------


def mul(input, other):
    """Forgets that a broadcast operand was used many times."""
    return input * other, lambda d_output: {"input": d_output * other, "other": d_output * input}


def bilinear(input1, input2, weight):
    """Two axes of the weight's gradient are swapped."""

    def pullback(d_output):
        return {
            "input1": np.einsum("...o,oij,...j->...i", d_output, weight, input2),
            "input2": np.einsum("...o,oij,...i->...j", d_output, weight, input1),
            "weight": np.einsum("no,ni,nj->oji", *(a.reshape(-1, a.shape[-1]) for a in (d_output, input1, input2))),
        }

    return np.einsum("...i,oij,...j->...o", input1, weight, input2), pullback


def l1_loss(input, target):
    """The forward takes the mean, the backward the sum."""
    off = input - target
    return np.abs(off).mean(), lambda d_output: (np.sign(off) * d_output, -np.sign(off) * d_output)


def log_softmax(input, dim):
    """The derivative of softmax's diagonal alone."""
    shifted = input - input.max(dim, keepdims=True, initial=-np.inf)
    output = shifted - np.log(np.exp(shifted).sum(dim, keepdims=True))
    return output, lambda d_output: {"input": d_output * (1 - np.exp(output))}


def leaky_relu(input, negative_slope=0.01):
    """The mask is the wrong way round."""
    slope = np.where(input > 0, negative_slope, 1)
    return np.where(input > 0, input, negative_slope * input), lambda d_output: {"input": d_output * slope}


def softplus(input):
    """Ignores what comes from above."""
    return np.logaddexp(0, input), lambda _: {"input": 1 / (1 + np.exp(-np.clip(input, -700, 700)))}


def silu(input):
    """A minus that should be a plus."""
    gate = 0.5 * (1 + np.tanh(0.5 * input))
    return input * gate, lambda d_output: {"input": d_output * (gate - input * gate * (1 - gate))}


def log(input):
    """Works in place."""

    def pullback(d_output):
        d_output /= input
        return {"input": d_output}

    return np.log(input), pullback


def tanhshrink(input):
    """The right derivative of another function."""
    output = input - 2 * np.tanh(input)
    return output, lambda d_output: {"input": d_output * (1 - 2 * (1 - np.tanh(input) ** 2))}


def binary_cross_entropy_with_logits(input, target):
    """Off by one part in a hundred million, in one entry."""
    loss = np.maximum(input, 0) - input * target + np.log1p(np.exp(-np.abs(input)))
    slope = 1 / (1 + np.exp(-np.clip(input, -700, 700))) - target

    def pullback(d_output):
        d_input, d_target = slope / input.size * d_output, -input / input.size * d_output
        d_input.flat[:1] *= 1 + 1e-8
        return {"input": d_input, "target": d_target}

    return loss.mean(), pullback
