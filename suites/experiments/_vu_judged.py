"""What the judge is asked about document 003's library: each op and function, and the faults that it was given with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

import reference_impls as ref
from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Table
from harness.reproduce.net import Array
from harness.search import examine
from harness.spec import Choice, Filled, Index, Pick, Real, Spec
from harness.verdict import Kind

from . import _vu_ops as ops
from ._vu_nets import BATCH, GIVEN, NETS, Numbers, net, synthetic


def at_one(pick: Pick) -> None:
    """An axis of size 1."""
    shape = pick.shape("shape", dims=(1, 3), low=1)
    dim = pick.option("dim", range(len(shape)))
    pick.put("shape", (*shape[:dim], 1, *shape[dim + 1 :]))


def between(pick: Pick) -> None:
    """A place for one more axis."""
    _ = pick.option("dim", range(len(pick.shape("shape", dims=(0, 2), low=1)) + 1))


ANY = {"input": Real("*shape")}
TWO = {"input": Real("*shape"), "other": Real("*shape")}
ROWS = {"input": Real("N D")}
SHARES = {"input": Filled("N D", lambda rng, shape, _: 0.05 + 0.9 * rng.uniform(shape), grad=True)}
TARGETS = {"targets": Index("N", "D")}
AXIS = {**ANY, "dim": Choice((0,))}
TIES: dict[str, str] = dict.fromkeys(("ties", "zeros"), "where two are largest, either may take the gradient, or both")


def chosen(input: Any, indices: Any) -> Any:
    """torch's select."""
    return input.gather(1, indices[:, None])[:, 0]


def repeated(input: Any, dim: int, repeats: int) -> Any:
    """torch's expand."""
    return input.expand(*input.shape[:dim], repeats, *input.shape[dim + 1 :])


def diamond(input: Any) -> Any:
    """torch's sum of a node and its sigmoid."""
    return torch.sigmoid(input.exp()) + input.exp()


def summed(input: Any, targets: Any) -> Any:
    """torch's loss of logarithms."""
    return -chosen(input, targets).sum()


OPS = (
    Spec("Add", ref.add, torch.add, TWO),
    Spec("Sub", ref.sub, torch.sub, TWO),
    Spec("Multiply", ref.mul, torch.mul, TWO),
    Spec("MatrixMultiply", ref.matmul, torch.matmul, {"input": Real("N K"), "other": Real("K M")}),
    Spec("BatchMM", ops.batch_mm, lambda matrix, vectors: vectors @ matrix.T,
         {"matrix": Real("O I"), "vectors": Real("N I")}),
    Spec("Log", ref.log, torch.log, {"input": Real("*shape", low=0.0)}),
    Spec("Id", ref.identity, torch.clone, ANY),
    Spec("Exp", ref.exp, torch.exp, ANY),
    Spec("Sum", ref.sum, torch.sum, ANY),
    Spec("RowMax", ops.row_max, lambda input: input.max(1).values, ROWS, avoid=TIES),
    Spec("RowSum", ops.row_sum, lambda input: input.sum(1), ROWS),
    Spec("Normalize", ops.normalize, lambda input: input / input.sum(1, keepdim=True), SHARES),
    Spec("Sigmoid", ref.sigmoid, torch.sigmoid, ANY),
    Spec("ReLU", ref.relu, torch.relu, ANY),
    Spec("Expand", ops.expand, repeated, {**AXIS, "repeats": Choice((3, 1, 5))}, together=at_one),
    Spec("Select", ops.select, chosen, {**ROWS, "indices": Index("N", "D")}),
    Spec("Squeeze", ops.squeeze, torch.squeeze, AXIS, together=at_one),
    Spec("Unsqueeze", ops.unsqueeze, torch.unsqueeze, AXIS, together=between),
)  # fmt: skip


def layers(*words: str) -> dict[str, Any]:
    """The parameters of a net with these sizes."""
    found = {}
    for number, (inputs, outputs) in enumerate(pairwise(words), 1):
        found |= {f"w{number}": Real(f"{outputs} {inputs}"), f"b{number}": Real(f"1 {outputs}")}
    return found


