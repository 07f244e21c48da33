"""An MLP and a ConvNet of eight convolutions in torch: 2018 and 2019. For the MLP of later years: uva-torch-norm.

The MLP of 2020 is the same; its ConvNet, of thirteen convolutions, is not judged here.
"""

from functools import partial
from itertools import chain, pairwise

import numpy as np
import reference

from harness.grading.judge import within
from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import From, Pick, Real, Spec

MLP, CONVNET = "mlp_pytorch.py", "convnet_pytorch.py"


def net(pick: Pick, hidden=(1, 3)):
    """The sizes of the layers, and how many weights and biases they have."""
    sizes = pick.size("I", 1, 4), *pick.shape("hidden", dims=hidden, low=1), pick.size("C", 1, 4)
    pick.put("sizes", sizes)
    pick.put("P", sum(n * m for n, m in pairwise(sizes)))
    pick.put("Q", sum(sizes[1:]))


# Positive, since then every activation of these years is the identity; what they do elsewhere is asked elsewhere.
ARGUMENTS = {
    "x": Real("N I", low=0.0),
    "weights": Real("P", low=0.0),
    "biases": Real("Q", low=0.0),
    "sizes": From(lambda plan: plan["sizes"]),
}
DEEP = Spec("mlp", reference.mlp, None, ARGUMENTS, sizes={"N": (1, 5)}, together=net)
# Without hidden layers there is no activation: any numbers will do.
ANY = ARGUMENTS | {"x": Real("N I"), "weights": Real("P"), "biases": Real("Q")}
FLAT = Spec("mlp_without_hidden", reference.mlp, None, ANY, sizes={"N": (1, 5)}, together=partial(net, hidden=(0, 0)))

LINE = np.linspace(-3, 3, 13)[:, None]
TWICE = {"x": LINE, "weights": np.array([1.0, -1.0, -1.0]), "biases": np.array([0.0, 1.0, 0.0])}


def active(answer):
    """What is wrong with -f(1 - f(x)), two hidden units one after the other: which f is it?"""
    output = answer["output"]
    if output.shape != LINE.shape:
        return f"the shape of the output is {output.shape}, but should be {LINE.shape}"
    slope = float(output[-1, 0]) / 2  # there it is -f(-2)
    functions = [reference.relu, reference.elu, *([reference.leaky(slope)] if 0 < slope < 1 else [])]
    if any(within(output, -f(1 - f(LINE)), 1e-6) for f in functions):
        return ""
    return "each hidden layer should be followed by a ReLU, LeakyReLU or ELU, and the last layer by nothing"


KERNELS = np.array([(m, n, 3, 3) for n, m in pairwise((3, *chain(*reference.WIDTHS)))])
TRAINED = KERNELS.prod(axis=1).sum() + 2 * KERNELS[:, 0].sum() + 512 * 7 + 7  # kernels, norms, and the last layer


def right(answer, names):
    """What is wrong with arrays of the ConvNet, pooled by 3 or by 2."""
    for kernel in (3, 2):
        due = dict(zip(("output", "first", "last"), reference.convnet(kernel), strict=True))
        wrong = [name for name in names if not within(answer[name], due[name], 1e-6)]
        if not wrong:
            return ""
    words = {
        "output": "logits are",
        "first": "gradient of the first kernel is",
        "last": "gradient of the last weight is",
    }
    return f"the {words[wrong[0]]} not what the layers in their order give with the same weights"


HINTS = {
    "mlp.forward": "For each entry of n_hidden a linear layer and an activation; then a linear layer, no softmax.",
    "mlp.backward": "Every step of forward must be one that autograd sees: no .data, no .detach(), no torch.tensor(…).",
    "mlp.no_hidden": "n_hidden may be []: then the MLP is one linear layer.",
    "mlp.activation": "Try weights of 1 and -1 by hand: an activation after each hidden layer, none after the last.",
    "mlp.parameters": "Only what is an attribute, or in an nn.ModuleList or nn.Sequential, is in net.parameters().",
    "convnet.layers": "Print the net: are these the channels of the table, and each kernel 3 by 3?",
    "convnet.parameters": "Every convolution has a batch normalisation of its own, and all are in net.parameters().",
    "convnet.forward": "Convolution, normalisation, ReLU; pooling halves each side. Print the shape after each layer.",
    "convnet.backward": "Every step of forward must be one that autograd sees: no .data, no .detach().",
}


def judged(id, target, points, spec, judges="output"):
    """A check of the MLP on drawn nets."""
    return Check(
        id, file=MLP, target=f"MLP.{target}", points=points, call="mlp", spec=spec, judges=judges, hint=HINTS[id]
    )


def told(id, target, points, call, **settings):
    """A call of the MLP whose answer is known."""
    return Trajectory(id, file=MLP, target=f"MLP.{target}", points=points, call=call, hint=HINTS[id], **settings)


def in_convnet(name, target, points, **settings):
    """A part of the one answer of the ConvNet."""
    id = f"convnet.{name}"
    return Trajectory(
        id, file=CONVNET, target=f"ConvNet.{target}", points=points, call="convnet", hint=HINTS[id], **settings
    )


PACK = Pack(
    name="uva-torch",
    title="MLP and ConvNet in torch",
    files=(MLP, CONVNET),
    torch=True,
    stubs=("cifar10_utils",),
    seconds=15.0,  # a ConvNet of nine million weights
    checks=(
        judged("mlp.forward", "forward", 2.0, DEEP),
        judged("mlp.backward", "forward", 1.0, DEEP, "weights"),
        judged("mlp.no_hidden", "__init__", 0.5, FLAT),
        told("mlp.activation", "forward", 1.5, "mlp", arguments=TWICE, options={"sizes": (1, 1, 1, 1)}, judge=active),
        told(
            "mlp.parameters",
            "__init__",
            1.0,
            "parameters",
            options={"sizes": (5, 4, 2)},
            want={"parameters": np.array(6 * 4 + 5 * 2)},
        ),
        in_convnet("layers", "__init__", 1.0, want={"kernels": KERNELS, "weight": np.array([(7, 512)])}),
        in_convnet("parameters", "__init__", 0.5, want={"parameters": TRAINED}),
        in_convnet("forward", "forward", 1.75, judge=partial(right, names=["output"])),
        in_convnet(
            "backward", "forward", 0.75, judge=partial(right, names=["first", "last"]), needs=("convnet.forward",)
        ),
    ),
)
