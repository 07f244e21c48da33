"""Nodes of values and nodes of ops, and the walk back from a loss."""

import numpy as np


class TensorNode:
    """A value, its gradient, and the op that it comes from."""

    def __init__(self, value, source=None):
        self.value, self.source = value, source
        self.grad = np.zeros(value.shape)

    def size(self, dim=None):
        return self.value.shape if dim is None else self.value.shape[dim]

    def backward(self, start=True):
        if start:
            if self.value.size != 1:
                raise ValueError("only a scalar has a gradient")
            self.grad = np.ones(self.value.shape)
        if self.source is not None:
            self.source.backward()

    def zero_grad(self):
        self.grad.fill(0)
        for node in () if self.source is None else self.source.inputs:
            node.zero_grad()

    def clear(self):
        source, self.source = self.source, None
        for node in () if source is None else source.inputs:
            node.clear()

    def __add__(self, other):
        return Add.do_forward(self, as_node(other))

    def __mul__(self, other):
        return Multiply.do_forward(self, as_node(other))

    def matmul(self, other):
        return MatrixMultiply.do_forward(self, other)


def as_node(value):
    return value if isinstance(value, TensorNode) else TensorNode(np.asarray(value))


class OpNode:
    """One use of an op."""

    def __init__(self, op, context, inputs):
        self.op, self.context, self.inputs, self.outputs = op, context, inputs, ()

    def backward(self):
        """Each input is walked on from as soon as its gradient is there."""
        grads = self.op.backward(self.context, *(node.grad for node in self.outputs))
        for node, grad in zip(self.inputs, grads if isinstance(grads, tuple) else (grads,)):
            assert node.grad.shape == grad.shape
            node.grad += grad
        for node in self.inputs:
            node.backward(start=False)


class Op:
    """forward and backward of arrays; do_forward of nodes."""

    @classmethod
    def do_forward(cls, *inputs, **constants):
        context = {}
        values = cls.forward(context, *(node.value for node in inputs), **constants)
        source = OpNode(cls, context, inputs)
        values = values if isinstance(values, tuple) else (values,)
        source.outputs = [TensorNode(value, source) for value in values]
        return source.outputs[0] if len(values) == 1 else source.outputs

    @staticmethod
    def forward(context, *inputs, **constants):
        raise NotImplementedError

    @staticmethod
    def backward(context, *goutputs):
        raise NotImplementedError


class Module:
    def forward(self, *args):
        raise NotImplementedError

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def parameters(self):
        return []


class Add(Op):
    @staticmethod
    def forward(context, a, b):
        assert a.shape == b.shape
        return a + b

    @staticmethod
    def backward(context, go):
        return go, go


class Multiply(Op):
    @staticmethod
    def forward(context, a, b):
        assert a.shape == b.shape
        context["factors"] = a, b
        return a * b

    @staticmethod
    def backward(context, go):
        a, b = context["factors"]
        return go * b, go * a


class MatrixMultiply(Op):
    @staticmethod
    def forward(context, a, b):
        context["factors"] = a, b
        return a @ b

    @staticmethod
    def backward(context, go):
        a, b = context["factors"]
        return go @ b.T, a.T @ go
