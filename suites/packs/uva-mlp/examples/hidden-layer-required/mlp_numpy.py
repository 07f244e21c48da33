"""An MLP in NumPy."""

from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.layers = []
        self.layers += [LinearModule(n_inputs, n_hidden[0], input_layer=True), ELUModule(1.0)]
        for size, hidden in zip(n_hidden, n_hidden[1:]):
            self.layers += [LinearModule(size, hidden), ELUModule(1.0)]
        self.layers.append(LinearModule(n_hidden[-1], n_classes))
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
