"""CIFAR-10's binary version: a byte for the class, then 3 × 1024 of red, green and blue.  Krizhevsky 2009.

The Python version is a pickle, which may run anything when it is opened: it is not read.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np

from .data import Array, BadData, Images, split
from .known import checked, checksum
from .mnist import content

RECORD = 1 + 3 * 32 * 32
TRAIN = [f"data_batch_{number}.bin" for number in range(1, 6)]
TEST = "test_batch.bin"
ARCHIVE = "cifar-10-binary.tar.gz"
INSIDE = "cifar-10-batches-bin"


def load(folder: Path, unverified: bool = False) -> Images | None:
    """CIFAR-10, or None if there is no file of it: from its archive, or from the files that are in it.

    Some of the five training files will do; without test_batch.bin the last tenth is for testing. Raises BadData.
    """
    if (folder / ARCHIVE).exists():
        packed = content_of_archive(folder / ARCHIVE)
        found = unpacked(packed, folder / ARCHIVE)
        says = checked({folder / ARCHIVE: packed}, unverified)
    else:
        found = _loose(folder)
        says = f"unpacked, for which no checksum was published, SHA-256 {checksum(*found.values())}…"
    train = [records(raw, path) for path, raw in found.items() if path.name != TEST]
    test = [records(raw, path) for path, raw in found.items() if path.name == TEST]
    if not found:
        return None
    if not train:
        raise BadData(f"{next(iter(found))} is there alone, but {TRAIN[0]} should be too")
    images, classes = (np.concatenate(one) for one in zip(*train, strict=True))
    if test:
        arrays = (images, classes, *test[0])
    elif len(images) < 10:
        raise BadData(f"{next(iter(found))} holds {len(images)} images, but should hold 10 or more")
    else:
        arrays = split(images, classes, len(images) // 10)
        says += f", no {TEST}"
    return Images("cifar10", f"CIFAR-10 ({says}; {len(arrays[0]):,} to train, {len(arrays[2]):,} to test)", *arrays)


def records(raw: bytes, path: Path) -> tuple[Array, Array]:
    """Images (N, 3, 32, 32) from 0 to 1, and classes (N). Raises BadData."""
    if not raw or len(raw) % RECORD:
        raise BadData(f"{path} has {len(raw):,} bytes, but should have a multiple of {RECORD:,}, one record an image")
    rows = np.frombuffer(raw, np.uint8).reshape(-1, RECORD)
    if rows[:, 0].max() > 9:
        raise BadData(f"{path} has the class {rows[:, 0].max()}, but should have those from 0 to 9")
    return np.divide(rows[:, 1:], 255, dtype=np.float32).reshape(-1, 3, 32, 32), rows[:, 0].astype(np.int64)


def content_of_archive(path: Path) -> bytes:
    """As it lies there. Raises BadData."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}") from None


def unpacked(packed: bytes, path: Path) -> dict[Path, bytes]:
    """The files that are wanted of the archive, in memory: nothing is written anywhere. Raises BadData."""
    wanted, found = {f"{INSIDE}/{name}" for name in (*TRAIN, TEST)}, {}
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name in wanted and member.isfile() else None
                if file is not None:
                    found[path / member.name] = file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadData(f"{path} cannot be unpacked: {error}") from None
    if not found:
        raise BadData(f"{path} holds none of {INSIDE}/{TRAIN[0]} and the others, but should")
    return dict(sorted(found.items()))


def _loose(folder: Path) -> dict[Path, bytes]:
    """The files themselves, in the folder or in the one that the archive unpacks to."""
    paths = [place / name for place in (folder, folder / INSIDE) for name in (*TRAIN, TEST)]
    return {path: content(path) for path in paths if path.exists()}
