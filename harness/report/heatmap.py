"""Where an array is wrong, as squares to draw: of any rank, small ones with their numbers, large ones thinned out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import tolerance
from .untrusted import cut

Array = np.ndarray[Any, Any]

MOST_ENTRIES, MOST_SQUARES, MOST_PANELS, MOST_WORST, NAME = 1_000_000, 4096, 24, 5, 120
SIDE = 64  # squares along one side of a panel, 5 pixels each: what a phone shows
WRAP = 32  # squares of a vector before the next line
LEVELS = 4  # of darkness
NUMBERS, NUMBER_COLUMNS = 48, 5  # so many entries, so many of them side by side, have their numbers written on
NUMBER_CHARACTERS = 9
CELLS = {"numbered": (66, 36), "large": (18, 18), "small": (10, 10), "tiny": (5, 5)}  # pixels
LABEL = 7  # pixels for each character of a row's number


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a check got from the hand-in and what it wanted; an entry is right within `tolerance` of the largest."""

    got: Array | None
    want: Array | None
    argument: str = ""
    tolerance: float = 0.0


@dataclass(frozen=True)
class Text:
    """A few characters at a place; `kind` is their class in the page's style."""

    x: float
    y: float
    kind: str
    text: str


@dataclass(frozen=True)
class Panel:
    """One slice over the last two axes: a path for each kind of square, one for the signs on them, and the texts."""

    caption: str
    style: str  # numbered, large, small or tiny: what there is room for
    rows: int
    width: int
    height: int
    squares: dict[str, str]
    signs: str
    texts: list[Text]


@dataclass(frozen=True)
class Picture:
    """Panels with what must be said about them. Without panels, the words say all."""

    argument: str
    words: str
    panels: list[Panel]
    notes: list[str]
    worst: list[tuple[str, str, str]]  # the entry, what it is, what it should be
    kinds: list[str]  # of the squares that occur, for the legend


def picture(evidence: Evidence) -> Picture | None:
    """What can be shown of this; nothing where an array is unknown."""
    if evidence.got is None or evidence.want is None:
        return None
    got, want, argument = np.asarray(evidence.got), np.asarray(evidence.want), cut(evidence.argument, NAME)
    if got.dtype.kind not in "biufc" or want.dtype.kind not in "biufc":
        return None
    if got.shape != want.shape:
        return _only(argument, f"the shape is {got.shape}, but should be {want.shape}")
    if not 0 < got.size <= MOST_ENTRIES:
        return _only(argument, f"shape {got.shape}, too {'large' if got.size else 'small'} to draw")
    got, want = (a.astype(np.result_type(a, np.float64)) for a in (got, want))
    with np.errstate(all="ignore"):
        shade = _shade(got, want, evidence.tolerance)
        wrong = int(np.count_nonzero(shade))
        if not wrong:
            return _only(argument, f"shape {got.shape}, all {got.size} entries are right")
        return _drawn(argument, got, want, shade, wrong)


def _only(argument: str, words: str) -> Picture:
    return Picture(argument, words, [], [], [], [])


def _shade(got: Array, want: Array, within: float) -> Array:
    """0 where right, up to ±1 where too large or too small by the most, nan where one of the two is no number."""
    finite = np.isfinite(got) & np.isfinite(want)
    off = np.where(finite, np.minimum(abs(got - want), np.finfo(np.float64).max), np.inf)
    largest = float(abs(want)[np.isfinite(want)].max(initial=0.0))
    wrong = (tolerance.excess(got, want) > 1) & (off > within * largest)
    most = float(off[wrong & finite].max(initial=0.0)) or 1.0
    sign = np.where(np.real(got - want) < 0, -1.0, 1.0)
    return np.where(wrong, np.where(finite, sign * np.maximum(off / most, 1e-9), np.nan), 0.0)


