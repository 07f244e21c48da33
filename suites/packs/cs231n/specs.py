"""What each function of CS231n is given: sizes, options, values."""

import math

import references as ours

from harness.spec import Choice, Filled, From, Index, Mask, Real, Spec

SMALL = {"N": (1, 3), "T": (1, 4), "D": (1, 3), "M": (1, 3), "H": (1, 3), "V": (1, 4), "C": (2, 4), "F": (1, 2)}
MANY = {"N": (3, 6), "D": (3, 5), "H1": (3, 5), "H2": (3, 5), "H3": (3, 5), "C": (2, 4)}  # enough for statistics
IMAGES = {"N": (1, 2), "C": (1, 2), "F": (1, 2)}
FIELDS = {"N": (2, 3), "C": (1, 3), "H": (2, 3), "W": (1, 3)}


def sample(pick):
    """Samples of one axis or two, which affine makes a row."""
    pick.put("D", math.prod(pick.shape("sample", dims=(1, 2), low=1, high=3)))


def windows(pick, pads=(0,)):
    """Images that windows fill to the last entry, as the docstrings promise."""
    step, pad = pick.option("stride", (1, 2, 3)), pick.option("pad", pads)
    for image, window in (("H", "HH"), ("W", "WW")):
        size = pick.size(window, 1, 3) + step * pick.one_of((0, 1, 2)) - 2 * pad
        pick.put(image, size if size > 0 else size % step + step)


def padded(pick):
    """Windows that may begin outside."""
    windows(pick, (0, 1, 2))


def distinct(stream, shape, _):
    """No two are equal: which of several maxima takes the gradient, or whether all do, is the student's choice."""
    order = stream.permutation(math.prod(shape))
    return ((order - len(order) // 2) / 8 + 1 / 16).reshape(shape)


def crooked(stream, shape, _):
    """Their products hardly ever add up to 0: no ReLU of a net stands at its kink, where students may differ."""
    return (2 * stream.integers(2000, shape) - 1999) / 1000


def learnt(shape):
    """A parameter of a net."""
    return Filled(shape, crooked, grad=True)


def groups(pick):
    """Channels that fall into groups."""
    pick.put("C", pick.option("G", (2, 1, 3)) * pick.one_of((1, 2)))


def gates(pick):
    """Four of them, side by side."""
    pick.put("4H", 4 * pick.size("H", 1, 3))


def depth(pick):
    """One hidden layer, two or three."""
    pick.put("depth", pick.one_of((2, 3, 4)))


def parameters(plan):
    """W1, b1, … of a net."""
    sizes = ["D", *(f"H{i}" for i in range(1, plan["depth"])), "C"]
    weights = {f"W{i}": learnt(f"{sizes[i - 1]} {sizes[i]}") for i in range(1, len(sizes))}
    return weights | {f"b{i}": learnt(sizes[i]) for i in range(1, len(sizes))}


def parameters_and_norms(plan):
    """And gamma1, beta1, … of its hidden layers."""
    norms = {f"{name}{i}": learnt(f"H{i}") for name in ("gamma", "beta") for i in range(1, plan["depth"])}
    return parameters(plan) | norms


def spec(reference, sizes=SMALL, together=None, follow=None, **arguments):
    """Without a twin: torch would have to be loaded, and the references have been judged against it already."""
    name = reference.__name__
    return Spec(name, reference, None, arguments=arguments, sizes=sizes, together=together, parameters=follow)


EPS = Choice((1e-5, 0.1))
NORM = {"gamma": Real("C"), "beta": Real("C")}
CELL = {"Wx": Real("D H"), "Wh": Real("H H"), "b": Real("H")}
GATES = {"Wx": Real("D 4H"), "Wh": Real("H 4H"), "b": Real("4H")}
SEQUENCE = {"x": Real("N T D"), "h0": Real("N H")}
NET = {"W1": learnt("D H"), "b1": learnt("H"), "W2": learnt("H C"), "b2": learnt("C")}
ROWS = {"X": Filled("N D", crooked), "y": Index("N", below="C"), "reg": Choice((0.0, 0.05, 0.7))}
KEPT = {"running_mean": Real("C", grad=False), "running_var": Real("C", low=0, grad=False)}


def still(arguments):
    """The same arrays, where no gradients are asked for."""
    return {name: Real(array.shape, grad=False) for name, array in arguments.items()}


AFFINE = spec(ours.affine, together=sample, x=Real("N *sample"), w=Real("D M"), b=Real("M"))
RELU = spec(ours.relu, x=Real("N *more"))
SOFTMAX_LOSS = spec(ours.softmax_loss, x=Real("N C"), y=Index("N", below="C"))
SVM_LOSS = spec(ours.svm_loss, x=Real("N C"), y=Index("N", below="C"))
BATCHNORM = spec(ours.batchnorm, MANY, x=Real("N C"), **NORM, eps=EPS, mode="train")
NORMALISED = spec(ours.normalised, x=Real("N C", grad=False), **still(NORM), **KEPT, eps=EPS, mode="test")
LAYERNORM = spec(ours.layernorm, {**MANY, "C": (3, 5)}, x=Real("N C"), **NORM, eps=EPS)
CONV = spec(
    ours.conv,
    IMAGES,
    padded,
    x=Real("N C H W"),
    w=Real("F C HH WW"),
    b=Real("F"),
    stride=Choice((1,)),
    pad=Choice((0,)),
)
MAX_POOL = spec(
    ours.max_pool,
    IMAGES,
    windows,
    x=Filled("N C H W", distinct, grad=True),
    pool_height=From(lambda plan: plan["HH"]),
    pool_width=From(lambda plan: plan["WW"]),
    stride=Choice((1,)),
)
SPATIAL_BATCHNORM = spec(ours.batchnorm, FIELDS, x=Real("N C H W"), **NORM, eps=EPS, mode="train")
SPATIAL_GROUPNORM = spec(
    ours.spatial_groupnorm,
    {**FIELDS, "W": (2, 3)},
    groups,
    x=Real("N C H W"),
    gamma=Real("1 C 1 1"),
    beta=Real("1 C 1 1"),
    G=Choice((1,)),
    eps=EPS,
)
RNN_STEP = spec(ours.rnn_step, x=Real("N D"), prev_h=Real("N H"), **CELL)
RNN = spec(ours.rnn, **SEQUENCE, **CELL)
LSTM_STEP = spec(ours.lstm_step, together=gates, x=Real("N D"), prev_h=Real("N H"), prev_c=Real("N H"), **GATES)
LSTM = spec(ours.lstm, together=gates, **SEQUENCE, **GATES)
EMBEDDING = spec(ours.word_embedding, x=Index("N T", below="V"), W=Real("V D"))
TEMPORAL_AFFINE = spec(ours.linear, x=Real("N T D"), w=Real("D M"), b=Real("M"))
TEMPORAL_SOFTMAX = spec(ours.temporal_softmax_loss, x=Real("N T V"), y=Index("N T", below="V"), mask=Mask("N T"))
NET_SCORES = spec(ours.net_scores, X=Real("N D", grad=False), **still(NET))
NET_LOSS = spec(ours.net_loss, **ROWS, **NET)
DEEP_LOSS = spec(ours.net_loss, together=depth, follow=parameters, **ROWS)
NORMED_LOSS = spec(ours.net_loss, MANY, depth, parameters_and_norms, **ROWS, normalization="batchnorm")
LAYERNORMED_LOSS = spec(ours.net_loss, MANY, depth, parameters_and_norms, **ROWS, normalization="layernorm")
