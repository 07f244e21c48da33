"""Borders around images."""

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Pick, Real, Spec


def border(pick: Pick) -> None:
    """A border on each side of the last axes, or a cut that leaves something."""
    mode = pick.option("mode", ("constant", "reflect", "replicate", "circular"))
    _ = pick.option("value", st.sampled_from((None, 0.0, 1.5, -2.0)) if mode == "constant" else st.none())
    if mode == "constant":
        shape = pick.shape("shape", dims=(1, 5), high=3)
        axes = pick.draw(st.integers(1, len(shape)))
    else:
        axes = pick.draw(st.integers(1, 3))
        sizes = pick.draw(st.tuples(*[st.integers(1, 4)] * (1 + axes)))
        shape = pick.draw(st.sampled_from((sizes, (2, *sizes), (0, *sizes))))
        pick.put("shape", shape)
    pairs: list[int] = []
    for size in reversed(shape[-axes:]):
        least = 0 if mode == "constant" else 1
        before = pick.draw(st.integers(max(least - size, -2), {"reflect": size - 1, "circular": size}.get(mode, 3)))
        kept = size + min(before, 0)
        low = max(least - kept, -2) if mode != "circular" else max(max(before, 1) - kept, -2)
        after = pick.draw(st.integers(low, {"reflect": size - 1, "circular": kept}.get(mode, 3)))
        pairs += [before, after]
    _ = pick.option("pad", st.just(tuple(pairs)))


SPECS = [
    Spec(
        "pad",
        ref.pad,
        F.pad,
        covers=tuple(
            f"{kind}Pad{dims}d"
            for kind in ("Zero", "Constant", "Reflection", "Replication", "Circular")
            for dims in (1, 2, 3)
        ),
        arguments={
            "input": Real("*shape"),
            "pad": Choice(((0, 0),)),
            "mode": Choice(("constant",)),
            "value": Choice((None,)),
        },
        together=border,
    ),
]

SIGNAL = np.zeros((2, 3))

REFUSED = [
    ("pad", {"input": SIGNAL, "pad": (1,)}, ValueError, "pad is (1,), but should be two whole numbers for each axis"),
    ("pad", {"input": SIGNAL, "pad": (1, 1) * 3}, ValueError, "len(pad) is 6, but should be at most 4, for input of 2"),
    (
        "pad",
        {"input": SIGNAL, "pad": (-2, -2)},
        ValueError,
        "pad is (-2, -2), but should be such that it cuts off no more",
    ),
    (
        "pad",
        {"input": SIGNAL, "pad": (1, 1), "mode": "edge"},
        ValueError,
        "mode is 'edge', but should be one of constant",
    ),
    (
        "pad",
        {"input": SIGNAL, "pad": (1, 1), "mode": "reflect", "value": 1.0},
        ValueError,
        "value is 1.0, but should be",
    ),
    (
        "pad",
        {"input": SIGNAL, "pad": (3, 0), "mode": "reflect"},
        ValueError,
        "pad is (3, 0), but should be less than the",
    ),
    (
        "pad",
        {"input": SIGNAL, "pad": (-2, -1), "mode": "replicate"},
        ValueError,
        "pad is (-2, -1), but should be such that",
    ),
    (
        "pad",
        {"input": SIGNAL, "pad": (4, 0), "mode": "circular"},
        ValueError,
        "pad is (4, 0), but should be at most the",
    ),
    # torch returns whatever lies in memory here
    (
        "pad",
        {"input": SIGNAL, "pad": (-3, 3), "mode": "circular"},
        ValueError,
        "pad is (-3, 3), but should be at most the",
    ),
    (
        "pad",
        {"input": SIGNAL[0], "pad": (1, 1), "mode": "reflect"},
        ValueError,
        "input.ndim is 1, but should be 2, or 3",
    ),
    (
        "pad",
        {"input": SIGNAL, "pad": (), "mode": "reflect"},
        ValueError,
        "len(pad) is 0, but should be 2, 4 or 6, since",
    ),
    ("pad", {"input": SIGNAL.astype(int), "pad": (1, 1), "mode": "reflect"}, TypeError, "input is of dtype int64, but"),
]
