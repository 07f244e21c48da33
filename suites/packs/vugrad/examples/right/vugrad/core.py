"""Nodes of values and nodes of ops, and the walk back from a loss."""

import numpy as np


class TensorNode:
    """A value, its gradient, and the op that it comes from."""

    def __init__(self, value, source=None, name=None):
        self.value, self.source, self.name = value, source, name
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
        for op in [] if self.source is None else self.source.order():
            for node in op.inputs:
                node.grad.fill(0)

    def clear(self):
        ops = [] if self.source is None else self.source.order()
        for op in ops:
            for node in op.outputs:
                node.source = None
            op.inputs = op.outputs = ()

    def __add__(self, other):
        return Add.do_forward(self, as_node(other))

    def __sub__(self, other):
        return Sub.do_forward(self, as_node(other))

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

    def order(self):
        """This op and all below it, each after everything that uses it."""
        done, seen, stack = [], set(), [(self, False)]
        while stack:
            op, below = stack.pop()
            if below:
                done.append(op)
            elif id(op) not in seen:
                seen.add(id(op))
                stack.append((op, True))
                stack.extend((node.source, False) for node in op.inputs if node.source is not None)
        return done[::-1]

    def backward(self):
        for op in self.order():
            grads = op.op.backward(op.context, *(node.grad for node in op.outputs))
            for node, grad in zip(op.inputs, grads if isinstance(grads, tuple) else (grads,)):
                assert node.grad.shape == grad.shape
                node.grad += grad


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


class Sub(Op):
    @staticmethod
    def forward(context, a, b):
        assert a.shape == b.shape
        return a - b

    @staticmethod
    def backward(context, go):
        return go, -go


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
