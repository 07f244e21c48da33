"""One case, what each source said about it, and the means to ask again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .inputs import Case
from .sources import autograd, differences, handwritten
from .sources.differences import Ray, Slope
from .sources.handwritten import Answer
from .spec import Array

Direction = Mapping[str, Array]


@dataclass
class Court:
    """One case with all that was said about it, and the means to ask again."""

    case: Case
    hand: Answer
    twin: Answer | None
    cotangents: tuple[Array, ...]
    _slopes: dict[tuple[Any, ...], Slope] = field(default_factory=dict, init=False, repr=False)

    def slope(self, direction: Direction, arguments: Mapping[str, Any] | None = None) -> Slope:
        """The derivative along a direction by differences, at this point, where it is kept, or at another."""
        if arguments is not None:
            return differences.slope(self.ray(direction, arguments))
        key = tuple((name, u.tobytes()) for name, u in direction.items())
        if key not in self._slopes:
            self._slopes[key] = differences.slope(self.ray(direction))
        return self._slopes[key]

    def ray(self, direction: Direction, arguments: Mapping[str, Any] | None = None) -> Ray:
        """The function along a direction, from this point or from another."""
        at, outputs = (self.case.arguments, self.hand.outputs) if arguments is None else (arguments, None)
        outputs = self._forward(at) if outputs is None else outputs

        def reach() -> float:
            products = [self.hand.gradients[name] * at[name] for name in direction]
            squares = sum(float(np.vdot(product, product)) for product in products)
            return math.sqrt(squares) if math.isfinite(squares) else 0.0

        return Ray(self._forward, at, direction, self.cotangents, outputs, reach)

    def _forward(self, arguments: Mapping[str, Any]) -> tuple[Array, ...]:
        return handwritten.again(self.case, arguments, self.hand.outputs)[0]

    def scale(self, direction: Direction) -> float:
        """The natural size of phi and of its slope when every entry moves by its own size."""
        outputs = zip(self.cotangents, self.hand.outputs, strict=False)
        return size(self.hand, direction) + sum(float(abs(v * y).sum()) for v, y in outputs)

    def unseen(self, direction: Direction) -> float:
        """How large the slope would be, were nothing to cancel and nothing to be in common."""
        return sum(self.natural(name) * math.sqrt(float(np.square(u).sum())) for name, u in direction.items())

    def natural(self, key: int | str) -> float:
        """How large an output (by its number) or a gradient (by its argument) would be, were nothing to cancel."""
        output = max((float(abs(y).max(initial=0.0)) for y in self.hand.outputs if y.dtype.kind == "f"), default=0.0)
        real = [value for value in self.case.arguments.values() if isinstance(value, np.ndarray)]
        entry = max((float(abs(x).max(initial=0.0)) for x in real if x.dtype.kind == "f"), default=0.0)
        if isinstance(key, int):
            return max(output, entry)
        cotangent = max((float(abs(v).max(initial=0.0)) for v in self.cotangents), default=0.0)
        own = float(abs(self.case.arguments[key]).max(initial=0.0))
        if self.case.spec.order == 2:  # a first derivative may have cancelled before the second is taken
            output = max(output, entry / min(own or 1.0, 1.0))
        return cotangent * max(1.0, output / own if own else 0.0)

    def again(self, arguments: Mapping[str, Any]) -> tuple[Answer, Answer | None]:
        """Both answers at another point, with the same cotangents."""
        outputs, pullback = handwritten.again(self.case, arguments, self.hand.outputs)
        hand = Answer(outputs, handwritten.back(self.case, pullback, self.cotangents))
        if self.twin is None or self.case.spec.twin is None:
            return hand, None
        return hand, autograd.run(self.case.spec.twin, arguments, self.case.differentiable, self.cotangents)


def implied(answer: Answer, direction: Direction) -> float:
    """The derivative along a direction that a gradient implies."""
    return float(sum([np.vdot(answer.gradients[name], u) for name, u in direction.items()]))


def size(answer: Answer, direction: Direction) -> float:
    """Sum of |gradient × direction|: what the rounding of `implied` is measured against."""
    return float(sum(np.vdot(abs(answer.gradients[name]), abs(u)) for name, u in direction.items()))
