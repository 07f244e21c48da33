"""From a spec to cases: Hypothesis draws what the case is, a stable stream of random bits fills the arrays.

A case is its id: function, sizes and options, value profile, memory layout, seed. The id holds everything, so that a
case replays on any machine and with any version of NumPy or Hypothesis.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .spec import (
    Array,
    Choice,
    Drawn,
    Filled,
    From,
    Index,
    Mask,
    Maybe,
    Pick,
    Plan,
    Real,
    Spec,
    Stream,
)

if TYPE_CHECKING:
    from hypothesis import strategies as st

# The first of each is the plainest: Hypothesis shrinks towards it.
PROFILES = ("plain", "ordinary", "mixed", "ties", "zeros", "kink", "saturated", "huge", "tiny")
LAYOUTS = ("C", "F", "reversed", "strided", "broadcast")
NUDGE = 2.0**-26  # about 1e-8, where truncation and rounding of a one-sided difference are alike
_DRAWN_LAYOUTS = 3 * LAYOUTS[:4] + LAYOUTS[4:]  # equal entries along an axis are a weak test: draw few of them


@dataclass(frozen=True)
class Case:
    """One place at which a function is judged."""

    spec: Spec
    plan: Plan
    profile: str = "plain"
    layout: str = "C"
    seed: int = 0

    @cached_property
    def id(self) -> str:
        """`name/key=value;…/profile.layout.seed`: all there is to know of this case."""
        plan = ";".join(f"{key}={json.dumps(value, separators=(',', ':'))}" for key, value in self.plan.items())
        return f"{self.spec.name}/{plan}/{self.profile}.{self.layout}.{self.seed}"

    def __repr__(self) -> str:
        return self.id

    @property
    def thorough(self) -> bool:
        """Whether the dearer checks are made here too: in one case of eight, by the seed."""
        return self.seed % 8 == 0

    @cached_property
    def kinds(self) -> dict[str, Any]:
        """How each argument is made, those of a varying number included."""
        return _kinds(self.spec, self.plan)

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """Every argument by name: read-only arrays, and options."""
        return {name: self._make(position, name) for position, name in enumerate(self.kinds)}

    @cached_property
    def pristine(self) -> dict[str, Any]:
        """Copies of the arrays, and of lists, as they were before anybody saw them."""
        return {name: value.copy() for name, value in self.arguments.items() if isinstance(value, np.ndarray | list)}

    @cached_property
    def differentiable(self) -> tuple[str, ...]:
        """The arguments for which a gradient is due."""
        kinds = {name: kind.array if isinstance(kind, Maybe) else kind for name, kind in self.kinds.items()}
        wanted = [name for name, kind in kinds.items() if isinstance(kind, Real | Filled) and kind.grad]
        return tuple(name for name in wanted if self.arguments[name] is not None)

    def cotangent(self, position: int, shape: tuple[int, ...]) -> Array:
        """A signed cotangent for an output of this shape: distinct, never zero or all ones; read-only."""
        key = (position, shape)
        if key not in self._cotangents:
            self._cotangents[key] = self.fresh_cotangent(position, shape)
        return self._cotangents[key]

    def fresh_cotangent(self, position: int, shape: tuple[int, ...]) -> Array:
        """The same made again, as nobody has seen it."""
        stream = Stream(self.seed, f"cotangent {position}")
        profile = "plain" if self.profile == "plain" else "ordinary"
        array = _values(Real(""), profile, shape, stream, position + 3).copy()
        array.setflags(write=False)
        return array

    @cached_property
    def nudge(self) -> dict[str, Array]:
        """A step for the cheapest difference: every entry moves by a random part of about `NUDGE` of its own size.

        It lies on a lattice, so that adding it rounds little, and adding a larger one nothing.
        """
        stream, nudges = Stream(self.seed, "direction"), {}
        for name in self.differentiable:
            x = self.arguments[name]
            if x.size:
                dice = stream.integers(2**20, x.shape)
                size = 0.25 * NUDGE + (dice >> 1) * (1.5 * 2.0**-20 * NUDGE)
                nudges[name] = (dice % 2 * 2 - 1) * size * own_size(x)
        return nudges

    @cached_property
    def direction(self) -> dict[str, Array]:
        """The same direction, of the arguments' own size."""
        return {name: u / NUDGE for name, u in self.nudge.items()}

    @cached_property
    def _cotangents(self) -> dict[tuple[int, tuple[int, ...]], Array]:
        return {}

    def shape(self, words: str) -> tuple[int, ...]:
        """The sizes that a shape string stands for in this case."""
        sizes: list[int] = []
        for word in words.split():
            if word.startswith("*"):
                sizes.extend(self.plan[word[1:]])
            else:
                sizes.append(int(word) if word.isdigit() else self.plan[word])
        return tuple(sizes)

    def _make(self, position: int, name: str) -> Any:
        kind = self.kinds[name]
        if isinstance(kind, Choice):
            return self.plan[name]
        if isinstance(kind, From):
            return kind.value(self.plan)
        if isinstance(kind, Maybe):
            if name in self.plan:  # only ever recorded as absent
                return None
            kind = kind.array
        if not isinstance(kind, Drawn):
            return kind
        shape, stream = self.shape(kind.shape), Stream(self.seed, name)
        if isinstance(kind, Index):
            below = kind.below if isinstance(kind.below, int) else self.plan[kind.below]
            array = stream.integers(below + len(kind.also), shape)
            for offset, value in enumerate(kind.also):
                array[array == below + offset] = value
        elif isinstance(kind, Mask):
            array = stream.integers(4, shape) > 0
        elif isinstance(kind, Filled):
            array = kind.fill(stream, shape, self.plan)
            return _frozen(array, "C" if self.layout == "broadcast" else self.layout)  # its values follow a rule
        else:
            array = _values(kind, self.profile, shape, stream, position)
        return _frozen(array, self.layout)


