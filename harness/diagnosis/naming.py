"""Which pattern explains every failing case at hand: that one gives the mistake its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from . import others, places, values
from .evidence import Evidence, Found

Pattern = Callable[[Evidence], Found]

# From the most particular to the most general: the first that explains every failing case is named.
PATTERNS: tuple[Pattern, ...] = (
    values.not_finite,
    values.zero,
    values.opposite,
    values.ratio,
    values.single,
    others.ignores_cotangent,
    others.is_cotangent,
    others.one_output,
    others.option_ignored,
    others.residual,
    values.unsigned,
    others.diagonal,
    others.branches,
    places.transposed,
    places.flipped,
    places.shifted,
    places.permuted,
    others.swapped,
    others.added,
    places.partly,
    places.alone,
    values.summed,
    values.constant,
    values.multiplied,
    values.clipped,
    places.one_entry,
    places.misplaced,
    places.inverted,
    places.missing,
    places.spurious,
    values.signs,
    values.nearly,
    values.offset,
    values.projection,
    values.factors,
    places.path,
    places.border,
)


# These say where a gradient is wrong rather than how: coincidences are common.
LOOSE = (
    places.one_entry,
    places.inverted,
    places.missing,
    places.spurious,
    values.signs,
    values.nearly,
    values.factors,
    places.misplaced,
    places.path,
    places.border,
)


# What the first says of one case, these say of a small one more particularly.
SPECIAL: Mapping[Pattern, tuple[Pattern, ...]] = {
    values.factors: (values.ratio,),
    places.missing: (values.zero, places.partly, places.alone),
    places.misplaced: (places.transposed, places.flipped, places.shifted, places.permuted),
    values.ratio: (values.opposite,),
    values.signs: (values.opposite,),
    places.inverted: (values.zero, places.missing, places.spurious),
    places.spurious: (values.zero, places.missing),
}


OTHERWISE = ("times a number",)  # another number in each case: nothing, unless it is so in all


class Name(NamedTuple):
    """What a mistake is called: the pattern that recognised it, and the words for a person. Both "" where none did."""

    pattern: str = ""
    words: str = ""


def name(evidence: list[Evidence]) -> Name:
    """The mistake that explains the failing cases, in the words of the first that it explains.

    A pattern that explains all of them comes before one that explains most. Cases with too few entries to tell are
    asked only where there are no others.
    """
    if not evidence or any(e.got.shape != e.want.shape for e in evidence):
        return Name()
    several = [e for e in evidence if e.several]
    groups = ([e for e in evidence if e.tells], [e for e in several if e.want.any()], several, evidence)
    telling = next((group for group in groups if len(group) > 1), evidence)
    with np.errstate(all="ignore"):
        found = {pattern: [_told(pattern, e) for e in telling] for pattern in PATTERNS}
    most = -(-2 * len(telling) // 3) if len(telling) > 2 else len(telling)
    for needed in (len(telling), most):
        for pattern, told in found.items():
            if needed < len(telling) and pattern in LOOSE:
                continue
            forms = [found[one] for one in (pattern, *SPECIAL.get(pattern, ()))]
            explained = [any(form[case] for form in forms) for case in range(len(telling))]
            keys = Counter(key for one in told for key in one if needed == len(telling) or key not in OTHERWISE)
            if not keys:
                continue
            key, count = keys.most_common(1)[0]
            if count >= needed or (pattern in SPECIAL and count > 1 and all(explained)):
                return Name(pattern.__name__, next(one[key] for one in told if key in one))
    return Name()


def _told(pattern: Pattern, e: Evidence) -> dict[str, str]:
    """What a pattern recognises in one case, with the residual of its fit."""
    e.left.clear()
    found = dict(pattern(e))
    left = f" (residual {max(e.left):.1g})" if e.left else ""
    return {key: words + left for key, words in found.items()}
