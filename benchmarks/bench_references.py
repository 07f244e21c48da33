"""asv: how long NumPy references take, forward and pullback, at the sizes of a small real network."""

import numpy as np

import reference_impls as ref
from harness.sources import autograd

SHAPES = {
    "linear-100x784x400": (ref.linear, {"input": (100, 784), "weight": (400, 784), "bias": (400,)}, {}),
    "relu-100x400": (ref.relu, {"input": (100, 400)}, {}),
    "softmax-100x10": (ref.softmax, {"input": (100, 10)}, {"dim": -1}),
    "layer_norm-64x256": (ref.layer_norm, {"input": (64, 256), "weight": (256,)}, {"normalized_shape": (256,)}),
    "conv2d-8x16x28x28": (ref.conv2d, {"input": (8, 16, 28, 28), "weight": (16, 16, 3, 3)}, {"padding": 1}),
}


class References:
    """One layer, float32."""

    version = "1"
    param_names = ("workload",)
    params = (list(SHAPES),)

    def setup(self, name: str) -> None:
        """Build the arrays, and hold the pullback against torch before it is timed."""
        self.function, shapes, self.options = SHAPES[name]
        rng = np.random.default_rng(0)
        self.arrays = {key: rng.standard_normal(shape, dtype=np.float32) for key, shape in shapes.items()}
        output, self.pullback = self.function(**self.arrays, **self.options)
        self.d_output = rng.standard_normal(output.shape, dtype=np.float32)
        twin = getattr(__import__("torch").nn.functional, self.function.__name__)
        answer = autograd.run(twin, {**self.arrays, **self.options}, list(self.arrays), [self.d_output])
        for key, gradient in self.pullback(self.d_output).items():
            np.testing.assert_allclose(gradient, answer.gradients[key], rtol=1e-3, atol=1e-3)

    def time_forward(self, _name: str) -> None:
        """The output alone."""
        _ = self.function(**self.arrays, **self.options)

    def time_pullback(self, _name: str) -> None:
        """The gradients of every argument."""
        _ = self.pullback(self.d_output)
