"""An MLP in NumPy."""

from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.layers = []
        size = n_inputs
        for i, hidden in enumerate(n_hidden):
            self.layers.append(LinearModule(size, hidden, input_layer=(i == 0)))
            self.layers.append(ELUModule(1.0))
            size = hidden
        self.layers.append(LinearModule(size, n_classes, input_layer=not n_hidden))
        self.layers.append(SoftMaxModule())

    def forward(self, x):
        out = x
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
