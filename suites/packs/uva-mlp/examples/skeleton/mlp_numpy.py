from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        # TODO
        pass

    def forward(self, x):
        # TODO
        return out

    def backward(self, dout):
        # TODO
        return
