"""Losses: reductions, weights, labels that do not count, smoothing."""

import numpy as np

from . import Call, Gradients, mutant

REDUCED = """l1_loss mse_loss smooth_l1_loss huber_loss poisson_nll_loss gaussian_nll_loss kl_div soft_margin_loss
    binary_cross_entropy binary_cross_entropy_with_logits hinge_embedding_loss""".split()  # noqa: SIM905

for name in REDUCED:

    @mutant(name, "the mean is not divided by the number of entries", named="ratio option_ignored", only="mean")
    def _(call: Call) -> Gradients:
        return call.as_if(reduction="sum") if call["reduction"] == "mean" else call.right

    @mutant(name, "the mean is taken over the batch alone", named="ratio factors", only="mean")
    def _(call: Call) -> Gradients:
        rest = call["input"].size / (len(call["input"]) if call["input"].ndim else 1) if call["input"].size else 1
        return call.but(input=call.right["input"] * rest) if call["reduction"] == "mean" else call.right

    @mutant(name, "the sum has the wrong sign", named="opposite", only="sum")
    def _(call: Call) -> Gradients:
        return call.but(input=-call.right["input"]) if call["reduction"] == "sum" else call.right


for name in ("nll_loss", "cross_entropy"):

    @mutant(name, "labels that are ignored count", named="option_ignored", only="ignore_index present")
    def _(call: Call) -> Gradients:
        target, classes = call["target"], call["input"].shape[min(1, call["input"].ndim - 1)]
        ignored = target.dtype.kind == "i" and (target == call["ignore_index"]).any()
        if not ignored or not 0 <= call["ignore_index"] < classes:
            return call.right
        return call.as_if(ignore_index=-100)

    @mutant(name, "the weights are left out", named="option_ignored ratio factors")
    def _(call: Call) -> Gradients:
        return call.as_if(weight=None)

    @mutant(name, "the mean is over the number of labels, not over their weights", named="ratio", only="weight")
    def _(call: Call) -> Gradients:
        if call["weight"] is None or call["reduction"] != "mean" or call["target"].dtype.kind != "i":
            return call.right
        kept = call["target"][call["target"] != call["ignore_index"]]
        total = call["weight"][kept].sum()
        return call.but(input=call.right["input"] * total / len(kept)) if len(kept) else call.right


@mutant("cross_entropy", "label smoothing is forgotten", named="option_ignored", only="label smoothing")
def _(call: Call) -> Gradients:
    return call.as_if(label_smoothing=0.0)


@mutant("huber_loss", "the linear part keeps the slope of the square", only="far apart")
def _(call: Call) -> Gradients:
    return call.but(input=call.as_if(delta=1e30)["input"])


@mutant("kl_div", "log_target is ignored by the target's gradient", only="log_target")
def _(call: Call) -> Gradients:
    return call.but(target=call.right["target"] / np.exp(call["target"])) if call["log_target"] else call.right
