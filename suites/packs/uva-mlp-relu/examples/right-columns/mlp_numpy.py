"""The MLP of the lecture."""

from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.modules = []
        for n_out in n_hidden:
            self.modules.append((LinearModule(n_inputs, n_out), ReLUModule()))
            n_inputs = n_out
        self.modules.append((LinearModule(n_inputs, n_classes), SoftMaxModule()))

    def forward(self, x):
        for linear, activation in self.modules:
            x = activation.forward(linear.forward(x))
        return x

    def backward(self, dout):
        for linear, activation in self.modules[::-1]:
            dout = linear.backward(activation.backward(dout))
        return dout
