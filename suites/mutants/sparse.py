"""Rows of a table: repeats, padding rows, bags and their weights."""

import numpy as np

from reference_impls._array import scatter_rows

from . import Array, Call, Gradients, mutant

BY_CONVENTION = ("embedding_by_convention", "embedding_bag_by_convention")
LAST: list[Array] = []


def entries(call: Call) -> tuple[Array, Array]:
    """The bag of each entry of the input, flattened, and which of them count."""
    input = call["input"]
    if input.ndim == 2:
        bag = np.repeat(np.arange(len(input)), input.shape[1])
    else:
        edges = call["offsets"] if call["include_last_offset"] else np.append(call["offsets"], len(input))
        bag = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    used, padding = input.reshape(-1)[: len(bag)], call["padding_idx"]
    return bag, used != (-1 if padding is None else padding % len(call["weight"]))


@mutant("embedding", "a row that is looked up twice is overwritten", only="repeated index")
def _(call: Call) -> Gradients:
    grad = np.zeros_like(call["weight"])
    grad[call["input"]] = call.cotangents[0]
    return call.but(weight=grad)


@mutant("embedding", "what is looked up twice in a row counts once", only="equal neighbours")
def _(call: Call) -> Gradients:
    index = call["input"].reshape(-1)
    new = np.diff(index, prepend=-1) != 0
    return call.but(
        weight=scatter_rows(call["weight"].shape, index[new], call.cotangents[0].reshape(len(index), -1)[new])
    )


@mutant("embedding", "row 0 is always taken for padding", named="partly missing zero", only="index 0")
def _(call: Call) -> Gradients:
    grad = call.right["weight"]
    grad[:1] = 0
    return call.but(weight=grad)


@mutant("embedding", "only the first row of a batch of indices is scattered", only="input of two dimensions")
def _(call: Call) -> Gradients:
    input, d_output = call["input"], call.cotangents[0]
    if input.ndim != 2 or not len(input):
        return call.right
    return call.but(weight=scatter_rows(call["weight"].shape, input[0], d_output[0]))


@mutant("embedding", "the row before padding is left out", named="missing zero", only="padding_idx given")
def _(call: Call) -> Gradients:
    grad = call.right["weight"]
    if call["padding_idx"] is not None and len(grad) > 1:
        grad[-2] = 0
    return call.but(weight=grad)


for name in BY_CONVENTION:

    @mutant(name, "the row for padding learns", named="option_ignored one_entry spurious", only="padding_idx in use")
    def _(call: Call) -> Gradients:
        return call.as_if(padding_idx=None) if "mode" not in call.arguments else _padded(call)

    @mutant(
        name, "a padding row counted from the end learns", named="option_ignored spurious", only="negative padding_idx"
    )
    def _(call: Call) -> Gradients:
        padding = call["padding_idx"]
        if padding is None or padding >= 0:
            return call.right
        return call.as_if(padding_idx=None) if "mode" not in call.arguments else _padded(call)

    @mutant(name, "scale_grad_by_freq is forgotten", named="option_ignored factors ratio", only="scale_grad_by_freq")
    def _(call: Call) -> Gradients:
        return call.as_if(scale_grad_by_freq=False)

    @mutant(
        name,
        "how often is counted in the first row of indices alone",
        named="factors",
        only="scale_grad_by_freq, repeats",
    )
    def _(call: Call) -> Gradients:
        input = call["input"]
        if not call["scale_grad_by_freq"] or input.ndim < 2 or not len(input):
            return call.right
        first = np.bincount(input[0].reshape(-1), minlength=len(call["weight"]))
        whole = np.bincount(input.reshape(-1), minlength=len(call["weight"]))
        excess = np.maximum(whole, 1) / np.maximum(first, 1)
        return call.but(weight=call.right["weight"] * excess[:, None].astype(call["weight"].dtype))

    @mutant(name, "the gradient goes through the renormalisation's factor", named="factors ratio", only="max_norm")
    def _(call: Call) -> Gradients:
        if call["max_norm"] is None:
            return call.right
        table, before = call.output[2], call["weight"]
        scale = np.divide(table, before, out=np.ones_like(before), where=before != 0).min(1, initial=1)
        return call.but(weight=call.right["weight"] * scale[:, None])


def _padded(call: Call) -> Gradients:
    """The gradient of a bag whose padding row is told what it would have been told."""
    padding = call["padding_idx"]
    if padding is None:
        return call.right
    grad = call.right["weight"]
    grad[padding] = call.as_if(padding_idx=None)["weight"][padding]
    return call.but(weight=grad)


