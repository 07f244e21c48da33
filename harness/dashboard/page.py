"""The page: what changed, ratios, and a small plot for each curve; one file, without script, which needs no network."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from .changes import LEAST, Change, Level, changes, levels, odd_newest
from .history import Commit, History
from .results import Run, Series

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 150, 46, 10, 20, 22  # of a plot, in its own units
AT_LEAST = 0.1  # of the value is the height of a plot, to each side: less would make mountains of noise
RECENT = 5  # commits that a ratio is the median of
HIDDEN = ("track_reached",)  # a fraction of the machine's limit: drawn, not judged, for it follows the throughput
TICK = {"of the limit": "of the limit"}  # units that the axis needs
FACTS = ("cpu", "gpu", "num_cpu", "ram", "os", "driver", "cuda", "torch", "numpy", "python")


@dataclass(frozen=True)
class Curve:
    """A series, judged."""

    series: Series
    commits: dict[str, Commit]
    changes: list[Change]
    levels: list[Level]
    odd: float | None

    @property
    def newest(self) -> float:
        """The last value."""
        return self.series.points[-1].value

    def commit(self, at: int) -> Commit:
        """Of the point with this index."""
        return self.commits[self.series.points[at].commit]


@dataclass(frozen=True)
class Finding:
    """One change, as it is told."""

    curve: Curve
    change: Change
    machine: str

    @property
    def worse(self) -> bool:
        """By the direction of the curve."""
        return (self.change.factor < 1) == self.curve.series.higher

    @property
    def commit(self) -> Commit:
        """The first that has the new level."""
        return self.curve.commit(self.change.at)

    @property
    def between(self) -> int:
        """Commits that were not measured since the one before, any of which may have done it."""
        return self.commit.place - self.curve.commit(self.change.at - 1).place - 1

    @property
    def lasts(self) -> bool:
        """Whether this is the last change of its curve."""
        return self.change is self.curve.changes[-1]

    @property
    def age(self) -> int:
        """Measured commits that have the new level, if it lasts."""
        return len(self.curve.series.points) - self.change.at

    @property
    def about_speed(self) -> bool:
        """And not about memory."""
        return "memory" not in self.curve.series.kind and "peakmem" not in self.curve.series.kind

    @property
    def says(self) -> str:
        """How it is called."""
        if self.about_speed:
            return "slower" if self.worse else "faster"
        return "more memory" if self.worse else "less memory"

    @property
    def percent(self) -> str:
        """Of the number itself."""
        return signed(self.change.factor)

    @property
    def line(self) -> str:
        """For the terminal."""
        series = self.curve.series
        levels = f"{number(self.change.before, series.unit)} → {number(self.change.after, series.unit)}"
        more = f", or one of the {self.between} before it" if self.between else ""
        return (
            f"{self.says}: {series.name}, {self.percent} ({levels}) since {self.commit.short}{more} "
            f"{self.commit.subject}".rstrip()
            + f" [{self.machine}]"
        )


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one backend is as another, of one workload."""

    above: str
    below: str
    values: list[float]

    @property
    def recent(self) -> list[float]:
        """Of the newest commits that have both."""
        return self.values[-RECENT:]

    @property
    def text(self) -> str:
        """The median and its range."""
        low, high = min(self.recent), max(self.recent)
        return f"{statistics.median(self.recent):.3g}" + (f" ({low:.3g}–{high:.3g})" if len(self.recent) > 1 else "")


@dataclass(frozen=True)
class Machine:
    """What was measured in one environment of one machine."""

    name: str
    facts: dict[str, str]
    curves: list[Curve]
    reached: dict[tuple[tuple[str, str], ...], Curve]

    @property
    def workloads(self) -> dict[str, list[Curve]]:
        """The speed of training."""
        found: dict[str, list[Curve]] = {}
        for curve in self.curves:
            if curve.series.training and _speed(curve.series):
                found.setdefault(curve.series.param("workload"), []).append(curve)
        return found

    @property
    def others(self) -> dict[str, list[Curve]]:
        """Memory, references, the judge: by benchmark."""
        found: dict[str, list[Curve]] = {}
        for curve in self.curves:
            if not (curve.series.training and _speed(curve.series)):
                found.setdefault(curve.series.benchmark, []).append(curve)
        return found

    def ratios(self, workload: str) -> list[Ratio]:
        """NumPy to torch, and CUDA to the CPU: like for like first, then the fastest."""
        by = {curve.series.param("backend"): _rates(curve.series) for curve in self.workloads[workload]}
        cuda = [name for name in by if "cuda" in name]
        best = max(cuda, key=lambda name: list(by[name].values())[-1], default="")
        pairs = [("numpy", "torch-cpu"), ("torch-cuda-eager-float32", "torch-cpu"), (best, "torch-cpu")]
        found = []
        for above, below in dict.fromkeys(pairs):
            both = [commit for commit in by.get(above, {}) if commit in by.get(below, {})]
            if both:
                found.append(Ratio(above, below, [by[above][one] / by[below][one] for one in both]))
        return found

    def of_limit(self, curve: Curve) -> str:
        """How much of what the hardware can do, at the newest commit, where that was recorded."""
        found = self.reached.get(curve.series.params)
        return f"{found.newest:.0%} of the limit" if found else ""


