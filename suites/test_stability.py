"""Extreme inputs: what torch gives for them, the references give too. Where torch itself fails, the row says so."""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import reference_impls as ref
from harness import registry
from harness.sources import autograd
from harness.sources.handwritten import Refused
from harness.spec import Array

DIGITS = 1e-10  # of the largest entry
FEW_DIGITS = 1e-8  # of torch, where a cancellation leaves it no more on some processors
NOTHING = 1e-11  # what rounding may leave of a gradient that is 0


@dataclass(frozen=True)
class Row:
    """One call.

    zero     gradients that are 0, of which rounding leaves something; here or in torch, on some processors
    digits   how near torch comes to the others, in parts of the largest entry; where that is not near,
             ours are held against themselves in longdouble
    """

    name: str
    arguments: Mapping[str, Any]
    zero: tuple[str, ...] = ()
    digits: float = DIGITS

    def __str__(self) -> str:
        options = {name: value for name, value in self.arguments.items() if not isinstance(value, np.ndarray)}
        return " ".join([self.name, *(f"{name}={value}" for name, value in options.items())])


@dataclass(frozen=True)
class Wrong:
    """A row where torch fails: why; and how, for each output or gradient: "nan", "inf" or "wrong"; or what it raises.

    `output` is what the output should be, where torch's is no witness. Gradients are held against differences between
    points within `domain`.
    """

    row: Row
    why: str
    torch: Mapping[str, str] | str
    output: Any = None
    domain: tuple[float, float] = (-np.inf, np.inf)

    def __str__(self) -> str:
        return f"{self.row}: {self.why}"


def row(name: str, /, *zero: str, **arguments: Any) -> Row:
    """A row, with the names of gradients that are 0 but for rounding."""
    return Row(name, arguments, zero)


# What is compared: outputs and gradients by name, "output 0" and "d_input" and so on.

Said = dict[str, Array]


def ours(case: Row, function: Callable[..., Any] | None = None) -> tuple[Said, list[Array]]:
    """What the reference, or another function, says; and the cotangents: random, of both signs."""
    arguments = {name: np.array(v) if isinstance(v, np.ndarray) else v for name, v in case.arguments.items()}
    for value in arguments.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    spec = registry.spec(case.name)
    output, pullback = (function or spec.reference)(**arguments)
    outputs = output if isinstance(output, tuple) else (output,)
    rng = np.random.default_rng(3)
    cotangents = [rng.standard_normal(np.shape(one)) for one in outputs[: spec.outputs]]
    grads = pullback(*cotangents) if cotangents else {}
    said = {f"output {place}": np.asarray(one) for place, one in enumerate(outputs)}
    return said | {f"d_{name}": gradient for name, gradient in grads.items()}, cotangents