def net_twin(activation: Any, input: Any, targets: Any, **parameters: Any) -> Any:
    """torch's net."""
    depth = len(parameters) // 2
    for number in range(1, depth + 1):
        input = F.linear(input, parameters[f"w{number}"], parameters[f"b{number}"][0])
        input = activation(input) if number < depth else input
    return F.cross_entropy(input, targets, reduction="sum")


def net_spec(name: str, ours: Any, theirs: Any, *words: str) -> Spec:
    """The loss of a whole net, walked back through its graph."""
    arguments = {"input": Real("N D"), "targets": Index("N", "C"), **layers(*words)}
    return Spec(name, ops.through(partial(ops.net, ours)), partial(net_twin, theirs), arguments, sizes={"C": (2, 4)})


FUNCTIONS = (
    Spec("softmax (small scores)", ops.through(ops.softmax), lambda input: F.softmax(input, 1),
         {"input": Real("N D", low=-20, high=20)}),
    Spec("logsoftmax", ops.through(ops.log_softmax), lambda input: F.log_softmax(input, 1), ROWS),
    Spec("celoss", ops.through(ops.ce_loss), lambda input, targets: summed(input.log(), targets),
         {**SHARES, **TARGETS}),
    Spec("logceloss", ops.through(ops.log_ce_loss), summed, {**ROWS, **TARGETS}),
    net_spec("two layers, sigmoid", ref.sigmoid, torch.sigmoid, "D", "H", "C"),
    net_spec("two layers, relu", ref.relu, torch.relu, "D", "H", "C"),
    net_spec("three layers, sigmoid", ref.sigmoid, torch.sigmoid, "D", "G", "H", "C"),
    Spec("sigmoid(exp x) + exp x", ops.through(ops.diamond), diamond, ANY),
)  # fmt: skip

# As the document was given them. Each with what is wrong, in words.
FAULTS = {
    "Select, all axes of size 1 squeezed out": (
        "a batch of one becomes a scalar",
        Spec("Select as given", ops.select_as_given, chosen, {**ROWS, "indices": Index("N", "D")}),
    ),
    "softmax, e^x divided by its sum": (
        "scores above 709 overflow",
        Spec("softmax as given", ops.through(ops.softmax), lambda input: F.softmax(input, 1), ROWS),
    ),
    "backward of 2020, on a node that is used twice": (
        "walks on from a node once for each use, and counts a part twice",
        Spec("diamond as given", ops.through(ops.diamond, ops.backward_of_2020),
             diamond, ANY),
    ),
}  # fmt: skip


# The judging, as numbers, claims and tables.


def judge(spec: Spec, cases: int, seed: int) -> Numbers:
    """What came out, as numbers."""
    found = examine(spec, cases, seed)
    return {
        "verdict": found.verdict.value, "passed": found.passed, "cases": found.cases, "error": found.error,
        "differences": found.source_used, "message": found.message.partition("\n")[0],
    }  # fmt: skip


def judge_ops(context: Context) -> Numbers:
    """Every op alone; every function, and whole nets, through the graph."""
    cases = context.choose(20, 100)
    kinds = {"op": OPS, "through the graph": FUNCTIONS}
    specs = {spec.name: (kind, spec) for kind, found in kinds.items() for spec in found}
    jobs = {
        name: lambda s=spec, k=kind: {"kind": k, "of": [*s.arguments], **judge(s, cases, context.seed)}
        for name, (kind, spec) in specs.items()
    }
    return context.units(jobs)


def ops_claims(numbers: Numbers) -> list[Claim]:
    """All are right."""
    wrong = [name for name, one in numbers.items() if not one["passed"]]
    cases, worst = sum(one["cases"] for one in numbers.values()), max(one["error"] or 0.0 for one in numbers.values())
    seen = f"wrong: {', '.join(wrong)}" if wrong else f"{cases} cases, the largest error {worst:.2g} of its bound"
    return [Claim("Forward and backward of every op and function are right", not wrong, seen, exact=True)]


