"""What an entry says: a function, its torch twin, and how each argument is drawn.

    Spec(
        "linear",
        linear.linear,
        F.linear,
        covers=("Linear",),
        arguments={"input": Real("*batch I"), "weight": Real("O I"), "bias": Maybe(Real("O"))},
        sizes={"batch": ...},
    )

A shape is a string of size words. Equal words mean equal sizes; a starred word stands for any number of sizes; a
number stands for itself. Words without an entry in `sizes` are drawn from 1 to 5, starred ones have up to two sizes
from 0 to 4.
"""

from __future__ import annotations

import functools
import inspect
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from hypothesis import strategies as st

# ruff: noqa: PLC0415 - Hypothesis is for drawing: a case that is drawn already is judged without waiting for it

Array = np.ndarray[Any, Any]
Gradients = dict[str, Array]
Plan = dict[str, Any]  # what was drawn: sizes by word, options by argument


class Stream:
    """Random numbers that are the same everywhere and for ever: SplitMix64 (Steele, Lea & Flood 2014)."""

    def __init__(self, seed: int, name: str) -> None:
        self._start = (seed << 32) + zlib.crc32(name.encode())
        self._used = 0

    def bits(self, count: int) -> Array:
        """uint64, all bits random."""
        z = np.arange(self._used + 1, self._used + count + 1, dtype=np.uint64)
        self._used += count
        z *= np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64(self._start * 0xD1342543DE82EF95 % 2**64)  # streams of neighbouring seeds lie far apart
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        return z

    def integers(self, below: int, shape: tuple[int, ...]) -> Array:
        """int64 from 0 up to `below`."""
        raw = self.bits(math.prod(shape)) >> np.uint64(16)
        return (raw % np.uint64(max(below, 1))).astype(np.int64).reshape(shape)

    def uniform(self, shape: tuple[int, ...]) -> Array:
        """float64 in (0, 1), on a grid of 2⁻³²."""
        return (self.integers(2**32, shape) + 0.5) / 2**32

    def permutation(self, count: int) -> Array:
        """The numbers 0 … count-1 in random order."""
        return np.argsort(self.bits(count), kind="stable")


@dataclass(frozen=True)
class Real:
    """A floating array, drawn; and differentiated, unless `grad` is False.

    Values lie strictly between `low` and `high`. `kinks` are values at which the function may not be smooth. The
    function adds numbers of size `beside` to it, so that in lower precision it is known no better than they are.
    """

    shape: str
    low: float = -np.inf
    high: float = np.inf
    grad: bool = True
    kinks: tuple[float, ...] = (0.0, 1.0, -1.0)
    beside: float = 0.0


@dataclass(frozen=True)
class Index:
    """An int64 array of values from 0 up to `below`, a number or a size word; and sometimes one of `also`."""

    shape: str
    below: int | str
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Mask:
    """A boolean array, each entry True with probability 3/4."""

    shape: str


@dataclass(frozen=True)
class Filled:
    """An array that needs its own rule: `fill(rng, shape, plan)`, with `rng` a stable stream of the case's seed."""

    shape: str
    fill: Callable[[Stream, tuple[int, ...], Plan], Array]
    grad: bool = False


@dataclass(frozen=True)
class Maybe:
    """An array argument that is sometimes None."""

    array: Drawn


@dataclass(frozen=True)
class Choice:
    """An option, drawn from a few values (the first is the plainest) or from a Hypothesis strategy of JSON values."""

    values: Sequence[Any] | st.SearchStrategy[Any]

    @property
    def strategy(self) -> st.SearchStrategy[Any]:
        return _strategy(self.values)


@dataclass(frozen=True)
class From:
    """A value that follows from what was drawn: `value(plan)`."""

    value: Callable[[Plan], Any]


Drawn = Real | Index | Mask | Filled