def _drawn(argument: str, got: Array, want: Array, shade: Array, wrong: int) -> Picture:
    numbers = _written(got, want, shade)
    slices = (shade != 0).any(
        axis=tuple(range(shade.ndim))[-2:]
    )  # those over the last two axes that have wrong entries
    shown = [tuple(map(int, index)) for index in np.argwhere(slices)]
    limit = max(1, min(MOST_PANELS, MOST_SQUARES // min(shade[shown[0]].size, SIDE * SIDE)))
    notes = []
    if slices.size > 1:
        some = "" if len(shown) <= limit else f"the first {limit} of "
        notes.append(f"drawn: {some}{len(shown)} slices with wrong entries, of {slices.size} over the last two axes")
    panels, kinds, blocks = [], set[str](), set[tuple[int, int]]()
    for index in shown[:limit]:
        grid, block, wrapped = _grid(shade[index], numbers)
        values = (got[index], want[index]) if numbers else None
        caption = f"[{', '.join(map(str, index))}]" if index else ""
        panel = _panel(caption, grid, block, wrapped, values)
        panels.append(panel)
        kinds |= {kind.partition(" ")[0] for kind in panel.squares}
        blocks.add(block)
    for rows, columns in blocks - {(1, 1)}:
        notes.append(f"each square stands for {rows} × {columns} entries and shows the worst of them")
    if numbers:
        notes.append("where two numbers stand, the upper one is yours and the lower one is right")
    if shade.ndim == 1 and panels[0].rows > 1:
        notes.append("to be read line by line")
    words = f"{'all' if wrong == got.size else f'{wrong} of'} {got.size} entries are wrong, shape {got.shape}"
    words = "its one entry is wrong" if got.size == 1 else words
    return Picture(argument, words, panels, notes, [] if numbers else _worst(got, want, shade), sorted(kinds))


def _written(got: Array, want: Array, shade: Array) -> bool:
    """Whether there are so few entries that their numbers fit, with all the digits that tell right from wrong."""
    wide = got.ndim > 1 and got.shape[-1] > NUMBER_COLUMNS
    if wide or got.size > NUMBERS or "c" in (got.dtype.kind, want.dtype.kind):
        return False
    pairs = [_pair(*both) for both in zip(got[shade != 0], want[shade != 0], strict=True)]
    return all(len(one) <= NUMBER_CHARACTERS for pair in pairs for one in pair)


def _grid(part: Array, numbers: bool) -> tuple[Array, tuple[int, int], bool]:
    """In rows and columns, with -2 where there is no entry; how many entries one square stands for; was it a vector."""
    if part.ndim == 2:
        rows, columns = (-(-size // SIDE) for size in part.shape)
        return _thin(part, rows, columns), (rows, columns), False
    line = np.atleast_1d(part)
    each = -(-line.size // (SIDE * WRAP))
    line = _thin(line[None], 1, each)[0]
    width = min(line.size, NUMBER_COLUMNS if numbers else WRAP)
    line = np.append(line, np.full(-line.size % width, -2.0))
    return line.reshape(-1, width), (1, each), True


def _thin(part: Array, rows: int, columns: int) -> Array:
    """The worst of each block of so many rows and columns."""
    if rows == columns == 1:
        return part
    fill = [(0, -part.shape[0] % rows), (0, -part.shape[1] % columns)]
    padded = np.pad(part, fill)
    height, width = padded.shape[0] // rows, padded.shape[1] // columns
    blocks = padded.reshape(height, rows, width, columns).swapaxes(1, 2).reshape(height, width, -1)
    worst = np.nan_to_num(abs(blocks), nan=2.0).argmax(-1)
    return np.take_along_axis(blocks, worst[..., None], -1)[..., 0]


def _panel(
    caption: str, grid: Array, block: tuple[int, int], wrapped: bool, values: tuple[Array, Array] | None
) -> Panel:
    rows, columns = grid.shape
    style = "numbered" if values is not None else "large" if max(grid.shape) <= 16 else "small"
    style = "tiny" if max(grid.shape) > WRAP else style
    width, height = CELLS[style]
    row_labels = [str(i * (columns if wrapped else 1) * (block[1] if wrapped else block[0])) for i in range(rows)]
    column_labels = [] if wrapped and rows > 1 else [str(i * block[1]) for i in range(columns)]
    row_labels = [] if wrapped and rows == 1 else row_labels
    left = LABEL * max(map(len, row_labels), default=0) + 4
    top = 14 if column_labels else 2
    texts = [*_labels(row_labels, left, top, height, 0), *_labels(column_labels, left, top, width, 1)]
    squares: dict[str, str] = {}
    signs, gap = "", 1 if style == "tiny" else 2
    for (row, column), shade in np.ndenumerate(grid):
        if shade == -2:
            continue
        x, y = left + column * width, top + row * height
        kind = _kind(float(shade))
        squares[kind] = squares.get(kind, "") + f"M{x} {y}h{width - gap}v{height - gap}h{gap - width}z"
        if values is not None:
            at = row * columns + column
            texts += _numbers(x + (width - gap) / 2, y, kind, *(float(a.reshape(-1)[at]) for a in values))
        elif style != "tiny":
            signs += _sign(kind, x + (width - gap) / 2, y + (height - gap) / 2, width / 4)
    return Panel(caption, style, rows, left + columns * width + 4, top + rows * height, squares, signs, texts)


def _labels(labels: list[str], left: int, top: int, step: int, axis: int) -> Iterator[Text]:
    """As many of them as fit without touching."""
    room = max((len(label) for label in labels), default=0) * LABEL + 4 if axis else 12
    every = next(n for n in (1, 2, 4, 8, 16, 32, 64) if n * step >= room)
    for i, label in list(enumerate(labels))[::every]:
        middle = i * step + (step - 1) / 2
        yield Text(left + middle, 10, "column", label) if axis else Text(left - 4, top + middle + 3, "row", label)


def _kind(shade: float) -> str:
    if np.isnan(shade):
        return "none"
    if shade == 0:
        return "right"
    return f"{'over' if shade > 0 else 'under'} l{min(LEVELS, int(abs(shade) * LEVELS) + 1)}"


def _sign(kind: str, x: float, y: float, arm: float) -> str:
    """A plus, a minus or a cross, so that it can be read without colours."""
    if kind == "none":
        return f"M{x - arm:g} {y - arm:g}l{2 * arm:g} {2 * arm:g}M{x - arm:g} {y + arm:g}l{2 * arm:g} {-2 * arm:g}"
    minus = f"M{x - arm:g} {y:g}h{2 * arm:g}"
    return {"o": minus + f"M{x:g} {y - arm:g}v{2 * arm:g}", "u": minus}.get(kind[0], "")


def _numbers(x: float, y: float, kind: str, got: float, want: float) -> list[Text]:
    middle = y + CELLS["numbered"][1] / 2
    if kind == "right":
        return [Text(x, middle + 3, "is", f"{got:.4g}")]
    is_, should = _pair(got, want)
    return [Text(x, middle - 4, "is", is_), Text(x, middle + 10, "should", should)]


def _pair(got: Any, want: Any) -> tuple[str, str]:
    """Both, with as many digits as tell them apart."""
    digits = next((d for d in (4, 6, 9, 12) if f"{got:.{d}g}" != f"{want:.{d}g}"), 17)
    return f"{got:.{digits}g}", f"{want:.{digits}g}"


def _worst(got: Array, want: Array, shade: Array) -> list[tuple[str, str, str]]:
    depth = np.nan_to_num(abs(shade), nan=2.0)
    order = np.argsort(-depth, axis=None, kind="stable")[: min(MOST_WORST, np.count_nonzero(depth))]
    indices = [tuple(map(int, index)) for index in zip(*np.unravel_index(order, shade.shape), strict=True)]
    return [(f"[{', '.join(map(str, index))}]", *_pair(got[index], want[index])) for index in indices]
