"""MNIST in the format it was published in, IDX, packed by gzip or not.  LeCun, Cortes & Burges 1998."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from .data import Array, BadData, Images, split
from .known import checked

PARTS = {"train": "train", "test": "t10k"}
KINDS = ("images-idx3-ubyte", "labels-idx1-ubyte")


def load(folder: Path, unverified: bool = False) -> Images | None:
    """MNIST, or None if there is no file of it.

    Where only one of its two parts is there, the last tenth of it is for testing. Raises BadData.
    """
    files = {part: [_path(folder, f"{prefix}-{kind}") for kind in KINDS] for part, prefix in PARTS.items()}
    there = {part: [path for path in pair if path] for part, pair in files.items() if any(pair)}
    if not there:
        return None
    for part, pair in there.items():
        if len(pair) == 1:
            missing = next(kind for kind in KINDS if kind not in pair[0].name)
            raise BadData(f"{pair[0]} is there without its other half, but {PARTS[part]}-{missing}.gz should be too")
    contents = {path: content(path) for pair in there.values() for path in pair}
    arrays = []
    for pair in there.values():
        images, labels = (idx(contents[path], path, axes) for path, axes in zip(pair, (3, 1), strict=True))
        if len(images) != len(labels):
            raise BadData(f"{pair[1]} has {len(labels)} labels, but should have {len(images)}, one for each image")
        if not len(images):
            raise BadData(f"{pair[0]} holds 0 images, but should hold some")
        if labels.max() > 9:
            raise BadData(f"{pair[1]} has the label {labels.max()}, but should have those from 0 to 9")
        arrays += [np.divide(images, 255, dtype=np.float32), labels.astype(np.int64)]
    says = f"MNIST ({checked(contents, unverified)}; "
    if len(there) == 2:
        return Images("mnist", f"{says}{len(arrays[0]):,} to train, {len(arrays[2]):,} to test)", *arrays)
    test = len(arrays[0]) // 10
    if not test:
        raise BadData(f"{next(iter(there.values()))[0]} holds {len(arrays[0])} images, but should hold 10 or more")
    part = PARTS[next(iter(there))]
    says += f"its {part} part alone, split into {len(arrays[0]) - test:,} to train and {test:,} to test)"
    return Images("mnist", says, *split(arrays[0], arrays[1], test))


def idx(content: bytes, path: Path, axes: int) -> Array:
    """The bytes in an IDX file, as an array: 0, 0, 8, the number of axes, their lengths, the bytes. Raises BadData."""
    head = 4 + 4 * axes
    if len(content) < head or content[:4] != bytes([0, 0, 8, axes]):
        raise BadData(f"{path} begins with {content[:4].hex(' ')}, but should with 00 00 08 {axes:02} as IDX does")
    shape = tuple(np.frombuffer(content, ">u4", axes, 4).tolist())
    got, wanted = len(content) - head, math.prod(shape)
    if got != wanted:
        raise BadData(f"{path} has {got:,} bytes of data, but should have {wanted:,}: {shape}")
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def content(path: Path) -> bytes:
    """Of the file, unpacked. Raises BadData."""
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadData(f"{path} cannot be unpacked: {error}") from None
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}") from None


def _path(folder: Path, name: str) -> Path | None:
    """Packed or not."""
    found = [folder / f"{name}{suffix}" for suffix in (".gz", "")]
    return next((path for path in found if path.exists()), None)
