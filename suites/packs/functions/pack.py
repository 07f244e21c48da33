"""Twelve functions in our own contract: `NAME(arguments)` returns the output and a pullback, as torch names them.

The student hands in functions.py, or one file of another name, and with it any files that it shares the twelve with.
Arguments are called as in torch.nn.functional; those that are not listed here may be left out. The pullback takes the
gradient of a loss by the output and returns the gradients by the arguments: a dict by name, or a tuple in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reference_impls as ref
from harness.grading.pack import Check, Pack
from harness.spec import Choice, From, Index, Maybe, Pick, Real, Spec

Worth = tuple[float, str]  # points and hint
ANY = {"input": Real("*shape")}


def any_dim(pick: Pick) -> None:
    """An axis of the input, counted from either end."""
    axes = len(pick.shape("shape", dims=(1, 3), low=1))
    _ = pick.option("dim", tuple(range(-axes, axes)))


def broadcasting(pick: Pick) -> None:
    """A full array times one that broadcasts with it."""
    rows, columns = pick.size("N"), pick.size("D")
    pick.put("factor", pick.one_of([(columns,), (rows, columns), (rows, 1), (1, 1), ()]))


def function(
    name: str, arguments: dict[str, Any], together: Callable[[Pick], None] | None = None, **worth: Worth
) -> list[Check]:
    """A check of the output, and one for the gradient of each argument that is worth something."""
    sizes = {"C": (2, 5), "D": (2, 5), "H": (3, 5), "W": (3, 5), "K": (1, 3), "L": (1, 3)}
    spec = Spec(name, getattr(ref, name), None, arguments, sizes=sizes, together=together)
    of_output = {"id": name, "target": name}
    checks = []
    for judged, (points, hint) in worth.items():
        of_gradient = {"id": f"{name}.backward.{judged}", "target": f"{name}, its pullback", "needs": (name,)}
        own: dict[str, Any] = of_output if judged == "output" else of_gradient
        checks.append(Check(**own, file="functions.py", points=points, call=name, spec=spec, judges=judged, hint=hint))
    return checks


CHECKS = [
    *function(
        "relu",
        ANY,
        output=(0.25, "What should a negative entry become?"),
        input=(0.25, "Which entries did the forward let through? No others pass a gradient."),
    ),
    *function(
        "leaky_relu",
        {**ANY, "negative_slope": Choice((0.01, 0.5, 2.0))},
        output=(0.25, "Is negative_slope used, and on which side of 0?"),
        input=(0.25, "The slope at an entry depends on the sign of the input, not of what comes from above."),
    ),
    *function(
        "sigmoid",
        ANY,
        output=(0.25, "At 0 it is 1/2, and it rises."),
        input=(0.25, "Write the derivative with the output, and multiply it by what comes from above."),
    ),
    *function(
        "tanh",
        ANY,
        output=(0.25, "At 0 it is 0, and it stays between -1 and 1."),
        input=(0.25, "Write the derivative with the output, and multiply it by what comes from above."),
    ),
    *function(
        "softmax",
        {**ANY, "dim": Choice((-1,))},
        any_dim,
        output=(0.25, "Entries along dim sum to 1: is every sum over dim, and kept as an axis?"),
        input=(0.75, "Each output depends on all inputs along dim: a derivative of the diagonal alone is not enough."),
    ),
    *function(
        "log_softmax",
        {**ANY, "dim": Choice((-1,))},
        any_dim,
        output=(0.25, "The logarithm of softmax: is the sum of exponentials taken over dim?"),
        input=(0.75, "The logarithm of the sum depends on every input along dim: where is its derivative?"),
    ),
    *function(
        "linear",
        {"input": Real("*batch I"), "weight": Real("O I"), "bias": Maybe(Real("O"))},
        output=(0.25, "Weight is (outputs, inputs): which way round does it enter the product?"),
        input=(0.25, "Compare the shapes of d_output, weight and input: one product of the first two fits."),
        weight=(0.25, "All rows of the batch used the same weight: what happens to their gradients?"),
        bias=(0.25, "The bias was added to every row of the batch: what happens to their gradients?"),
    ),
    *function(
        "mul",
        {"input": Real("N D"), "other": Real("*factor")},
        broadcasting,
        output=(0.25, "An entrywise product that broadcasts."),
        input=(0.25, "The derivative of a product by one factor is the other one."),
        other=(0.5, "A factor that broadcasts was used many times: its gradient has its own shape."),
    ),
    *function(
        "layer_norm",
        {
            "input": Real("*batch D"),
            "normalized_shape": From(lambda plan: (plan["D"],)),
            "weight": Maybe(Real("D")),
            "bias": Maybe(Real("D")),
            "eps": Choice((1e-5, 0.1)),
        },
        output=(0.25, "Mean and variance of each sample alone; the variance divides by D, and eps is under the root."),
        input=(0.5, "Mean and variance depend on the input too: each adds a term to the gradient."),
        weight=(0.125, "What does weight multiply? And it is shared by all samples."),
        bias=(0.125, "The bias is shared by all samples."),
    ),
    *function(
        "conv2d",
        {
            "input": Real("N C H W"),
            "weight": Real("O C K L"),
            "bias": Maybe(Real("O")),
            "stride": Choice((1, 2)),
            "padding": Choice((0, 1)),
        },
        output=(0.25, "Try a kernel that is not square, a stride of 2, no padding; the kernel is not flipped."),
        input=(0.375, "Each input entry is seen by several windows: add up what comes back, then cut off the padding."),
        weight=(0.25, "Every window of every sample used the same kernel."),
        bias=(0.125, "The bias of a channel was added at every place of every sample."),
    ),
    *function(
        "mse_loss",
        {"input": Real("*shape"), "target": Real("*shape")},
        output=(0.25, "The mean over all entries, not over the rows, and no 1/2."),
        input=(0.5, "Does the backward divide by what the forward divides by, and multiply by d_output?"),
        target=(0.25, "The target is an argument as well: how does the loss change with it?"),
    ),
    *function(
        "cross_entropy",
        {"input": Real("N C"), "target": Index("N", "C")},
        output=(0.25, "Log-softmax of each row at its target, then minus the mean over the rows."),
        input=(0.75, "Does the backward divide by what the forward divides by, and multiply by d_output?"),
    ),
]
PACK = Pack(
    "functions", title="Functions with their derivatives", files=("functions.py",), checks=tuple(CHECKS), cases=20
)
