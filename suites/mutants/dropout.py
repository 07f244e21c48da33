"""Dropout: the mask that is used, and the scale of what is kept."""

import numpy as np

from . import Call, Gradients, mutant

FIRST: dict[tuple[int, ...], np.ndarray] = {}


def by_chance(call: Call) -> bool:
    """Whether something is dropped, and something kept."""
    return call["training"] and 0 < call["p"] < 1


def scaled(call: Call, factor: float) -> Gradients:
    """The right gradients, with a factor too many where the mask decides."""
    return call.but(input=call.right["input"] * call["input"].dtype.type(factor if by_chance(call) else 1))


for name in ("dropout", "dropout2d", "dropout3d"):

    @mutant(name, "what is kept is not scaled up", named="ratio option_ignored is_cotangent")
    def _(call: Call) -> Gradients:
        return scaled(call, 1 - call["p"])


@mutant("dropout", "divided by p, not by 1 - p", named="ratio", only="p other than 1/2")
def _(call: Call) -> Gradients:
    return scaled(call, (1 - call["p"]) / call["p"]) if call["p"] else call.right


@mutant("dropout", "the scale is a whole number", named="ratio is_cotangent", only="float32")
def _(call: Call) -> Gradients:
    whole = call["input"].dtype == np.float32 and call["p"] < 1
    return scaled(call, (1 - call["p"]) * int(1 / (1 - call["p"]))) if whole else call.right


@mutant("dropout", "nothing is kept, and that is divided by 0", named="not_finite", only="p = 1")
def _(call: Call) -> Gradients:
    due = call["training"] and call["p"] == 1
    return call.but(input=np.full_like(call["input"], np.nan)) if due else call.right


@mutant("dropout", "the mask of the first call with this shape is used", named="missing spurious", only="a later call")
def _(call: Call) -> Gradients:
    return call.as_if(mask=FIRST.setdefault(call["mask"].shape, call["mask"].copy()))


@mutant("dropout1d", "dropped as if it trained", named="option_ignored", only="eval")
def _(call: Call) -> Gradients:
    return call.as_if(training=True)


@mutant("dropout1d", "the mask is turned round", named="inverted", only="training")
def _(call: Call) -> Gradients:
    return call.as_if(mask=~call["mask"])


@mutant("dropout2d", "all samples have the mask of the first", named="missing spurious", only="batch > 1")
def _(call: Call) -> Gradients:
    mask = call["mask"]
    return call.as_if(mask=mask[:1].repeat(len(mask), 0))


@mutant(
    "dropout3d", "without a batch the mask is forgotten", named="option_ignored spurious is_cotangent", only="no batch"
)
def _(call: Call) -> Gradients:
    return call.as_if(mask=np.ones_like(call["mask"])) if call["input"].ndim == 4 else call.right


@mutant("alpha_dropout", "divided by 1 - p, as dropout is", named="ratio")
def _(call: Call) -> Gradients:
    low, p = 1.7580993408473766, call["p"]
    return scaled(call, np.sqrt((1 - p) * (1 + p * low * low)) / (1 - p)) if p < 1 else call.right


@mutant("alpha_dropout", "with p = 0 it is zero", named="zero", only="p = 0")
def _(call: Call) -> Gradients:
    return call.but(input=0 * call.right["input"]) if call["training"] and call["p"] == 0 else call.right


@mutant("feature_alpha_dropout", "what is set to a constant has a gradient as well", named="spurious is_cotangent")
def _(call: Call) -> Gradients:
    return call.as_if(mask=np.ones_like(call["mask"])) if by_chance(call) else call.right


@mutant("feature_alpha_dropout", "the scale is left out", named="ratio", only="channels of several numbers")
def _(call: Call) -> Gradients:
    low, p = 1.7580993408473766, call["p"]
    return scaled(call, np.sqrt((1 - p) * (1 + p * low * low))) if call["input"].ndim > 2 else call.right
