"""Whether a script trains: each step that it took, from where it stood, beside the step that it should have taken."""

import numpy as np
import reference

BATCH, EPOCHS, RATE, ROWS, EXACT = 4, 2, 0.05, 11, 1e-7


def data():
    """A few rows, of which no two are alike, in three classes."""
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(ROWS, 2)), "y": np.arange(ROWS) % 3}


def judged(answer, activation, layers=0, momentum=False):
    """What is wrong with the steps of a script; "" if nothing is."""
    depth = sum(name.startswith("w") for name in answer)
    if layers and depth != layers:
        return f"the net has {depth} linear layers, but should have {layers}"
    if reason := batches(answer):
        return reason
    known = data()
    numbers = (answer["rows"][:, None] == known["x"]).all(2).argmax(1)
    moved, due = [], []
    for step, batch in enumerate(np.split(numbers, np.cumsum(answer["sizes"])[:-1])):
        weights, biases = ([answer[f"{one}{k}"][step] for k in range(depth)] for one in "wb")
        grads = reference.slopes(known["x"][batch], known["y"][batch], weights, biases, activation)
        moved.append([answer[f"{one}{k}"][step + 1] - answer[f"{one}{k}"][step] for k in range(depth) for one in "wb"])
        due.append([grad for pair in grads for grad in pair])
    names = [f"the {one} of layer {k}" for k in range(1, depth + 1) for one in ("weight", "bias")]
    for name, changes in zip(names, zip(*moved, strict=True), strict=True):
        if not any(change.any() for change in changes):
            return f"{name} never moves, but should: is it among parameters()?"
    return with_momentum(moved, due, names) if momentum else plain(moved, due, names)


def batches(answer):
    """What is wrong with the batches: each epoch should see each row once."""
    known, sizes = data()["x"], answer["sizes"].tolist()
    asked = [BATCH, BATCH, ROWS - 2 * BATCH] * EPOCHS
    if sizes != asked:
        return f"the steps see {sizes} rows, but should see {asked}, with -b {BATCH} -e {EPOCHS}"
    for rows in np.split(answer["rows"], EPOCHS):
        if rows.shape[1:] != known.shape[1:] or not np.array_equal(np.sort(rows, 0), np.sort(known, 0)):
            return "an epoch does not see each row once, but should"
    return ""


def plain(moved, due, names):
    """What is wrong with steps of -rate times the gradient."""
    rate, kept = fitted(moved, due)
    if reason := compared(moved, [[-RATE * grad for grad in grads] for grads in due], names):
        if abs(rate / RATE - 1) < EXACT and abs(kept - 1) < EXACT:
            return f"{reason}: the gradients of the steps before are still in it. Where are they set to zero?"
        return reason
    return ""


def with_momentum(moved, due, names):
    """What is wrong with steps that keep a part of the step before, whichever part."""
    rate, kept = fitted(moved, due)
    if not 0.01 < kept < 0.999:
        return f"a step keeps {kept:.3g} times the step before, but should keep a part of it, between 0 and 1"
    if min(abs(rate / RATE - 1), abs(rate / RATE / (1 - kept) - 1)) > EXACT:
        return f"the first step is {-rate:.6g} times the gradient, but should be {-RATE:g} times, as -l says"
    before = [[0.0 * grad for grad in due[0]], *moved]
    want = [
        [kept * last - rate * grad for last, grad in zip(lasts, grads, strict=True)]
        for lasts, grads in zip(before, due, strict=False)
    ]
    return compared(moved, want, names)


def fitted(moved, due):
    """The rate of the first step, and what the second keeps of it."""
    (c0, c1), (g0, g1) = ([np.concatenate([one.ravel() for one in each]) for each in all[:2]] for all in (moved, due))
    rate = -float(c0 @ g0) / float(g0 @ g0)
    return rate, float(c0 @ (c1 + rate * g1)) / (float(c0 @ c0) or 1.0)


def compared(moved, want, names):
    """The first step that is another, and the entry of it that is furthest off."""
    for number, (steps, right) in enumerate(zip(moved, want, strict=True), start=1):
        scale = max(abs(one).max() for one in right)
        for name, got, due in zip(names, steps, right, strict=True):
            at = np.unravel_index(abs(got - due).argmax(), got.shape)
            if not abs(got - due).max() <= EXACT * scale:
                place = ", ".join(str(int(i)) for i in at)
                return f"step {number} moves {name} by {got[at]:.6g} at [{place}], but should by {due[at]:.6g}"
    return ""