def exactly(case: Row, function: Callable[..., Any] | None = None) -> Said:
    """What the reference says in longdouble."""
    real = {n: v for n, v in case.arguments.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
    long = {name: value.astype(np.longdouble) for name, value in real.items()}
    return ours(replace(case, arguments={**case.arguments, **long}), function)[0]


def torchs(case: Row, names: list[str], cotangents: list[Array]) -> Said:
    """What torch says: outputs, and the gradients of these arguments."""
    twin = registry.spec(case.name).twin
    if twin is None:
        pytest.skip(f"this torch has no {case.name}")
    answer = autograd.run(twin, case.arguments, names, cotangents)
    said = {f"output {place}": one for place, one in enumerate(answer.outputs)}
    return said | {f"d_{name}": gradient for name, gradient in answer.gradients.items()}


def differ(got: Array, want: Array, digits: float = DIGITS) -> bool:
    """Whether two arrays are not the same to so many digits of the largest entry."""
    if got.shape != want.shape or not np.array_equal(np.isfinite(got), np.isfinite(want)):
        return True
    finite = np.isfinite(want)
    size = abs(want[finite]).max(initial=0)
    unlike = not np.array_equal(got[~finite], want[~finite], equal_nan=True)
    return unlike or bool((abs(got[finite] - want[finite]) > digits * size).any())


def compare(case: Row, function: Callable[..., Any] | None = None) -> None:
    """Every output and gradient, entry by entry; those that are 0 are that, but for rounding."""
    got, cotangents = ours(case, function)
    want = torchs(case, [name.removeprefix("d_") for name in got if name.startswith("d_")], cotangents)
    assert list(got) == list(want)
    assert set(case.zero) <= set(got)
    truth = got if case.digits <= DIGITS else exactly(case, function)
    for name, value in got.items():
        if name in case.zero:
            assert abs(value).max() < NOTHING, f"{name} is not 0: {value}"
            assert abs(want[name]).max() < NOTHING, f"torch's {name} is not 0: {want[name]}"
        else:
            assert not differ(value, want[name], case.digits), f"{name} is {value}, in torch {want[name]}"
            assert not differ(value, truth[name]), f"{name} is {value}, in longdouble {truth[name]}"


# The inputs.

RNG = np.random.default_rng(20)


def some(*shape: int) -> Array:
    """Numbers from -1 to 1."""
    return RNG.uniform(-1, 1, shape)


def none(*shape: int) -> Array:
    """Zeros; or nothing, of this shape."""
    return np.zeros(shape)


def same(*shape: int) -> Array:
    """Equal entries, with a mean that rounding moves."""
    return np.full(shape, 0.7)


def labels(*shape: int) -> Array:
    """The first class, or none."""
    return np.zeros(shape, np.int64)


def tiny(*shape: int, around: float = 0.0) -> Array:
    """Numbers that lie 2⁻²⁰, about 1e-6, apart: a variance of some 1e-12."""
    count = int(np.prod(shape))
    return around + (RNG.permutation(count) - count / 2 + 0.25).reshape(shape) * 2.0**-20


def spoken(steps: int, *said: int) -> dict[str, Any]:
    """One sample of ctc_loss."""
    return {"targets": np.array([said]), "input_lengths": (steps,), "target_lengths": (len(said),)}


@cache
def weights(make: Callable[..., nn.Module], *sizes: Any, **options: Any) -> dict[str, Array]:
    """Parameters of a module of torch, by its own names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on nested tensors
        return {name: some(*p.shape) for name, p in make(*sizes, **options).named_parameters()}


def stacked(layer: Mapping[str, Any]) -> dict[str, Any]:
    """A stack of one layer."""
    return {f"layers.0.{name}" if "." in name else name: value for name, value in layer.items()}


WIDE = np.array([-1e4, -745.0, -40.0, -5.0, -1.25, 0.75, 5.0, 40.0, 745.0, 1e4])
LOGITS = np.array([[1e4, -1e4, 3, -2], [-1e4, 1e4, 1e4, 0.5], [-1e4, -1e4, -1e4, -1e4], [40, -40, 39.5, 1]])
STEPS = np.array([[1e4, -1e4, 3, -2], [-1e4, 1e4, 1e4, 0.5], [0.5, -1.0, 0.25, 2.0]])  # the last one in reach of slopes
CLASSES, LISTS = np.array([0, 0, 2, 1]), np.array([[0, 3, -1, 1], [-1] * 4, [2, -1, 0, 0], [0, 1, 2, 3]])
SHARES = np.array([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.5, 0.0], [0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 0.0]])
SIGNS = np.array([[1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, -1.0]] * 2)

ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "rrelu", "hardtanh", "hardswish", "hardshrink", "softshrink", "softsign"),
    *("sigmoid", "logsigmoid", "softplus", "tanh", "tanhshrink", "elu", "celu", "selu", "silu", "mish", "gelu"),
)
ALONG_AXIS = ("softmax", "log_softmax", "softmin", "logsumexp")
ERRORS = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
PAIRED = (
    *(*ERRORS, "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div", "poisson_nll_loss"),
    *("soft_margin_loss", "hinge_embedding_loss", "multilabel_soft_margin_loss"),
)
LAYERS = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn_tanh": nn.RNN, "rnn_relu": nn.RNN}
CELLS = {"gru_cell": nn.GRUCell, "lstm_cell": nn.LSTMCell, "rnn_cell": nn.RNNCell}
HEADED = ("in_proj_weight", "in_proj_bias", "out_proj.weight")
HEADS = {"num_heads": 2, **weights(nn.MultiheadAttention, 4, 2)}
PLAIN = {"nhead": 2, "dropout": 0.0}
ENCODER = PLAIN | weights(nn.TransformerEncoderLayer, 4, 2, 3)
DECODER = PLAIN | weights(nn.TransformerDecoderLayer, 4, 2, 3)
BOTH = {"num_encoder_layers": 1, "num_decoder_layers": 1, **weights(nn.Transformer, 4, 2, 1, 1, 3)}
TAILS = {"cutoffs": (2, 5), **weights(nn.AdaptiveLogSoftmaxWithLoss, 4, 7, (2, 5), div_value=2.0)}
BAGS = {"offsets": None, "mode": "max", "per_sample_weights": None, "include_last_offset": False, "padding_idx": None}
EUCLIDEAN: dict[str, Any] = {"distance_function": None}
UNTRACKED = {"running_mean": None, "running_var": None}
HALVES = {"kernel_size": 2, "output_size": 2}
POOLS = ("max", "avg")
IMAGES = [(d, (4,) * d) for d in (1, 2, 3)]

STEEP = ("d_query", "d_key")  # of weights that are 0 or 1

FAR = [
    *(row(name, input=WIDE) for name in ACTIVATIONS),
    row("hardsigmoid", input=WIDE[abs(WIDE) > 3]),
    row("prelu", input=WIDE, weight=np.array([0.25])),
    row("threshold", input=WIDE, threshold=0.5, value=20.0),
    row("rrelu", input=WIDE, training=True, slopes=np.full(10, 0.2)),
    row("softplus", input=WIDE, beta=1e-3, threshold=1e6),
    row("softplus", input=WIDE, beta=1e4),
    row("celu", input=WIDE, alpha=1e-3),
    row("gelu", input=WIDE, approximate="tanh"),
    *(row(name, input=LOGITS, dim=dim) for name in (*ALONG_AXIS, "glu") for dim in (0, 1)),
    *(row("gumbel_softmax", logits=LOGITS, tau=tau, dim=-1, gumbels=some(4, 4)) for tau in (1, 0.01)),
    row("exp", input=np.array([-1e4, -745.2, -700.0, 0.0, 700.0])),
    row("log", input=np.array([1e-300, 1e-12, 1.0, 1e4, 1e300])),
    *(row("cross_entropy", input=LOGITS, target=target) for target in (CLASSES, SHARES)),
    row("cross_entropy", input=LOGITS, target=CLASSES, weight=np.arange(1.0, 5), label_smoothing=0.1, reduction="none"),
    row("linear_cross_entropy", input=100 * some(4, 2), linear_weight=100 * some(4, 2), target=CLASSES),
    row("adaptive_log_softmax_with_loss", input=LOGITS[:3], target=np.array([0, 3, 6]), **TAILS),
    row("nll_loss", input=LOGITS, target=CLASSES),
    row("kl_div", input=LOGITS, target=SHARES + 0.1),
    row("kl_div", input=LOGITS, target=np.minimum(LOGITS, 0), log_target=True),
    row("binary_cross_entropy_with_logits", input=LOGITS, target=SHARES),
    row("binary_cross_entropy_with_logits", input=LOGITS, target=SHARES, pos_weight=np.arange(4.0), reduction="none"),
    row("binary_cross_entropy", input=np.array([1e-12, 1e-5, 0.5, 1 - 1e-5]), target=np.array([1.0, 0.0, 0.5, 0.0])),
    row("multilabel_soft_margin_loss", input=LOGITS, target=SHARES),
    row("multilabel_margin_loss", input=LOGITS, target=LISTS),
    row("multi_margin_loss", input=LOGITS, target=CLASSES, p=2),
    row("soft_margin_loss", input=abs(LOGITS) * SIGNS, target=SIGNS),
    row("hinge_embedding_loss", input=LOGITS, target=SIGNS),
    row("margin_ranking_loss", input1=LOGITS, input2=LOGITS[::-1] + 0.5, target=SIGNS),
    *(row(name, input=LOGITS, target=0.99 * LOGITS[::-1]) for name in ERRORS),
    row("poisson_nll_loss", input=WIDE[:8], target=np.arange(1.0, 9), full=True, reduction="none"),
    row("gaussian_nll_loss", input=WIDE, target=WIDE[::-1], var=np.array([1e-5, 1e4] * 5), full=True),
    row("cosine_embedding_loss", input1=LOGITS, input2=LOGITS[::-1], target=SIGNS[:, 0]),
    row("triplet_margin_loss", anchor=LOGITS, positive=LOGITS[::-1], negative=LOGITS / 2),
    row("triplet_margin_with_distance_loss", anchor=LOGITS, positive=LOGITS / 3, negative=LOGITS / 2, **EUCLIDEAN),
    row("ctc_loss", log_probs=-345 * (CLASSES[:3, None, None] + np.arange(3.0)), **spoken(3, 1, 2)),
    row("scaled_dot_product_attention", *STEEP, query=LOGITS[:2], key=LOGITS[1:], value=some(3, 2)),
    row(
        "scaled_dot_product_attention", *STEEP, query=LOGITS[None, None], key=STEPS[None, None], value=some(1, 1, 3, 4)
    ),
    row("scaled_dot_product_attention", query=some(4, 4), key=some(4, 4), value=some(4, 2), attn_mask=LOGITS),
    row("scaled_dot_product_attention", *STEEP, query=LOGITS, key=LOGITS, value=some(4, 2), is_causal=True, scale=1.0),
    row("scaled_dot_product_attention", query=some(4, 4), key=some(4, 4), value=some(4, 2), attn_mask=SHARES > 0.2),
    row("multi_head_attention", query=LOGITS[:, None], key=LOGITS[:, None], value=some(4, 1, 4), **HEADS),
    *(row(name, input=STEPS[:, None], **weights(make, 4, 2)) for name, make in LAYERS.items()),
    *(row(name, input=STEPS, **weights(make, 4, 2)) for name, make in CELLS.items()),
    replace(row("transformer_encoder_layer", src=LOGITS[:, None], **ENCODER), digits=FEW_DIGITS),
    row("transformer_encoder_layer", src=LOGITS[:, None], **ENCODER, activation="gelu", norm_first=True),
    row("transformer_decoder_layer", tgt=LOGITS[:2, None], memory=LOGITS[:, None], **DECODER),
    *(
        row(f"lp_pool{d}d", input=1e4 * abs(some(1, 1, *size)), norm_type=p, kernel_size=2)
        for d, size in IMAGES
        for p in (2.0, 8.0, np.inf)
    ),
    *(row(f"max_pool{d}d", input=1e4 * some(1, 1, *size) - 2e4, kernel_size=2, padding=1) for d, size in IMAGES),
    *(row(f"avg_pool{d}d", input=1e4 * some(1, 1, *size), kernel_size=2, padding=1) for d, size in IMAGES),
    row("embedding_bag", input=np.array([[0, 1], [2, 3]]), weight=LOGITS, **BAGS),
    *(row("normalize", input=LOGITS, p=p) for p in (2.0, 8.0, np.inf)),
    row("cosine_similarity", x1=LOGITS, x2=LOGITS[::-1]),
    *(row("pairwise_distance", x1=LOGITS, x2=LOGITS[::-1], p=p) for p in (2.0, 8.0)),
    *(row("pdist", input=LOGITS, p=p) for p in (2.0, 8.0)),
    row("layer_norm", input=LOGITS, normalized_shape=(4,), weight=some(4), bias=some(4)),
    row("rms_norm", input=LOGITS, normalized_shape=(4,), weight=some(4)),
    row("group_norm", input=LOGITS[[0, 1, 3]], num_groups=1, weight=some(4), bias=some(4)),
    row("instance_norm", input=LOGITS.reshape(2, 2, 4), weight=some(2), bias=some(2)),
    row("batch_norm", input=LOGITS, weight=some(4), bias=some(4), training=True, **UNTRACKED),
    row("local_response_norm", input=LOGITS[:, :, None], size=3, alpha=1.0),
    row("cross_map_lrn2d", input=LOGITS[:, :, None, None], size=3, alpha=1.0, beta=0.75, k=1.0),
]


def nearly_constant(eps: float, around: float) -> list[Row]:
    """A variance of some 1e-12, beside an eps that hides it and one that does not."""
    affine = {"weight": some(4), "bias": some(4), "eps": eps}
    running = {"running_mean": np.full(4, around), "running_var": np.full(4, 1e-12)}
    return [
        row("batch_norm", input=tiny(4, 4, 2, around=around), **running, **affine, training=True),
        row("batch_norm", input=tiny(4, 4, 2, around=around), **running, **affine),
        row("instance_norm", input=tiny(2, 4, 4, around=around), **affine),
        row("layer_norm", input=tiny(8, 4, around=around), normalized_shape=(4,), **affine),
        row("group_norm", input=tiny(2, 4, 4, around=around), num_groups=2, **affine),
        row("rms_norm", input=tiny(8, 4, around=around), normalized_shape=(4,), weight=some(4), eps=eps),
    ]


CLOSE = [
    *(one for eps in (1e-5, 1e-12) for around in (0.0, 0.0625) for one in nearly_constant(eps, around)),
    row("local_response_norm", input=tiny(2, 4, 2), size=3),
    row("transformer_encoder_layer", src=tiny(4, 1, 4), **ENCODER),
    row("gaussian_nll_loss", input=some(4), target=some(4), var=np.full(4, 1e-12), eps=1e-13),
    *(row("normalize", input=scale * tiny(3, 4)) for scale in (1, 1e-6, 1e-12)),
    row("cosine_similarity", x1=tiny(3, 4), x2=tiny(3, 4)),
    row("cosine_embedding_loss", input1=tiny(3, 4), input2=tiny(3, 4), target=SIGNS[:3, 0]),
    row("pairwise_distance", x1=tiny(3, 4, around=3.0), x2=tiny(3, 4, around=3.0)),
    row("pdist", input=tiny(4, 3, around=3.0)),
    *(row(name, input=tiny(3, 4, around=3.0), dim=1) for name in ALONG_AXIS),
]

EQUAL = [
    *(row(name, input=x, dim=dim) for name in ALONG_AXIS for dim in (0, 1) for x in (same(3, 4), -1e4 * same(3, 4))),
    row("gumbel_softmax", logits=same(3, 4), tau=1, dim=-1, gumbels=same(3, 4)),
    *(
        row(f"max_pool{d}d", input=same(2, 1, *size), kernel_size=2, stride=1, padding=1, return_indices=places)
        for d, size in IMAGES
        for places in (False, True)
    ),
    *(row(f"adaptive_max_pool{d}d", input=same(2, 1, *size), output_size=3) for d, size in IMAGES),
    *(
        row(f"fractional_max_pool{d}d", input=same(2, 1, *n), **HALVES, _random_samples=same(2, 1, d))
        for d, n in IMAGES[1:]
    ),
    *(
        row(f"lp_pool{d}d", input=x, norm_type=p, kernel_size=2)
        for d, size in IMAGES
        for p, x in ((2.0, same(2, 1, *size)), (2.0, none(1, *size)), (1, same(1, *size)), (np.inf, none(1, *size)))
    ),
    row("embedding_bag", input=np.array([[0, 1, 2], [2, 1, 0]]), weight=same(4, 3), **BAGS),
    row("max_unpool1d", input=same(1, 1, 2), indices=np.array([[[0, 3]]]), kernel_size=2),
    row("batch_norm", "d_weight", input=same(4, 4), training=True, weight=some(4), bias=some(4), **UNTRACKED),
    row("instance_norm", "d_weight", input=same(2, 4, 4), weight=some(4), bias=some(4)),
    row("layer_norm", "d_weight", input=same(3, 4), normalized_shape=(4,), weight=some(4), bias=some(4)),
    row("group_norm", "d_weight", input=same(2, 4, 2), num_groups=2, weight=some(4), bias=some(4)),
    *(row("rms_norm", input=x, normalized_shape=(4,), weight=some(4)) for x in (same(3, 4), none(3, 4))),
    row("local_response_norm", input=none(2, 4, 2), size=3),
    row("cosine_similarity", "d_x1", "d_x2", x1=same(3, 4), x2=same(3, 4)),
    row("cosine_similarity", x1=none(3, 4), x2=same(3, 4)),
    row("cosine_embedding_loss", input1=none(3, 4), input2=same(3, 4), target=SIGNS[:3, 0]),
    *(
        row("pairwise_distance", x1=same(3, 4), x2=same(3, 4), p=p, eps=eps)
        for p in (2.0, 1.0, 3.0, np.inf)
        for eps in (0.0, 1e-6)
    ),
    *(row("pdist", input=same(3, 4), p=p) for p in (2.0, 1.0, 3.0, np.inf, 0.0)),
    *(row("normalize", input=x, p=p) for x in (same(3, 4), none(3, 4)) for p in (2.0, 1.0, np.inf)),
    *(row(name, input=same(4), target=same(4), reduction="none") for name in ERRORS),
    row("smooth_l1_loss", input=same(4), target=same(4), beta=0.0),
    *(
        row("triplet_margin_loss", anchor=same(3, 4), positive=same(3, 4), negative=same(3, 4), swap=swap, eps=eps)
        for swap in (False, True)
        for eps in (1e-6, 0.0)
    ),
    *(row("multi_margin_loss", input=same(4, 4), target=CLASSES, margin=margin) for margin in (1.0, 0.0)),
    row("multilabel_margin_loss", input=same(4, 4), target=LISTS),
    row("margin_ranking_loss", input1=same(4), input2=same(4), target=SIGNS[0]),
    row("cross_entropy", input=same(4, 4), target=CLASSES),
    row("kl_div", input=-same(3, 4), target=-same(3, 4), log_target=True),
    row("adaptive_log_softmax_with_loss", input=none(3, 4), target=np.array([0, 3, 6]), **TAILS),
    row("ctc_loss", log_probs=np.full((4, 1, 3), -np.log(3)), **spoken(4, 1, 1)),
    row("scaled_dot_product_attention", "d_query", query=same(3, 4), key=same(5, 4), value=some(5, 2)),
    row("multi_head_attention", "d_query", query=some(3, 1, 4), key=same(5, 1, 4), value=some(5, 1, 4), **HEADS),
]

ONE = [
    *(row(name, input=np.array(0.75)) for name in (*ACTIVATIONS, "exp", "log", "sum")),
    *(row(name, input=some(3, 1), dim=1) for name in ALONG_AXIS),
    row("glu", input=some(3, 2), dim=1),
    row("matmul", input=some(1), other=some(1)),
    row("linear", input=some(1), weight=some(1, 1), bias=some(1)),
    *(row(f"conv{d}d", input=some(1, 1, *(1,) * d), weight=some(1, 1, *(1,) * d)) for d, _ in IMAGES),
    *(row(f"{kind}_pool{d}d", input=some(1, *(1,) * d), kernel_size=1) for kind in POOLS for d, _ in IMAGES),
    *(row(f"adaptive_{kind}_pool{d}d", input=some(1, *n), output_size=1) for kind in POOLS for d, n in IMAGES),
    *(row(f"lp_pool{d}d", input=abs(some(1, *size)), norm_type=2.0, kernel_size=4) for d, size in IMAGES),
    row("interpolate", input=some(1, 1, 4), size=1, mode="linear"),
    row("grid_sample", input=some(1, 1, 1, 1), grid=some(1, 1, 1, 2) / 3, align_corners=False),
    row("layer_norm", "d_input", "d_weight", input=some(3, 1), normalized_shape=(1,), weight=some(1), bias=some(1)),
    row("group_norm", "d_input", "d_weight", input=some(3, 2), num_groups=2, weight=some(2), bias=some(2)),
    row("rms_norm", input=some(3, 1), normalized_shape=(1,), weight=some(1), eps=0.1),
    *(row("normalize", "d_input", input=some(3, 1), p=p) for p in (2.0, 1.0, np.inf)),
    row("cosine_similarity", "d_x1", "d_x2", x1=some(3, 1), x2=some(3, 1)),
    row("pairwise_distance", x1=some(3, 1), x2=some(3, 1)),
    *(row("pdist", input=some(3, 1), p=p) for p in (2.0, 1.0, np.inf)),
    *(row(name, input=abs(some(1)), target=abs(some(1))) for name in PAIRED if "margin" not in name),
    *(row(name, input=some(1), target=np.ones(1)) for name in ("soft_margin_loss", "hinge_embedding_loss")),
    row("multilabel_soft_margin_loss", input=some(1, 1), target=np.ones((1, 1))),
    *(row(name, input=some(1, 1), target=labels(1)) for name in ("nll_loss", "cross_entropy", "multi_margin_loss")),
    row("multilabel_margin_loss", input=some(1, 1), target=labels(1, 1)),
    row("gaussian_nll_loss", input=some(1), target=some(1), var=np.ones(1)),
    row("ctc_loss", log_probs=np.full((1, 1, 2), -0.5), **spoken(1, 1)),
    row("adaptive_log_softmax_with_loss", input=some(1, 4), target=labels(1), **TAILS),
    row("scaled_dot_product_attention", "d_query", "d_key", query=some(3, 4), key=some(1, 4), value=some(1, 2)),
    *(row(name, input=some(1, 1, 1), **weights(make, 1, 1)) for name, make in LAYERS.items()),
    row("embedding_bag", input=labels(3, 1), weight=some(1, 2), **BAGS),
]

PLAINEST = ("exp", "log", "sum", "identity", "flatten")
MODES = ("constant", "reflect", "replicate", "circular")
NO_MASK = np.ones((0, 3), bool)
VECTORS = {"anchor": none(0, 3), "positive": none(0, 3), "negative": none(0, 3)}
EMPTY = [
    *(row(name, input=none(0, 3)) for name in (*ACTIVATIONS, "hardsigmoid", *PLAINEST)),
    row("prelu", input=none(0, 3), weight=some(3)),
    row("threshold", input=none(0, 3), threshold=0.0, value=1.0),
    *(row(name, input=none(0, 4), dim=1) for name in (*ALONG_AXIS, "glu")),
    row("gumbel_softmax", logits=none(0, 4), tau=1, dim=-1, gumbels=none(0, 4)),
    *(row(name, input=none(0, 3), other=some(3)) for name in ("add", "sub", "mul", "div")),
    row("matmul", input=none(0, 3), other=some(3, 2)),
    row("matmul", input=some(2, 0), other=some(0, 3)),
    row("expand", input=none(0, 1), sizes=(0, 3)),
    row("select", input=none(0, 3), dim=1, index=1),
    row("gather", input=none(0, 3), dim=1, index=labels(0, 2)),
    row("unflatten", input=none(0, 6), dim=1, sizes=(2, 3)),
    row("one_hot", input=labels(0, 2), num_classes=3),
    row("linear", input=none(0, 3), weight=some(2, 3), bias=some(2)),
    row("bilinear", input1=none(0, 3), input2=none(0, 2), weight=some(4, 3, 2), bias=some(4)),
    *(row(f"conv{d}d", input=none(0, 2, *n), weight=some(3, 2, *(2,) * d), bias=some(3)) for d, n in IMAGES),
    *(row(f"conv_transpose{d}d", input=none(0, 2, *n), weight=some(2, 3, *(2,) * d)) for d, n in IMAGES),
    *(row(f"{kind}_pool{d}d", input=none(0, 2, *n), kernel_size=2) for kind in POOLS for d, n in IMAGES),
    *(row(f"lp_pool{d}d", input=none(0, 2, *n), norm_type=2.0, kernel_size=2) for d, n in IMAGES),
    *(row(f"adaptive_{kind}_pool{d}d", input=none(0, 2, *n), output_size=2) for kind in POOLS for d, n in IMAGES),
    *(
        row(f"fractional_max_pool{d}d", input=none(0, 2, *n), **HALVES, _random_samples=none(0, 2, d))
        for d, n in IMAGES[1:]
    ),
    *(row(f"max_unpool{d}d", input=none(0, 2, *n), indices=labels(0, 2, *n), kernel_size=2) for d, n in IMAGES),
    row("unfold", input=none(0, 2, 4, 4), kernel_size=2),
    row("fold", input=none(0, 8, 9), output_size=(4, 4), kernel_size=2),
    *(row("pad", input=none(0, 2, 4), pad=(1, 2), mode=mode) for mode in MODES),
    row("channel_shuffle", input=none(0, 4, 3, 3), groups=2),
    row("interpolate", input=none(0, 1, 4), size=2, mode="linear"),
    row("grid_sample", input=none(0, 1, 4, 4), grid=none(0, 2, 2, 2), align_corners=False),
    *(row(name, input=none(0, 3), p=0.5, training=True, mask=NO_MASK) for name in ("dropout", "alpha_dropout")),
    *(row(f"dropout{d}d", input=none(0, 3, *n), p=0.5, training=True, mask=NO_MASK) for d, n in IMAGES),
    row("feature_alpha_dropout", input=none(0, 3, 4), p=0.5, training=True, mask=NO_MASK),
    row("batch_norm", input=none(0, 2, 3), running_mean=some(2), running_var=np.ones(2), weight=some(2), training=True),
    row("instance_norm", input=none(0, 2, 3)),
    row("layer_norm", input=none(0, 3), normalized_shape=(3,), weight=some(3), bias=some(3)),
    row("rms_norm", input=none(0, 3), normalized_shape=(3,), weight=some(3)),
    row("group_norm", input=none(0, 4, 3), num_groups=2, weight=some(4), bias=some(4)),
    row("local_response_norm", input=none(0, 4, 3), size=3),
    row("cross_map_lrn2d", input=none(0, 4, 3, 3), size=3, alpha=1e-4, beta=0.75, k=1.0),
    row("normalize", input=none(0, 3)),
    row("cosine_similarity", x1=none(0, 3), x2=none(0, 3)),
    row("pairwise_distance", x1=none(0, 3), x2=none(0, 3)),
    row("pdist", input=none(1, 3)),
    row("embedding", input=labels(0), weight=some(3, 2), padding_idx=None),
    row("embedding_bag", input=labels(0, 2), weight=some(3, 2), **{**BAGS, "mode": "sum"}),
    row("scaled_dot_product_attention", query=none(0, 3, 4), key=none(0, 5, 4), value=none(0, 5, 2)),
    row("scaled_dot_product_attention", query=some(3, 4), key=none(0, 4), value=none(0, 2)),
    row("multi_head_attention", query=none(3, 0, 4), key=none(5, 0, 4), value=none(5, 0, 4), **HEADS),
    row("transformer_encoder_layer", src=none(3, 0, 4), **ENCODER),
    row("transformer_decoder_layer", tgt=none(3, 0, 4), memory=none(5, 0, 4), **DECODER),
    row("transformer_encoder", src=none(3, 0, 4), num_layers=1, **stacked(ENCODER)),
    row("transformer_decoder", tgt=none(3, 0, 4), memory=none(5, 0, 4), num_layers=1, **stacked(DECODER)),
    row("transformer", src=none(3, 0, 4), tgt=none(2, 0, 4), **PLAIN, **BOTH),
    *(row(name, input=none(3, 0, 4), **weights(make, 4, 2)) for name, make in LAYERS.items()),
    *(row(name, input=none(0, 4), **weights(make, 4, 2)) for name, make in CELLS.items()),
    *(row(name, input=none(0, 3), target=none(0, 3), reduction=how) for name in PAIRED for how in ("sum", "none")),
    *(row(name, input=none(0, 3), target=labels(0), reduction="sum") for name in ("nll_loss", "cross_entropy")),
    row("multi_margin_loss", input=none(0, 3), target=labels(0), reduction="none"),
    row("multilabel_margin_loss", input=none(0, 3), target=labels(0, 3), reduction="none"),
    row("gaussian_nll_loss", input=none(0, 3), target=none(0, 3), var=none(0, 3), reduction="sum"),
    row("linear_cross_entropy", input=none(0, 3), linear_weight=some(4, 3), target=labels(0), reduction="sum"),
    row("adaptive_log_softmax_with_loss", input=none(0, 4), target=labels(0), **TAILS),  # the mean of nothing: NaN
    row("cosine_embedding_loss", input1=none(0, 3), input2=none(0, 3), target=none(0), reduction="sum"),
    row("margin_ranking_loss", input1=none(0), input2=none(0), target=none(0), reduction="sum"),
    row("triplet_margin_loss", **VECTORS, reduction="sum"),
    row("triplet_margin_with_distance_loss", **VECTORS, reduction="sum", **EUCLIDEAN),
    *(row(name, input=none(0), target=none(0)) for name in PAIRED if "multi" not in name),  # NaN as well
]
NOT_EMPTY = {  # what neither torch nor the reference takes
    "ctc_loss": {
        "log_probs": none(3, 0, 4),
        "targets": labels(0, 2),
        "input_lengths": labels(0),
        "target_lengths": labels(0),
    },
    "affine_grid": {"theta": none(0, 2, 3), "size": (0, 1, 4, 4), "align_corners": False},
}
TABLES = {"far": FAR, "close": CLOSE, "equal": EQUAL, "one": ONE, "empty": EMPTY}

SHORT = np.array([[3e-9, -1e-9], [2e-9, 5e-9]])
SAMPLES = {"input": none(0, 2, 3), "running_mean": none(2), "running_var": np.ones(2)}
WRONG = [
    Wrong(
        row("soft_margin_loss", input=np.array([-1e4, -710.0, 3.0]), target=np.ones(3), reduction="none"),
        "torch raises e to any power",
        {"output 0": "inf", "d_input": "nan"},
        output=[1e4, 710.0, np.log1p(np.exp(-3.0))],
    ),
    Wrong(
        row("poisson_nll_loss", input=np.ones(3), target=np.array([0.0, -1.0, 3.0]), full=True),
        "torch multiplies the infinite slope of log(target) by 0, where Stirling's term does not count",
        {"d_target": "nan"},
    ),
    Wrong(
        row("kl_div", input=-np.ones(2), target=none(2)),
        "the slope of target log(target) at 0 is minus infinity, which torch multiplies by 0",
        {"d_target": "nan"},
        domain=(0.0, np.inf),
    ),
    Wrong(
        row("binary_cross_entropy", input=np.array([0.0, 1.0, 0.5]), target=np.array([0.0, 1.0, 0.5])),
        "torch's forward holds logarithms at -100, its backward of target does not",
        {"d_target": "inf"},
        domain=(0.0, 1.0),
    ),
    Wrong(
        row("binary_cross_entropy_with_logits", input=np.full(2, 38.0), target=np.ones(2), pos_weight=np.full(2, 1e9)),
        "torch's backward subtracts 1 from a sigmoid that has been rounded to 1",
        {"d_input": "wrong"},
    ),
    Wrong(
        row("hardsigmoid", input=np.array([1.0, -2.0, 5.0])),
        "torch's backward multiplies by 1/6 rounded to float32",
        {"d_input": "wrong"},
    ),
    *(
        Wrong(
            row(name, input=np.array([0.0, 1.0, -1.0]), lambd=0.0),
            "nothing is taken off at 0, but torch's slope is that of a gap",
            {"d_input": "wrong"},
        )
        for name in ("hardshrink", "softshrink")
    ),
    *(
        Wrong(
            row("gelu", input=np.array([-8.0, -7.5]), approximate=approximate),
            "torch adds 1 to an erf or tanh close to -1",
            {"output 0": "wrong", "d_input": "wrong"},
        )
        for approximate in ("none", "tanh")
    ),
    Wrong(
        row("cosine_similarity", x1=SHORT, x2=SHORT[::-1]),
        "torch divides by eps, but differentiates as if it had divided by the norm",
        {"d_x1": "wrong", "d_x2": "wrong"},
    ),
    Wrong(
        row("pdist", input=np.array([[0.0, 0.0], [0.75, -0.75]]), p=np.inf),
        "torch gives each of the largest differences the whole gradient",
        {"d_input": "wrong"},
    ),
    *(
        Wrong(
            row(f"lp_pool{d}d", input=none(1, *size), norm_type=1, kernel_size=4),
            "the norm with p = 1 is a sum here, whose slope is 1 at 0 too",
            {"d_input": "wrong"},
        )
        for d, size in IMAGES
    ),
    Wrong(
        row(
            "ctc_loss",
            log_probs=np.array([[-np.inf, -2.0], [-0.5, -3.0]]),
            **spoken(2, 1),
        ),
        "torch takes minus infinity from minus infinity",
        {"d_log_probs": "nan"},
    ),
    *(
        Wrong(
            row(
                "scaled_dot_product_attention",
                query=some(1, 1, 3, 2),
                key=some(1, 1, 3, 2),
                value=some(1, 1, 3, 2),
                is_causal=True,
                scale=scale,
            ),
            "torch multiplies the minus infinity that hides a key by the scale",
            {"output 0": "nan", "d_value": "nan"} | ({"d_query": "nan", "d_key": "nan"} if scale else {}),
        )
        for scale in (0.0, -0.5)
    ),
    Wrong(
        row(
            "multi_head_attention",
            **{"query": some(2, 1, 4), "key": some(3, 1, 4), "value": some(3, 1, 4), **HEADS},
            attn_mask=np.array([[True] * 3, [False] * 3]),
        ),
        "torch takes the softmax of a row that is hidden",
        dict.fromkeys(
            ("output 0", "output 1", "d_query", "d_key", "d_value", *(f"d_{name}" for name in HEADED)), "nan"
        ),
    ),
    Wrong(
        row("group_norm", input=none(2, 4, 0), num_groups=2, weight=some(4), bias=some(4)),
        "torch divides by the number of entries, but the sum of none is 0",
        {"d_weight": "nan"},
    ),
    Wrong(
        row("instance_norm", **SAMPLES),
        "torch's running statistics become the mean of nothing",
        {"output 1": "nan", "output 2": "nan"},
    ),
    Wrong(
        row("instance_norm", input=none(0, 2, 3), weight=some(2), bias=some(2)),
        "torch sums the gradient of weight over samples by looking at the first",
        "IndexError: select(): index 0 out of range",
    ),
    *(
        Wrong(
            row(name, input=none(0, 3), target=target, reduction="sum"),
            "torch does not write its output",
            {"output 0": "nan"},
        )
        for name, target in (("multi_margin_loss", labels(0)), ("multilabel_margin_loss", labels(0, 3)))
    ),
    Wrong(
        row("pixel_shuffle", input=none(0, 4, 2, 2), upscale_factor=2),
        "torch's forward skips the work where there is nothing, its backward does not",
        "RuntimeError: Function PixelShuffleBackward0 returned an invalid gradient",
    ),
    Wrong(
        row("pixel_unshuffle", input=none(0, 1, 4, 4), downscale_factor=2),
        "torch's output has the shape of the input",
        "RuntimeError: invalid gradient at index 0 - got [0, 4, 2, 2] but expected shape compatible with [0, 1, 4, 4]",
    ),
    Wrong(
        row("channel_shuffle", input=none(2, 0, 3, 3), groups=2),
        "torch's backward divides 0 channels by 2 and shuffles 0 groups",
        "RuntimeError: Number of groups to divide channels in must be positive",
    ),
    Wrong(
        row("logsumexp", input=same(3), dim=()),
        "torch has no room for the result",
        "RuntimeError: output with shape [] doesn't match",
    ),
]


def slopes(case: Wrong, name: str, places: Array, width: float = 2.0**-18) -> Array:
    """The gradient of these entries by differences of the reference, each alone, with the same cotangents."""
    point = np.nan_to_num(case.row.arguments[name], neginf=-700.0)  # as good as minus infinity
    steps = width * np.where(point, abs(point), abs(point).max(initial=0) or 1.0)
    _, cotangents = ours(case.row)

    def total(x: Array) -> float:
        said, _ = ours(replace(case.row, arguments={**case.row.arguments, name: x}))
        return sum(float((v * said[f"output {place}"]).sum()) for place, v in enumerate(cotangents))

    found = []
    for index in zip(*places.nonzero(), strict=True):
        ends = np.clip([point[index] - steps[index], point[index] + steps[index]], *case.domain)
        behind, ahead = point.copy(), point.copy()
        behind[index], ahead[index] = ends
        found.append((total(ahead) - total(behind)) / (ends[1] - ends[0]))
    return np.array(found)


def failure(got: Array, want: Array) -> str:
    """What is the matter with torch's array, if anything."""
    if not differ(got, want):
        return ""
    return "nan" if np.isnan(want).any() else "inf" if np.isinf(want).any() else "wrong"


@pytest.fixture
def filled() -> Iterator[None]:
    """Memory that nobody writes is NaN, not what happens to be there."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize(
    "case", [pytest.param(one, id=f"{kind} {one}") for kind, table in TABLES.items() for one in table]
)
def test_as_torch(case: Row) -> None:
    """The same numbers, also those that are not finite."""
    compare(case)


@pytest.mark.skipif(not torch.__version__.startswith("2.13"), reason="torch fails like this in 2.13; others may not")
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("case", WRONG, ids=str)
def test_torch_still_fails(case: Wrong) -> None:
    """As the row says, and nowhere else: a row of a torch that is mended belongs in a table above."""
    got, cotangents = ours(case.row)
    names = [name.removeprefix("d_") for name in got if name.startswith("d_")]
    if isinstance(case.torch, str):
        with pytest.raises(Refused, match=re.escape(case.torch)):
            _ = torchs(case.row, names, cotangents)
    else:
        want = torchs(case.row, names, cotangents)
        assert {name: how for name in got if (how := failure(got[name], want[name]))} == case.torch


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_right_where_torch_fails(case: Wrong) -> None:
    """The output is the one that is known, and the gradient that of differences, or without bounds as they are."""
    got, _ = ours(case.row)
    if case.output is not None:
        assert not differ(got["output 0"], np.array(case.output))
    names = got if isinstance(case.torch, str) else case.torch
    for name in (name for name in names if name.startswith("d_")):
        steep = np.isinf(got[name])
        wide = slopes(case, name.removeprefix("d_"), ~steep)
        assert (abs(got[name][~steep] - wide) <= 1e-6 * abs(wide).max(initial=0)).all(), f"{name}: {got[name]}, {wide}"
        if steep.any():
            wide, narrow = (slopes(case, name.removeprefix("d_"), steep, width) for width in (2.0**-18, 2.0**-900))
            assert (narrow * np.sign(got[name][steep]) > 10 * abs(wide)).all()


@pytest.mark.parametrize("name", NOT_EMPTY)
def test_neither_takes_nothing(name: str) -> None:
    """Where torch refuses an empty batch, the reference does."""
    twin, arguments = registry.spec(name).twin, NOT_EMPTY[name]
    with pytest.raises(ValueError, match="but should be"):
        _ = ours(Row(name, arguments))
    assert twin is not None
    with pytest.raises((RuntimeError, ValueError)):
        _ = twin(**{key: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for key, v in arguments.items()})


def test_every_reference_is_given_nothing() -> None:
    """A new reference comes with a row of an empty batch."""
    nothing = {case.row.name for case in WRONG if any(np.size(v) == 0 for v in case.row.arguments.values())}
    references = {name for name, function in vars(ref).items() if inspect.isfunction(function)}
    assert {case.name for case in EMPTY} | nothing | set(NOT_EMPTY) == references


def test_an_unstable_function_is_found() -> None:
    """The logarithm of the sum of e to the power of each, as the formula has it."""

    def naive_logsumexp(input: Array, dim: int) -> Any:
        powers = np.exp(input)
        total = powers.sum(dim, keepdims=True)
        return np.log(total).squeeze(dim), lambda d_output: {"input": np.expand_dims(d_output, dim) * powers / total}

    with pytest.raises(AssertionError, match="output 0 is"), np.errstate(all="ignore"):
        compare(row("logsumexp", input=LOGITS, dim=1), naive_logsumexp)
    compare(row("logsumexp", input=some(3, 4), dim=1), naive_logsumexp)


def test_what_torch_is_too_coarse_for_is_found() -> None:
    """A gradient that loses digits in float64 alone, within what torch is forgiven."""

    def coarse(input: Array) -> Any:
        def pullback(d_output: Array) -> dict[str, Array]:
            return {"input": d_output * np.exp(input) * (1 + 1e-9 * (input.dtype == np.float64))}

        return np.exp(input), pullback

    compare(replace(row("exp", input=some(3)), digits=FEW_DIGITS))
    with pytest.raises(AssertionError, match="in longdouble"):
        compare(replace(row("exp", input=some(3)), digits=FEW_DIGITS), coarse)
