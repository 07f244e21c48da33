"""The second half of two-layer-net: the MLP class of ex2_pytorch.py, which trains when it is imported."""

from functools import partial
from itertools import pairwise

import numpy as np

import reference_impls as ref
from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import From, Pick, Real, Spec

FILE, CLASS = "ex2_pytorch.py", "MultiLayerPerceptron"
INPUTS = 3 * 32 * 32  # as in the course; the cases use the first few of them


def net(pick: Pick) -> None:
    """One to four hidden layers of different sizes."""
    sizes = pick.size("D", 1, 3), *pick.shape("hidden_layers", dims=(1, 4), low=1), pick.size("C", 2, 4)
    pick.put("sizes", sizes)
    pick.put("P", sum(n * m for n, m in pairwise(sizes)))
    pick.put("Q", sum(sizes[1:]))


def logits(X, weights, biases, sizes):
    """Affine maps with a ReLU in between, and none at the end; weights and biases one after the other."""
    backs, w, b = [], 0, 0
    for n, m in pairwise(sizes):
        X, to_affine = ref.linear(X, weights[w : w + n * m].reshape(m, n), biases[b : b + m])
        backs.append(to_affine)
        w, b = w + n * m, b + m
        if b < len(biases):
            X, to_relu = ref.relu(X)
            backs.append(to_relu)

    def pullback(d):
        found = {"weight": [], "bias": []}
        for back in reversed(backs):
            grads = back(d)
            d = grads["input"]
            for name in found.keys() & grads.keys():
                found[name].insert(0, grads[name].ravel())
        return {"weights": np.concatenate(found["weight"]), "biases": np.concatenate(found["bias"])}

    return X, pullback


SPEC = Spec(
    "MultiLayerPerceptron",
    logits,
    None,
    arguments={
        "X": Real("N D", grad=False),
        "weights": Real("P"),
        "biases": Real("Q"),
        "sizes": From(lambda plan: plan["sizes"]),
    },
    together=net,
    avoid=dict.fromkeys(("ties", "zeros", "kink"), "several hidden units at 0: many gradients are right there"),
)
HINTS = {
    "forward": "For each size in hidden_layers an affine map and a ReLU, then an affine map alone: logits, no softmax. "
    "Images come in batches of any size: the last one of an epoch is smaller.",
    "backward": "Every step of forward must be one that autograd sees: no .data, no .detach(), no torch.tensor(…).",
    "parameters": "torch finds layers in an nn.Sequential, an nn.ModuleList or an attribute, but not in a list.",
}
check = partial(Check, file=FILE, target=f"{CLASS}.forward", call="forward", spec=SPEC)
WIDE = [7, 5, 6]

PACK = Pack(
    "two-layer-net-torch",
    title="Two-layer net, in torch: an MLP of any depth",
    files=(FILE,),
    torch=True,
    stubs=("data_utils", "vis_utils"),
    cases=15,
    checks=(
        check("mlp.forward", points=4.0, hint=HINTS["forward"]),
        check("mlp.backward.weights", points=2.0, judges="weights", needs=("mlp.forward",), hint=HINTS["backward"]),
        check("mlp.backward.biases", points=2.0, judges="biases", needs=("mlp.forward",), hint=HINTS["backward"]),
        Trajectory(
            "mlp.parameters",
            file=FILE,
            target=CLASS,
            points=2.0,
            call="parameters",
            options={"hidden_layers": WIDE, "classes": 4},
            want={"count": np.array(sum((n + 1) * m for n, m in pairwise((INPUTS, *WIDE, 4))))},
            hint=HINTS["parameters"],
        ),
    ),
)