@dataclass(frozen=True)
class Page:
    """All that is shown."""

    history: History
    machines: list[Machine]
    least: float
    doubts: Sequence[str] = ()

    @property
    def findings(self) -> list[Finding]:
        """Newest first, and what is worse before what is better."""
        found = [Finding(c, one, m.name) for m in self.machines for c in m.curves for one in c.changes]
        return sorted(found, key=lambda one: (-one.commit.place, not one.worse, abs(1 - one.change.factor)))

    @property
    def odd(self) -> list[tuple[str, Curve]]:
        """Curves whose newest value alone is off."""
        return [(machine.name, curve) for machine in self.machines for curve in machine.curves if curve.odd]

    def slower(self, newest: int) -> list[Finding]:
        """What became slower within so many measured commits, and still is."""
        return [f for f in self.findings if f.about_speed and f.worse and f.lasts and f.age <= newest]

    @property
    def judged(self) -> int:
        """How many curves are long enough to hold a change."""
        return sum(len(curve.series.points) >= 5 for machine in self.machines for curve in machine.curves)

    @property
    def dropped(self) -> int:
        """How many values were of another version of their benchmark."""
        return sum(curve.series.dropped for machine in self.machines for curve in machine.curves)


def made(
    found: Sequence[Run], series: Sequence[Series], history: History, least: float = LEAST, doubts: Sequence[str] = ()
) -> Page:
    """Judge every curve; of one that is there as throughput and as time, the throughput."""
    commits = {one.hash: one for one in history.commits}
    newest = {run.machine: run for run in sorted(found, key=lambda one: _place(commits, one.commit))}
    plain = [machine.partition(" · ")[0] for machine in newest]
    machines = []
    for machine, run in sorted(newest.items()):
        here = [one for one in series if one.machine == machine and one.points]
        if not here:
            continue
        rated = {one.params for one in here if one.kind == "track_throughput"}
        shown = [
            one
            for one in here
            if one.kind not in HIDDEN and not (one.kind == "track_ms_per_step" and one.params in rated)
        ]
        name = machine.partition(" · ")[0]
        facts = {key: str(run.about[key]) for key in FACTS if run.about.get(key)} | {"env": run.about["environment"]}
        machines.append(
            Machine(
                name if plain.count(name) == 1 else machine,
                facts,
                [_judged(one, commits, least) for one in shown],
                {one.params: _judged(one, commits, least) for one in here if one.kind in HIDDEN},
            )
        )
    return Page(history, machines, least, doubts)


def _judged(series: Series, commits: dict[str, Commit], least: float) -> Curve:
    values = [point.value for point in series.points]
    found = changes(values, least)
    return Curve(series, commits, found, levels(values, found), odd_newest(values, found, least))


def _place(commits: dict[str, Commit], commit: str) -> int:
    return commits[commit].place if commit in commits else -1


def _speed(series: Series) -> bool:
    return series.kind in ("track_throughput", "track_ms_per_step")


def _rates(series: Series) -> dict[str, float]:
    return {one.commit: one.value if series.higher else 1 / one.value for one in series.points}


def number(value: float, unit: str = "") -> str:
    """Three digits, and a prefix."""
    if unit in ("seconds", "s"):
        prefix, size = next(((p, s) for p, s in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)) if value >= s), ("ns", 1e-9))
        return f"{value / size:.3g} {prefix}"
    if unit == "of the limit":
        return f"{value:.0%}"
    for sign, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= 0.9995 * size:
            return f"{_three(value / size)}{sign}{_unit(unit)}"
    return f"{_three(value)}{_unit(unit)}"


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:.3g}"


def _unit(unit: str) -> str:
    return "/s" if unit == "1/s" else f" {unit}" if unit else ""


def signed(factor: float) -> str:
    """A change in percent."""
    return f"{100 * (factor - 1):+.0f} %".replace("-", "−")


def plot(curve: Curve) -> dict[str, Any]:
    """Where everything is drawn."""
    points, unit = curve.series.points, curve.series.unit
    ends = [v for point in points for v in (point.value, point.low, point.high) if v is not None]
    middle = statistics.median(point.value for point in points)
    low, high = min([*ends, middle * (1 - AT_LEAST)]), max([*ends, middle * (1 + AT_LEAST)])
    room = 0.05 * (high - low)
    low, high = max(low - room, 0.0), high + room

    def x(place: float) -> float:
        share = (place + 0.5) / len(points)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    return {
        "points": [
            {
                "x": x(place),
                "y": y(point.value),
                "low": None if point.low is None else y(point.low),
                "high": None if point.high is None else y(point.high),
                "says": f"{curve.commit(place).short} {curve.commit(place).date} {curve.commit(place).subject}: "
                f"{number(point.value, unit)}",
            }
            for place, point in enumerate(points)
        ],
        "levels": [
            {
                "x1": x(level.start - 0.4),
                "x2": x(level.stop - 0.6),
                "y": y(level.value),
                "top": y(level.value * (1 + level.spread)) if level.spread == level.spread else y(level.value),
                "bottom": y(level.value * (1 - level.spread)) if level.spread == level.spread else y(level.value),
            }
            for level in curve.levels
        ],
        "changes": [
            {
                "x": x(one.at - 0.5),
                "percent": signed(one.factor),
                "commit": curve.commit(one.at).short,
                "worse": (one.factor < 1) == curve.series.higher,
                "anchor": "end" if one.at > len(points) / 2 else "start",
            }
            for one in curve.changes
        ],
        "ticks": [{"y": y(value), "says": number(value, TICK.get(unit, ""))} for value in _ticks(low, high)],
        "first": curve.commit(0).short,
        "last": curve.commit(len(points) - 1).short,
    }


def _ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough)
    return [step * one for one in range(math.ceil(low / step), math.floor(high / step) + 1)]


def html(page: Page) -> str:
    """One file."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.dashboard", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.jinja")
    size = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return template.render(page=page, plot=plot, number=number, signed=signed, size=size)