def ops_table(numbers: Numbers) -> Table:
    """One row each."""
    rows = [
        [name, one["kind"], ", ".join(one["of"]), one["verdict"], str(one["cases"]), f"{one['error'] or 0:.1e}",
         one["differences"]]
        for name, one in numbers.items()
    ]  # fmt: skip
    return Table(["", "", "arguments", "verdict", "cases", "error ÷ bound", "differences by"], rows)


def judge_faults(context: Context) -> Numbers:
    """What the document was given, and chains of nodes that are used twice, by both walks."""
    found = {
        name: {"what": what, **judge(spec, context.choose(20, 100), context.seed)}
        for name, (what, spec) in FAULTS.items()
    }
    walks = {"right": ops.backward, "of 2020": ops.backward_of_2020}
    slopes = {name: [slope(walk, count) for count in range(5)] for name, walk in walks.items()}
    return {"judged": found, "slopes": slopes, "off on a batch": as_given(context)}


def as_given(context: Context) -> float:
    """The largest difference of the gradients of a batch: the document's graph with these faults, and the net's."""
    made = net(lambda: context.rng("start", 0, 1), GIVEN, **NETS["sigmoid"])
    points, classes = synthetic(context.rng("points", 0), BATCH)
    _, gradients = context.trainer(made, lockstep=False).gradients(points, classes)
    names = {f"layers.{layer}.{kind}": f"{kind[0]}{layer + 1}" for layer in range(2) for kind in ("weight", "bias")}
    leaves = {short: ops.Node(np.atleast_2d(made.start()[name])) for name, short in names.items()}
    hidden = ops.apply(ref.sigmoid, input=ops.linear(ops.Node(points), leaves["w1"], leaves["b1"]))
    shares = ops.softmax(ops.linear(hidden, leaves["w2"], leaves["b2"]))
    logarithms = ops.apply(ref.log, input=shares)
    total = ops.apply(ref.sum, input=ops.apply(ops.select_as_given, input=logarithms, indices=classes))
    ops.backward_of_2020(total, np.array(-1.0))
    return max(float(np.abs(leaves[short].grad - gradients[name]).max()) for name, short in names.items())


def slope(walk: Callable[[ops.Node, Array], None], count: int) -> float:
    """Of a chain of so many diamonds: 2^count."""
    leaf = ops.Node(np.ones(()))
    walk(ops.diamonds(ops.apply(ref.identity, input=leaf), count), np.ones(()))
    return float(leaf.grad)


def faults_claims(numbers: Numbers) -> list[Claim]:
    """Each fault is found, and is the one that is known."""
    found = numbers["judged"]
    select, overflow, twice = (one["verdict"] for one in found.values())
    right, given = numbers["slopes"].values()
    return [
        Claim("The judge refuses Select as it was given", not Kind(select).passed, select, exact=True),
        Claim("The softmax as it was given has another forward than torch's", select != overflow == "FORWARD", overflow,
              exact=True),
        Claim("The walk of 2020 gives a wrong gradient where a node is used twice", twice == "HANDWRITTEN", twice,
              exact=True),
        Claim("A diamond has the slope 2, for which the walk of 2020 gives 3", (right[1], given[1]) == (2, 3),
              f"{right[1]:g} and {given[1]:g}", exact=True),
        Claim("Without a node that is used twice both walks agree", right[0] == given[0] == 1,
              f"{right[0]:g} and {given[0]:g}", exact=True),
        Claim("On a batch of the training below the code as given has the right gradient all the same",
              numbers["off on a batch"] < 1e-10, f"{numbers['off on a batch']:.1e} off", exact=True),
    ]  # fmt: skip


def faults_table(numbers: Numbers) -> Table:
    """One row each."""
    rows = [[name, one["what"], one["verdict"], one["message"]] for name, one in numbers["judged"].items()]
    for count in range(1, len(numbers["slopes"]["right"])):
        right, given = (one[count] for one in numbers["slopes"].values())
        chain = f"slope of {count} diamond{'s' * (count > 1)} in a chain"
        rows.append([chain, f"is {right:g}", "", f"the walk of 2020 gives {given:g}"])
    return Table(["as given", "what is wrong", "verdict", "what the judge says"], rows)
