"""What students really hand in, and what nobody should: right code gets its points, all else one clear line."""

import importlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.grading import handin, levels, selftest, start
from harness.grading.box import Level, NotStarted
from harness.grading.grade import Record, grade
from harness.grading.pack import Pack, load

RIGHT = (selftest.TEMPLATE / "examples" / "right" / "layer.py").read_text()
FORWARD, BACKWARD = RIGHT.split("\n\n\n")[1:]
Graded = Callable[[Path], Record]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Two functions in one file, layer.py: 6 points."""
    folder = tmp_path_factory.mktemp("packs") / "own"
    selftest.new(folder)
    return load(folder)


@pytest.fixture(scope="module")
def graded(pack: Pack) -> Graded:
    """The record of a hand-in, at the best level; where there is none, nothing is graded, and that is said."""
    try:
        level: Level = levels.best()
    except NotStarted as error:
        pytest.skip(f"no isolation on this machine: {error}")
    return lambda path: grade(pack, path, level=level)


def notebook(*cells: str, **fields: Any) -> str:
    """As Jupyter keeps it."""
    rows = [{"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": []} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": ["# Week 3"]}, *rows], "nbformat": 4} | fields)


def zipped(**files: str | bytes) -> bytes:
    """An archive; two underscores stand for a slash, one for a dot."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return data.getvalue()


