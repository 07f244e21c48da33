"""The MLP in torch in the years of use_batch_norm and of no ConvNet: 2021 to 2025. All else is as in uva-torch."""

from dataclasses import replace

import numpy as np
import reference

from harness.grading.judge import within
from harness.grading.pack import Trajectory, load

FILE, SIZES = "mlp_pytorch.py", (3, 4, 2, 3)
BASE = load("uva-torch")
WORTH = {"mlp.forward": 2.5, "mlp.backward": 1.5, "mlp.no_hidden": 1.0, "mlp.activation": 2.0, "mlp.parameters": 1.0}

DRAW = np.random.default_rng(0).normal
BATCH = {"x": DRAW(size=(5, 3)), "weights": DRAW(size=26), "gammas": DRAW(size=6), "betas": DRAW(size=6)}


def between(answer):
    """What is wrong with a net of two hidden layers, whichever of the two activations it has."""
    due = [reference.normed(**BATCH, sizes=SIZES, activation=f) for f in (reference.relu, reference.elu)]
    if any(within(answer["output"], one, 1e-6) for one in due):
        return ""
    return "with use_batch_norm each hidden layer should go through nn.BatchNorm1d, and then through its activation"


PACK = replace(
    BASE,
    name="uva-torch-norm",
    title="MLP in torch, with batch normalisation where it is asked for",
    files=(FILE,),
    seconds=5.0,
    checks=(
        *(replace(check, points=WORTH[check.id]) for check in BASE.checks if check.file == FILE),
        Trajectory(
            "mlp.batch_norm",
            file=FILE,
            target="MLP.forward",
            points=2.0,
            call="normed",
            arguments=BATCH,
            options={"sizes": SIZES},
            judge=between,
            hint="Linear layer, batch normalisation, activation, in this order; no normalisation after the last layer.",
        ),
    ),
)
