"""Affine maps of one and of two inputs."""

from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Maybe, Pick, Real, Spec


def one_or_many_outputs(pick: Pick) -> None:
    """A weight of one dimension is a single output, and takes no bias."""
    if not pick.shape("out", dims=(0, 1), low=1):
        pick.put("bias", None)


SPECS = [
    Spec(
        "linear",
        ref.linear,
        F.linear,
        covers=("Linear",),
        arguments={"input": Real("*batch I"), "weight": Real("*out I"), "bias": Maybe(Real("*out"))},
        together=one_or_many_outputs,
    ),
    Spec(
        "bilinear",
        ref.bilinear,
        F.bilinear,
        covers=("Bilinear",),
        arguments={
            "input1": Real("*batch I"),
            "input2": Real("*batch J"),
            "weight": Real("O I J"),
            "bias": Maybe(Real("O")),
        },
    ),
]
