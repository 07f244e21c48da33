"""The MLP of the lecture."""

from __future__ import absolute_import, division, print_function

from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes, neg_slope):
        sizes = [n_inputs] + n_hidden + [n_classes]
        self.linear = [LinearModule(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        self.leaky = [LeakyReLUModule(neg_slope) for _ in n_hidden]
        self.softmax = SoftMaxModule()

    def forward(self, x):
        for linear, leaky in zip(self.linear, self.leaky):
            x = leaky.forward(linear.forward(x))
        return self.softmax.forward(self.linear[-1].forward(x))

    def backward(self, dout):
        dout = self.linear[-1].backward(self.softmax.backward(dout))
        for linear, leaky in zip(self.linear[-2::-1], self.leaky[::-1]):
            dout = linear.backward(leaky.backward(dout))
