"""CS231n, assignments 1 to 3 in NumPy: layers, recurrent layers, update rules, fully-connected nets.

Each function is judged for itself, under the names of the skeletons. A hand-in of one assignment has no file of the
others: its course leaves their checks out, or counts from the points that can be reached. The notebooks' own numbers
give no points, but for the captions: they say nothing new, but every student has them before the eyes.
"""

import notebooks
import numpy as np
import references as ours
import specs
from hints import HINTS
from names import CAPTIONS, LAYERS, NETS, OPTIM, RNN, module, pair

from harness.grading.pack import Check, Pack, Trajectory


def judged(key, spec, points, *, file, call, names, needs="", **options):
    """A check of the output, and one of the gradient of each argument; they share their cases."""
    for judges, worth in points.items():
        out = judges == "output"
        id = key if out else f"{key}.backward.{judges}"
        yield Check(
            id,
            file=file,
            target=names[0] if out else names[-1],
            points=worth,
            call=call,
            spec=spec,
            judges=judges,
            needs=() if out else (needs or key,),
            hint=HINTS.get(id) or HINTS[judges],
            options=options,
        )


def layer(file, key, spec, points, name="", inputs=()):
    """`NAME_forward` and `NAME_backward`, whose gradients come in the order of the points."""
    options = pair(file, name or f"{key}_{{}}", *(inputs or (one for one in points if one != "output")))
    names = (options["forward"], options["backward"])
    return judged(key, spec, points, file=file, call="layer", names=names, **options)


def odd(name, spec, points):
    """Such a pair that has a function of its own in the adapter."""
    return judged(name, spec, points, file=RNN, call=name, names=(f"{name}_forward", f"{name}_backward"))


def loss(file, name, spec, points):
    """`loss, dx = NAME(x, y)`."""
    return judged(name, spec, points, file=file, call="loss", names=(name,), module=module(file), name=name)


def net(key, kind, spec, points):
    """`loss, grads = net.loss(X, y)`."""
    call = "two_layer_net" if kind == "TwoLayerNet" else "fully_connected"
    return judged(key, spec, points, file=NETS, call=call, names=(f"{kind}.loss",))


def known(key, file, target, points, call, arguments, **more):
    """One call, whose answer is known or can be told from a wrong one."""
    common = {"points": points, "call": call, "arguments": arguments, "hint": HINTS[key]}
    return Trajectory(key, file=file, target=target, **common, **more)


def rule(name, points, **options):
    """Five steps of an update rule: whatever it needs again it must keep in config."""
    want, options = getattr(ours, name)(**WALK, **options), {"rule": name, **options}
    return known(name, OPTIM, name, points, "optimise", WALK, want=want, options=options)


def dropout(key, target, points, mode="train", dout=None, **more):
    """Its mask nobody can foretell."""
    arguments, options = {"x": X} if dout is None else {"x": X, "dout": dout}, {"keep": KEEP, "mode": mode}
    return known(key, LAYERS, target, points, "dropout", arguments, options=options, **more)


def dropped(got):
    """What is wrong with the output."""
    if got["output"].shape != X.shape:
        return f"the shape of output is {got['output'].shape}, but should be {X.shape}"
    scale = got["output"] / X
    kept = scale[scale != 0]
    if not (abs(kept - 1 / KEEP) < 1e-9).all():
        return f"what is not 0 is up to {abs(kept).max():.4g} times x, but should be {1 / KEEP:.4g} times x"
    share = kept.size / scale.size
    return "" if abs(share - KEEP) < 0.05 else f"{share:.1%} of the entries stay, but should be {KEEP:.0%}"


def dropped_back(got):
    """What is wrong with dx, which should be scaled as the output was, whatever was wrong with that."""
    for name in ("output", "x"):
        if got[name].shape != X.shape:
            return f"the shape of {name} is {got[name].shape}, but should be {X.shape}"
    scale = got["output"] / X
    if not 0 < (scale != 0).mean() < 1:
        return "dropout_forward drops nothing, or everything: there is no mask to judge dx by"
    off = abs(got["x"] - scale * DOUT).max()
    return "" if off < 1e-9 else f"dx is off by up to {off:.4g} from dout times the mask of the forward pass"


KEEP, RNG = 0.8, np.random.default_rng(0)
X, DOUT, BATCHES = RNG.uniform(1, 2, (50, 60)), RNG.normal(size=(50, 60)), RNG.normal(2, 3, (3, 4, 2))
WALK, RATE = {"w": RNG.normal(size=(3, 4)), "dw": RNG.normal(size=(5, 3, 4))}, {"learning_rate": 1e-2}
ALT = {**pair(LAYERS, "batchnorm_{}", "x", "gamma", "beta"), "backward": "batchnorm_backward_alt"}
NORM, STEPS = {"gamma": 0.05, "beta": 0.05}, dict.fromkeys(("x", "h0", "Wx", "Wh", "b"), 0.05)
PARAMETERS = {"W1": 0.05, "b1": 0.05, "W2": 0.05, "b2": 0.05}
NORMED = {"output": 0.025, "W1": 0.025, "gamma1": 0.025, "beta1": 0.025}

