"""A frame comes back as it went, and nothing else is ever taken for one."""

import json
import math
import struct
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from harness.grading.wire import DTYPES, HEAD, MAGIC, Frame, Limits, WireError, encode, receive

LIMITS = Limits(header=4096, payload=1 << 16, arrays=8)
FLOATS = st.floats(allow_nan=False)
names = st.text(min_size=1, max_size=20).filter(str.isprintable)
arrays = st.sampled_from(DTYPES).flatmap(lambda kind: npst.arrays(kind, npst.array_shapes(min_dims=0, min_side=0)))
leaves = st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=20)
fields = st.dictionaries(st.text(max_size=9), st.recursive(leaves, lambda one: st.lists(one, max_size=3)), max_size=4)
frames = st.builds(Frame, fields, st.dictionaries(names, arrays, max_size=4))


def reader(data: bytes) -> Callable[[int], bytearray]:
    """Gives the bytes in turn; a short read is an EOFError, as at the end of a pipe."""
    stream = BytesIO(data)

    def read(size: int) -> bytearray:
        piece = bytearray(stream.read(size))
        if len(piece) < size:
            raise EOFError
        return piece

    return read


def framed(header: bytes | dict[str, Any], payload: bytes = b"", magic: bytes = MAGIC) -> bytes:
    """A frame with whatever header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return HEAD.pack(magic, len(text), len(payload)) + text + payload


def described(name: Any = "a", dtype: Any = "<f8", shape: Any = (2,), payload: bytes = bytes(16)) -> bytes:
    """A frame of one array, described so."""
    return framed({"fields": {}, "arrays": [[name, dtype, shape]]}, payload)


@given(frames)
def test_round_trip(frame: Frame) -> None:
    """Names, dtypes, shapes, order and every bit come back; what comes back can be written to."""
    got = receive(reader(encode(frame, LIMITS)), LIMITS)
    assert got.fields == frame.fields
    assert list(got.arrays) == list(frame.arrays)
    for name, array in frame.arrays.items():
        mine = got.arrays[name]
        assert type(mine) is np.ndarray
        assert (mine.dtype, mine.shape, mine.tobytes()) == (array.dtype, array.shape, array.tobytes())
        assert mine.flags.aligned
        assert mine.flags.writeable
        assert not np.shares_memory(mine, array)


@pytest.mark.parametrize("order", ["F", "strided", "big-endian"])
def test_any_layout(order: str) -> None:
    """The layout in memory is not sent; the values are."""
    array = np.arange(24.0).reshape(4, 6)
    sent = {"F": np.asfortranarray(array), "strided": np.repeat(array, 2, 1)[:, ::2], "big-endian": array}[order]
    if order == "big-endian":
        with pytest.raises(TypeError, match="is of dtype >f8, but should be"):
            _ = encode(Frame({}, {"a": array.astype(">f8")}), LIMITS)
    assert np.array_equal(receive(reader(encode(Frame({}, {"a": sent}), LIMITS)), LIMITS).arrays["a"], array)


@given(frames, st.data())
def test_a_cut_frame_is_never_taken(frame: Frame, data: st.DataObject) -> None:
    """Of a frame that ends early nothing is used."""
    whole = encode(frame, LIMITS)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises((EOFError, WireError)):
        _ = receive(reader(whole[:cut]), LIMITS)


@given(frames, st.data())
def test_a_mangled_frame_raises_or_is_another_frame(frame: Frame, data: st.DataObject) -> None:
    """Bytes replaced anywhere: WireError, the end of the pipe, or arrays that the limits allow. Nothing else."""
    mangled = bytearray(encode(frame, LIMITS))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mangled) - 1))
        mangled[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(min_size=1, max_size=8))
    try:
        got = receive(reader(bytes(mangled)), LIMITS)
    except (WireError, EOFError):
        return
    assert sum(array.nbytes for array in got.arrays.values()) <= LIMITS.payload
    assert {array.dtype.str for array in got.arrays.values()} <= set(DTYPES)


wrong_sizes = st.lists(
    st.integers(-3, 2**80) | st.sampled_from([-1, True, 1.0, "2", None, 2**63, 2**64 + 2]), max_size=9
)
wrong_dtypes = st.sampled_from(
    ["|O", "O", "<M8[s]", "|S8", "<U2", "|V8", "<f16", "<f8,<f8", "f8", "", 8, None, ["<f8"]]
)


def honest(sizes: list[Any]) -> bool:
    """A shape of one or two numbers, which 16 bytes hold."""
    return all(type(one) is int and one >= 0 for one in sizes) and math.prod(sizes) in (1, 2)


@given(wrong_sizes.filter(lambda sizes: not honest(sizes)))
def test_a_lie_about_the_shape_raises(sizes: list[Any]) -> None:
    """Negative, no number, too large, or not what the payload has."""
    with pytest.raises(WireError):
        _ = receive(reader(described(shape=sizes)), LIMITS)


@given(wrong_dtypes | st.text(max_size=5).filter(lambda text: text not in DTYPES))
def test_a_lie_about_the_dtype_raises(dtype: Any) -> None:
    """Objects, text, records and dates have no place in a frame."""
    with pytest.raises(WireError):
        _ = receive(reader(described(dtype=dtype)), LIMITS)


EMPTY: dict[str, Any] = {"fields": {}, "arrays": []}
LIES = {
    "another magic": framed(EMPTY, magic=b"\x80\x04\x95!"),
    "a pickle": b"\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94",
    "header too long": HEAD.pack(MAGIC, LIMITS.header + 1, 0) + bytes(LIMITS.header + 1),
    "payload too long": HEAD.pack(MAGIC, 2, 2**60) + b"{}",
    "no JSON": framed(b"{"),
    "empty header": framed(b""),
    "not UTF-8": framed(b'{"\xff'),
    "a list": framed(b"[]"),
    "deep": framed(b"[" * 4000),
    "deep inside": framed(b'{"arrays": [], "fields": ' + b'{"a":' * 700),
    "long number": framed(b'{"fields": {"a": ' + b"9" * 4000 + b"9" * 90 + b'}, "arrays": "'),
    "no arrays": framed({"fields": {}}),
    "one thing more": framed({"fields": {}, "arrays": [], "more": 1}),
    "fields no object": framed({"fields": [], "arrays": []}),
    "arrays no list": framed({"fields": {}, "arrays": {}}),
    "array no list": framed({"fields": {}, "arrays": ["abc"]}),
    "array of two": framed({"fields": {}, "arrays": [["a", "<f8"]]}),
    "array of four": framed({"fields": {}, "arrays": [["a", "<f8", [2], 0]]}, bytes(16)),
    "name no text": described(name=3),
    "name empty": described(name=""),
    "name too long": described(name="a" * 201),
    "name with an escape": described(name="\x1b[2J"),
    "name half a letter": described(name="\ud800"),
    "name twice": framed({"fields": {}, "arrays": [["a", "<f8", [2]]] * 2}, bytes(32)),
    "shape no list": described(shape=2),
    "shape an object": described(shape={"2": 2}),
    "33 dimensions": described(shape=[1] * 32 + [2]),
    "empty of 2**80": described(shape=[0, 2**80], payload=b""),
    "too many": framed({"fields": {}, "arrays": [[f"a{i}", "<f8", [0]] for i in range(9)]}),
    "payload left over": described(payload=bytes(32)),
    "payload too short": described(shape=[3]),
    "payload of nobody": framed(EMPTY, bytes(16)),
    "not filled up": described(shape=[1], payload=bytes(8)),
    "a bool of 2": described(dtype="|b1", shape=[16], payload=bytes([2] * 16)),
}


@pytest.mark.parametrize("lie", LIES)
def test_every_lie_raises(lie: str) -> None:
    """Each by name, and each for nothing but WireError."""
    with pytest.raises(WireError):
        _ = receive(reader(LIES[lie]), LIMITS)


def test_the_lies_are_lies() -> None:
    """The same frames, told truthfully, are taken: what raises above raises for the lie alone."""
    assert receive(reader(framed(EMPTY)), LIMITS) == Frame({}, {})
    assert receive(reader(described()), LIMITS).arrays["a"].tolist() == [0, 0]
    assert receive(reader(described(shape=[1])), LIMITS).arrays["a"].tolist() == [0]
    assert receive(reader(described(shape=[1] * 31 + [2])), LIMITS).arrays["a"].size == 2
    assert receive(reader(described(shape=[0, 5000], payload=b"")), LIMITS).arrays["a"].shape == (0, 5000)
    assert receive(reader(described(dtype="|b1", shape=[16], payload=bytes([1] * 16))), LIMITS).arrays["a"].all()


def test_nothing_is_read_or_made_before_it_is_checked() -> None:
    """A claim of 2**60 bytes, of 9 arrays or of 8 TiB costs the reader the header, and not a byte more."""
    limits = Limits(payload=1 << 30)
    for lie in (
        HEAD.pack(MAGIC, 2, 2**60),
        framed({"fields": {}, "arrays": [["a", "<f8", [2**40]]]}),
        HEAD.pack(MAGIC, 40, 1 << 30) + b'{"fields":{},"arrays":[["a","<f8",[1]]]}',
    ):
        stream = BytesIO(lie)
        asked: list[int] = []

        def read(size: int, stream: BytesIO = stream, asked: list[int] = asked) -> bytearray:
            asked.append(size)
            return bytearray(stream.read(size))

        tracemalloc.start()
        try:
            with pytest.raises(WireError):
                _ = receive(read, limits)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert sum(asked) <= len(lie)
        assert peak < 100_000


def test_a_header_of_lists_stays_small() -> None:
    """The densest header that the limit allows is parsed in some 10 MB, and refused."""
    limits = Limits()
    inside = b'{"fields": {"a": [' + b"[]," * ((limits.header - 64) // 3) + b"[]]}, "
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            _ = receive(reader(framed(inside + b'"arrays": 1}')), limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * limits.header


@pytest.mark.parametrize(
    ("arrays", "kind", "message"),
    [
        ({"a": np.array([object()])}, TypeError, "a is of dtype object, but should be"),
        ({"a": np.array(["x"])}, TypeError, "a is of dtype <U1, but should be"),
        ({"a": [1.0]}, TypeError, "a is of type list, but should be an array"),
        ({"a": np.ma.masked_array([1.0])}, TypeError, "a is of type MaskedArray, but should be an array"),
        ({"": np.zeros(1)}, ValueError, "the name of an array is '', but should be"),
        ({"a": np.zeros(1 << 14)}, ValueError, "the arrays' bytes are 131072, but should be 65536 at most"),
        ({f"a{i}": np.zeros(1) for i in range(9)}, ValueError, "the arrays are 9, but should be 8 at most"),
    ],
)
def test_what_cannot_be_sent(arrays: dict[str, Any], kind: type[Exception], message: str) -> None:
    """It is said on the side that tries, by name."""
    with pytest.raises(kind, match=message):
        _ = encode(Frame({}, arrays), LIMITS)


def test_the_head_is_as_documented() -> None:
    """16 bytes, little-endian, without gaps."""
    assert struct.calcsize(HEAD.format) == HEAD.size == 16
