"""Frames of arrays: what a frame says of itself is checked before anything is made of it: a lie only raises WireError.

A frame is 16 bytes (magic, length of the header, length of the payload), a JSON header, and the arrays' bytes one after
the other, each filled up to 16. There is no pickle, no object and no overlap. The worker uses this file as well, alone.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

HEAD = struct.Struct("<4sIQ")
MAGIC = b"BPG1"
STEP = 16  # every array begins where any dtype is aligned
DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
NAME_LENGTH, DIMENSIONS = 200, 32


class WireError(Exception):
    """What arrived is not a frame; nothing of it is used."""


@dataclass(frozen=True)
class Limits:
    """How much one frame may hold."""

    header: int = 256 * 1024
    payload: int = 64 * 1024 * 1024
    arrays: int = 256


@dataclass(frozen=True)
class Frame:
    """What one side tells the other: plain JSON values, and arrays by name."""

    fields: dict[str, Any]
    arrays: dict[str, np.ndarray[Any, Any]]


def encode(frame: Frame, limits: Limits) -> bytes:
    """The frame as bytes. Raises TypeError or ValueError for what a frame cannot hold."""
    described, pieces = [], []
    for name, array in frame.arrays.items():
        if not _nameable(name):
            raise ValueError(
                f"the name of an array is {name!r}, but should be printable, of 1 to {NAME_LENGTH} letters"
            )
        if type(array) is not np.ndarray:
            raise TypeError(f"{name} is of type {type(array).__name__}, but should be an array")
        if array.dtype.str not in DTYPES:
            raise TypeError(f"{name} is of dtype {array.dtype}, but should be of numbers or bool, of 16 bytes at most")
        described.append([name, array.dtype.str, list(array.shape)])
        pieces += [array.tobytes(), bytes(-array.nbytes % STEP)]
    header = json.dumps({"fields": frame.fields, "arrays": described}).encode()
    payload = sum(map(len, pieces))
    for what, size, most in (
        ("the header's bytes", len(header), limits.header),
        ("the arrays' bytes", payload, limits.payload),
        ("the arrays", len(described), limits.arrays),
    ):
        if size > most:
            raise ValueError(f"{what} are {size}, but should be {most} at most")
    return b"".join([HEAD.pack(MAGIC, len(header), payload), header, *pieces])


def receive(read: Callable[[int], bytearray], limits: Limits) -> Frame:
    """The next frame. `read(n)` gives exactly n bytes, or raises. Raises WireError for anything that is no frame."""
    magic, length, payload_length = HEAD.unpack(read(HEAD.size))
    if magic != MAGIC:
        raise WireError(f"the frame begins with {magic!r}, but should begin with {MAGIC!r}")
    if length > limits.header or payload_length > limits.payload:
        raise WireError(f"the frame's sizes are {length} and {payload_length}, but should be {limits} at most")
    header = _parsed(read(length))
    described = header["arrays"]
    if len(described) > limits.arrays:
        raise WireError(f"the number of arrays is {len(described)}, but should be {limits.arrays} at most")
    plan = [_checked(one, limits.payload) for one in described]
    if len({name for name, *_ in plan}) != len(plan):
        raise WireError("the names of the arrays are not all different")
    due = sum(_padded(dtype, shape) for _, dtype, shape in plan)
    if due != payload_length:
        raise WireError(f"the arrays take {payload_length} bytes, but should take {due} by their shapes")
    payload = read(payload_length)  # only now: every byte of it has its place
    arrays, offset = {}, 0
    for name, dtype, shape in plan:
        array = np.frombuffer(payload, dtype, math.prod(shape), offset).reshape(shape)
        if dtype == "|b1" and (array.view("|u1") > 1).any():  # neither True nor False: NumPy would contradict itself
            raise WireError(f"the bytes of {name} are no bools")
        arrays[name] = array
        offset += _padded(dtype, shape)
    return Frame(header["fields"], arrays)


def _parsed(header: bytearray) -> dict[str, Any]:
    """The header as {"fields": dict, "arrays": list}."""
    try:
        parsed = json.loads(header.decode())
    except (ValueError, RecursionError) as error:  # too deep, too long a number, not UTF-8, not JSON
        raise WireError(f"the header is no JSON: {type(error).__name__}") from None
    if not (isinstance(parsed, dict) and set(parsed) == {"fields", "arrays"}):
        raise WireError("the header should have fields and arrays, and nothing else")
    if not (isinstance(parsed["fields"], dict) and isinstance(parsed["arrays"], list)):
        raise WireError("the header's fields should be an object, and its arrays a list")
    return parsed


def _checked(described: Any, most: int) -> tuple[str, str, tuple[int, ...]]:
    """Name, dtype and shape of an array that fits in `most` bytes."""
    if not (isinstance(described, list) and len(described) == 3):
        raise WireError("an array should be described by name, dtype and shape")
    name, dtype, shape = described
    if not _nameable(name):
        raise WireError("the name of an array is not printable, empty or too long")
    if not (isinstance(dtype, str) and dtype in DTYPES):
        raise WireError(f"the dtype of {name} is not one of {', '.join(DTYPES)}")
    if not (isinstance(shape, list) and len(shape) <= DIMENSIONS):
        raise WireError(f"the shape of {name} is no list of {DIMENSIONS} sizes at most")
    size = np.dtype(dtype).itemsize
    for one in shape:
        if type(one) is not int or one < 0:
            raise WireError(f"the shape of {name} has a size that is no number, or negative")
        size *= max(one, 1)  # an empty array of 0 × 2**80 is refused as well: NumPy cannot hold its shape
        if size > most:  # inside the loop: the product cannot grow long
            raise WireError(f"{name} takes more than the {most} bytes that a frame may have")
    return name, dtype, tuple(shape)


def _padded(dtype: str, shape: tuple[int, ...]) -> int:
    """The bytes that an array takes in a frame."""
    size = np.dtype(dtype).itemsize * math.prod(shape)
    return size + -size % STEP


def _nameable(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= NAME_LENGTH and name.isprintable()
