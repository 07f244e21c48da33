"""What a person reads of a measurement: tables on the terminal, a page with plots."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import jinja2
from rich.console import Console
from rich.table import Table

from .. import precision, registry
from ..report import machine
from ..spec import Spec
from . import alarms, kills
from .measure import SHARES, Share, missed, precision_and_recall, ratios, shares

TORCH_IS_RIGHT = Spec.lower  # where a spec says nothing else
HEADINGS = {"generic": "generic", "hand-written": "realistic", "edge": "in a corner"}


def show(found: dict[str, Any]) -> None:
    """The four answers: caught, accused, cost, named."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)
    console.print(_kills(found))
    for line in lines(found):
        console.print(line, soft_wrap=True)


def _kills(found: dict[str, Any]) -> Table:
    """One row for each checker and way of drawing shapes."""
    grid = Table(box=None, header_style="bold", pad_edge=False, title="Wrong backwards caught", title_justify="left")
    grid.add_column("checker")
    grid.add_column("cases")
    for name in SHARES:
        grid.add_column(HEADINGS[name], justify="right")
    grid.add_column("until caught:\nmedian, most", justify="right")
    for checker, shapes, by_group in rows(found):
        cells = [_percent(by_group[name]) if name in by_group else "" for name in SHARES]
        ours = [share for name, share in by_group.items() if name != "generic"]
        median, worst = max((s.median for s in ours), default=0), max((s.worst for s in ours), default=0)
        until = f"{median:g}, {worst}" if shapes == "drawn" else ""
        grid.add_row(checker, "ours" if shapes == "drawn" else "one, by hand", *cells, until)
    return grid


def rows(found: dict[str, Any]) -> list[tuple[str, str, dict[str, Share]]]:
    """Checker, shapes and its shares by group; ourselves first."""
    gathered: dict[tuple[str, str], dict[str, Share]] = defaultdict(dict)
    for (checker, shapes, group), share in shares(found["kills"]).items():
        gathered[checker, shapes][group] = share
    return [(checker, shapes, by_group) for (checker, shapes), by_group in gathered.items()]


def _percent(share: Share) -> str:
    return f"{100 * share.rate:.1f} % of {share.of}"


def lines(found: dict[str, Any]) -> list[str]:
    """What is not in the table, in sentences."""
    said = [f"Missed: {name}" for name in missed(found["kills"])]
    for calm in found["alarms"]:
        unsure = calm["kinds"].get("INCONCLUSIVE", 0) / max(calm["cases"], 1)
        worst = calm["quantiles"].get("all", [math.nan])[-1]
        said.append(
            f"Right functions in {calm['mode']}: {len(calm['accused'])} accused in {calm['cases']} cases, "
            f"{calm['comparisons']} entries compared; {100 * unsure:.2f} % undecided; "
            f"largest error {worst:.2g} of its bound"
        )
    for peer, word in (("gradcheck fast", "fast"), ("gradcheck slow", "slow")):
        if ratio := ratios(found["cost"], peer):
            median = statistics.median(ratio)
            said.append(f"Cost of a case: {median:.2g} of gradcheck's {word} mode (median of {len(ratio)})")
    if found["cost"]:
        drawing = statistics.median(record["drawing"] for record in found["cost"])
        said.append(f"Drawing a case: {drawing:.2g} ms (median)")
    precision, recall, _ = precision_and_recall(found["names"])
    held = precision_and_recall([one for one in found["names"] if one["held_out"]])
    said.append(
        f"Names given that are true: {100 * precision:.1f} %; mistakes with a name that get it: {100 * recall:.1f} %"
    )
    said.append(f"  on the half that was held out: {100 * held[0]:.1f} % and {100 * held[1]:.1f} %")
    return said


def _worst(found: dict[str, Any], checker: str) -> list[float]:
    """By size, the smallest error seen, of the function where it is largest."""
    errors: dict[int, list[float]] = defaultdict(list)
    for record in found["smallest"]:
        if record["checker"] == checker:
            errors[record["size"]].append(record["error"])
    return [max(errors[size], default=math.nan) for size in found["effort"]["entries"]]


def _by_size(found: dict[str, Any]) -> dict[int, float]:
    """The median ratio to gradcheck's fast mode, by the size that was wanted: each function has that many or more."""
    wanted, by_size = found["effort"]["sizes"], defaultdict[int, list[dict[str, Any]]](list)
    for record in found["cost"]:
        by_size[max(size for size in wanted if size <= record["size"])].append(record)
    return {size: statistics.median(ratios(by_size[size], "gradcheck fast")) for size in sorted(by_size)}


def page(found: dict[str, Any], path: Path) -> None:
    """Write the page, with its plots beside it. Raises OSError."""
    from . import plots  # noqa: PLC0415  # matplotlib is an extra

    loader = jinja2.PackageLoader("harness.power", ".")
    environment = jinja2.Environment(loader=loader, autoescape=False, undefined=jinja2.StrictUndefined)  # noqa: S701
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    for name, picture in plots.all_of(found).items():
        machine.write(folder / f"{name}.svg", picture)
    wrong: Counter[str] = Counter()
    for one in found["names"]:
        if one["pattern"] and not one["right"]:
            wrong[one["pattern"]] += 1
    text = environment.get_template("page.md.jinja").render(
        found=found,
        rows=rows(found),
        groups=SHARES,
        headings=HEADINGS,
        percent=_percent,
        missed=missed(found["kills"]),
        ours=next(by_group for checker, shapes, by_group in rows(found) if (checker, shapes) == (kills.OURS, "drawn")),
        names=precision_and_recall(found["names"]),
        held=precision_and_recall([one for one in found["names"] if one["held_out"]]),
        wrong=wrong,
        fast=ratios(found["cost"], "gradcheck fast"),
        slow=ratios(found["cost"], "gradcheck slow"),
        median=statistics.median,
        by_size=_by_size(found),
        levels=alarms.LEVELS,
        seen={checker: _worst(found, checker) for checker in (kills.OURS, f"{kills.OURS}, no twin")},
        folder=folder.name,
        slack=precision.SLACK,
        fused=precision.FUSED,
        exempt=[name for name, spec in registry.specs().items() if spec.lower is not TORCH_IS_RIGHT],
    )
    machine.write(path, text + "\n")