def own_size(x: Array) -> Array:
    """The power of two at or below each |entry|; for a zero, that of its array, or 1."""
    size = abs(x)
    if not size.all() or not np.isfinite(size).all():
        usual = float(size[np.isfinite(size)].max(initial=0.0)) or 1.0
        size = np.where((size == 0) | ~np.isfinite(size), usual, size)
    return np.ldexp(1.0, np.frexp(size)[1] - 1)


def _values(kind: Real, profile: str, shape: tuple[int, ...], stream: Stream, position: int) -> Array:
    """Fill a floating array. Values lie on a coarse lattice: short to print, and no difference step meets a tie."""
    count = math.prod(shape)
    index = np.arange(count)
    wide = stream.integers(2**32, (count,))
    ordinary = (wide % 2048 * 2 - 2047) / 512  # odd multiples of 1/512 in (-4, 4): never 0
    dice = wide >> 16
    match profile:
        case "plain":
            # ±1/4, ±1/2, … in a fixed order, shifted so that no two arguments share a value.
            step = 2.0 ** -max(2, math.ceil(math.log2(max(count, 1))) - 3)
            sign = 1 - 2 * np.array([int(i).bit_count() % 2 for i in index], dtype=float)
            values = sign * step * (index + 1 + position % 4 / 4)
        case "ordinary":
            values = ordinary
        case "mixed":
            values = ordinary * 2.0 ** (dice % 25 - 12)
        case "ties":
            values = np.array([0.5, -0.5, 1.5, -1.5])[dice % 4]
        case "zeros":
            values = np.where((dice % 2 == 0) | (dice[:1] % 8 == 0), 0.0, ordinary)
        case "kink":
            values = np.where(dice % 2 == 0, np.array(kind.kinks)[dice // 2 % len(kind.kinks)], ordinary)
        case "saturated":
            values = np.where(dice % 3 == 0, ordinary, ordinary * 16)
        case "huge":
            values = ordinary * 2.0**12
        case "tiny":
            values = ordinary * 2.0**-24
        case _:
            raise ValueError(f"profile is {profile!r}, but should be one of {', '.join(PROFILES)}")
    return _into(kind.low, kind.high, values).reshape(shape)


def _into(low: float, high: float, values: Array) -> Array:
    """Move real values strictly between `low` and `high`, keeping their scale where they can be kept."""
    if low == -np.inf and high == np.inf:
        return values
    if (low == 0 and high == np.inf) or (low == -np.inf and high == 0):
        positive = np.where(values == 0, 2.0**-6, abs(values))
        return positive if low == 0 else -positive
    if np.isinf(low) or np.isinf(high):
        raise ValueError(f"domain is ({low}, {high}), but should be finite or end at 0")
    middle, half = (low + high) / 2, (high - low) / 2
    if middle == 0:  # symmetric: divide by powers of two until inside
        excess = np.ceil(np.log2(np.maximum(abs(values) / half, 2.0**-60)))
        return values * 2.0 ** -np.where(abs(values) < half, 0, np.maximum(excess, 0) + 1)
    return middle + half * values / (1 + abs(values))


def _frozen(array: Array, layout: str) -> Array:
    """The same values in another memory layout, read-only."""
    if array.ndim == 0:
        layout = "C"
    match layout:
        case "C":
            array = np.array(array, order="C")
        case "F":
            array = np.array(array, order="F")
        case "reversed":
            backwards = (slice(None, None, -1),) * array.ndim
            array = np.array(array[backwards], order="C")[backwards]
        case "strided":
            roomy = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
            roomy[..., ::2] = array
            array = roomy[..., ::2]
        case "broadcast":
            axis = max(range(array.ndim), key=lambda axis: array.shape[axis])
            array = np.broadcast_to(array.take([0], axis) if array.shape[axis] else array, array.shape)
        case _:
            raise ValueError(f"layout is {layout!r}, but should be one of {', '.join(LAYOUTS)}")
    base = array.base
    while isinstance(base, np.ndarray):
        base.setflags(write=False)
        base = base.base
    array.setflags(write=False)
    return array


class CaseError(ValueError):
    """An id that is none, or that belongs to another spec."""


def name_of(identity: str) -> str:
    """The function that an id speaks of."""
    name, slash, _ = identity.partition("/")
    if not slash or not name.isidentifier():
        raise CaseError(f"the case is {identity!r}, but should be 'name/sizes and options/profile.layout.seed'")
    return name


def case_of(identity: str, spec: Spec) -> Case:
    """The case that an id stands for. Raises CaseError."""
    try:
        _, rest = identity.split("/", 1)
        written, tail = rest.rsplit("/", 1)
        profile, layout, seed = tail.split(".")
        plan: Plan = {}
        while written:
            key, _, written = written.partition("=")
            plan[key], end = json.JSONDecoder().raw_decode(written)
            written = written[end + 1 :]
        if profile not in PROFILES or layout not in LAYOUTS:
            raise ValueError(f"{profile}.{layout} is no profile and layout")
        case = Case(spec, _tupled(plan), profile, layout, int(seed))
        _ = case.arguments
    except (ValueError, KeyError, TypeError, IndexError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise CaseError(f"the case is {identity!r}, but should be one of {spec.name} as printed: {reason}") from error
    return case


def cases(spec: Spec) -> st.SearchStrategy[Case]:
    """What draws the cases of `spec`."""
    from hypothesis import strategies as st  # noqa: PLC0415 - see spec.py

    return st.composite(_case)(spec)


def _case(draw: Callable[[st.SearchStrategy[Any]], Any], spec: Spec) -> Case:
    from hypothesis import strategies as st  # noqa: PLC0415

    pick = Pick(draw, spec)
    if spec.together:
        spec.together(pick)
    for name, kind in spec.arguments.items():
        if isinstance(kind, Choice) and name not in pick.plan:
            _ = pick.option(name, kind.strategy)
    kinds = _kinds(spec, pick.plan)
    for name, kind in kinds.items():
        if isinstance(kind, Maybe) and name not in pick.plan and (not spec.takes(name) or draw(st.integers(0, 3)) == 3):
            pick.put(name, None)
    for word in _words(kinds, pick.plan):
        if word.startswith("*"):
            if word[1:] not in pick.plan:
                low, high = spec.sizes.get(word[1:], (0, 4))
                _ = pick.shape(word[1:], low=low, high=high)
        elif word not in pick.plan:
            _ = pick.size(word, *spec.sizes.get(word, (1, 5)))
    profile = draw(st.sampled_from([name for name in PROFILES if name not in spec.avoid]))
    layout = draw(st.sampled_from(_DRAWN_LAYOUTS))
    return Case(spec, _tupled(pick.plan), profile, layout, draw(st.integers(0, 2**16 - 1)))


def words(case: Case) -> list[str]:
    """The words that stand for sizes in this case, without their stars."""
    return list(dict.fromkeys(word.removeprefix("*") for word in _words(case.kinds, case.plan)))


def _kinds(spec: Spec, plan: Plan) -> dict[str, Any]:
    """How each argument is made, once sizes and options are known."""
    follow = spec.parameters(plan) if spec.parameters else {}
    return {**spec.arguments, **{name: kind for name, kind in follow.items() if spec.takes(name)}}


def _words(kinds: Mapping[str, Any], plan: Plan) -> list[str]:
    """The size words of all arrays that are present."""
    arrays = []
    for name, kind in kinds.items():
        if isinstance(kind, Maybe):
            if name not in plan:
                arrays.append(kind.array)
        elif isinstance(kind, Drawn):
            arrays.append(kind)
    return [word for array in arrays for word in array.shape.split() if not word.isdigit()]


def _tupled(value: Any) -> Any:
    """JSON's lists as tuples, all the way down."""
    if isinstance(value, dict):
        return {key: _tupled(item) for key, item in value.items()}
    return tuple(_tupled(item) for item in value) if isinstance(value, list | tuple) else value
