"""Files in the formats of MNIST and CIFAR-10, text, and what is refused of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.reproduce import cifar, embedded, known
from harness.reproduce.data import BadData, source
from suites.experiments.conftest import Run

RNG = np.random.default_rng(0)
PIXELS, LABELS = RNG.integers(256, size=(20, 5, 4), dtype=np.uint8), np.arange(20, dtype=np.uint8) % 10
RECORDS = np.concatenate([LABELS[:, None], RNG.integers(256, size=(20, 3072), dtype=np.uint8)], 1)


def idx(array: np.ndarray) -> bytes:
    """As published: big-endian lengths before the bytes."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def mnist(folder: Path, prefix: str = "train", packed: bool = True) -> tuple[Path, Path]:
    """Twenty images and their labels."""
    paths = []
    for kind, array in (("images-idx3-ubyte", PIXELS), ("labels-idx1-ubyte", LABELS)):
        path = folder / f"{prefix}-{kind}{'.gz' * packed}"
        _ = path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
        paths.append(path)
    return paths[0], paths[1]


@pytest.mark.parametrize("packed", [True, False])
def test_mnist(tmp_path: Path, packed: bool) -> None:
    """Both parts, and said not to be the published files."""
    for prefix in ("train", "t10k"):
        _ = mnist(tmp_path, prefix, packed)
    found = source(tmp_path, unverified=True).images()
    assert found.name == "mnist"
    assert "not the published files" in found.says
    assert "20 to train, 20 to test" in found.says
    for images, classes in ((found.train, found.train_classes), (found.test, found.test_classes)):
        np.testing.assert_allclose(images * 255, PIXELS, atol=1e-4)
        assert (classes == LABELS).all()
    assert (found.shape, found.size, found.classes) == ((5, 4), 20, 10)
    assert (found.flat.train.reshape(20, 5, 4) == found.train).all()
    assert found.first(7, 3).test_classes.tolist() == [0, 1, 2]


def test_one_part_is_split(tmp_path: Path) -> None:
    """The last tenth is for testing, and that is said."""
    _ = mnist(tmp_path, "t10k")
    found = source(tmp_path, unverified=True).images()
    assert (len(found.train), found.test_classes.tolist()) == (18, [8, 9])
    assert "t10k part alone, split into 18 to train and 2 to test" in found.says


def test_published_files_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed or not, by what is in them."""
    for path in mnist(tmp_path):
        content = gzip.decompress(path.read_bytes())
        monkeypatch.setitem(known.PUBLISHED, hashlib.sha256(content).hexdigest(), path.name)
    assert "(the published files;" in source(tmp_path).images().says


def archive(path: Path, files: dict[str, bytes]) -> None:
    """A tar.gz of these."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))


def test_cifar(tmp_path: Path) -> None:
    """Loose files, those in the folder they unpack to, and the archive, of which nothing else is read."""
    for folder in (tmp_path / "loose", tmp_path / "folder" / cifar.INSIDE, tmp_path / "archive"):
        folder.mkdir(parents=True)
    for folder in (tmp_path / "loose", tmp_path / "folder" / cifar.INSIDE):
        for name in ("data_batch_1.bin", "data_batch_3.bin", "test_batch.bin"):
            _ = (folder / name).write_bytes(RECORDS.tobytes())
    inside = {f"{cifar.INSIDE}/{name}": RECORDS.tobytes() for name in ("data_batch_1.bin", "data_batch_3.bin")}
    archive(tmp_path / "archive" / cifar.ARCHIVE, inside | {"../data_batch_2.bin": b"no"})
    for name, counts in (("loose", (40, 20)), ("folder", (40, 20)), ("archive", (36, 4))):
        found = source(tmp_path / name, unverified=True).images()
        assert (len(found.train), len(found.test)) == counts, name
        assert found.shape == (3, 32, 32)
        assert (found.train_classes[:20] == LABELS).all()
        np.testing.assert_allclose(255 * found.train[3, 1, 2, 5], RECORDS[3, 1 + 1024 + 2 * 32 + 5], atol=1e-4)
    assert "not the published file" in source(tmp_path / "archive", unverified=True).images().says
    assert not (tmp_path / "data_batch_2.bin").exists()


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """The Python version of CIFAR-10 is no data here."""
    marker = tmp_path / "opened"

    class Opens:
        """Leaves a trace when it is unpickled."""

        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (marker,)

    _ = (tmp_path / "data_batch_1").write_bytes(pickle.dumps(Opens()))
    with pytest.raises(BadData, match="holds no data"):
        _ = source(tmp_path)
    assert not marker.exists()


def test_text(tmp_path: Path) -> None:
    """The largest, as it is."""
    words = "ab ä\r\n" * 300
    _ = (tmp_path / "long.txt").write_bytes(words.encode())
    _ = (tmp_path / "short.txt").write_text("x")
    found = source(tmp_path).text()
    assert found.characters == words.replace("\r\n", "\n")
    assert found.alphabet == "\n abä"
    assert found.first(4).numbers.tolist() == [1, 2, 0, 3]
    assert "long.txt (not the published file" in found.says
    assert source(tmp_path, unverified=True).images() is embedded.digits()  # for what is not there