@mutant("embedding_by_convention", "the indices are those of the last call of this shape", only="called before")
def _(call: Call) -> Gradients:
    index = LAST[-1] if LAST and LAST[-1].shape == call["input"].shape else call["input"]
    LAST.append(call["input"])
    if index.max(initial=0) >= len(call["weight"]):
        return call.right
    return call.as_if(input=index)


@mutant("embedding_bag", "the mean is not divided by the size of the bag", named="option_ignored ratio", only="mean")
def _(call: Call) -> Gradients:
    return call.as_if(mode="sum") if call["mode"] == "mean" else call.right


@mutant("embedding_bag", "padding entries count in the size of a mean", only="mean, padding_idx in use")
def _(call: Call) -> Gradients:
    bag, kept = entries(call)
    if call["mode"] != "mean" or kept.all():
        return call.right
    sizes = np.bincount(bag)[bag[kept]].astype(call["weight"].dtype)
    index = call["input"].reshape(-1)[: len(bag)][kept]
    rows = call.cotangents[0][bag[kept]] / sizes[:, None]
    return call.but(weight=scatter_rows(call["weight"].shape, index, rows))


@mutant(
    "embedding_bag", "the mean is that of an average bag", named="ratio factors", only="mean, bags of several sizes"
)
def _(call: Call) -> Gradients:
    bag, kept = entries(call)
    if call["mode"] != "mean" or not kept.any() or call["offsets"] is None:
        return call.right
    rows = call.cotangents[0][bag[kept]] * (len(call.output) / int(kept.sum()))
    index = call["input"].reshape(-1)[: len(bag)][kept]
    return call.but(weight=scatter_rows(call["weight"].shape, index, rows))


@mutant("embedding_bag", "the whole bag shares in the maximum's gradient", named="option_ignored", only="max")
def _(call: Call) -> Gradients:
    return call.as_if(mode="sum") if call["mode"] == "max" else call.right


@mutant(
    "embedding_bag", "a row's maximum is sought once, not for each column", named="misplaced", only="max, two columns"
)
def _(call: Call) -> Gradients:
    bag, kept = entries(call)
    if call["mode"] != "max" or not call["weight"].shape[1]:
        return call.right
    grad = np.zeros_like(call["weight"])
    index = call["input"].reshape(-1)[: len(bag)]
    for b in np.unique(bag[kept]):
        inside = index[kept & (bag == b)]
        grad[inside[call["weight"][inside, 0].argmax()]] += call.cotangents[0][b]
    return call.but(weight=grad)


@mutant("embedding_bag", "the weights of the samples are left out", named="option_ignored", only="per_sample_weights")
def _(call: Call) -> Gradients:
    return call.but(weight=call.as_if(per_sample_weights=None)["weight"])


@mutant("embedding_bag", "padding entries have a weight to learn", named="option_ignored", only="padding_idx, weights")
def _(call: Call) -> Gradients:
    if call["per_sample_weights"] is None:
        return call.right
    return call.but(per_sample_weights=call.as_if(padding_idx=None)["per_sample_weights"])


@mutant("embedding_bag", "the weights hear from all bags but their own", only="per_sample_weights, offsets")
def _(call: Call) -> Gradients:
    if call["per_sample_weights"] is None or call["offsets"] is None or len(call.output) < 2:
        return call.right
    others = call.cotangents[0].sum(0) - call.cotangents[0]
    _, pullback = call.function(**call.arguments)
    return call.but(per_sample_weights=pullback(others)["per_sample_weights"])


@mutant(
    "embedding_bag",
    "the last bag ends where it begins",
    named="missing zero option_ignored",
    only="several bags by offsets",
)
def _(call: Call) -> Gradients:
    if call["offsets"] is None or call["include_last_offset"] or len(call.output) < 2:
        return call.right
    d_output = call.cotangents[0].copy()
    d_output[-1] = 0
    return call.pullback(d_output)


@mutant("embedding_bag", "an entry belongs to the bag before", only="include_last_offset")
def _(call: Call) -> Gradients:
    if not call["include_last_offset"] or call["offsets"] is None:
        return call.right
    return call.but(**call.pullback(np.roll(call.cotangents[0], 1, 0)))


@mutant("embedding_bag_by_convention", "twice the same row in a bag counts once", only="a row twice in a bag")
def _(call: Call) -> Gradients:
    input, weight = call["input"], call["weight"]
    if call["mode"] != "sum" or call["scale_grad_by_freq"]:
        return call.right
    once = (input[:, :, None] == np.arange(len(weight))).any(1)
    grad = once.T.astype(weight.dtype) @ call.cotangents[0]
    return call.but(weight=np.where(call.right["weight"] == 0, 0, grad))
