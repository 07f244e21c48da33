"""The data of the experiments: what lies in the user's folder, else what comes with Python and scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class BadData(Exception):
    """A file that is not what it should be, or none where one should be; in one line."""


@dataclass(frozen=True)
class Images:
    """Pictures with their classes.

    train, test  (N, *shape) in float32, from 0 to 1; shape is (rows, columns) or (3, rows, columns)
    train_classes, test_classes  (N), from 0
    name         "mnist", "cifar10" or "digits"
    says         what they are, for the report
    """

    name: str
    says: str
    train: Array
    train_classes: Array
    test: Array
    test_classes: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one picture."""
        return self.train.shape[1:]

    @property
    def size(self) -> int:
        """Numbers of one picture."""
        return int(np.prod(self.shape))

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(max(self.train_classes.max(), self.test_classes.max())) + 1

    @property
    def flat(self) -> Images:
        """Each picture as one row."""
        return replace(self, train=_rows(self.train), test=_rows(self.test))

    def first(self, train: int, test: int) -> Images:
        """The first so many of both, or all where there are fewer; they lie in no order."""
        kept = min(train, len(self.train)), min(test, len(self.test))
        if kept == (len(self.train), len(self.test)):
            return self
        says = f"{self.says}, of which the first {kept[0]} and {kept[1]}"
        seen, unseen = (slice(count) for count in kept)
        parts = (self.train[seen], self.train_classes[seen], self.test[unseen], self.test_classes[unseen])
        return Images(self.name, says, *parts)


@dataclass(frozen=True)
class Text:
    """Characters; those of the alphabet in the order of their numbers."""

    name: str
    says: str
    characters: str

    @cached_property
    def alphabet(self) -> str:
        """Every character that occurs."""
        return "".join(sorted(set(self.characters)))

    @cached_property
    def numbers(self) -> Array:
        """The text as numbers of characters."""
        number = {one: place for place, one in enumerate(self.alphabet)}
        return np.array([number[one] for one in self.characters], np.int64)

    def first(self, count: int) -> Text:
        """The first so many characters."""
        if count >= len(self.characters):
            return self
        return Text(self.name, f"{self.says}, of which the first {count:,}", self.characters[:count])

    @property
    def lower(self) -> Text:
        """In lower case: a smaller alphabet."""
        return Text(self.name, f"{self.says}, in lower case", self.characters.lower())


@dataclass(frozen=True)
class Source:
    """Where data come from: what was found in the user's folder, by kind; the embedded for the rest."""

    own_images: Mapping[str, Images]
    own_text: Text | None

    def images(self, *preferred: str) -> Images:
        """Of the first kind that is there."""
        from . import embedded  # noqa: PLC0415 - scikit-learn takes a second

        for kind in (*preferred, *self.own_images):
            if kind in self.own_images:
                return self.own_images[kind]
        return embedded.digits()

    def text(self) -> Text:
        """The user's, or Python's own."""
        from . import embedded  # noqa: PLC0415

        return self.own_text or embedded.text()

    @property
    def fingerprint(self) -> list[str]:
        """What it is, as far as results depend on it."""
        own = [one.says for one in self.own_images.values()]
        return [*own, *([self.own_text.says] if self.own_text else [])]


def source(folder: Path | None, unverified: bool = False) -> Source:
    """What lies in the folder: MNIST, CIFAR-10, text; without one, the embedded. Raises BadData.

    With `unverified`, files that are called as published ones need not be those.
    """
    from . import cifar, embedded, mnist, text  # noqa: PLC0415

    if folder is None:
        embedded.needed()
        return Source({}, None)
    if not folder.is_dir():
        raise BadData(f"{folder} is {'a file' if folder.exists() else 'missing'}, but should be a folder with data")
    loaded = (kind.load(folder, unverified) for kind in (mnist, cifar))
    found = {one.name: one for one in loaded if one is not None}
    own = text.load(folder)
    if not found and own is None:
        raise BadData(
            f"{folder} holds no data: neither MNIST (train-images-idx3-ubyte.gz, …), nor CIFAR-10 "
            "(data_batch_1.bin, … or cifar-10-binary.tar.gz), nor a text (….txt)"
        )
    if not found:
        embedded.needed()
    return Source(found, own)


def split(images: Array, classes: Array, test: int) -> tuple[Array, Array, Array, Array]:
    """The last so many are the test's."""
    return images[:-test], classes[:-test], images[-test:], classes[-test:]


def _rows(images: Array) -> Array:
    return images.reshape(len(images), -1)
