"""How fast the references are beside torch on one CPU thread: float32, sizes of a real network, forward and backward.

    python -m benchmarks.beside_torch [NAME…]

Both sides get the same arrays and the same random cotangent. Their outputs and gradients are compared first; only then
are they timed, taking turns, in processor time; the medians are printed.
"""

from __future__ import annotations

import os

# ruff: noqa: E402, S101  # threads are counted when NumPy is imported; a benchmark asserts that its results are right
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"  # before NumPy is imported

import importlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from harness import registry
from harness.spec import Array, Spec

ROUNDS, ENOUGH = 7, 3.0  # rounds, and seconds of them
RNG = np.random.default_rng(3)
Arguments = dict[str, Any]


def randn(*shape: int) -> Array:
    """Normal."""
    return RNG.standard_normal(shape, dtype=np.float32)


def rand(*shape: int) -> Array:
    """Uniform, and far enough from 0 to be divided by."""
    return RNG.random(shape, dtype=np.float32) * np.float32(0.9) + np.float32(0.05)


def randint(high: int, *shape: int) -> Array:
    """Classes."""
    return RNG.integers(high, size=shape)


def image() -> Array:
    """64 images of 64 channels."""
    return randn(64, 64, 28, 28)


def sequence() -> Array:
    """32 sentences of 128 words."""
    return randn(32, 128, 512)


def rows() -> Array:
    """Scores of 4096 words, 1000 classes."""
    return randn(4096, 1000)


def module(inputs: Arguments, made: nn.Module, **options: Any) -> Arguments:
    """The parameters of a module of torch, with its inputs and options."""
    return {**inputs, **{n: p.detach().numpy() for n, p in made.named_parameters()}, **options}


def layers(make: Callable[..., nn.Module], **options: Any) -> Callable[[], Arguments]:
    """A recurrent layer of 256 over 32 steps of 32 sentences."""
    return lambda: module({"input": randn(32, 32, 256)}, make(256, 256, **options))


def cell(make: Callable[..., nn.Module]) -> Callable[[], Arguments]:
    """One step of 256 sentences."""
    return lambda: module({"input": randn(256, 256), "h_0": randn(256, 256)}, make(256, 256))


def attention(**options: Any) -> Arguments:
    """Eight heads over 128 words."""
    inputs = {name: randn(128, 8, 512) for name in ("query", "key", "value")}
    return module(inputs, nn.MultiheadAttention(512, 8), num_heads=8, **options)


