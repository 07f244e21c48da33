"""The ops of document 003's library and their graph: each op as (output, pullback), and the walk back from a loss.

Where a reference is the same op, it is taken; the others stand here. What the document was given and is at fault
stands beside what is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

import reference_impls as ref
from harness.reproduce.net import Array
from reference_impls._array import Gradients, Pullback

Op = Callable[..., tuple[Array, Pullback]]


def row_max(input: Array) -> tuple[Array, Pullback]:
    """The largest of each row; of two that are largest, the first.

    input (N, D) -> output (N)
    """
    where = np.arange(len(input)), input.argmax(1)

    def row_max_pullback(d_output: Array) -> Gradients:
        # What is not the largest does not matter.
        d_input = np.zeros_like(input)
        d_input[where] = d_output
        return {"input": d_input}

    return input[where], row_max_pullback


def normalize(input: Array) -> tuple[Array, Pullback]:
    """Each row divided by its sum.

    input (N, D) -> output (N, D)
    """
    sums = input.sum(1, keepdims=True)
    output = input / sums

    def normalize_pullback(d_output: Array) -> Gradients:
        # An entry enters by itself, and through the sum of its row.
        return {"input": (d_output - (d_output * output).sum(1, keepdims=True)) / sums}

    return output, normalize_pullback


def batch_mm(matrix: Array, vectors: Array) -> tuple[Array, Pullback]:
    """The matrix times each row.

    matrix (O, I), vectors (N, I) -> output (N, O)
    """
    output, linear_pullback = ref.linear(vectors, matrix)

    def batch_mm_pullback(d_output: Array) -> Gradients:
        d_linear = linear_pullback(d_output)
        return {"matrix": d_linear["weight"], "vectors": d_linear["input"]}

    return output, batch_mm_pullback


def expand(input: Array, dim: int, repeats: int) -> tuple[Array, Pullback]:
    """Repeated along an axis of size 1.

    input (…, 1, …) -> output (…, repeats, …)
    """
    return ref.expand(input, (*input.shape[:dim], repeats, *input.shape[dim + 1 :]))


def select(input: Array, indices: Array) -> tuple[Array, Pullback]:
    """One entry of each row.

    input (N, D), indices (N) from 0 to D - 1 -> output (N)
    """
    chosen, gather_pullback = ref.gather(input, 1, indices[:, None])
    return chosen[:, 0], lambda d_output: gather_pullback(d_output[:, None])


def select_as_given(input: Array, indices: Array) -> tuple[Array, Pullback]:
    """As the document was given it: all axes of size 1 are squeezed out, so that a batch of one is a scalar."""
    chosen, gather_pullback = ref.gather(input, 1, indices[:, None])
    return chosen.squeeze(), lambda d_output: gather_pullback(np.reshape(d_output, chosen.shape))


def squeeze(input: Array, dim: int) -> tuple[Array, Pullback]:
    """Without the axis `dim`, which has size 1.

    input (…, 1, …) -> output (…, …)
    """
    return input.squeeze(dim).copy(), lambda d_output: {"input": np.expand_dims(d_output, dim).copy()}


def unsqueeze(input: Array, dim: int) -> tuple[Array, Pullback]:
    """With one more axis, of size 1, in front of the axis `dim`.

    input (…, …) -> output (…, 1, …)
    """
    return np.expand_dims(input, dim).copy(), lambda d_output: {"input": d_output.squeeze(dim).copy()}


row_sum = partial(ref.sum, dim=1)


class Node:
    """A value of the graph, its gradient, and the op that it comes from with the nodes that the op was given."""

    def __init__(
        self, value: Array, pullback: Pullback | None = None, inputs: Mapping[str, Node] | None = None
    ) -> None:
        self.value, self.pullback, self.inputs = value, pullback, inputs or {}
        self.grad = np.zeros_like(value)

    def push(self) -> None:
        """Add to each input's gradient what this node's own makes of it."""
        if self.pullback is not None:
            for name, grad in self.pullback(self.grad).items():
                if name in self.inputs:
                    self.inputs[name].grad = self.inputs[name].grad + grad


def apply(op: Op, **given: Any) -> Node:
    """The op on nodes and constants."""
    nodes = {name: one for name, one in given.items() if isinstance(one, Node)}
    output, pullback = op(**{name: one.value if name in nodes else one for name, one in given.items()})
    return Node(output, pullback, nodes)


def backward(end: Node, d_output: Array) -> None:
    """Each node once, after all that use it."""
    end.grad = d_output
    order: list[Node] = []
    seen: set[int] = set()
    stack = [(end, False)]
    while stack:
        node, below = stack.pop()
        if below:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack += [(node, True), *((one, False) for one in node.inputs.values())]
    for node in reversed(order):
        node.push()


def backward_of_2020(end: Node, d_output: Array) -> None:
    """As the document's library does: on from each node as often as it is used, so that a part is counted twice."""

    def walk(node: Node) -> None:
        node.push()
        for one in node.inputs.values():
            walk(one)

    end.grad = d_output
    walk(end)


