"""The building blocks of the MLP. Write what says TODO."""

import numpy as np


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        self.params = {"weight": None, "bias": None}
        self.grads = {"weight": None, "bias": None}
        # TODO
        raise NotImplementedError

    def forward(self, x):
        # TODO
        raise NotImplementedError

    def backward(self, dout):
        # TODO
        raise NotImplementedError


class ELUModule(object):
    def forward(self, x):
        # TODO
        raise NotImplementedError

    def backward(self, dout):
        # TODO
        raise NotImplementedError


class SoftMaxModule(object):
    def forward(self, x):
        # TODO
        raise NotImplementedError

    def backward(self, dout):
        # TODO
        raise NotImplementedError


class CrossEntropyModule(object):
    def forward(self, x, y):
        # TODO
        raise NotImplementedError

    def backward(self, x, y):
        # TODO
        raise NotImplementedError
