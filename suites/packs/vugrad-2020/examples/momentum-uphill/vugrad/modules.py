"""Parts of nets."""

import numpy as np

from .core import Module, TensorNode
from .functions import sigmoid, softmax
from .ops import BatchMM, Expand


class Linear(Module):
    def __init__(self, input_size, output_size):
        std = 2 / (input_size + output_size)
        self.w = TensorNode(std * np.random.randn(output_size, input_size))
        self.b = TensorNode(np.zeros((1, output_size)))

    def forward(self, input):
        return BatchMM.do_forward(self.w, input) + Expand.do_forward(self.b, dim=0, repeats=input.size(0))

    def parameters(self):
        return [self.w, self.b]


class MLP(Module):
    """One hidden layer."""

    def __init__(self, input_size, output_size, hidden_mult=4):
        self.layer1 = Linear(input_size, hidden_mult * input_size)
        self.layer2 = Linear(hidden_mult * input_size, output_size)

    def forward(self, input):
        return softmax(self.layer2(sigmoid(self.layer1(input))))

    def parameters(self):
        return self.layer1.parameters() + self.layer2.parameters()
