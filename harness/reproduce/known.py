"""The files that were published, by the SHA-256 of what is in them once unpacked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from .data import BadData

# MNIST's four files (LeCun, Cortes & Burges), the archive of CIFAR-10's binary version (Krizhevsky 2009) as it is
# packed, and the Shakespeare of char-rnn (Karpathy 2015).
PUBLISHED = {
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db": "MNIST's train-images-idx3-ubyte",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5": "MNIST's train-labels-idx1-ubyte",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7": "MNIST's t10k-images-idx3-ubyte",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2": "MNIST's t10k-labels-idx1-ubyte",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd": "CIFAR-10's cifar-10-binary.tar.gz",
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed": "char-rnn's tinyshakespeare",
}


def verdict(*contents: bytes) -> str:
    """Whether all of them are published files, in words, and else what they are."""
    sums = [hashlib.sha256(content).hexdigest() for content in contents]
    if all(one in PUBLISHED for one in sums):
        return "the published files" if len(sums) > 1 else "the published file"
    return f"not the published {'files' if len(sums) > 1 else 'file'}, SHA-256 {checksum(*contents)}…"


def checked(files: Mapping[Path, bytes], unverified: bool) -> str:
    """The same, of files that were published under their names: others are refused, unless asked for. Raises BadData.

    A damaged copy trains to other numbers, and a figure of it says "MNIST" all the same.
    """
    wrong = [path for path, content in files.items() if hashlib.sha256(content).hexdigest() not in PUBLISHED]
    if wrong and not unverified:
        raise BadData(
            f"{wrong[0]} has the SHA-256 {hashlib.sha256(files[wrong[0]]).hexdigest()[:16]}…, but should have that of "
            "the published file: get it anew, or take it as it is by --unverified"
        )
    return verdict(*files.values())


def checksum(*contents: bytes) -> str:
    """The start of one for all of them."""
    sums = [hashlib.sha256(content).hexdigest() for content in contents]
    return hashlib.sha256("".join(sums).encode()).hexdigest()[:8]
