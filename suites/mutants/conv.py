"""Convolutions: the shifts, steps and groups that a backward loses."""

import numpy as np

from . import Call, Gradients, mutant

WAYS = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


def over_one(value: object) -> bool:
    """Whether an option is more than one anywhere."""
    return any(one != 1 for one in (value if isinstance(value, tuple) else (value,)))


for name in WAYS:
    images = tuple(range(-int(name[-2]), 0))

    @mutant(name, "the bias is averaged over the batch and the image", named="ratio")
    def _(call: Call) -> Gradients:
        scale = call.output.size / call.output.shape[-1 - len(call["weight"].shape[2:])]
        return call.but(**({"bias": call.right["bias"] / scale} if call["bias"] is not None and scale else {}))

    @mutant(name, "without a bias the weight has the wrong sign", named="opposite", only="no bias")
    def _(call: Call) -> Gradients:
        return call.right if call["bias"] is not None else call.but(weight=-call.right["weight"])

    @mutant(
        name, "the kernel is not turned round: the weight's gradient is reversed", named="flipped opposite misplaced"
    )
    def _(call: Call, images: tuple[int, ...] = images) -> Gradients:
        return call.but(weight=np.flip(call.right["weight"], images))

    @mutant(name, "with a stride the input's gradient is shifted", named="shifted misplaced", only="stride > 1")
    def _(call: Call) -> Gradients:
        return call.but(input=np.roll(call.right["input"], 1, -1)) if over_one(call["stride"]) else call.right

    @mutant(
        name,
        "with a dilation the weight's gradient is reversed along its last axis",
        named="flipped",
        only="dilation > 1",
    )
    def _(call: Call) -> Gradients:
        return call.but(weight=call.right["weight"][..., ::-1]) if over_one(call["dilation"]) else call.right

    @mutant(name, "with groups only the first one's weight is there", named="missing alone", only="groups > 1")
    def _(call: Call) -> Gradients:
        grad = call.right["weight"]
        grad[len(grad) // call["groups"] :] = 0
        return call.but(weight=grad)

    @mutant(name, "padding takes the border's gradient with it", named="missing border partly zero", only="padding")
    def _(call: Call) -> Gradients:
        grad = call.right["input"]
        if call["padding"] not in (0, "valid"):
            grad[..., 0] = 0
        return call.but(input=grad)

    @mutant(name, "only the last sample of the batch counts for the weight", only="batch > 1")
    def _(call: Call) -> Gradients:
        x, v = call["input"], call.cotangents[0]
        if x.ndim != call["weight"].ndim or len(x) < 2:
            return call.right
        last = np.zeros_like(v)
        last[-1] = v[-1]
        return call.but(weight=call.pullback(last)["weight"])