class Pick:
    """What a spec's `together` draws with. Whatever it names is recorded in the case."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], spec: Spec) -> None:
        self.draw = draw
        self.plan: Plan = {}
        self._spec = spec

    @property
    def takes_all(self) -> bool:
        """Whether the function judged has every option of the reference."""
        return not self._spec.left_out

    def option(self, name: str, values: Any) -> Any:
        """Draw the option `name`, or leave it at its default where the function judged does not take it."""
        self.plan[name] = self.draw(_strategy(values)) if self._spec.takes(name) else self._spec.defaults.get(name)
        return self.plan[name]

    def one_of(self, values: Sequence[Any]) -> Any:
        """Draw what other names follow from, and record nothing."""
        return self.draw(_strategy(values))

    def size(self, word: str, low: int = 1, high: int = 5) -> int:
        """Draw the size that `word` stands for."""
        self.plan[word] = self.draw(_one_size(low, high))
        return self.plan[word]

    def shape(self, word: str, dims: tuple[int, int] = (0, 2), low: int = 0, high: int = 4) -> tuple[int, ...]:
        """Draw the sizes that `*word` stands for."""
        from hypothesis import strategies as st

        self.plan[word] = tuple(self.draw(st.lists(_one_size(low, high), min_size=dims[0], max_size=dims[1])))
        return self.plan[word]

    def put(self, name: str, value: Any) -> None:
        """Record what follows from the rest: a size that is computed, an argument that is left out (None)."""
        self.plan[name] = value


def _strategy(values: Sequence[Any] | st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    from hypothesis import strategies as st

    return values if isinstance(values, st.SearchStrategy) else st.sampled_from(list(values))


@functools.cache
def _one_size(low: int, high: int) -> st.SearchStrategy[int]:
    """Empty arrays matter, but one zero in a dozen sizes is enough; and nothing shrinks towards emptiness."""
    from hypothesis import strategies as st

    if low > 0 or high == 0:
        return st.integers(low, high)
    return st.sampled_from((*range(1, high + 1),) * max(1, 12 // high) + (0,))


def _torch_is_right(_: Mapping[str, Any], __: float = 0.0) -> str:
    return ""


@dataclass(frozen=True)
class Spec:
    """One entry: everything that backprove knows of a function.

    name        as in torch.nn.functional
    reference   function(**arguments) -> (output, pullback)
    twin        the same call in torch; None where there is none (then the differences judge alone)
    arguments   how each argument is drawn; a value of another type is passed as it is
    covers      the torch.nn classes that this function stands for
    sizes       (lowest, highest) for size words that want other bounds
    together    draws sizes and options that must fit each other: called first, with a `Pick`
    parameters  arguments that follow from what was drawn: the weights of a stack of layers, say
    outputs     how many of the outputs, from the first, take a cotangent
    avoid       value profiles that are not drawn, each with its reason
    undrawn     options of torch that are not drawn, each with its reason
    differs     why torch is not to be believed at these arguments; "" where it is
    lower       the same for torch in lower precision, given its unit roundoff as well
    stands_for  the reference whose place somebody's own function has taken
    taken       the names of the arguments that this function takes; None is all. Others keep their defaults
    order       2 for the pullback of another spec, whose derivative torch's double backward claims to be
    """

    name: str
    reference: Callable[..., Any]
    twin: Callable[..., Any] | None
    arguments: Mapping[str, Any]
    covers: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    together: Callable[[Pick], None] | None = None
    parameters: Callable[[Plan], Mapping[str, Any]] | None = None
    outputs: int = 1
    avoid: Mapping[str, str] = field(default_factory=dict)
    undrawn: Mapping[str, str] = field(default_factory=dict)
    differs: Callable[[Mapping[str, Any]], str] = _torch_is_right
    lower: Callable[[Mapping[str, Any], float], str] = _torch_is_right
    stands_for: Callable[..., Any] | None = None
    taken: frozenset[str] | None = None
    order: int = 1

    @property
    def title(self) -> str:
        """What is judged, in words."""
        return self.name if self.order == 1 else f"{self.name}, second derivative"

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """The value of each optional argument when it is left out."""
        parameters = inspect.signature(self.stands_for or self.reference).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not p.empty}

    def of(self, function: Callable[..., Any]) -> Spec:
        """The same spec for somebody's own function, which may take fewer options by the same names.

        Raises TypeError where it cannot be called as torch's function is.
        """
        theirs, ours = inspect.signature(function).parameters, inspect.signature(self.reference).parameters
        anything = any(p.kind is p.VAR_KEYWORD for p in theirs.values())
        needed = [p.name for p in ours.values() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
        extra = [p.name for p in theirs.values() if p.default is p.empty and p.name not in ours]
        if self.parameters is None and not anything and (extra or not set(needed) <= set(theirs)):
            signature = ", ".join(p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in ours.values())
            raise TypeError(
                f"the signature of {self.name} is ({', '.join(theirs)}), but should be ({signature}), "
                "where arguments with a default may be left out"
            )
        if anything:
            return replace(self, reference=function, stands_for=self.reference)

        @functools.wraps(function)
        def with_what_it_takes(**arguments: Any) -> Any:
            return function(**{name: value for name, value in arguments.items() if name in theirs})

        taken = frozenset(theirs)
        return replace(self, reference=with_what_it_takes, stands_for=self.reference, taken=taken)

    def takes(self, name: str) -> bool:
        """Whether the function judged has this argument."""
        return self.taken is None or name in self.taken

    @property
    def left_out(self) -> tuple[str, ...]:
        """The options that the function judged does not take."""
        return tuple(name for name in self.arguments if not self.takes(name))
