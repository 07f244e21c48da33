"""Nets for MNIST with torch: their size, a zero start, full batch, mini-batches and Adam, digits in sorted order.

The script mnist-assignment.py has define_net(hidden_sizes), MnistMLP(hidden_sizes, activation_fn, input_size,
output_size), set_model_params_to_zero(model), get_strat_shuffled_X_y(y, ds), which gives X and y, and
fit_model(train_dl, test_dl, nb_epochs, model, optimizer, loss_fn), which gives error_train and error_test, one number
for each epoch.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import truth

from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import Choice, Real, Spec

FILE = "mnist-assignment.py"
HINTS = {
    "count": "A layer from m to n units learns m·n weights and n biases. Does model.parameters() give all layers?",
    "net": "784 pixels in, an activation after each hidden layer, 10 scores out: the loss takes their softmax itself.",
    "mlp": "The activation that is given stands between the layers, and not after the last; input_size is any.",
    "backward": "Does anything on the way cut the graph: detach, .data, item, numpy, a new tensor made of an old one?",
    "zero": "Every weight and every bias of every layer; nothing else of the model changes.",
    "zero.sigmoid": "All hidden outputs are 0.5, so they get the same gradient: what moves, and what stays equal?",
    "zero.tanh": "All hidden outputs are 0: of what does the gradient vanish, and what alone can move?",
    "zero.optimiser": "An optimiser holds the tensors that it was given: write zeros into them, replace none.",
    "fit": "For each batch: forget the old gradients, loss, backward, one step of the optimiser. Nothing else moves.",
    "fit.labels": "The loss takes classes, or a probability for each: leave both as they come.",
    "fit.adam": "The optimiser that is given makes the step: its learning rate is Adam's alpha.",
    "fit.error_train": "The loss of one batch, be it the last of the epoch, is not that of the training set.",
    "fit.error_test": "The mean over all samples: the last batch may be smaller, and then it counts for less.",
    "stream.labels": "All zeros first, then all ones; a digit may be absent.",
    "stream.pairs": "Rows and labels are put into the same order.",
    "stream.order": "Within a digit the rows keep their order: is the sort stable?",
}


def layers(*words):
    """The parameters of a net with these sizes."""
    found = {}
    for number, (before, after) in enumerate(pairwise(words), start=1):
        found |= {f"W{number}": Real(f"{after} {before}"), f"b{number}": Real(after)}
    return found


def net_of(name, acts, *words):
    drawn = {"x": Real(f"N {words[0]}", grad=False), "name": Choice(acts), **layers(*words)}
    return Spec(name, truth.mlp, None, drawn)


ONE = net_of("mlp", ("sigmoid", "tanh", "relu"), "D", "H", "C")
TWO = net_of("mlp_deep", ("sigmoid", "tanh"), "D", "G", "H", "C")
IMAGES = {"x": truth.samples(3, 784)["x"], **truth.weights(784, 3, 4, 10)}
ROWS = truth.samples(8, 5)
TEST = {f"{name}_test": one for name, one in truth.samples(5, 5, seed=2).items()}
START = truth.weights(5, 3, 10)
SET = {**ROWS, **TEST, **START}
ZERO = {name: np.zeros_like(one) for name, one in START.items()}
FULL = {"batch": 8, "epochs": 5, "optimiser": "sgd", "learning_rate": 0.5}
PARTS = {**FULL, "batch": 3, "epochs": 2}
ADAM = {**PARTS, "optimiser": "adam", "learning_rate": 0.01}
DIGITS = truth.samples(24, 784, seed=3)
FROM_ZERO = {"hidden": (3,), "steps": 3, "learning_rate": 0.5}


def path(batch, epochs, optimiser, learning_rate):
    """How many steps, and the parameters after each."""
    how = {"batch": batch, "epochs": epochs, "adam": optimiser == "adam", "learning_rate": learning_rate}
    losses, steps = truth.training(**ROWS, **how, **START)
    return {"steps": len(losses), **steps}


def from_zero(name):
    """The parameters after each step."""
    y = ROWS["y"]
    start = {**ZERO, "W2": np.zeros((y.max() + 1, 3)), "b2": np.zeros(y.max() + 1)}
    return truth.training(**ROWS, batch=8, epochs=3, name=name, **start)[1]


def epochs(x, y):
    """The loss of a set after each epoch of mini-batches."""
    steps = {name: one[2::3] for name, one in path(**PARTS).items() if name != "steps"}
    each = [{name: one[epoch] for name, one in steps.items()} for epoch in range(PARTS["epochs"])]
    return np.array([truth.loss(x, y, "sigmoid", one)[0] for one in each])


def trained(answer):
    """The mean over the epoch's batches, or over its samples, or of the whole set after the epoch: each is its own."""
    losses = truth.training(**ROWS, batch=3, epochs=2, **START)[0].reshape(2, 3)
    rights = losses.mean(1), losses @ [3 / 8, 3 / 8, 2 / 8], epochs(**ROWS)
    got = answer.get("error_train", np.zeros(0))
    if any(got.shape == one.shape and np.allclose(got, one, 1e-6) for one in rights):
        return ""
    if got.shape == (2,) and np.allclose(got, losses[:, -1], 1e-6):
        return f"error_train is that of the last batch alone, {got}, but should be that of the epoch, {rights[1]}"
    return f"error_train is {got}, but should be one number for each epoch: {rights[1]}"


