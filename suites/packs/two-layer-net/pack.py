"""A two-layer net in NumPy: affine, ReLU, affine, softmax; its loss, the gradients, and the loop that trains it."""

from functools import partial

import numpy as np
import reference
from reference import PARAMETERS

from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import Choice, Index, Real, Spec

FILE = "two_layernet.py"
NET = {"X": Real("N D"), "W1": Real("D H"), "b1": Real("H"), "W2": Real("H C"), "b2": Real("C")}
SIZES = {"N": (1, 5), "D": (1, 4), "H": (1, 5), "C": (2, 4)}
MANY_KINKS = dict.fromkeys(("ties", "zeros", "kink"), "several hidden units at 0: many gradients are right there")
SCORES = Spec("scores", reference.scores, None, arguments=NET, sizes=SIZES)
LOSS = Spec(
    "loss",
    reference.loss,
    None,
    arguments={
        "X": Real("N D", grad=False),
        "y": Index("N", below="C"),
        **{name: NET[name] for name in PARAMETERS},
        "reg": Choice((0.0, 0.05, 0.7)),
    },
    sizes=SIZES,
    avoid={"tiny": "the regulariser hides behind the data", **MANY_KINKS},
)


def batches(answer):
    """What is wrong with 80 batches of 4 of 10 rows."""
    if answer["sizes"].tolist() != [4] * 80:
        return f"the batches are of {sorted(set(answer['sizes'].tolist()))} rows, but should be of batch_size, 4"
    if (answer["rows"] != answer["labels"]).any():
        return "the labels of a batch belong to other rows, but should be those of its own"
    rows = answer["rows"].reshape(80, 4)
    if missing := set(range(10)) - set(rows.flat):
        return f"the rows {sorted(missing)} of 10 are in none of 80 batches, but should be in some"
    if len({tuple(sorted(row)) for row in rows}) < 20:
        return "the same batches come again and again, but should be drawn at random"
    return "" if (answer["reg"] == 0.25).all() else "the loss is not given reg, but should be"


TOY, OPEN, FEW = reference.toy(), reference.open_net(), reference.planted(steps=6)
PACED = {"rate": 0.5, "decay": 0.8, "batch": 10, "reg": 0.25}
BIAS = "A bias is added to every row of the batch: what does that make of its gradient, and which shape has it?"
HINTS = {
    "scores": "Without labels loss returns the probability of each class: a row of them is positive and adds up to 1.",
    "scores.toy": "The driver's own toy net: print your scores beside those it expects.",
    "loss": "The mean of -log p over the batch at hand, plus reg times the squares of the weights: no half, no biases.",
    "loss.toy": "The driver's own toy net, with reg 0.05. With reg 0 you see which of the two terms is off.",
    "W1": "Walk back: affine, ReLU, affine. Which hidden units let a gradient through? What is the slope of reg·W1²?",
    "W2": "Softmax and log have a short slope together, averaged as the loss is. What is the slope of reg·W2²?",
    "update": "A step moves every parameter against its gradient by the learning rate, which decays once an epoch.",
    "batches": "Every step draws batch_size rows, and the labels of those rows; in time every row has its turn.",
    "predict": "One label for each row: the place of its highest score.",
}

in_loss = partial(Check, file=FILE, target="TwoLayerNet.loss")
toy_loss = partial(Trajectory, file=FILE, target="TwoLayerNet.loss", points=0.5)
in_train = partial(Trajectory, file=FILE, target="TwoLayerNet.train", call="train")

PACK = Pack(
    name="two-layer-net",
    title="Two-layer net in NumPy: scores, loss, gradients, training",
    files=(FILE,),
    stubs=("data_utils", "vis_utils", "gradient_check"),
    checks=(
        in_loss("scores", points=1.0, call="scores", spec=SCORES, hint=HINTS["scores"]),
        toy_loss(
            "scores.toy",
            call="scores",
            arguments=TOY,
            want={"output": reference.scores(**TOY)[0]},
            tolerance=1e-7,
            hint=HINTS["scores.toy"],
        ),
        in_loss("loss", points=1.0, call="loss", spec=LOSS, hint=HINTS["loss"]),
        toy_loss(
            "loss.toy",
            call="loss",
            arguments={**TOY, "y": np.array([0, 1, 2, 2, 1])},
            options={"reg": 0.05},
            want={"output": np.array(1.30378789133)},  # as published
            tolerance=1e-11,
            hint=HINTS["loss.toy"],
        ),
        *(
            in_loss(
                f"loss.backward.{name}",
                points=1.0,
                call="loss",
                spec=LOSS,
                judges=name,
                needs=("loss",),
                hint=HINTS.get(name, BIAS),
            )
            for name in PARAMETERS
        ),
        in_train(
            "train.update",
            points=1.5,
            arguments=FEW,
            options=PACED,
            want=reference.descent(PACED["rate"], PACED["decay"], **FEW),
            hint=HINTS["update"],
        ),
        in_train(
            "train.batches",
            points=1.0,
            arguments=reference.planted(steps=80),
            options={**PACED, "decay": 1.0, "batch": 4},
            judge=batches,
            hint=HINTS["batches"],
        ),
        Trajectory(
            "predict",
            file=FILE,
            target="TwoLayerNet.predict",
            points=0.5,
            call="predict",
            arguments=OPEN,
            want={"labels": reference.logits(**OPEN)[0].argmax(1)},
            hint=HINTS["predict"],
        ),
    ),
)
