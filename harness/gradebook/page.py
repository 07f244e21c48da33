"""The class on one page, without script and without network, and beside it a page for each student."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean, median

import jinja2

from ..report import machine
from ..report.handin_html import STATUSES, UNKNOWN, Status
from ..report.untrusted import cut
from .exports import file_name, state
from .store import Grading, Store
from .view import Class, Row, whole

PAGE, PAGES, TEMPLATE = "class.html", "pages", "class.html.jinja"
NAME, LINE, SLOWEST, MOST_PATTERNS, MOST_LISTED = 120, 300, 10, 20, 200
# of the bars: first what is right, last what is nobody's fault
ORDER = ("pass", "unstable", "mutation", "fail", "error", "timeout", "died", "missing", "skipped", "infra")


@dataclass(frozen=True)
class Bar:
    """A tenth of the points and how many students are in it; the height is a part of the highest."""

    label: str
    count: int
    height: float


def write(out: Path, store: Store, grading: Grading) -> None:
    """Write RUN/class.html and RUN/pages. Raises OSError."""
    found = whole(store, grading)
    (out / PAGES).mkdir(exist_ok=True)
    for row in found.rows:
        if row.attempt and row.record:
            _changed(out / PAGES / f"{file_name(row.student)}.html", store.page(grading, row.attempt.hash))
    machine.write(out / PAGE, html(found, store, grading))


def _changed(path: Path, text: str) -> None:
    """Most pages of a class are as they were."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, UnicodeDecodeError):
        pass
    machine.write(path, text)


def html(found: Class, store: Store, grading: Grading) -> str:
    """The page."""
    scores = [row.score for row in found.graded]
    slow = sorted(found.graded, key=lambda row: (-row.seconds, row.student))[:SLOWEST]
    return _template().render(
        title=found.title,
        work=grading.work,
        found=found,
        mean=mean(scores) if scores else 0.0,
        median=median(scores) if scores else 0.0,
        full=sum(score >= found.max_score for score in scores),
        bars=_bars(found),
        checks=sorted(found.checks, key=lambda check: -check.wrong),
        tones=tones,
        patterns=found.patterns[:MOST_PATTERNS],
        slow=slow,
        infra=[row for row in found.graded if row.infra],
        problems=store.problems(),
        most=MOST_LISTED,
        unlisted=store.unlisted(),
        missing=[row for row in found.rows if row.attempt is None],
        link=lambda row: f"{PAGES}/{file_name(row.student)}.html" if row.record else "",
        state=state,
        wrong=_wrong,
    )


def _bars(found: Class) -> list[Bar]:
    counts, step = found.bins, found.max_score / 10
    high = max(counts) or 1
    labels = [f"{step * at:.3g}" for at in range(len(counts))]
    return [Bar(label, count, 100 * count / high) for label, count in zip(labels, counts, strict=True)]


def tones(check: dict[str, int]) -> list[tuple[Status, int, float]]:
    """How a check ended, in the order of the bars: status, how often, percent."""
    total = sum(check.values()) or 1
    known = [one for one in ORDER if check.get(one)]
    return [(STATUSES.get(one, UNKNOWN), check[one], 100 * check[one] / total) for one in known]


def _wrong(row: Row) -> str:
    """What is not right of one student, in one line."""
    if row.record is None:
        return ""
    wrong = [check["id"] for check in row.record["checks"] if check["status"] != "pass"]
    return row.record["message"] or ", ".join(wrong[:4]) + (f", … {len(wrong) - 4} more" if len(wrong) > 4 else "")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = lambda value: f"{round(value, 2):g}"
    environment.filters["name"] = lambda value: cut(value, NAME)
    environment.filters["line"] = lambda value: cut(value, LINE).partition("\n")[0]
    return environment.get_template(TEMPLATE)
