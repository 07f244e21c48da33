"""Parts of nets."""

import numpy as np

from .core import Module, TensorNode
from .ops import BatchMM, Expand


class Linear(Module):
    def __init__(self, input_size, output_size):
        std = np.sqrt(2 / (input_size + output_size))
        self.w = TensorNode(std * np.random.randn(output_size, input_size))
        self.b = TensorNode(np.zeros((1, output_size)))

    def forward(self, input):
        return BatchMM.do_forward(self.w, input) + Expand.do_forward(self.b, dim=0, repeats=input.size(0))

    def parameters(self):
        return [self.w, self.b]
