"""Affine maps of one and of two inputs."""

import numpy as np
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

REFUSED = [
    (
        "linear",
        {"input": [[1.0]], "weight": np.zeros((4, 1))},
        TypeError,
        "input is of type list, but should be a NumPy",
    ),
    ("linear", {"input": np.zeros((2, 3), int), "weight": np.zeros((4, 3))}, TypeError, "input is of dtype int64"),
    (
        "linear",
        {"input": np.zeros((2, 3)), "weight": np.zeros((4, 3), np.float32)},
        TypeError,
        "weight is of dtype float32, but should be float64, as input",
    ),
    (
        "linear",
        {"input": np.zeros((2, 3)), "weight": np.zeros((4, 5))},
        ValueError,
        "input.shape is (2, 3), but should be (…, 5) to fit weight",
    ),
    ("linear", {"input": np.zeros(3), "weight": np.zeros((1, 4, 3))}, ValueError, "weight.ndim is 3, but should be 2"),
    (
        "linear",
        {"input": np.zeros((2, 3)), "weight": np.zeros((4, 3)), "bias": np.zeros(3)},
        ValueError,
        "bias.shape is (3,), but should be (4,) to fit weight",
    ),
    (
        "linear",
        {"input": np.zeros((2, 3)), "weight": np.zeros(3), "bias": np.zeros(())},
        ValueError,
        "bias is given, but should be None",
    ),
    (
        "bilinear",
        {"input1": np.zeros((2, 3)), "input2": np.zeros((2, 4)), "weight": np.zeros((5, 4, 3))},
        ValueError,
        "weight.shape is (5, 4, 3), but should be (O, *(3, 4))",
    ),
    (
        "bilinear",
        {"input1": np.zeros((2, 3)), "input2": np.zeros((1, 4)), "weight": np.zeros((5, 3, 4))},
        ValueError,
        "input2.shape is (1, 4), but should be of the batch (2,)",
    ),
]
