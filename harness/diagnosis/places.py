"""The right entries at the wrong places, or wrong at some places only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ..spec import Array
from .evidence import Evidence, Found, largest
from .values import scaled


def transposed(e: Evidence) -> Found:
    ndim = e.want.ndim
    for axes in itertools.permutations(range(ndim)) if ndim <= 4 else ():
        moved = [axis - ndim for place, axis in enumerate(axes) if axis != place]
        if moved and (factor := e.factor(e.want.transpose(axes))):
            yield (
                f"transposed {moved}",
                "looks transposed" + ("" if e.want.ndim == 2 else f", axes {axes}") + scaled(factor),
            )


def flipped(e: Evidence) -> Found:
    for axis in range(e.want.ndim):
        if factor := e.factor(np.flip(e.want, axis)):
            yield "flipped", f"looks reversed along axis {axis}" + scaled(factor)


def shifted(e: Evidence) -> Found:
    for axis, step in itertools.product(range(e.want.ndim), (1, -1)):
        if e.want.shape[axis] > 2 and e.fits(np.roll(e.want, step, axis)):
            yield f"shifted {step}", f"looks shifted by {step} along axis {axis}"


def permuted(e: Evidence) -> Found:
    """Two, three or four equal blocks along an axis in another order: gates."""
    for axis, count in itertools.product(range(e.want.ndim), (2, 3, 4)):
        if e.want.shape[axis] % count or not e.want.size:
            continue
        blocks = np.split(e.want, count, axis)
        for order in itertools.permutations(range(count)):
            if order != tuple(range(count)) and e.fits(np.concatenate([blocks[i] for i in order], axis)):
                yield (
                    f"permuted {order}",
                    f"the {count} blocks along axis {axis} are in the order {order}: gates?",
                )


def ends(e: Evidence) -> Iterator[tuple[int, int, str, Array]]:
    """The first and the last index along each axis, with a mask of its entries."""
    for axis, length in enumerate(e.want.shape):
        index = np.arange(length).reshape([-1 if k == axis else 1 for k in range(e.want.ndim)])
        for at, which in ((length - 1, "last"), (0, "first")):
            yield axis, length, which, np.broadcast_to(index == at, e.want.shape)


def partly(e: Evidence) -> Found:
    for axis, length, which, there in ends(e):
        if e.fits(np.where(there, 0, e.want)):
            yield f"{which} missing", f"the {which} of {length} along axis {axis} is missing (zero)"


def alone(e: Evidence) -> Found:
    for axis, length, which, there in ends(e):
        if length > 1 and e.fits(np.where(there, e.want, 0)):
            words = f"only the {which} of {length} along axis {axis} is there: overwritten, not summed?"
            yield f"only {which}", words


def path(e: Evidence) -> Found:
    """Right from one end of an axis up to somewhere, and wrong from there on."""
    wrong = e.wrong
    for axis, length in enumerate(e.want.shape):
        bad = np.atleast_1d(wrong.any(tuple(k for k in range(wrong.ndim) if k != axis)))
        changes = np.flatnonzero(np.diff(bad))
        if length > 2 and len(changes) == 1 and bad.sum() > 1:
            which, many = ("first", changes[0] + 1) if bad[-1] else ("last", length - changes[0] - 1)
            words = (
                f"right only at the {which} {many} of {length} along axis {axis}: the path through the others is wrong?"
            )
            yield f"path {which}", words


def inverted(e: Evidence) -> Found:
    got, want = e.got != 0, e.want != 0
    if want.any() and got.any() and not (got & want).any():
        yield "inverted", "zero where it should not be, and the other way round: a mask is inverted?"


def missing(e: Evidence) -> Found:
    if not e.got[e.wrong].any():
        yield "missing", "right, but for entries that are zero and should not be"


def spurious(e: Evidence) -> Found:
    got, want = e.got[e.wrong], e.want[e.wrong]
    if not want.any() and e.want.any():
        yield "spurious", "right, but for entries that should be zero: a mask is missing?"
    elif e.want.any() and not want.all() and not (got * want).any():
        yield "spurious", "right, but for entries that should be zero, and others that should not: another mask?"


def misplaced(e: Evidence) -> Found:
    if len(np.unique(e.want)) > 2 and np.isfinite(e.got).all():
        got, want = np.sort(e.got, None), np.sort(e.want, None)
        if np.allclose(got, want, rtol=1e-9, atol=1e-14 * largest(want)):
            yield "misplaced", "the right values, at the wrong places"
            return
    (v,) = e.cotangents if len(e.cotangents) == 1 else (np.zeros(()),)
    total, few = float(v.sum()), 1e-9 * float(abs(v).sum())
    if v.size > 1 and abs(total) > few and max(abs(e.got.sum() - total), abs(e.want.sum() - total)) <= few:
        yield "misplaced", "all that comes back arrives, at the wrong places"


def one_entry(e: Evidence) -> Found:
    if e.want.size > 1 and (abs(e.got - e.want) > 1e-12 * largest(e.want)).sum() == 1:
        yield "one entry", "a single entry is wrong"


def border(e: Evidence) -> Found:
    edges = np.zeros(e.want.shape, bool)
    for _, length, _, there in ends(e):
        if length > 2:
            edges |= there
    if not edges.all() and e.wrong[edges].any() and not e.wrong[~edges].any():
        yield "border", "only entries at the border are wrong"