def lay(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write the files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _ = (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


TRAINS = """
import argparse
args = argparse.ArgumentParser().parse_args()
import urllib.request
data = urllib.request.urlopen("http://example.org/mnist.gz").read()
weights = open("weights.npy", "rb").read()
answer = input("Go on? ")
for epoch in range(10**9):
    loss = affine(data, weights, 0).sum()
assert loss < 0.1, "not trained well enough"
while True:
    try:
        while True: pass
    except BaseException: pass
"""
IMPORTS = """
from __future__ import print_function, division
import matplotlib.pyplot as plt
from mpl_toolkits.mplot3d import Axes3D
import cifar10_utils, seaborn as sns, pandas as pd, torch, torch.nn as nn
from sklearn.model_selection import train_test_split
from past.builtins import xrange
from builtins import range
from six.moves import cPickle as pickle
from tqdm import tqdm, trange
from IPython.display import clear_output
from my_other_file import *
"""
HELPED = RIGHT.replace("return x @ w + b", "return helped(x, w) + b")
HELPER = "def helped(x, w):\n    return x @ w\n"
NUMPY = "import numpy as np\n\n\n"
OLD = """
    x = np.reshape(x, newshape=x.shape).astype(np.complex if np.iscomplexobj(x) else np.float)
    assert np.product([np.int(2), 2]) == 4
    return x @ w"""
CELLS = (
    "import numpy as np\n%matplotlib inline\n!pip install tqdm",
    FORWARD,
    "%%bash\nls",
    "x = 1 +",
    "files = !ls\n%timeit 1",
    BACKWARD,
)
MESSY: dict[str, dict[str, str | bytes]] = {
    "a file": {"layer.py": RIGHT},
    "with the marks of Windows": {"layer.py": b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode()},
    "in Latin-1, with a name in a comment": {"layer.py": f"# Müller\n{RIGHT}".encode("latin-1")},
    "that trains and downloads when it is imported": {"layer.py": RIGHT + TRAINS},
    "that ends the interpreter when it is imported": {"layer.py": f"quit()\n{RIGHT}\nimport sys\nsys.exit(0)\n"},
    "that fails between its functions": {"layer.py": f"{FORWARD}\n1 / 0\nclass Net(Base): pass\n{BACKWARD}\n{NUMPY}"},
    "with imports that are not there": {"layer.py": f"{IMPORTS}{RIGHT}plt.plot(range(3)); plt.show()"},
    "with wrappers that are not there": {
        "layer.py": "from tqdm import tqdm\nfrom numba import njit\n"
        + RIGHT.replace("def", "@njit\ndef").replace("return", "for _ in tqdm([1]): return"),
    },
    "with NumPy's old names": {"layer.py": RIGHT.replace("\n    return x @ w", OLD)},
    "that prints": {"layer.py": RIGHT.replace("return", "print(x, 'x' * 1000)\n    return")},
    "in Greek": {"layer.py": RIGHT.replace("d_out", "δ")},
    "with a main": {"layer.py": RIGHT + "\nif __name__ == '__main__':\n    raise SystemExit('train')\n"},
    "with a helper": {"layer.py": f"from helper import *\n{HELPED}", "helper.py": HELPER},
    "as a package": {
        "hw/layer.py": f"from .helper import helped\n{HELPED}",
        "hw/helper.py": HELPER,
        "hw/__init__.py": "",
    },
    "one folder deeper": {"ada/week3/layer.py": RIGHT, "ada/report.pdf": b"%PDF"},
    "with what a Mac leaves": {"layer.py": RIGHT, "__MACOSX/._layer.py": b"\0", ".ipynb_checkpoints/layer.py": "1/0"},
    "downloaded twice": {"layer (1).py": RIGHT},
    "with a name before and after": {"ada_17_Layer_final2.py": RIGHT},
    "by another name": {"solution.py": RIGHT},
    "a notebook": {"layer.ipynb": notebook(*CELLS)},
    "an old notebook": {
        "Week3.ipynb": json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": RIGHT}]}]})
    },
    "a zip": {"ada.zip": zipped(layer_py=RIGHT)},
    "a zip of a folder of a notebook": {"ada.zip": zipped(ada__week3__layer_ipynb=notebook(RIGHT), ada__notes_txt="")},
}


@pytest.mark.parametrize("what", MESSY)
def test_right_code_gets_its_points(what: str, graded: Graded, tmp_path: Path) -> None:
    """However it is wrapped."""
    record = graded(lay(tmp_path, MESSY[what]))
    assert record["message"] == ""
    assert {check["id"]: check["message"] for check in record["checks"] if check["status"] != "pass"} == {}
    assert record["score"] == 6.0


@pytest.mark.parametrize("what", ["a file", "a notebook", "a zip"])
def test_a_file_alone(what: str, graded: Graded, tmp_path: Path) -> None:
    """Need not be in a folder."""
    (path,) = lay(tmp_path, MESSY[what]).iterdir()
    assert graded(path)["score"] == 6.0


PYTHON_2 = {
    "print 'here'": "SyntaxError: this is Python 2, but should be Python 3: print is a function",
    "for i in xrange(1): pass": "this is Python 2, in Python 3 it is range",
    "{}.iteritems()": "this is Python 2, in Python 3 it is items",
}


@pytest.mark.parametrize("line", PYTHON_2)
def test_python_2(line: str, graded: Graded, tmp_path: Path) -> None:
    """Is told as such, with the student's line."""
    record = graded(lay(tmp_path, {"layer.py": f"def affine(x, w, b):\n    {line}\n    return x @ w + b\n"}))
    check = record["checks"][0]
    assert (check["status"], PYTHON_2[line] in check["message"]) == ("error", True), check
    assert "\n  at layer.py:2: " in check["message"]


def test_one_part_is_broken(graded: Graded, tmp_path: Path) -> None:
    """A definition that fails costs what it defines, and a module that is not there what needs it."""
    source = "import numpy as np\nimport fancy\n" + FORWARD + "\n@fancy.made\n" + BACKWARD
    record = graded(lay(tmp_path, {"layer.py": source}))
    statuses = {check["id"]: check["status"] for check in record["checks"]}
    assert [statuses[id] for id in ("affine", "affine.worked", "affine.backward.w")] == ["pass", "pass", "error"]
    assert "fancy.made is not there: fancy is not among the files handed in" in record["checks"][-1]["message"]


def sparse(path: Path) -> Path:
    """1 GB that takes no room."""
    with path.open("wb") as file:
        _ = file.truncate(1 << 30)
    return path


def bomb() -> bytes:
    """A zip of 100 kB that would be 100 MB."""
    return zipped(layer_py=bytes(100 << 20))


def linked(target: str, folder: bool = False) -> bytes:
    """A zip with a link."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        row = zipfile.ZipInfo("layer.py")
        row.external_attr = ((stat.S_IFLNK | 0o777) << 16) | (0x10 if folder else 0)
        archive.writestr(row, target)
    return data.getvalue()


def lying() -> bytes:
    """A zip whose file is larger than it says."""
    data = bytearray(zipped(layer_py="#" * (4 << 20)))
    size = (4 << 20).to_bytes(4, "little")
    while (place := data.find(size)) >= 0:
        data[place : place + 4] = (100).to_bytes(4, "little")
    return bytes(data)


def locked() -> bytes:
    """A zip that says that it has a password."""
    data = bytearray(zipped(layer_py=RIGHT))
    data[data.find(b"PK\1\2") + 8] |= 1
    return bytes(data)


NOTHING: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty folder": (lambda path: path.mkdir(), "hw is empty; it should be or hold a .py, a .ipynb or a .zip"),
    "only other files": (
        lambda path: lay(path, {"hw.pdf": b"%PDF", "data/x.npy": b""}),
        "hw holds no Python file, but hw.pdf, x.npy; it should be",
    ),
    "nothing": (lambda path: None, "hw is missing, but should be a folder, a .py, a .ipynb or a .zip"),
    "a pipe": (os.mkfifo, "hw is no plain file, but should be a folder, a .py, a .ipynb or a .zip"),
    "too many files": (
        lambda path: lay(path, {f"{number}.py": "" for number in range(60)}),
        "hw has more files and folders, but should have 50 at most",
    ),
    "a zip that is none": (lambda path: lay(path, {"hw.zip": b"PK no"}), "hw.zip is no zip archive, but should be"),
    "a zip that is cut": (lambda path: lay(path, {"hw.zip": zipped(layer_py=RIGHT)[:-30]}), "hw.zip is no zip archive"),
    "an empty zip": (lambda path: lay(path, {"hw.zip": zipped()}), "hw.zip holds no Python file"),
    "a zip bomb": (lambda path: lay(path, {"hw.zip": bomb()}), "hw.zip would unpack to 104857600 bytes, from "),
    "a large zip": (
        lambda path: path.mkdir() or sparse(path / "hw.zip"),
        "hw.zip is of 1073741824 bytes, but should be of 67108864 at most",
    ),
    "a zip that leads out": (
        lambda path: lay(path, {"hw.zip": zipped(**{"../evil_py": RIGHT})}),
        "hw.zip holds '../evil.py', which leads out of it",
    ),
    "a zip from the root": (
        lambda path: lay(path, {"hw.zip": zipped(**{"/etc/evil_py": RIGHT})}),
        "hw.zip holds '/etc/evil.py', which leads out of it",
    ),
    "a zip with backslashes": (
        lambda path: lay(path, {"hw.zip": zipped(**{"..\\evil_py": RIGHT})}),
        "which leads out of it",
    ),
    "a locked zip": (lambda path: lay(path, {"hw.zip": locked()}), "hw.zip is locked by a password"),
    "a zip of too many": (
        lambda path: lay(path, {"hw.zip": zipped(**{f"f{number}_py": "" for number in range(60)})}),
        "hw.zip holds more files, but should hold 50 at most",
    ),
}


@pytest.mark.parametrize("what", NOTHING)
def test_nothing_to_grade(what: str, graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line for the hand-in, and no points."""
    monkeypatch.setattr(handin, "MOST_ENTRIES", 50)
    make, said = NOTHING[what]
    _ = make(tmp_path / "hw")
    record = graded(tmp_path / "hw")
    assert said in record["message"]
    assert record["message"].count("\n") == 0
    assert record["score"] == 0
    assert {(check["status"], check["message"]) for check in record["checks"]} == {("error", record["message"])}
    assert not (tmp_path / "evil.py").exists()


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "binary": (lambda path: path.write_bytes(bytes(range(256))), "this is no text, but should be Python source"),
    "of 1 GB": (sparse, "layer.py is of 1073741824 bytes, but should be of 2097152 at most"),
    "in Latin-1": (
        lambda path: path.write_bytes("name = 'Müller'\n".encode("latin-1")),
        "this is not UTF-8, but should be",
    ),
    "in UTF-16": (
        lambda path: path.write_bytes(RIGHT.encode("utf-16")),
        "this is no text, but should be Python source",
    ),
    "no Python": (lambda path: path.write_text("Dear Sir or Madam,\n"), "SyntaxError: invalid syntax"),
    "too deep": (lambda path: path.write_text("(" * 500 + ")" * 500), "SyntaxError: too many nested parentheses"),
    "a link out of the folder": (lambda path: path.symlink_to("/etc/passwd"), "is a link, but should be a file"),
    "a link to itself": (lambda path: path.symlink_to(path), "is a link, but should be a file"),
    "a pipe": (os.mkfifo, "is no plain file, but should be one"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_no_source(what: str, graded: Graded, tmp_path: Path) -> None:
    """Said of the file, at each of its checks."""
    (tmp_path / "hw").mkdir()
    make, said = UNREADABLE[what]
    _ = make(tmp_path / "hw" / "layer.py")
    record = graded(tmp_path / "hw")
    assert record["score"] == 0
    assert {check["status"] for check in record["checks"]} <= {"error", "skipped"}
    assert said in record["checks"][0]["message"]
    assert "root:" not in json.dumps(record)


BROKEN_BOOKS = {
    "no JSON": "{",
    "no cells": "{}",
    "a list": "[]",
    "odd cells": '{"cells": [3]}',
    "odd source": '{"cells": [{"cell_type": "code", "source": 3}]}',
    "too deep": "[" * 100_000,
    "a large number": '{"cells": ' + "9" * 5000 + "}",
}


@pytest.mark.parametrize("what", BROKEN_BOOKS)
def test_no_notebook(what: str, graded: Graded, tmp_path: Path) -> None:
    """JSON that is none, or no notebook's."""
    record = graded(lay(tmp_path, {"layer.ipynb": BROKEN_BOOKS[what]}))
    assert record["score"] == 0
    message = record["checks"][0]["message"].partition("\n")[0]
    assert message.startswith("layer.ipynb is no notebook, but should be JSON with cells: "), message


ARCHIVES: dict[str, tuple[bytes, str]] = {
    "a link": (linked("/etc/passwd"), "is a link, but should be a file"),
    "more than it says": (lying(), "layer.py"),
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_odd_archives(what: str, graded: Graded, tmp_path: Path) -> None:
    """Whatever an archive says of itself."""
    data, said = ARCHIVES[what]
    record = graded(lay(tmp_path, {"hw.zip": data}))
    assert record["score"] == 0
    assert said in record["checks"][0]["message"]


def test_links_are_not_followed(graded: Graded, tmp_path: Path) -> None:
    """To a folder, or from a file that the right code needs."""
    own = lay(tmp_path / "hw", {"layer.py": RIGHT})
    secret = lay(tmp_path / "secret", {"layer.py": RIGHT, "truth.py": "found = 1"})
    (own / "more").symlink_to(secret)
    (own / "truth.py").symlink_to(secret / "truth.py")
    source = RIGHT.replace("return x @ w", "from truth import found\n    return x @ w * found")
    _ = (own / "layer.py").write_text(source)
    record = graded(own)
    assert record["checks"][0]["status"] == "error"
    assert "truth.found is not there" in record["checks"][0]["message"]


@pytest.mark.parametrize("where", ["import", "call"])
def test_who_prints_without_end(where: str, graded: Graded, tmp_path: Path) -> None:
    """100 MB of output fill no memory and no disk; the process ends, and that is said; or the script ends before."""
    flood = "for _ in range(1600): print('x' * 65536)"
    source = f"{flood}\n{RIGHT}" if where == "import" else RIGHT.replace("return x @ w", f"{flood}\n    return x @ w")
    record = graded(lay(tmp_path, {"layer.py": source}))
    check = record["checks"][0]
    if where == "import" and check["status"] == "pass":  # on a slow machine not as much is printed until then
        return
    assert (check["status"], "it printed more than 67108864 bytes" in check["message"]) == ("died", True), check


def test_names_are_no_orders(graded: Graded, tmp_path: Path) -> None:
    """Neither for a terminal nor for a page."""
    _ = lay(tmp_path / "hw", {"\x1b[2Jlayer.py": RIGHT, "layer.py": f"raise ValueError('\\x1b[2J<script>')\n{RIGHT}"})
    _ = (tmp_path / "hw" / "layer.py").write_text(RIGHT.replace("return x @ w", "raise ValueError('\\x1b[2J')"))
    record = graded(tmp_path / "hw")
    assert record["checks"][0]["status"] == "error"
    assert "\x1b" not in json.dumps(record, ensure_ascii=False)


def test_the_command_survives_all(pack: Pack, graded: Graded, tmp_path: Path) -> None:
    """One after the other: a record each, status 1, no traceback."""
    _ = graded  # skipped where nothing is graded
    paths = []
    for number, (make, _) in enumerate(NOTHING.values()):
        paths.append(tmp_path / str(number) / "hw")
        paths[-1].parent.mkdir()
        _ = make(paths[-1])
    paths.append(lay(tmp_path / "last", {"layer.py": RIGHT}))
    result = CliRunner().invoke(main, ["grade", str(pack.folder), *map(str, paths), "--json", str(tmp_path / "r.json")])
    assert (result.exit_code, "Traceback" in result.output) == (1, False), result.output
    records = json.loads((tmp_path / "r.json").read_text())
    assert len(records) == len(paths)
    assert records[-1]["score"] == 6.0


def test_lines_of_a_notebook(graded: Graded, tmp_path: Path) -> None:
    """An exception is told with its cell and the line in it, as the student finds it."""
    broken = FORWARD.replace("return x @ w + b", "return x @ w + c")
    record = graded(lay(tmp_path, {"layer.ipynb": notebook("import numpy as np", broken, BACKWARD)}))
    message = record["checks"][0]["message"]
    assert message.startswith("NameError: name 'c' is not defined\n  at layer.ipynb, cell 3, line 2: return x @ w + c")


def test_where_a_statement_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the submission's own code, or what it calls; not in an import, which would stay half done."""
    monkeypatch.syspath_prepend(str(Path(handin.__file__).parent))
    loader = importlib.import_module("loader")

    def frames(*names: str) -> Any:
        """Of these files, the innermost first."""
        found = None
        for name in reversed(names):
            found = SimpleNamespace(f_code=SimpleNamespace(co_filename=name), f_back=found)
        return found

    cut, own, importing = loader._cutter("/box/submission"), "/box/submission/layer.py", "<frozen importlib._bootstrap>"
    for names in ((own,), ("numpy/linalg.py", own), (own, importing, own), ("numpy/linalg.py", own, importing, own)):
        with pytest.raises(loader._Cut):
            cut(0, frames(*names, "/box/loader.py"))
    cut(0, frames("numpy/linalg.py", importing, own, "/box/loader.py"))
    cut(0, frames(importing, own, "/box/loader.py"))


def test_a_file_with_a_name_of_ours(graded: Graded, tmp_path: Path) -> None:
    """The student's loader.py is what the student imports, and so is any other that the worker has one of."""
    names = [path.stem for path in Path(handin.__file__).parent.glob("*.py") if path.name in start.INSIDE_FILES]
    files = {f"{name}.py": "THEIRS = True\n" for name in names}
    imports = "".join(f"from {name} import THEIRS\n" for name in names)
    record = graded(
        lay(tmp_path / "hw", {"layer.py": RIGHT.replace("import numpy", f"{imports}import numpy", 1), **files})
    )
    assert record["score"] == 6.0, record
