"""An MLP of NumPy modules, in the years of ELU: 2020, 2022 to 2025. For the others: uva-mlp-relu, uva-mlp-leaky."""

from functools import partial
from itertools import pairwise

import numpy as np
import reference

from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import Choice, Filled, From, Index, Pick, Real, Spec

MODULES, MLP, TRAIN = "modules.py", "mlp_numpy.py", "train_mlp_numpy.py"
KIND = {"kind": "ELUModule"}  # what the other years have otherwise


def net(pick: Pick, hidden=(1, 3)):
    """The sizes of the layers, and how many weights and biases they have."""
    sizes = pick.size("I", 1, 4), *pick.shape("hidden", dims=hidden, low=1), pick.size("C", 1, 4)
    pick.put("sizes", sizes)
    pick.put("P", sum(n * m for n, m in pairwise(sizes)))
    pick.put("Q", sum(sizes[1:]))


X, SIZES = Real("N C"), {"N": (1, 5), "C": (1, 5)}
LINEAR_ARGUMENTS = {"x": Real("N I"), "weight": Real("O I"), "bias": Real("O")}
LINEAR = Spec("linear", reference.linear, None, arguments=LINEAR_ARGUMENTS)
ACTIVATION = Spec("activation", reference.activation, None, arguments={"x": X, **KIND, "alpha": Choice((1.0, 0.5))})
SOFTMAX = Spec("softmax", reference.softmax, None, arguments={"x": X}, sizes=SIZES)
CROSS_ENTROPY = Spec(
    "cross_entropy",
    reference.cross_entropy,
    None,
    arguments={"x": Filled("N C", reference.probabilities, grad=True), "y": Index("N", below="C")},
    sizes=SIZES,
)
MLP_ARGUMENTS = {
    "x": Real("N I", grad=False),
    "weights": Real("P"),
    "biases": Real("Q", grad=False),  # once the weights are right, only LinearModule can get these wrong
    "sizes": From(lambda plan: plan["sizes"]),
    **KIND,
    "alpha": 1.0,
}
MANY_KINKS: dict[str, str] = dict.fromkeys(
    ("ties", "zeros", "kink"), "several hidden units at 0: many gradients of a ReLU are right"
)
DEEP = Spec("mlp", reference.mlp, None, arguments=MLP_ARGUMENTS, together=net, avoid=MANY_KINKS)
FLAT = Spec("mlp_without_hidden", reference.mlp, None, MLP_ARGUMENTS, together=partial(net, hidden=(0, 0)))


def fresh(answer):
    """What is wrong with a layer of 400 inputs that nobody has used."""
    if answer["bias"].any():
        return "the bias of a fresh layer is not zero, but should be"
    if answer["d_weight"].any() or answer["d_bias"].any():
        return "the gradients of a fresh layer are not zero, but should be"
    spread = float(answer["weight"].std())
    if min(abs(spread / asked - 1) for asked in (1e-4, (2 / 400) ** 0.5, (1 / 400) ** 0.5)) > 0.05:
        return f"the weights have the standard deviation {spread:.3g}, but should have sqrt(2 / inputs), 0.0707 here"
    return "" if abs(answer["weight"].mean()) < 0.05 * spread else "the mean of the weights is not zero, but should be"