def through(graph: Callable[..., Node], walk: Callable[[Node, Array], None] = backward) -> Op:
    """A function of nodes as one of arrays, whose pullback walks through its graph. Constants are integer arrays."""

    def function(**given: Any) -> tuple[Array, Pullback]:
        def built() -> tuple[Node, dict[str, Node]]:
            leaves = {name: Node(one) for name, one in given.items() if np.asarray(one).dtype.kind != "i"}
            return graph(**{**given, **leaves}), leaves

        def graph_pullback(d_output: Array) -> Gradients:
            end, leaves = built()
            walk(end, d_output)
            return {name: np.array(leaf.grad) for name, leaf in leaves.items()}

        return built()[0].value, graph_pullback

    return function


# Functions of nodes.


def softmax(input: Node) -> Node:
    """As the document was given it: e^input, normalised. It overflows."""
    return apply(normalize, input=apply(ref.exp, input=input))


def log_softmax(input: Node) -> Node:
    """The logarithm of the softmax, with the largest taken out of each row before the exponentials."""
    columns = input.value.shape[1]

    def to_rows(one: Node) -> Node:
        return apply(expand, input=apply(unsqueeze, input=one, dim=1), dim=1, repeats=columns)

    shifted = apply(ref.sub, input=input, other=to_rows(apply(row_max, input=input)))
    sums = apply(row_sum, input=apply(ref.exp, input=shifted))
    return apply(ref.sub, input=shifted, other=to_rows(apply(ref.log, input=sums)))


def log_ce_loss(input: Node, targets: Array) -> Node:
    """Minus the logarithms that the targets were given, added up over the batch."""
    total = apply(ref.sum, input=apply(select, input=input, indices=targets))
    return apply(ref.mul, input=total, other=np.array(-1.0, total.value.dtype))


def ce_loss(input: Node, targets: Array) -> Node:
    """The same of probabilities."""
    return log_ce_loss(apply(ref.log, input=input), targets)


def linear(input: Node, weight: Node, bias: Node) -> Node:
    """Each row through the matrix; the bias (1, O) is expanded to every row."""
    expanded = apply(expand, input=bias, dim=0, repeats=len(input.value))
    return apply(ref.add, input=apply(batch_mm, matrix=weight, vectors=input), other=expanded)


def net(activation: Op, input: Node, targets: Array, **parameters: Node) -> Node:
    """The summed loss of a net with the parameters w1, b1, w2, b2, …"""
    depth = len(parameters) // 2
    for number in range(1, depth + 1):
        input = linear(input, parameters[f"w{number}"], parameters[f"b{number}"])
        if number < depth:
            input = apply(activation, input=input)
    return log_ce_loss(log_softmax(input), targets)


def diamond(input: Node) -> Node:
    """sigmoid(e) + e with e = e^input: a node that is used twice, as a residual connection does."""
    end = apply(ref.exp, input=input)
    return apply(ref.add, input=apply(ref.sigmoid, input=end), other=end)


def diamonds(input: Node, count: int) -> Node:
    """So many in a chain, each doubling its input: the slope is 2^count."""
    for _ in range(count):
        left, right = (apply(ref.identity, input=input) for _ in range(2))
        input = apply(ref.add, input=left, other=right)
    return input
