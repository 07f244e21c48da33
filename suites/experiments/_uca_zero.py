"""Document 004's zero start: what moves, and that the hidden units of a layer stay equal."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.data import Images
from harness.reproduce.experiment import Claim
from harness.reproduce.net import Net, Parameters

from ._uca_nets import SEEDS, Numbers, batches, ends, epochs, judged, net, pictures, seeded, values

BATCH, RATE = 128, 0.5
WAYS = {
    "random start": {},
    "zero start": {"zero": True},
    "zero start, as in the document": {"zero": True, "detached": True},
    "zero start, tanh": {"zero": True, "activation": "tanh"},
}
RANDOM, ZERO, DONE, TANH = WAYS


def made(context: Context, images: Images, seed: int, zero: bool = False, detached: bool = False, **how: Any) -> Net:
    """The net with SGD; `detached`: the optimiser was made before the zeros, and holds tensors that nobody uses."""
    found = net(context, images, seed, lr=RATE, **how)
    if zero:
        begun = found.start()
        found = replace(
            found, name=f"{found.name}, zero start", start=lambda: {n: np.zeros_like(one) for n, one in begun.items()}
        )
    if detached:
        plain = found
        found = replace(
            plain,
            name=f"{plain.name}, the optimiser made before it",
            optimizer=lambda arrays: plain.optimizer({name: one.copy() for name, one in arrays.items()}),
            twin_optimizer=lambda leaves: plain.twin_optimizer([one.detach().clone() for one in leaves]),
        )
    return found


def apart(parameters: Parameters) -> float:
    """How far the hidden units are from being all equal: in what enters them, and in what leaves them."""
    found = (parameters["layers.0.weight"], parameters["layers.0.bias"], parameters["layers.1.weight"].T)
    return max(float(np.ptp(one, axis=0).max()) for one in found)


def numbers(context: Context) -> Numbers:
    """Each way with several seeds: which differ in the batches, and in the start where it is random."""
    images = pictures(context)

    def run(way: Numbers, seed: int) -> Numbers:
        trainer, rng = context.trainer(made(context, images, seed, **way)), context.rng("batches", seed)
        found: Numbers = {"test": [], "apart": [apart(trainer.parameters())]}
        right = np.zeros(0)
        for epoch in range(epochs(context, images) + 1):
            for rows in batches(rng, images.train_classes, BATCH) if epoch else []:
                _ = trainer.step(images.train[rows], images.train_classes[rows])
                if len(found["apart"]) == 1:
                    found["first step"] = {name: float(abs(one).max()) for name, one in trainer.parameters().items()}
                found["apart"].append(apart(trainer.parameters()))
            losses, right = judged(trainer, images)
            found["test"].append(float(losses.mean()))
        ended = trainer.parameters()
        found["accuracy"] = [float(right.mean())]
        found["last"] = {name: float(abs(one).max()) for name, one in ended.items()}
        found["units"] = ended["layers.0.weight"][:UNITS].round(4)
        return found

    runs = seeded(context, {name: partial(run, way) for name, way in WAYS.items()})
    return {"runs": runs, "classes": images.classes, "shape": list(context.images("mnist").shape)}


UNITS = 6  # shown


def claims(numbers: Numbers) -> list[Claim]:
    """What a zero start does, exactly; and what it costs."""
    runs, chance = numbers["runs"], np.log(numbers["classes"])
    inner = [max(one["first step"][f"layers.0.{kind}"] for kind in ("weight", "bias")) for one in runs[ZERO]]
    outer = [min(one["first step"][f"layers.1.{kind}"] for kind in ("weight", "bias")) for one in runs[ZERO]]
    spread = max(max(one["apart"]) for one in runs[ZERO])
    still = [name for one in runs[TANH] for name, size in one["last"].items() if size]
    stuck = max(abs(loss - chance) for one in runs[DONE] for loss in one["test"])
    zero, random = ends(runs[ZERO]), ends(runs[RANDOM])
    steps = len(runs[ZERO][0]["apart"]) - 1
    return [
        Claim("With sigmoid the first step moves the output layer alone", max(inner) == 0 < min(outer),
              f"hidden {max(inner):g}, output {min(outer):.2g} and more", exact=True),
        Claim("With sigmoid all hidden units stay equal for ever", spread < 1e-12,
              f"{spread:.1g} apart at most in {steps} steps", exact=True),
        Claim("With tanh, which is 0 at 0, nothing ever moves but the output's bias", set(still) == {"layers.1.bias"},
              f"moved: {', '.join(sorted(set(still)))}", exact=True),
        Claim("As in the document, with an optimiser that holds the tensors of before, nothing moves: the loss stays "
              f"ln {numbers['classes']}", stuck < 1e-12, f"{stuck:.1g} off {chance:.4f}", exact=True),
        Claim("A zero start ends with a higher loss than a random one, with every seed", bool((zero > random).all()),
              f"{zero.mean():.3f} against {random.mean():.3f}"),
    ]  # fmt: skip


def draw(canvas: Any, numbers: Numbers) -> None:
    """Test loss; how far the hidden units are apart; and what the first of them look for."""
    left, right = canvas.subfigures(1, 2, width_ratios=(5, 3))
    losses, spread = left.subplots(2, 1)
    for number, (name, runs) in enumerate(numbers["runs"].items()):
        style = {"color": f"C{number}", "ls": "-" if number < 2 else (0, (4, 2 * number))}
        accuracy = np.mean([one["accuracy"][-1] for one in runs])
        losses.plot(values(runs, "test").mean(0), label=f"{name}: {accuracy:.1%}", **style)
        if number < 2:
            spread.plot(values(runs, "apart").max(0), label=name, **style)
    losses.set(xlabel="epoch", ylabel="test loss")
    losses.legend(title="with the accuracy at the end", title_fontsize=8, fontsize=8)
    spread.set(xlabel="step", ylabel="hidden units apart, at most")
    spread.legend()
    for part, name in zip(right.subfigures(2, 1), (RANDOM, ZERO), strict=True):
        part.suptitle(f"the first hidden units, {name}", fontsize=9)
        units = np.array(numbers["runs"][name][0]["units"], float)
        for axes, one in zip(part.subplots(2, UNITS // 2).flat, units, strict=True):
            axes.imshow(one.reshape(numbers["shape"][-2:]), vmin=units.min(), vmax=units.max())
            axes.axis("off")


def caption(numbers: Numbers) -> str:
    """What was done, and what is seen."""
    runs = numbers["runs"]
    equal, free = (max(one["apart"][-1] for one in runs[name]) for name in (ZERO, RANDOM))
    return (
        f"One hidden layer, SGD at rate {RATE}, batches of {BATCH}, mean of {SEEDS} runs. After the last step the "
        f"hidden units are up to {equal:.1g} apart from the zero start, and up to {free:.2g} from the random one: from "
        "zero the layer is as good as a single unit. As in the document: its function puts new tensors of zeros into "
        "the net, while the optimiser that was made before still holds the old ones: nothing that is used ever moves."
    )
