"""Changes that were planted are found, and calm curves are left alone: counted, with seeds that are fixed."""

import math

import numpy as np
import pytest

from harness.dashboard import simulated
from harness.dashboard.changes import changes, levels, odd_newest
from harness.dashboard.simulated import CURVES, Curve, drawn, ours, share

BY_NAME = {curve.says: curve for curve in CURVES}


@pytest.mark.parametrize(
    ("says", "most"),
    [
        ("flat, noise 2 %", 0.02),
        ("flat, noise 5 %", 0.04),
        ("flat, noise 15 %", 0.05),
        ("flat, heavy tails (t, 3 degrees)", 0.04),
        ("flat, busy at one commit in ten", 0.12),
    ],
)
def test_false_alarms(says: str, most: float) -> None:
    """In two hundred calm curves."""
    assert share(ours, BY_NAME[says], 200) <= most


@pytest.mark.parametrize(
    ("says", "least"),
    [
        ("10 % slower, noise 5 %", 0.65),
        ("20 % slower, noise 5 %", 0.97),
        ("30 % slower, noise 15 %", 0.8),
        ("20 % slower, busy at one in ten", 0.85),
        ("20 % slower in the newest 3", 0.85),
        ("30 % slower in the newest 2", 0.95),
        ("20 % slower for 6 commits, then as before", 0.9),
    ],
)
def test_planted(says: str, least: float) -> None:
    """Within two commits of where it is, in a hundred curves."""
    assert share(ours, BY_NAME[says], 100) >= least


def test_asv_is_blind_where_we_see() -> None:
    """The reason for a detector of our own."""
    _ = pytest.importorskip("asv", reason="asv is in the extra `bench`")
    curve = BY_NAME["10 % slower, noise 5 %"]
    assert share(simulated.asv, curve, 30) < 0.3 < share(ours, curve, 30)


def test_exact_steps() -> None:
    """No noise at all: places and sizes are exact, several at once, up and down."""
    values = [100.0] * 8 + [80.0] * 7 + [120.0] * 9
    found = changes(values)
    assert [one.at for one in found] == [8, 15]
    assert [one.factor for one in found] == pytest.approx([0.8, 1.5])
    assert [(one.start, one.stop, one.value) for one in levels(values, found)] == [
        (0, 8, pytest.approx(100)), (8, 15, pytest.approx(80)), (15, 24, pytest.approx(120)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "values", [[], [1.0], [1.0, 2.0], [1.0, 1.0, 2.0, 2.0], [5.0] * 30, [100.0] * 10 + [97.0] * 10]
)
def test_nothing_to_say(values: list[float]) -> None:
    """Too few, all the same, or too little to matter."""
    assert changes(values) == []
    assert odd_newest(values, []) is None


def test_small_changes_on_request() -> None:
    """3 % is no matter, unless it is said to be."""
    assert [one.at for one in changes([100.0] * 10 + [97.0] * 10, least=0.02)] == [10]


def test_one_busy_commit_is_no_level() -> None:
    """Not even by half, nor two of them that are apart, nor at the end."""
    random = np.random.default_rng(3)
    for places in ([9], [4, 14], [19]):
        values = drawn(Curve("calm", noise=0.03), random)
        for place in places:
            values[place] *= 0.5
        assert changes(values) == []


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_units_do_not_matter(scale: float) -> None:
    """Nor does the direction: time instead of throughput has its changes in the same places."""
    values = drawn(Curve("", factor=0.8), np.random.default_rng(0))
    places = [one.at for one in changes(values)]
    assert places
    assert [one.at for one in changes([scale * one for one in values])] == places
    assert [one.at for one in changes([scale / one for one in values])] == places


def test_the_newest_alone() -> None:
    """Off by 40 % in noise of 5 %: perhaps. A calm one seldom is."""
    random = np.random.default_rng(0)
    hits = calm = 0
    for _ in range(200):
        values = drawn(Curve(""), random)
        calm += odd_newest(values, []) is not None
        values[-1] *= 0.6
        off = odd_newest(values, [])
        hits += off is not None and math.isclose(off, 0.6, rel_tol=0.3)
    assert calm <= 3
    assert hits >= 190


def test_the_table_names_who_is_here() -> None:
    """One row for each curve."""
    rows = simulated.table(times=1).splitlines()
    assert rows[0].startswith("| curve | backprove |")
    assert len(rows) == 2 + len(CURVES)