def test_preferences(tmp_path: Path) -> None:
    """The first of the preferred kinds that is there; else what is there."""
    _ = mnist(tmp_path)
    assert source(tmp_path, unverified=True).images("cifar10", "mnist").name == "mnist"
    _ = (tmp_path / "data_batch_1.bin").write_bytes(RECORDS.tobytes())
    assert source(tmp_path, unverified=True).images("cifar10", "mnist").name == "cifar10"
    assert source(tmp_path, unverified=True).images().name == "mnist"


def test_embedded() -> None:
    """Digits from 0 to 1 that are all there once, and a text worth learning."""
    digits = source(None).images("mnist")
    assert (digits.train.shape, digits.test.shape) == ((1437, 8, 8), (360, 8, 8))
    assert (digits.train.min(), digits.train.max(), digits.classes) == (0, 1, 10)
    assert np.bincount(digits.test_classes).min() > 20
    assert len(source(None).text().characters) > 100_000
    assert "not MNIST" in digits.says


def spoiled(number: int, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """MNIST with one file changed, once it is unpacked."""

    def spoil(folder: Path) -> None:
        path = mnist(folder)[number]
        _ = path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))

    return spoil


def put(name: str, content: bytes) -> Callable[[Path], None]:
    """One file."""

    def write(folder: Path) -> None:
        _ = (folder / name).write_bytes(content)

    return write


def cut_gzip(folder: Path) -> None:
    """As a download that broke off."""
    path = mnist(folder)[0]
    _ = path.write_bytes(path.read_bytes()[:-30])


def half(folder: Path) -> None:
    """Images without labels."""
    mnist(folder)[1].unlink()


def no_gzip(folder: Path) -> None:
    """By its name alone."""
    _ = mnist(folder)[0].write_bytes(b"hello")


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a truncated gzip": (cut_gzip, "cannot be unpacked"),
    "no gzip": (no_gzip, "cannot be unpacked"),
    "a truncated IDX": (spoiled(0, lambda raw: raw[:-1]), r"has 399 bytes of data, but should have 400: \(20, 5, 4\)"),
    "a longer IDX": (spoiled(1, lambda raw: raw + b"x"), "has 21 bytes of data, but should have 20"),
    "another magic number": (spoiled(0, lambda raw: b"\1" + raw[1:]), "begins with 01 00 08 03, but should with 00"),
    "labels for images": (spoiled(0, lambda _: idx(LABELS)), "begins with 00 00 08 01, but should"),
    "an empty file": (spoiled(1, lambda _: b""), "begins with , but should"),
    "fewer labels": (spoiled(1, lambda _: idx(LABELS[:19])), "has 19 labels, but should have 20"),
    "a label of 10": (spoiled(1, lambda _: idx(LABELS + 1)), "has the label 10, but should"),
    "half of it": (half, "without its other half, but train-labels-idx1-ubyte.gz should be too"),
    "a truncated CIFAR-10": (put("data_batch_1.bin", RECORDS.tobytes()[:-1]), "61,459 bytes, but should have a"),
    "an empty CIFAR-10": (put("data_batch_1.bin", b""), "has 0 bytes, but should"),
    "a class of 10": (put("data_batch_2.bin", b"\x0a" + bytes(3072)), "has the class 10, but should"),
    "its test alone": (put("test_batch.bin", RECORDS.tobytes()), "is there alone, but data_batch_1.bin should be too"),
    "a torn archive": (put("cifar-10-binary.tar.gz", gzip.compress(RECORDS.tobytes())[:-40]), "cannot be unpacked"),
    "another archive": (lambda folder: archive(folder / cifar.ARCHIVE, {"a": b"b"}), "holds none of cifar-10"),
    "a text of 10 bytes": (put("a.txt", b"0123456789"), "has 10 characters, but should have 1,000 or more"),
    "no text": (put("a.txt", b"\xff" * 2000), "is no UTF-8 at byte 0, but should be text"),
    "a folder as a text": (lambda folder: (folder / "a.txt").mkdir(), "cannot be read: Is a directory"),
    "another checksum": (spoiled(0, lambda raw: raw), "ubyte.gz has the SHA-256 [0-9a-f]{16}…, but should have"),
    "another archive's": (
        lambda folder: archive(folder / cifar.ARCHIVE, {f"{cifar.INSIDE}/data_batch_1.bin": RECORDS.tobytes()}),
        "has the SHA-256 .*: get it anew, or take it as it is by --unverified",
    ),
    "nothing": (lambda _: None, "holds no data: neither MNIST"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_data_is_refused_in_one_line(run: Run, tmp_path: Path, name: str) -> None:
    """With status 2, before anything is run."""
    spoil, says = BAD[name]
    data = tmp_path / "data"
    data.mkdir()
    spoil(data)
    with pytest.raises(BadData, match=says):
        _ = source(data)
    result = run("--data", data, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_missing_things(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder, a file for a folder, no scikit-learn."""
    _ = (tmp_path / "file").write_text("")
    for where, says in (("none", "is missing, but should be a folder"), ("file", "is a file, but should be a folder")):
        result = run("--data", tmp_path / where, "--out", tmp_path / "out")
        assert (result.exit_code, says in result.output) == (2, True), result.output
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    result = run("--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "scikit-learn is missing" in result.output