def conv(dims: int, groups: int = 1) -> Callable[[], Arguments]:
    """64 channels, windows of three."""
    shape = {1: (64, 64, 784), 2: (64, 64, 28, 28), 3: (4, 64, 8, 28, 28)}[dims]
    weight = randn(64, 64 // groups, *[3] * dims)
    return lambda: {"input": randn(*shape), "weight": weight, "bias": randn(64), "padding": 1, "groups": groups}


def pooled(dims: int, **options: Any) -> Callable[[], Arguments]:
    """Windows over 64 channels."""
    shape = {1: (64, 64, 784), 2: (64, 64, 28, 28), 3: (8, 64, 8, 28, 28)}[dims]
    return lambda: {"input": randn(*shape), **options}


def unpooled(dims: int) -> Callable[[], Arguments]:
    """What max_pool of two leaves."""

    def make() -> Arguments:
        pool = getattr(torch.nn.functional, f"max_pool{dims}d")
        output, indices = pool(torch.from_numpy(pooled(dims)()["input"]), 2, return_indices=True)
        return {"input": output.numpy(), "indices": indices.numpy(), "kernel_size": 2}

    return make


def transformer(name: str) -> Callable[[], Arguments]:
    """Two layers of 256 features, eight heads, over 64 words of 8 sentences."""
    options = {"nhead": 8, "dropout": 0.0}
    layer = nn.TransformerDecoderLayer if "decoder" in name else nn.TransformerEncoderLayer

    def make() -> Arguments:
        source, target = randn(64, 8, 256), randn(64, 8, 256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "transformer":
                counts = {"num_encoder_layers": 1, "num_decoder_layers": 1}
                whole = nn.Transformer(256, 8, 1, 1, 512)
                return module({"src": source, "tgt": target}, whole, **options, **counts)
            one = layer(256, 8, 512)
            inputs = {"tgt": target, "memory": source} if "decoder" in name else {"src": source}
            if name.endswith("layer"):
                return module(inputs, one, **options)
            stack: Any = nn.TransformerDecoder if "decoder" in name else nn.TransformerEncoder
            return module(inputs, stack(one, 2), **options, num_layers=2)

    return make


def start(make: str, *sizes: Any) -> Arguments:
    """The parameters of a model. Looked for when they are needed, since asv comes to commits that have no models."""
    models = importlib.import_module("reference_impls.models")
    return getattr(models, make)(*sizes, rng=RNG, dtype=np.float32)


ELEMENTWISE = """relu relu6 leaky_relu hardtanh hardsigmoid hardswish hardshrink softshrink softsign sigmoid logsigmoid
    softplus tanh tanhshrink elu celu selu silu mish gelu exp identity""".split()  # noqa: SIM905  # sixty lines less
PAIRS = """mse_loss l1_loss smooth_l1_loss huber_loss kl_div binary_cross_entropy binary_cross_entropy_with_logits
    soft_margin_loss hinge_embedding_loss poisson_nll_loss multilabel_soft_margin_loss""".split()  # noqa: SIM905
DROPS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
STACKS = [f"transformer_{part}coder{layer}" for part in ("en", "de") for layer in ("_layer", "")] + ["transformer"]


def pair(name: str) -> Arguments:
    """An input and a target that the loss takes."""
    target = rand(4096, 1000)
    if name in ("soft_margin_loss", "hinge_embedding_loss"):
        target = np.where(target < 0.5, np.float32(-1), np.float32(1))
    return {"input": rand(4096, 1000), "target": target}


def dropped(name: str) -> Arguments:
    """Half of the entries, or of the channels."""
    shape = (8, 64, 8, 28, 28) if name.endswith("3d") else (64, 64, 784) if name.endswith("1d") else (64, 64, 28, 28)
    channels = name not in ("dropout", "alpha_dropout")
    mask = RNG.random(shape[:2] if channels else shape) < 0.5
    return {"input": randn(*shape), "p": 0.5, "training": True, "mask": mask}


WORKLOADS: dict[str, Callable[[], Arguments]] = {
    **{name: lambda: {"input": image()} for name in ELEMENTWISE},
    **{name: lambda name=name: pair(name) for name in PAIRS},
    **{name: lambda name=name: dropped(name) for name in DROPS},
    **{name: transformer(name) for name in STACKS},
    **{f"conv{dims}d": conv(dims) for dims in (1, 2, 3)},
    **{f"conv_transpose{dims}d": conv(dims) for dims in (1, 2, 3)},
    **{f"avg_pool{dims}d": pooled(dims, kernel_size=2) for dims in (1, 2, 3)},
    **{f"max_pool{dims}d": pooled(dims, kernel_size=2) for dims in (1, 2, 3)},
    **{f"lp_pool{dims}d": pooled(dims, norm_type=2.0, kernel_size=2) for dims in (1, 2, 3)},
    **{f"adaptive_avg_pool{dims}d": pooled(dims, output_size=7) for dims in (1, 2, 3)},
    **{f"adaptive_max_pool{dims}d": pooled(dims, output_size=7) for dims in (1, 2, 3)},
    **{f"max_unpool{dims}d": unpooled(dims) for dims in (1, 2, 3)},
    "fractional_max_pool2d": lambda: {**pooled(2, kernel_size=2, output_size=14)(), "_random_samples": rand(64, 64, 2)},
    "fractional_max_pool3d": lambda: {**pooled(3, kernel_size=2, output_size=4)(), "_random_samples": rand(8, 64, 3)},
    "conv2d depthwise": conv(2, groups=64),
    "prelu": lambda: {"input": image(), "weight": rand(64)},
    "rrelu": lambda: {"input": image(), "training": False},
    "threshold": lambda: {"input": image(), "threshold": 0.1, "value": 0.5},
    "log": lambda: {"input": rand(64, 64, 28, 28)},
    "add": lambda: {"input": image(), "other": randn(64, 1, 1), "alpha": 2},
    "sub": lambda: {"input": image(), "other": randn(64, 1, 1), "alpha": 2},
    "mul": lambda: {"input": image(), "other": randn(64, 1, 1)},
    "div": lambda: {"input": image(), "other": rand(64, 1, 1)},
    "matmul": lambda: {"input": randn(1024, 512), "other": randn(512, 1024)},
    "sum": lambda: {"input": image(), "dim": (0, 2, 3)},
    "logsumexp": lambda: {"input": rows(), "dim": 1},
    "expand": lambda: {"input": randn(64, 1, 28), "sizes": (64, 64, 28, 28)},
    "select": lambda: {"input": sequence(), "dim": 1, "index": -1},
    "gather": lambda: {"input": rows(), "dim": 1, "index": randint(1000, 4096, 64)},
    "scaled_dot_product_attention": lambda: {n: randn(8, 8, 128, 64) for n in ("query", "key", "value")},
    "multi_head_attention": attention,
    "multi_head_attention_without_weights": lambda: attention(need_weights=False),
    "batch_norm": lambda: {
        "input": image(),
        "running_mean": None,
        "running_var": None,
        "weight": randn(64),
        "bias": randn(64),
        "training": True,
    },
    "instance_norm": lambda: {"input": image(), "weight": randn(64), "bias": randn(64)},
    "layer_norm": lambda: {"input": sequence(), "normalized_shape": (512,), "weight": randn(512), "bias": randn(512)},
    "rms_norm": lambda: {"input": sequence(), "normalized_shape": (512,), "weight": randn(512)},
    "group_norm": lambda: {"input": image(), "num_groups": 8, "weight": randn(64), "bias": randn(64)},
    "local_response_norm": lambda: {"input": image(), "size": 5},
    "cross_map_lrn2d": lambda: {"input": image(), "size": 5, "alpha": 1e-4, "beta": 0.75, "k": 1.0},
    "ctc_loss": lambda: {
        "log_probs": np.log(rand(64, 32, 50)),
        "targets": 1 + randint(49, 32, 16),
        "input_lengths": np.full(32, 64),
        "target_lengths": np.full(32, 16),
        "reduction": "sum",
    },
    "normalize": lambda: {"input": sequence(), "dim": -1},
    "cosine_similarity": lambda: {"x1": sequence(), "x2": sequence(), "dim": -1},
    "pairwise_distance": lambda: {"x1": randn(4096, 512), "x2": randn(4096, 512)},
    "pdist": lambda: {"input": randn(256, 64)},
    "flatten": lambda: {"input": image(), "start_dim": 1},
    "unflatten": lambda: {"input": sequence(), "dim": 2, "sizes": (8, 64)},
    "unfold": lambda: {"input": randn(16, 64, 28, 28), "kernel_size": 3, "padding": 1},
    "fold": lambda: {"input": randn(16, 64 * 9, 784), "output_size": (28, 28), "kernel_size": 3, "padding": 1},
    "gru": layers(nn.GRU),
    "lstm": layers(nn.LSTM),
    "gaussian": lambda: {"input": image()},
    "cauchy": lambda: {"input": image()},
    "mlp": lambda: {"input": randn(1024, 784), **start("mlp_parameters", (784, 400, 400, 10))},
    "char_rnn": lambda: {"input": randint(96, 64, 32), **start("char_parameters", "rnn", 96, 256)},
    "char_lstm": lambda: {"input": randint(96, 64, 32), **start("char_parameters", "lstm", 96, 256)},
    "rnn_tanh": layers(nn.RNN),
    "rnn_relu": layers(nn.RNN, nonlinearity="relu"),
    "gru_cell": cell(nn.GRUCell),
    "lstm_cell": lambda: {**cell(nn.LSTMCell)(), "c_0": randn(256, 256)},
    "rnn_cell": cell(nn.RNNCell),
    "linear": lambda: {"input": randn(1024, 784), "weight": randn(800, 784), "bias": randn(800)},
    "bilinear": lambda: {"input1": randn(128, 64), "input2": randn(128, 64), "weight": randn(64, 64, 64)},
    "nll_loss": lambda: {"input": rows(), "target": randint(1000, 4096)},
    "cross_entropy": lambda: {"input": rows(), "target": randint(1000, 4096), "label_smoothing": 0.1},
    "linear_cross_entropy": lambda: {
        "input": randn(1024, 256),
        "linear_weight": randn(1000, 256),
        "target": randint(1000, 1024),
    },
    "cosine_embedding_loss": lambda: {
        "input1": randn(4096, 512),
        "input2": randn(4096, 512),
        "target": 1 - 2 * randint(2, 4096),
    },
    "triplet_margin_loss": lambda: {n: randn(4096, 512) for n in ("anchor", "positive", "negative")},
    "triplet_margin_with_distance_loss": lambda: {n: randn(4096, 512) for n in ("anchor", "positive", "negative")},
    "margin_ranking_loss": lambda: {"input1": randn(10**6), "input2": randn(10**6), "target": np.sign(randn(10**6))},
    "multi_margin_loss": lambda: {"input": rows(), "target": randint(1000, 4096)},
    "multilabel_margin_loss": lambda: {"input": randn(64, 100), "target": np.argsort(randn(64, 100), 1)[:, :100]},
    "gaussian_nll_loss": lambda: {"input": rows(), "target": rows(), "var": rand(4096, 1000)},
    "pad": lambda: {"input": image(), "pad": (1, 1, 1, 1), "mode": "reflect"},
    "pixel_shuffle": lambda: {"input": image(), "upscale_factor": 2},
    "pixel_unshuffle": lambda: {"input": image(), "downscale_factor": 2},
    "channel_shuffle": lambda: {"input": image(), "groups": 8},
    "softmax": lambda: {"input": rows(), "dim": 1},
    "softmin": lambda: {"input": rows(), "dim": 1},
    "log_softmax": lambda: {"input": rows(), "dim": 1},
    "glu": lambda: {"input": sequence(), "dim": -1},
    "embedding": lambda: {"input": randint(10000, 32, 128), "weight": randn(10000, 256)},
    "embedding_bag": lambda: {"input": randint(10000, 32, 128), "weight": randn(10000, 256)},
    "adaptive_log_softmax_with_loss": lambda: module(
        {"input": randn(1024, 256), "target": randint(5000, 1024)},
        nn.AdaptiveLogSoftmaxWithLoss(256, 5000, [500, 2000]),
        cutoffs=(500, 2000),
    ),
    "interpolate": lambda: {"input": image(), "scale_factor": 2, "mode": "bilinear"},
    "affine_grid": lambda: {"theta": randn(64, 2, 3), "size": (64, 3, 28, 28), "align_corners": False},
    "grid_sample": lambda: {"input": image(), "grid": 2 * rand(64, 28, 28, 2) - 1, "align_corners": False},
}
LEFT_OUT = {
    "one_hot": "it has no derivative",
    "gumbel_softmax": "torch's side is softmax with the draws given",
    "embedding_by_convention": "embedding, with torch's conventions for its gradient",
    "embedding_bag_by_convention": "embedding_bag, with torch's conventions for its gradient",
}


class Workload:
    """A workload, ready to be run again and again on either work."""

    def __init__(self, spec: Spec, arguments: Arguments) -> None:
        self.spec = spec
        self.arguments = {**{k: v for k, v in spec.defaults.items() if k in spec.arguments}, **arguments}
        self.cotangents: list[Array] = []

    def numpy(self) -> tuple[list[Array], Mapping[str, Array]]:
        """The reference, forward and backward."""
        output, pullback = self.spec.reference(**self.arguments)
        outputs = list(output) if isinstance(output, tuple) else [output]
        if not self.cotangents:
            self.cotangents = [randn(*np.shape(y)) for y in outputs[: self.spec.outputs]]
        return outputs, pullback(*self.cotangents)

    def leaves(self) -> dict[str, Any]:
        """Tensors over copies of the same arrays, made outside of what is timed."""
        tensors = {n: torch.from_numpy(v.copy()) if isinstance(v, np.ndarray) else v for n, v in self.arguments.items()}
        for name in self.due:
            _ = tensors[name].requires_grad_()
        return tensors

    def torch(self, tensors: dict[str, Any]) -> tuple[list[torch.Tensor], Mapping[str, torch.Tensor]]:
        """The twin, forward and backward."""
        assert self.spec.twin is not None
        result = self.spec.twin(**tensors)
        outputs = list(result) if isinstance(result, tuple | list) else [result]
        given = [torch.from_numpy(v) for v in self.cotangents]
        wanted = [tensors[name] for name in self.due]
        several = outputs[: self.spec.outputs]
        found = torch.autograd.grad(several, wanted, given, allow_unused=True)
        return outputs, {
            n: torch.zeros_like(x) if g is None else g for n, x, g in zip(self.due, wanted, found, strict=True)
        }

    def double(self) -> Workload:
        """The same numbers in float64."""
        doubled = {n: v.astype(np.float64) if _single(v) else v for n, v in self.arguments.items()}
        work = Workload(self.spec, doubled)
        work.cotangents = [v.astype(np.float64) for v in self.cotangents]
        return work

    def agree(self) -> None:
        """Both say the same, to float32's accuracy, and in float64 to a part in 10⁶; raises AssertionError.

        In float32 a preactivation that is all but 0 may lie on one side of a kink for NumPy and on the other for torch.
        Then both are right, and some entries differ a little: of a gradient one in ten may, and all together by a
        twentieth of its norm, if in float64 none does.
        """
        for name, got, want in self._answers():
            assert got.shape == want.shape, f"{self.spec.name}: {name}: {got.shape}, but should be {want.shape}"
            atol = 2e-4 * float(abs(want).max(initial=0.0))
            near = np.isclose(got, want, rtol=1e-3, atol=atol, equal_nan=True).mean() >= 0.9
            if name.startswith("d_") and near and np.linalg.norm(got - want) <= 0.05 * np.linalg.norm(want):
                continue
            np.testing.assert_allclose(got, want, rtol=1e-3, atol=atol, err_msg=f"{self.spec.name}: {name}")
        for name, got, want in self.double()._answers():
            atol = 1e-9 * float(abs(want).max(initial=0.0))
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=atol, err_msg=f"{self.spec.name}: {name} in float64")

    def _answers(self) -> list[tuple[str, Array, Array]]:
        """Outputs and gradients, ours and torch's."""
        outputs, gradients = self.numpy()
        self.due = list(gradients)
        theirs, wanted = self.torch(self.leaves())
        pairs = [(f"output {i}", y, t) for i, (y, t) in enumerate(zip(outputs, theirs, strict=False))]
        pairs += [(f"d_{n}", g, wanted[n]) for n, g in gradients.items()]
        return [(name, np.asarray(got), want.detach().to_dense().numpy()) for name, got, want in pairs]


def _single(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float32


def timed(call: Callable[[], Any]) -> float:
    """Milliseconds of processor time."""
    start = time.process_time()
    _ = call()
    return 1e3 * (time.process_time() - start)


def measure(name: str) -> tuple[float, float]:
    """Medians, ours and torch's."""
    work = Workload(registry.spec(name.partition(" ")[0]), WORKLOADS[name]())
    work.agree()
    times: list[tuple[float, float]] = []
    while len(times) < 3 or (len(times) < ROUNDS and sum(map(sum, times)) < 1e3 * ENOUGH):
        tensors = work.leaves()
        times.append((timed(work.numpy), timed(lambda tensors=tensors: work.torch(tensors))))
    ours, theirs = zip(*times, strict=True)
    return statistics.median(ours), statistics.median(theirs)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    missing = set(registry.specs()) - {name.partition(" ")[0] for name in WORKLOADS} - set(LEFT_OUT)
    assert not missing, f"no workload for {sorted(missing)}"
    print(f"torch {torch.__version__}, NumPy {np.__version__}, one thread, float32; ms of processor time, medians")
    print(f"{'reference':38}{'ours':>9}{'torch':>9}{'ratio':>8}")
    ratios = {}
    for name in sys.argv[1:] or [name for name in WORKLOADS if registry.spec(name.partition(" ")[0]).twin]:
        ours, theirs = measure(name)
        ratios[name] = ours / theirs
        print(f"{name:38}{ours:9.2f}{theirs:9.2f}{ratios[name]:8.2f}", flush=True)
    slow = sorted(ratios, key=lambda name: -ratios[name])[:5]
    print(f"median ratio of {len(ratios)}: {statistics.median(ratios.values()):.2f}")
    print("slowest beside torch: " + ", ".join(f"{name} {ratios[name]:.1f}" for name in slow))
    for name, reason in LEFT_OUT.items():
        print(f"left out: {name}: {reason}")


if __name__ == "__main__":
    main()