GUESSES, TRUE = np.random.default_rng(0).normal(size=(12, 5)), np.arange(12) % 4  # the last class does not occur
LARGE = np.array([[1000.0, 1001.0, 999.0], [-1000.0, -1001.0, -999.0], [0.5, 0.0, -0.5]])
HINTS = {
    "linear.forward": "Every row of x goes through the weight, and the bias is added to every row.",
    "linear.backward.x": "What backward returns has the shape of x. Through which matrix does dout come back?",
    "linear.backward.weight": "In the shape of the weight, added up over the batch: the mean is the loss's.",
    "linear.backward.bias": "In the shape of the bias. Every row used the same bias: add up, and take no mean.",
    "activation.forward": "Look at both sides of 0, and at where alpha stands.",
    "activation.backward": "The slope at the input of forward, not at its output, times dout, entry by entry.",
    "softmax.forward": "Row by row: exp of each entry, divided by the sum of its row.",
    "softmax.large": "exp(1000) is infinite: subtract from each row its own largest entry, which changes no quotient.",
    "softmax.backward": "Every output depends on every input of its row: the slope of one row is a matrix.",
    "cross_entropy.forward": "The mean over the batch of -log of the label's probability.",
    "cross_entropy.backward": "x are probabilities: what is the slope of -log p? The mean belongs here, too. "
    "It is given x and y, and may be asked of a module that saw no forward.",
    "mlp.forward": "For each entry of n_hidden a linear layer and an activation, then a linear layer and the softmax.",
    "mlp.backward": "The modules in reverse order. Does every activation remember an input of its own?",
    "mlp.no_hidden": "n_hidden may be []: then the MLP is one linear layer and the softmax.",
    "linear.start": "Weights are drawn with the spread that was asked for; biases and gradients are zeros.",
    "accuracy": "The share of the rows whose largest prediction is that of their label.",
}


def judged(id, target, points, spec, judges="output", file=MODULES, tolerance=1e-6):
    """A check whose id begins with its call."""
    settings = {"points": points, "judges": judges, "tolerance": tolerance, "hint": HINTS[id]}
    return Check(id, file=file, target=target, call=id.split(".")[0], spec=spec, **settings)


PACK = Pack(
    name="uva-mlp",
    title="MLP of NumPy modules: linear, ELU, softmax, cross-entropy",
    files=(MODULES, MLP, TRAIN),
    stubs=("cifar10_utils",),
    checks=(
        judged("linear.forward", "LinearModule.forward", 0.5, LINEAR),
        judged("linear.backward.x", "LinearModule.backward", 0.75, LINEAR, "x"),
        judged("linear.backward.weight", "LinearModule.backward", 1.0, LINEAR, "weight"),
        judged("linear.backward.bias", "LinearModule.backward", 0.75, LINEAR, "bias"),
        judged("activation.forward", "ELUModule.forward", 0.5, ACTIVATION),
        judged("activation.backward", "ELUModule.backward", 0.75, ACTIVATION, "x"),
        judged("softmax.forward", "SoftMaxModule.forward", 0.5, SOFTMAX),
        Trajectory(
            "softmax.large",  # the assignment asks for it
            file=MODULES,
            target="SoftMaxModule.forward",
            points=0.25,
            call="softmax",
            arguments={"x": LARGE},
            want={"output": reference.softmax(LARGE)[0]},
            hint=HINTS["softmax.large"],
        ),
        judged("softmax.backward", "SoftMaxModule.backward", 1.0, SOFTMAX, "x"),
        # An epsilon inside the logarithm is nobody's mistake.
        judged("cross_entropy.forward", "CrossEntropyModule.forward", 0.5, CROSS_ENTROPY, tolerance=1e-4),
        judged("cross_entropy.backward", "CrossEntropyModule.backward", 0.75, CROSS_ENTROPY, "x", tolerance=1e-4),
        judged("mlp.forward", "MLP.forward", 0.75, DEEP, file=MLP),
        judged("mlp.backward", "MLP.backward", 1.0, DEEP, "weights", file=MLP),
        judged("mlp.no_hidden", "MLP.__init__", 0.5, FLAT, file=MLP),
        Trajectory(
            "linear.start",
            file=MODULES,
            target="LinearModule.__init__",
            points=0.25,
            call="start",
            options={"inputs": 400, "outputs": 300},
            judge=fresh,
            hint=HINTS["linear.start"],
        ),
        Trajectory(
            "accuracy",
            file=TRAIN,
            target="accuracy",
            points=0.25,
            call="accuracy",
            arguments={"predictions": GUESSES, "y": TRUE},
            want={"accuracy": (GUESSES.argmax(1) == TRUE).mean()},
            hint=HINTS["accuracy"],
        ),
    ),
)
