"""Every pattern recognises its own mistake, on arrays in which no other pattern is true; and nothing in noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from harness import diagnosis, registry
from harness.diagnosis import PATTERNS, Evidence
from harness.inputs import Case
from harness.spec import Array, Gradients

SHAPE = (4, 6, 4)
RNG = np.random.default_rng(5)
WANT, INPUT, OUTPUT, COTANGENT, OTHER = RNG.standard_normal((5, *SHAPE))
MASK = RNG.random(SHAPE) < 0.6
INDEX = np.arange(6).reshape(6, 1)


def evidence(got: Array, want: Array = WANT, cotangents: tuple[Array, ...] = (COTANGENT,)) -> Evidence:
    """Of leaky_relu, whose only option is a float."""
    case = Case(registry.spec("leaky_relu"), {"shape": SHAPE, "negative_slope": 0.25})
    case.__dict__["arguments"] = {"input": INPUT, "negative_slope": 0.25}
    return Evidence(case, "input", got, want, {"other": OTHER}, cotangents, (OUTPUT,))


def with_oracle(got: Array, cotangents: tuple[Array, ...], right: Any, want: Array) -> Evidence:
    """The same, where the right gradient of any call is known."""
    found = evidence(got, want, cotangents)
    return Evidence(found.case, "input", got, want, {}, cotangents, (OUTPUT,), right)


def summing(arguments: Mapping[str, Any], cotangents: tuple[Array, ...]) -> Gradients:
    """Mixes along axis 1; the slope is a factor of a part."""
    return {"input": cotangents[0].sum(1, keepdims=True) * INPUT + arguments["negative_slope"] * cotangents[0] * OUTPUT}


def of_two(_: Mapping[str, Any], cotangents: tuple[Array, ...]) -> Gradients:
    """Two outputs."""
    return {"input": cotangents[0] * INPUT + cotangents[1] * OUTPUT}


def changed(at: Any, by: Callable[[Array], Any]) -> Array:
    """The right gradient but for some entries."""
    found = WANT.copy()
    found[at] = by(found[at])
    return found


SUMMED = summing({"negative_slope": 0.25}, (COTANGENT,))["input"]
PLANTED: dict[str, Evidence] = {
    "not_finite": evidence(changed((0, 0, 0), lambda _: np.nan)),
    "zero": evidence(0 * WANT),
    "opposite": evidence(-WANT),
    "ratio": evidence(WANT / 24),
    "single": evidence(WANT.astype(np.float32).astype(float)),
    "option_ignored": with_oracle(
        summing({"negative_slope": 0.01}, (COTANGENT,))["input"], (COTANGENT,), summing, SUMMED
    ),
    "ignores_cotangent": with_oracle(
        summing({"negative_slope": 0.25}, (np.ones(SHAPE),))["input"], (COTANGENT,), summing, SUMMED
    ),
    "one_output": with_oracle(COTANGENT * INPUT, (COTANGENT, OTHER), of_two, of_two({}, (COTANGENT, OTHER))["input"]),
    "is_cotangent": evidence(COTANGENT),
    "residual": evidence(WANT + COTANGENT),
    "unsigned": evidence(abs(WANT)),
    "diagonal": with_oracle(COTANGENT * INPUT + 0.25 * COTANGENT * OUTPUT, (COTANGENT,), summing, SUMMED),
    "branches": evidence(np.where(MASK, WANT * 0.25, WANT / 0.25)),
    "transposed": evidence(-WANT.swapaxes(0, 2)),
    "flipped": evidence(3 * np.flip(WANT, 1)),
    "shifted": evidence(np.roll(WANT, 1, 1)),
    "permuted": evidence(np.concatenate([WANT[:, 4:], WANT[:, :2], WANT[:, 2:4]], 1)[:, [2, 3, 0, 1, 4, 5]]),
    "swapped": evidence(OTHER),
    "added": evidence(WANT + OTHER),
    "partly": evidence(changed(np.s_[:, -1], lambda x: 0 * x)),
    "alone": evidence(np.where(INDEX == 5, WANT, 0)),
    "multiplied": evidence(WANT * INPUT),
    "summed": evidence(np.broadcast_to(WANT.sum(1, keepdims=True), SHAPE)),
    "clipped": evidence(np.clip(WANT, -0.5, 0.5)),
    "constant": evidence(np.full(SHAPE, 0.7)),
    "one_entry": evidence(changed((1, 2, 3), lambda x: x + 1)),
    "inverted": evidence(np.where(MASK, 0, OTHER), np.where(MASK, WANT, 0)),
    "missing": evidence(np.where(MASK, WANT, 0)),
    "spurious": evidence(WANT, np.where(MASK, WANT, 0)),
    "signs": evidence(np.where(MASK, WANT, -WANT)),
    "nearly": evidence(WANT * (1 + 1e-5 * INPUT)),
    "offset": evidence(WANT + OTHER[:, :1]),
    "projection": evidence(WANT + OTHER[:, :1] * OUTPUT),
    "factors": evidence(WANT * np.arange(1, 7).reshape(6, 1)),
    "misplaced": evidence(RNG.permutation(WANT.ravel()).reshape(SHAPE)),
    "path": evidence(np.where(INDEX == 5, WANT, OTHER)),
    "border": evidence(np.where((INDEX == 0) | (INDEX == 5), OTHER, WANT)),
}


def test_every_pattern_has_a_planted_mistake() -> None:
    """At least 25 of them."""
    assert set(PLANTED) == {pattern.__name__ for pattern in PATTERNS}
    assert len(PLANTED) >= 25


@pytest.mark.parametrize("pattern", PLANTED)
def test_the_planted_mistake_is_named(pattern: str) -> None:
    """By its own pattern, in words."""
    found = diagnosis.name([PLANTED[pattern]])
    assert found.pattern == pattern
    assert found.words


def test_noise_has_no_name() -> None:
    """A gradient that has nothing to do with the right one is not explained away."""
    rng = np.random.default_rng(6)
    for shape in [(4,), (3, 4), SHAPE]:
        for _ in range(20):
            got, want = rng.standard_normal((2, *shape))
            case = Case(registry.spec("tanh"), {"shape": shape})
            case.__dict__["arguments"] = {"input": rng.standard_normal(shape)}
            found = Evidence(case, "input", got, want, {}, (rng.standard_normal(shape),), (rng.standard_normal(shape),))
            assert diagnosis.name([found]).pattern == ""


def test_a_name_must_fit_every_case() -> None:
    """The wrong sign here and zero there is no common mistake."""
    assert diagnosis.name([evidence(-WANT), evidence(-WANT)]).pattern == "opposite"
    assert diagnosis.name([evidence(-WANT), evidence(0 * WANT)]).pattern == ""


def test_two_mistakes_at_once() -> None:
    """Sign and 1/N; transposed and sign."""
    assert "-1/shape.size = -0.0104167 times" in diagnosis.name([evidence(-WANT / 96)]).words
    assert "is -1 times as large" in diagnosis.name([PLANTED["transposed"]]).words
