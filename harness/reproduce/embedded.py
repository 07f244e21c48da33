"""Data that are there without any download: scikit-learn's handwritten digits, and the text of Python's own help."""

from __future__ import annotations

import importlib
import platform
from functools import cache
from importlib.util import find_spec

import numpy as np

from .data import BadData, Images, Text, split

TEST = 360  # a fifth


def needed() -> None:
    """Raises BadData if they are not there."""
    if not find_spec("sklearn"):
        raise BadData(
            "scikit-learn is missing, whose digits stand in for MNIST: pip install 'backprove[experiments]', "
            "or --data DIR with data of your own"
        )


@cache
def digits() -> Images:
    """1,797 digits of 8 × 8 by 43 writers, from 0 to 1.  Alpaydin & Kaynak 1998; test set of the UCI repository.

    They come in the order of the writers, and are mixed here, always alike: else the test set were of other writers.
    """
    needed()
    found = importlib.import_module("sklearn.datasets").load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    images, classes = (found.images[order] / 16).astype(np.float32), found.target[order].astype(np.int64)
    says = f"scikit-learn's digits (8 × 8, not MNIST; {len(images) - TEST:,} to train, {TEST} to test)"
    return Images("digits", says, *split(images, classes, TEST))


@cache
def text() -> Text:
    """The help on Python's topics: some half a million characters of plain English with code in it."""
    if not find_spec("pydoc_data"):
        raise BadData("Python's help texts (pydoc_data) are missing here: give a text of your own by --data DIR")
    topics = importlib.import_module("pydoc_data.topics").topics
    characters = "\n".join(topics[name] for name in sorted(topics))
    says = f"Python {platform.python_version()}'s help texts (not Shakespeare; {len(characters):,} characters)"
    return Text("help", says, characters)