CHECKS = (
    *layer(LAYERS, "affine", specs.AFFINE, {"output": 0.2, "x": 0.15, "w": 0.15, "b": 0.15}),
    *layer(LAYERS, "relu", specs.RELU, {"output": 0.1, "x": 0.2}),
    *loss(LAYERS, "softmax_loss", specs.SOFTMAX_LOSS, {"output": 0.2, "x": 0.2}),
    *loss(LAYERS, "svm_loss", specs.SVM_LOSS, {"output": 0.2, "x": 0.2}),
    *layer(LAYERS, "batchnorm", specs.BATCHNORM, {"output": 0.2, "x": 0.25, "gamma": 0.1, "beta": 0.1}),
    *layer(LAYERS, "batchnorm.test", specs.NORMALISED, {"output": 0.15}, "batchnorm_{}", ("x", "gamma", "beta")),
    known(
        *("batchnorm.running", LAYERS, "batchnorm_forward", 0.2, "running", {"x": BATCHES}),
        options={"momentum": 0.75},
        want=ours.averages(BATCHES, 0.75),
    ),
    *judged(
        *("batchnorm_alt", specs.BATCHNORM, {"x": 0.2, **NORM}),
        **{"file": LAYERS, "call": "layer", "names": ("batchnorm_backward_alt",), "needs": "batchnorm", **ALT},
    ),
    *layer(LAYERS, "layernorm", specs.LAYERNORM, {"output": 0.2, "x": 0.2, "gamma": 0.1, "beta": 0.1}),
    dropout("dropout", "dropout_forward", 0.2, judge=dropped),
    dropout("dropout.test", "dropout_forward", 0.1, "test", want={"output": X}),
    dropout("dropout.backward", "dropout_backward", 0.2, dout=DOUT, judge=dropped_back),
    *layer(LAYERS, "conv", specs.CONV, {"output": 0.25, "x": 0.25, "w": 0.2, "b": 0.1}, "conv_{}_naive"),
    *layer(LAYERS, "max_pool", specs.MAX_POOL, {"output": 0.15, "x": 0.2}, "max_pool_{}_naive"),
    *layer(LAYERS, "spatial_batchnorm", specs.SPATIAL_BATCHNORM, {"output": 0.1, "x": 0.1, **NORM}),
    *layer(LAYERS, "spatial_groupnorm", specs.SPATIAL_GROUPNORM, {"output": 0.15, "x": 0.15, **NORM}),
    *layer(RNN, "rnn_step", specs.RNN_STEP, {"output": 0.1, **dict.fromkeys(notebooks.CELL, 0.05)}),
    *layer(RNN, "rnn", specs.RNN, {"output": 0.1, **STEPS}),
    *odd("word_embedding", specs.EMBEDDING, {"output": 0.05, "W": 0.1}),
    *odd("lstm_step", specs.LSTM_STEP, {"output": 0.15, **dict.fromkeys(notebooks.GATES, 0.05)}),
    *layer(RNN, "lstm", specs.LSTM, {"output": 0.1, **STEPS}),
    *layer(RNN, "temporal_affine", specs.TEMPORAL_AFFINE, {"output": 0.05, "x": 0.05, "w": 0.05, "b": 0.05}),
    *loss(RNN, "temporal_softmax_loss", specs.TEMPORAL_SOFTMAX, {"output": 0.1, "x": 0.1}),
    rule("sgd_momentum", 0.2, **RATE),
    rule("rmsprop", 0.2, **RATE),
    rule("adam", 0.4, **RATE, t=0),
    *net("two_layer.scores", "TwoLayerNet", specs.NET_SCORES, {"output": 0.1}),
    *net("two_layer", "TwoLayerNet", specs.NET_LOSS, {"output": 0.15, **PARAMETERS}),
    *net("fully_connected", "FullyConnectedNet", specs.DEEP_LOSS, {"output": 0.1, **PARAMETERS}),
    *net("fully_connected.batchnorm", "FullyConnectedNet", specs.NORMED_LOSS, NORMED),
    *net("fully_connected.layernorm", "FullyConnectedNet", specs.LAYERNORMED_LOSS, NORMED),
    *notebooks.CHECKS,
)

PACK = Pack(
    name="cs231n",
    title="CS231n assignments 1 to 3 in NumPy: layers, recurrent layers, update rules, nets",
    files=(LAYERS, RNN, OPTIM, NETS, CAPTIONS),
    checks=CHECKS,
    cases=20,
)