def paired(answer):
    """Whether each image has its label, in whatever order."""
    for name, due in DIGITS.items():
        shape = answer[name].shape if name in answer else None
        if shape != due.shape:
            return f"the shape of {name} is {shape}, but should be {due.shape}"
    labels = {image.tobytes(): label for image, label in zip(DIGITS["x"], DIGITS["y"], strict=True)}
    got = [labels.pop(image.tobytes(), None) for image in answer["x"]]
    if None in got:
        return f"row {got.index(None)} of X is no image of ds, or comes twice, but should be one that did not come yet"
    wrong = [row for row, label in enumerate(got) if label != answer["y"][row]]
    return f"row {wrong[0]} of X is a {got[wrong[0]]}, but its label is {answer['y'][wrong[0]]}" if wrong else ""


def about(id, target, points, call, arguments, options, want=None, **others):
    """What one call has to give."""
    hint = HINTS.get(id) or HINTS["count" if call == "count" else id.partition(".")[0]]
    others |= {"points": points, "call": call, "arguments": arguments, "options": options, "hint": hint}
    return Trajectory(id, file=FILE, target=target, want=want or {}, **others)


in_mlp = partial(Check, file=FILE, target="MnistMLP", call="mlp", tolerance=1e-9)
in_fit = partial(about, target="fit_model", call="fit", arguments=SET)
in_zero = partial(about, target="set_model_params_to_zero", call="zero_start", arguments=ROWS, needs=("zero",))
in_stream = partial(about, target="get_strat_shuffled_X_y", call="stream", arguments=DIGITS, options={}, points=0.5)
SIZES = {(300,): 238510, (10, 10): 8070, (20, 20): 16330}
CHECKS = (
    *(
        about(
            f"net.{'-'.join(map(str, hidden))}",
            "define_net",
            0.25,
            "count",
            {},
            {"hidden": hidden, "kind": "net"},
            {"count": due},
        )
        for hidden, due in SIZES.items()
    ),
    about("net", "define_net", 0.5, "net", IMAGES, {}, {"output": truth.mlp(**IMAGES, name="sigmoid")[0]}),
    about("mlp.20-20", "MnistMLP", 0.25, "count", {}, {"hidden": (20, 20), "kind": "mlp"}, {"count": SIZES[20, 20]}),
    in_mlp("mlp", points=1.0, spec=ONE, hint=HINTS["mlp"]),
    *(
        in_mlp(f"mlp.backward.{name}", points=0.25, spec=ONE, judges=name, needs=("mlp",), hint=HINTS["backward"])
        for name in ("W1", "b1")
    ),
    in_mlp("mlp.deep", points=0.5, spec=TWO, hint=HINTS["mlp"]),
    about(
        "zero",
        "set_model_params_to_zero",
        0.5,
        "zero",
        {},
        {"hidden": (3, 4), "inputs": 5, "outputs": 2},
        {"count": 44, "largest": 0.0},
        needs=("mlp.20-20",),
    ),
    in_zero("zero.sigmoid", points=0.5, options={**FROM_ZERO, "name": "sigmoid"}, want=from_zero("sigmoid")),
    in_zero("zero.tanh", points=0.25, options={**FROM_ZERO, "name": "tanh"}, want=from_zero("tanh")),
    in_zero(
        "zero.optimiser", points=0.5, options={**FROM_ZERO, "name": "sigmoid", "early": True}, want=from_zero("sigmoid")
    ),
    in_fit("fit.full", points=0.75, options=FULL, want=path(**FULL)),
    in_fit("fit.batches", points=1.0, options=PARTS, want=path(**PARTS)),
    in_fit("fit.labels", points=0.25, options={**PARTS, "one_hot": True}, want=path(**PARTS), needs=("fit.batches",)),
    in_fit("fit.adam", points=0.5, options=ADAM, want=path(**ADAM), needs=("fit.batches",)),
    in_fit("fit.error_train", points=0.25, options=PARTS, judge=trained, needs=("fit.batches",)),
    in_fit(
        "fit.error_test",
        points=0.5,
        options=PARTS,
        needs=("fit.batches",),
        tolerance=1e-6,
        want={"error_test": epochs(TEST["x_test"], TEST["y_test"])},
    ),
    in_stream("stream.labels", want={"y": truth.streamed(**DIGITS)["y"]}),
    in_stream("stream.pairs", judge=paired),
    in_stream("stream.order", want={"x": truth.streamed(**DIGITS)["x"]}, needs=("stream.labels", "stream.pairs")),
)
PACK = Pack(
    name="uca",
    title="Nets for MNIST in torch: sizes, zero start, training, a sorted stream",
    files=(FILE,),
    checks=CHECKS,
    torch=True,
    cases=20,
)
