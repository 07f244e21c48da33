"""Entries moved to other places, none lost and none changed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from torch.nn import functional as F

import reference_impls as ref
from harness.spec import Choice, Pick, Real, Spec


def square_channels(pick: Pick) -> None:
    """r² channels for each that comes out."""
    r = pick.option("upscale_factor", (2, 1, 3))
    pick.put("channels", r * r * pick.draw(st.integers(0, 2)))


def square_pixels(pick: Pick) -> None:
    """r by r pixels for each that comes out."""
    r = pick.option("downscale_factor", (2, 1, 3))
    pick.put("height", r * pick.draw(st.integers(0, 2)))
    pick.put("width", r * pick.draw(st.integers(1, 3)))


def equal_groups(pick: Pick) -> None:
    """Groups of equal size."""
    groups = pick.option("groups", (2, 1, 3))
    pick.put("channels", groups * pick.draw(st.integers(0, 3)))
    _ = pick.shape("rest", dims=(1, 3), high=3)


def no_pixels(arguments: Mapping[str, Any]) -> str:
    """Where there is nothing to move."""
    empty = arguments["input"].size == 0
    return "torch's backward, or its shape, is wrong when there are no entries at all" if empty else ""


def no_channels(arguments: Mapping[str, Any]) -> str:
    """Where there are no channels."""
    return "torch's backward refuses 0 channels, which its forward took" if arguments["input"].shape[1] == 0 else ""


SPECS = [
    Spec(
        "pixel_shuffle",
        ref.pixel_shuffle,
        F.pixel_shuffle,
        covers=("PixelShuffle",),
        arguments={"input": Real("*batch channels H W"), "upscale_factor": Choice((2,))},
        sizes={"batch": (0, 3), "H": (0, 3), "W": (1, 4)},
        together=square_channels,
        differs=no_pixels,
    ),
    Spec(
        "pixel_unshuffle",
        ref.pixel_unshuffle,
        F.pixel_unshuffle,
        covers=("PixelUnshuffle",),
        arguments={"input": Real("*batch C height width"), "downscale_factor": Choice((2,))},
        sizes={"batch": (0, 3), "C": (0, 3)},
        together=square_pixels,
        differs=no_pixels,
    ),
    Spec(
        "channel_shuffle",
        ref.channel_shuffle,
        F.channel_shuffle,
        covers=("ChannelShuffle",),
        arguments={"input": Real("N channels *rest"), "groups": Choice((2,))},
        sizes={"N": (0, 3)},
        together=equal_groups,
        differs=no_channels,
    ),
]

FOUR = np.zeros((2, 4, 3, 5))
REFUSED = [
    *(
        bad
        for name, option in (
            ("pixel_shuffle", "upscale_factor"),
            ("pixel_unshuffle", "downscale_factor"),
            ("channel_shuffle", "groups"),
        )
        for bad in (
            (
                name,
                {"input": FOUR.astype(int), option: 1},
                TypeError,
                "input is of dtype int64, but should be floating",
            ),
            (name, {"input": FOUR[0, 0], option: 1}, ValueError, "input.ndim is 2, but should be at least 3"),
            (name, {"input": FOUR, option: 0}, ValueError, f"{option} is 0, but should be at least 1"),
        )
    ),
    (
        "pixel_shuffle",
        {"input": FOUR, "upscale_factor": 3},
        ValueError,
        "input.shape is (2, 4, 3, 5), but should be (*batch,",
    ),
    (
        "pixel_unshuffle",
        {"input": FOUR, "downscale_factor": 3},
        ValueError,
        "input.shape is (2, 4, 3, 5), but should be (*ba",
    ),
    (
        "channel_shuffle",
        {"input": FOUR, "groups": 3},
        ValueError,
        "groups is 3, but should be a divisor of 4, the channels",
    ),
]
