"""Batch normalisation in torch, written three ways (2018 and 2019). For layer normalisation, 2020: uva-norm-layer."""

import numpy as np

import reference_impls as ref
from harness.grading.pack import Check, Pack, Trajectory
from harness.spec import Choice, Real, Spec

KIND, FILE = "BatchNorm", "custom_batchnorm.py"  # what the other pack has otherwise


def norm(x, gamma, beta, eps, kind):
    """No running statistics; the variance is the mean of the squares, and eps stands inside the root."""
    if kind == "BatchNorm":
        output, pullback = ref.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)
    else:
        output, pullback = ref.layer_norm(x, gamma.shape, gamma, beta, eps)

    def back(d):
        grads = pullback(d)
        return {"x": grads["input"], "gamma": grads["weight"], "beta": grads["bias"]}

    return output, back


NORM = Spec(
    "norm",
    norm,
    None,
    arguments={
        "x": Real("N n"),
        "gamma": Real("n"),
        "beta": Real("n"),
        "eps": Choice((1e-5, 0.1, 1e-3)),
        "kind": KIND,
    },
    sizes={"N": (2, 5), "n": (2, 5)},
)


def the_same(answer):
    """Which gradient is another when it is wanted alone. Whether it is right is asked elsewhere."""
    for name in ("x", "gamma", "beta"):
        one, other = answer[name], answer[f"{name} together"]
        if one.shape != other.shape or not np.allclose(one, other, rtol=1e-9, atol=1e-12):
            return f"the gradient of {name} is another when no other is wanted, but should be the same"
    return ""


def taken(answer):
    """Which inputs of a wrong shape were not refused."""
    shapes = [name for name, refused in answer.items() if not refused]
    return f"an input of {shapes[0]} is taken, but should be refused" if shapes else ""


DRAW = np.random.default_rng(0).normal
BATCH = {"x": DRAW(size=(4, 3)), "gamma": DRAW(size=3), "beta": DRAW(size=3), "d_output": DRAW(size=(4, 3))}
HINTS = {
    "autograd.start": "gamma starts with ones, beta with zeros; both are an nn.Parameter of n entries.",
    "autograd.shape": "An input that is not (batch, n_neurons) is refused: raise an exception.",
    "autograd.forward": "Mean and variance along which axis? Is the variance divided by the count, is eps in the root?",
    "autograd.backward": "Every step of forward must be one that autograd sees: no .data, no .item(), no numpy.",
    "function.forward": "As in the first module; what backward will need goes to ctx.",
    "function.backward.x": "Mean and variance depend on x, too: three ways lead back to it. Add them up.",
    "function.backward.gamma": "gamma multiplies the normalised input, in every row of the batch.",
    "function.backward.beta": "beta is added to every row of the batch.",
    "function.alone": "Look at ctx.needs_input_grad: each gradient may be wanted without the others.",
    "module.forward": "It calls the function's apply, with its own gamma, beta and eps.",
    "module.backward": "Only what apply is given can get a gradient: give it the parameters themselves.",
}


def judged(id, target, points, judges="output"):
    """A check whose id begins with its call."""
    settings = {"points": points, "judges": judges, "hint": HINTS[id]}
    return Check(id, file=FILE, target=f"Custom{KIND}{target}", call=id.split(".")[0], spec=NORM, **settings)


def told(id, target, points, call, **settings):
    """A call whose answer is known."""
    return Trajectory(
        id, file=FILE, target=f"Custom{KIND}{target}", points=points, call=call, hint=HINTS[id], **settings
    )


PACK = Pack(
    name="uva-norm",
    title="Batch normalisation in torch: for autograd, as a function, as a module",
    files=(FILE,),
    torch=True,
    checks=(
        judged("autograd.forward", "Autograd.forward", 2.0),
        judged("autograd.backward", "Autograd.forward", 0.5, "x"),
        told(
            "autograd.start",
            "Autograd.__init__",
            0.5,
            "start",
            options={"n": 3, "kind": KIND},
            want={
                f"{which} {name}": value
                for which in ("Autograd", "ManualModule")
                for name, value in (("gamma", np.ones(3)), ("beta", np.zeros(3)), ("parameters", np.array(2)))
            },
        ),
        told(
            "autograd.shape",
            "Autograd.forward",
            0.5,
            "refuses",
            options={"kind": KIND},
            judge=taken,
        ),
        judged("function.forward", "ManualFunction.forward", 1.5),
        judged("function.backward.x", "ManualFunction.backward", 2.25, "x"),
        judged("function.backward.gamma", "ManualFunction.backward", 0.75, "gamma"),
        judged("function.backward.beta", "ManualFunction.backward", 0.75, "beta"),
        told(
            "function.alone",
            "ManualFunction.backward",
            0.5,
            "alone",
            arguments=BATCH,
            options={"eps": 1e-5, "kind": KIND},
            judge=the_same,
            needs=("function.backward.x", "function.backward.gamma", "function.backward.beta"),
        ),
        judged("module.forward", "ManualModule.forward", 0.5),
        judged("module.backward", "ManualModule.forward", 0.25, "gamma"),
    ),
)
