"""An affine layer: its output, and the gradients of its three arguments."""

from functools import partial

import numpy as np

import reference_impls as ref
from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import Real, Spec


def affine(x, w, b):
    """What is right: x w + b, and how a gradient comes back through it. torch keeps its weight as (out, in)."""
    output, back = ref.linear(x, w.T, b)

    def pullback(d_output):
        gradients = back(d_output)
        return {"x": gradients["input"], "w": gradients["weight"].T, "b": gradients["bias"]}

    return output, pullback


# Each letter is a size that is drawn; the same letter is the same size.
AFFINE = Spec("affine", affine, None, arguments={"x": Real("N D"), "w": Real("D M"), "b": Real("M")})

forward = partial(Check, file="layer.py", target="affine", call="affine", spec=AFFINE)
backward = partial(Check, file="layer.py", target="affine_backward", call="affine", spec=AFFINE, needs=("affine",))

PACK = Pack(
    name="NAME",
    title="An affine layer and its gradients",
    files=("layer.py",),
    checks=(
        forward("affine", points=2, hint="Each row of x is one sample."),
        Trajectory(
            "affine.worked",
            file="layer.py",
            target="affine",
            call="affine",
            points=1,
            arguments={"x": np.array([[1.0, 2.0]]), "w": np.array([[3.0], [4.0]]), "b": np.array([5.0])},
            want={"output": np.array([[16.0]])},
            hint="The numbers of the assignment sheet.",
        ),
        backward("affine.backward.x", judges="x", points=1, hint="How much does the output change with x?"),
        backward("affine.backward.w", judges="w", points=1, hint="Every sample has a part in it."),
        backward("affine.backward.b", judges="b", points=1, hint="The bias is added to every row of the batch."),
    ),
)
