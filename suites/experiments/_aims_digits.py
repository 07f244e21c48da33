"""Document 000, figure 4: what the net makes of each digit."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.reproduce.context import Context
from harness.reproduce.data import Images
from harness.reproduce.experiment import Figure
from harness.reproduce.net import Trainer
from reference_impls import softmax

from ._aims_train import Numbers, fit, net, pictures


def trained(context: Context, images: Images) -> tuple[Trainer, float]:
    """The net of figure 3, trained, and its accuracy: the same one each time it is asked for."""
    trainer = context.trainer(net(context, images), dtype="float32")
    return trainer, fit(context, images, trainer, 0)["test"]


def numbers(context: Context) -> Numbers:
    """The first picture of each class in the test set, its probabilities, and the share of its class that is right."""
    images = pictures(context)
    shape = context.images("mnist").shape

    def work() -> Numbers:
        trainer, test = trained(context, images)
        scores = trainer.scores(images.test)
        right = scores.argmax(-1) == images.test_classes
        there = [one for one in range(images.classes) if (images.test_classes == one).any()]
        first = [int((images.test_classes == one).argmax()) for one in there]
        return {
            "test": test,
            "classes": there,
            "pictures": images.test[first].reshape(-1, *shape).astype(float).round(3),
            "probabilities": softmax(scores[first].astype(float), -1)[0],
            "right": [float(right[images.test_classes == one].mean()) for one in there],
            "count": [int((images.test_classes == one).sum()) for one in there],
        }

    return context.unit("net", work)


def caption(found: Numbers) -> str:
    """Easy and hard digits."""
    right = np.array(found["right"])
    sure = [
        digit for digit, row in zip(found["classes"], found["probabilities"], strict=True) if np.argmax(row) == digit
    ]
    best, worst = (found["classes"][int(place)] for place in (right.argmax(), right.argmin()))
    return (
        f"The first picture of each digit in the test set and its probabilities: {len(sure)} of {len(right)} are "
        f"taken for what they are. Of all {sum(found['count'])}, {found['test']:.1%} are; of the {best}s "
        f"{right.max():.1%}, of the {worst}s {right.min():.1%}."
    )


def draw(canvas: Any, found: Numbers) -> None:
    """A column for each two digits: the picture, and its probabilities beside it."""
    panels = canvas.subplots(5, 4, width_ratios=(1, 2, 1, 2)).reshape(-1, 2)
    canvas.get_layout_engine().set(w_pad=0.05, h_pad=0.05)
    for picture, bars in panels[len(found["classes"]) :]:
        picture.axis("off")
        bars.axis("off")
    rows = zip(found["classes"], found["pictures"], found["probabilities"], found["right"], strict=True)
    for (picture, bars), (digit, pixels, probabilities, right) in zip(panels, rows, strict=False):
        _ = picture.imshow(np.array(pixels), cmap="gray_r")
        picture.axis("off")
        guess = int(np.argmax(probabilities))
        colours = ["C3" if place == guess != digit else "C0" for place in range(len(probabilities))]
        _ = bars.bar(range(len(probabilities)), probabilities, color=colours)
        bars.set(ylim=(0, 1), yticks=(0, 1), xticks=range(len(probabilities)), ylabel="probability")
        bars.yaxis.label.set_size(7)
        bars.tick_params(labelsize=7)
        bars.set_title(
            f"{digit}: taken for {guess} with {max(probabilities):.0%}; of all {digit}s {right:.0%} right", fontsize=7.5
        )


FIGURE = Figure("fig4", "Figure 4: predictions per digit", numbers, caption, draw=draw, size=(8.5, 8), weight=2)
