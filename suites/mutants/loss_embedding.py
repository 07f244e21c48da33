"""Losses of vectors: margins, swaps, the paths of an anchor."""

import numpy as np

from reference_impls import pairwise_distance

from . import Array, Call, Gradients, mutant

TRIPLETS = ("triplet_margin_loss", "triplet_margin_with_distance_loss")


def losses(call: Call) -> Array:
    """The loss of each sample."""
    return call.function(**{**call.arguments, "reduction": "none"})[0]


def spread(call: Call) -> Array:
    """What each sample's loss is told."""
    shape = losses(call).shape
    mean = call["reduction"] == "mean"
    return np.broadcast_to(call.cotangents[0] / max(int(np.prod(shape)), 1) if mean else call.cotangents[0], shape)


def alike(call: Call) -> bool:
    """Whether anchor, positive and negative have one shape."""
    return call["anchor"].shape == call["positive"].shape == call["negative"].shape


@mutant("cosine_embedding_loss", "the margin is forgotten", named="option_ignored", only="margin")
def _(call: Call) -> Gradients:
    return call.as_if(margin=0.0)


@mutant("cosine_embedding_loss", "an unlike pair is drawn together", named="opposite signs factors", only="target -1")
def _(call: Call) -> Gradients:
    unlike = (call["target"] == -1)[..., None]
    return call.but(input1=np.where(unlike, -1, 1).astype(call["input1"].dtype) * call.right["input1"])


@mutant("cosine_embedding_loss", "a target of 0 counts as -1", named="spurious", only="target 0")
def _(call: Call) -> Gradients:
    return call.as_if(target=np.where(call["target"] == 0, -1, call["target"]))


@mutant("cosine_embedding_loss", "the mean is over all entries of the vectors", named="ratio", only="mean")
def _(call: Call) -> Gradients:
    size = call["input1"].shape[-1] if call["reduction"] == "mean" else 1
    return {name: grad / size for name, grad in call.right.items()}


@mutant("cosine_embedding_loss", "the second vector is held back by the length of the first")
def _(call: Call) -> Gradients:
    x1, x2 = call["input1"], call["input2"]
    square1, square2 = ((x * x).sum(-1, keepdims=True) for x in (x1, x2))
    d_cosine = spread(call) * np.where(call["target"] == 1, -1, (losses(call) > 0) & (call["target"] == -1))
    lengths = np.sqrt(square1 * square2)
    across = x1 - x2 * (x1 * x2).sum(-1, keepdims=True) / square1
    return call.but(input2=(d_cosine[..., None] * across / lengths).astype(x2.dtype))


@mutant("cosine_embedding_loss", "the length of the first vector is taken for a constant", named="projection")
def _(call: Call) -> Gradients:
    x1, x2 = call["input1"], call["input2"]
    d_cosine = spread(call) * np.where(call["target"] == 1, -1, (losses(call) > 0) & (call["target"] == -1))
    lengths = np.sqrt((x1 * x1).sum(-1) * (x2 * x2).sum(-1))
    return call.but(input1=((d_cosine / lengths)[..., None] * x2).astype(x1.dtype))


for name in TRIPLETS:

    @mutant(name, "swap is forgotten", named="option_ignored", only="swap")
    def _(call: Call) -> Gradients:
        return call.as_if(swap=False)

    @mutant(name, "the mean is over the triplets that fall short", named="ratio", only="mean")
    def _(call: Call) -> Gradients:
        each = losses(call)
        factor = each.size / max(int((each > 0).sum()), 1) if call["reduction"] == "mean" else 1
        return {name: grad * factor for name, grad in call.right.items()}

    @mutant(name, "the anchor hears of the positive alone", named="added", only="no swap")
    def _(call: Call) -> Gradients:
        return call.but(anchor=-call.right["positive"]) if alike(call) and not call["swap"] else call.right

    @mutant(name, "a negative that triplets share is averaged", named="ratio", only="broadcasting")
    def _(call: Call) -> Gradients:
        size = call["negative"].size
        copies = np.broadcast(call["anchor"], call["positive"], call["negative"]).size / size if size else 1
        return call.but(negative=call.right["negative"] / copies)


@mutant("triplet_margin_loss", "the margin is left out of the hinge", named="option_ignored missing zero")
def _(call: Call) -> Gradients:
    return call.as_if(margin=1e-30)


@mutant("triplet_margin_loss", "all distances are Euclidean", named="option_ignored", only="p other than 2")
def _(call: Call) -> Gradients:
    return call.as_if(p=2.0)


@mutant("triplet_margin_loss", "a swapped positive is not pushed away", only="swap")
def _(call: Call) -> Gradients:
    anchor, positive, negative = call["anchor"], call["positive"], call["negative"]
    if not call["swap"] or not alike(call):
        return call.right
    far, _ = pairwise_distance(anchor, negative, call["p"], call["eps"])
    other, other_pullback = pairwise_distance(positive, negative, call["p"], call["eps"])
    pushed = other_pullback(np.where((other < far) & (losses(call) > 0), -spread(call), 0).astype(far.dtype))
    return call.but(positive=call.right["positive"] - pushed["x1"])


@mutant(
    "triplet_margin_with_distance_loss",
    "a distance of one's own is forgotten",
    named="option_ignored",
    only="distance_function given",
)
def _(call: Call) -> Gradients:
    return call.as_if(distance_function=None)


@mutant(
    "triplet_margin_with_distance_loss",
    "with swap the negative is pulled from both",
    named="ratio factors",
    only="swap",
)
def _(call: Call) -> Gradients:
    if not call["swap"]:
        return call.right
    return call.but(negative=call.right["negative"] + call.as_if(swap=False)["negative"])
