"""asv: how long NumPy references take, forward and pullback, at the sizes of a small real network.

The workloads are those of `beside_torch`, which has one for every reference; here are the ones that networks are made
of. Outputs and gradients are held against torch before anything is timed.
"""

import importlib
from typing import Any

NAMES = [
    "linear",
    "relu",
    "gelu",
    "softmax",
    "cross_entropy",
    "layer_norm",
    "batch_norm",
    "conv2d",
    "conv2d depthwise",
    "max_pool2d",
    "embedding",
    "gru",
    "lstm",
    "multi_head_attention",
    "scaled_dot_product_attention",
    "transformer_encoder_layer",
]


class References:
    """One layer, float32, one thread."""

    version = "2"
    param_names = ("workload",)
    params = (NAMES,)
    timeout = 300

    def setup(self, name: str) -> None:
        """Build the arrays, and hold the pullback against torch before it is timed."""
        beside_torch: Any = importlib.import_module("benchmarks.beside_torch")
        try:
            spec = beside_torch.registry.spec(name.partition(" ")[0])
        except LookupError as error:
            raise NotImplementedError(f"this commit has no such reference: {error}") from error
        work = beside_torch.Workload(spec, beside_torch.WORKLOADS[name]())
        work.agree()
        self.call, self.cotangents = lambda: spec.reference(**work.arguments), work.cotangents
        _, self.pullback = self.call()

    def time_forward(self, _name: str) -> None:
        """The output alone."""
        _ = self.call()

    def time_pullback(self, _name: str) -> None:
        """The gradients of every argument."""
        _ = self.pullback(*self.cotangents)
