"""Figure by figure: find the numbers, draw them, write them down; a failure costs one figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints import Store
from ..report import machine
from . import drawing, report
from .context import Context
from .data import BadData, Source
from .experiment import Experiment, Figure
from .lockstep import OutOfStep
from .progress import Watch, watch


@dataclass(frozen=True)
class Settings:
    """What the command was asked for."""

    out: Path
    source: Source
    budget: str
    device: str
    seed: int

    def context(self, experiment: Experiment, bar: Watch, say: Callable[[str], None]) -> Context:
        """Of one experiment, with its checkpoints."""
        names: dict[str, Any] = {"budget": self.budget, "device": self.device, "seed": self.seed}
        settings = {**names, "data": self.source.fingerprint}
        store = Store(self.out / "checkpoints" / experiment.name, settings, experiment.version, say)
        return Context(self.budget, self.device, self.seed, self.source, store, bar.part)


def run(experiments: Sequence[Experiment], settings: Settings) -> tuple[list[report.Part], bool]:
    """All their figures, and whether that was interrupted. Raises OSError where a result cannot be written."""
    parts: list[report.Part] = []
    with watch(sum(figure.weight for one in experiments for figure in one.figures)) as bar:
        try:
            for experiment in experiments:
                part = report.Part(experiment, [])
                parts.append(part)
                context = settings.context(experiment, bar, bar.say)
                for figure in experiment.figures:
                    part.results.append(_result(experiment, figure, context, settings.out, bar))
        except KeyboardInterrupt:
            return parts, True
    return parts, False


def _result(experiment: Experiment, figure: Figure, context: Context, out: Path, bar: Watch) -> report.Result:
    """One figure, made and written."""
    stem = f"{experiment.number}-{figure.name}"
    bar.start(stem, figure.weight)
    context.locksteps, context.used, made = [], {}, context.made
    svg = ""
    try:
        numbers = context.numbers(figure)
        png, svg = drawing.drawn(figure, numbers) if figure.draw else (b"", "")
        said = figure.caption(numbers), figure.claims(numbers), figure.table and figure.table(numbers)
        result = report.Result(figure, stem, context.locksteps, context.used, numbers, *said, png)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - the others go on
        known = isinstance(error, OutOfStep | BadData)
        failed = str(error) if known else f"{type(error).__name__}: {error}"
        result = report.Result(figure, stem, context.locksteps, context.used, failed=failed)
    machine.write(out / f"{stem}.json", report.as_json(result))
    if result.png:
        drawing.write(out, stem, result.png, svg)
    bar.finish(result.failed or figure.title, context.made > made)
    return result
