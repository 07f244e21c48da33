"""Document 000: its cross-entropy and sigmoid have no guard against overflow; in float32, beside those that have "
"one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from harness.reproduce.context import Context
from harness.reproduce.experiment import Claim, Figure
from reference_impls import sigmoid
from reference_impls.loss_classification import cross_entropy

from ._aims_train import Numbers

ENDS = 120.0
BREAKS = 89  # e⁸⁹ is the first power with a whole exponent that float32 has not


def document_cross_entropy(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """-log(eˣ / Σ eˣ), term by term."""
    powers = torch.exp(scores)
    return -torch.log(powers[range(len(classes)), classes] / powers.sum(1))


def document_sigmoid(input: torch.Tensor) -> torch.Tensor:
    """1 / (1 + e⁻ˣ)."""
    return 1 / (1 + torch.exp(-input))


def numbers(_: Context) -> Numbers:
    """The loss of the scores x and 0, for the class of the lower; the slope of the sigmoid at -x."""
    x = np.arange(0, ENDS + 1, dtype=np.float32)
    rows, lower = np.stack([x, 0 * x], 1), np.ones(len(x), np.int64)
    leaf = torch.from_numpy(-x).requires_grad_()
    (slopes,) = torch.autograd.grad(document_sigmoid(leaf).sum(), leaf)
    ours, pullback = sigmoid(-x)
    wide = x.astype(float)
    return {
        "x": x,
        "loss": {
            "as it was done": document_cross_entropy(torch.from_numpy(rows), torch.from_numpy(lower)).numpy(),
            "done right": cross_entropy(rows, lower, reduction="none")[0],
        },
        "slope": {"as it was done": slopes.numpy(), "done right": pullback(np.ones_like(ours))["input"]},
        "in float64": {"loss": np.logaddexp(0, wide), "slope": np.exp(-wide) / (1 + np.exp(-wide)) ** 2},
    }


def breaks(found: Numbers, what: str) -> int | None:
    """The first x at which the document's is not finite; None stands for that in the numbers."""
    return next((int(x) for x, y in zip(found["x"], found[what]["as it was done"], strict=True) if y is None), None)


def claims(found: Numbers) -> list[Claim]:
    """Where the document's break, and that ours do not."""
    gaps = {}
    for what, right in found["in float64"].items():
        gap = np.abs(np.array(found[what]["done right"], float) - right) / np.maximum(1, right)
        gaps[what] = float(gap.max())
    return [
        *(
            Claim(f"As it was done, the {what} is not finite from {BREAKS} on", breaks(found, what) == BREAKS,
                  f"from {breaks(found, what)} on", exact=True) for what in ("loss", "slope")
        ),
        Claim("Done right, both are float64's, to 1e-6", max(gaps.values()) < 1e-6,
              ", ".join(f"{what} {gap:.0e}" for what, gap in gaps.items()), exact=True),
    ]  # fmt: skip


def caption(found: Numbers) -> str:
    """In words."""
    nothing = next(int(x) for x, y in zip(found["x"], found["slope"]["as it was done"], strict=True) if y == 0)
    return (
        "In float32. As it was done: -log(eˣ / Σ eˣ), and 1 / (1 + e⁻ˣ), whose slope comes from autograd; done right: "
        "with the largest score taken off, and each tail by itself. The document's loss is not finite from "
        f"{breaks(found, 'loss')} on; its sigmoid's slope is 0 from {nothing} and not finite from "
        f"{breaks(found, 'slope')} on (crosses). A net that is as sure of a wrong class has NaN for gradients."
    )


def draw(canvas: Any, found: Numbers) -> None:
    """Both; crosses where the document's is lost."""
    x = np.array(found["x"])
    names = {"loss": "loss of the scores x and 0, class of the 0", "slope": "slope of the sigmoid at -x"}
    for axes, (what, name) in zip(canvas.subplots(1, 2), names.items(), strict=True):
        done, right = (np.array(found[what][way], float) for way in ("as it was done", "done right"))
        lost = ~np.isfinite(done)
        axes.plot(x, right, label="done right", lw=5, alpha=0.4)
        axes.plot(x, done, label="as it was done")
        axes.plot(x[lost], right[lost], "x", color="C3", ms=4, label="as it was done: not finite")
        axes.set(xlabel="x", ylabel=what, title=name, yscale="log" if what == "slope" else "linear")
        axes.legend(fontsize=8)


FIGURE = Figure(
    "guards", "Overflow: cross-entropy and sigmoid, unguarded and guarded", numbers, caption, draw=draw, claims=claims,
    size=(8.5, 3.6), weight=0.5,
)  # fmt: skip
