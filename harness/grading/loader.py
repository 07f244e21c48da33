"""Runs in the box: imports what students really hand in, statement by statement.

A definition or an import that fails costs what it defines, and not the file. Everything else at the top of a file is
run too, but not for long: a script that trains or downloads when it is imported still gives its functions. Modules that
draw, show progress or come with the course are hollow; others that are not there say so when they are used. Names that
NumPy has dropped are there, and Python 2 is told from a mistake. All of this is help: none of it is believed.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import signal
import sys
import types
from typing import Any

EACH, ALL = 0.25, 0.5  # seconds for a statement that is no definition, and for all of a file
DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
HOLLOW = {
    *("IPython", "google", "ipywidgets", "tqdm", "wandb", "numba"),
    *("PIL", "cv2", "imageio", "matplotlib", "mpl_toolkits", "plotly", "pylab", "seaborn"),
    *("h5py", "tensorboard", "tensorboardX", "torchsummary", "torchvision", "torchviz"),
    *("cifar10_utils", "data_utils", "vis_utils"),
}
OLD = ("future", "past", "six")  # bridges from Python 2 to 3: what they offer is what Python has
CELL = b"# %% cell "  # how handin.py begins each cell of a notebook
PYTHON_2 = {
    "Missing parentheses in call to 'print'": "print is a function in Python 3: print(...)",
    "Missing parentheses in call to 'exec'": "exec is a function in Python 3",
    "multiple exception types must be parenthesized": "write `except Error as error:`",
    "leading zeros in decimal integer literals": "octal numbers are written 0o17 in Python 3",
    "inconsistent use of tabs and spaces": "tabs and spaces may not be mixed in Python 3",
}
GONE = {
    "xrange": "range",
    "raw_input": "input",
    "unicode": "str",
    "basestring": "str",
    "long": "int",
    "unichr": "chr",
    "reduce": "functools.reduce",
    "izip": "zip",
}
GONE_METHODS = {"iteritems": "items", "itervalues": "values", "iterkeys": "keys", "has_key": "`in`"}


def install(folder: str, stubs: list[str]) -> Finder:
    """From now on imports go through here."""
    old_numpy()
    finder = Finder(folder, HOLLOW | {*stubs})
    sys.meta_path.insert(0, finder)
    sys.meta_path.append(Stubs(finder))
    return finder


class Finder:
    """Finds the files of the submission, wherever an import looks for them, and keeps what was wrong with each."""

    def __init__(self, folder: str, hollow: set[str]) -> None:
        self.folder, self.hollow = folder, hollow
        self.failed: dict[str, SyntaxError] = {}  # by file
        self.wrong: dict[str, list[BaseException]] = {}  # by module: what its statements raised
        self.cut: list[str] = []  # files whose work was ended

    def find_spec(self, name: str, path: Any = None, _: Any = None) -> Any:
        """The spec of a module that is one of the submission's files."""
        if path is not None and not any(str(one).startswith(self.folder) for one in path):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, [self.folder] if path is None else path)
        if spec is None or not (spec.origin or "").startswith(self.folder + os.sep) or not spec.has_location:
            return None
        spec.loader = Loader(self, name, str(spec.origin))
        return spec

    def why(self, name: str) -> BaseException | None:
        """The first thing that went wrong in a module."""
        return next(iter(self.wrong.get(name, ())), None)


class Loader(importlib.machinery.SourceFileLoader):
    """Runs one file."""

    def __init__(self, finder: Finder, name: str, path: str) -> None:
        super().__init__(name, path)
        self.finder = finder

    def exec_module(self, module: types.ModuleType) -> None:
        """Statement by statement. Raises SyntaxError for what is no Python."""
        if self.path in self.finder.failed:
            raise self.finder.failed[self.path]
        try:
            tree = parsed(self.path)
        except SyntaxError as error:
            self.finder.failed[self.path] = error
            raise
        wrong = self.finder.wrong[module.__name__] = []
        vars(module)["__getattr__"] = lambda name: missing(self.finder, module, name)
        flags, left = _future(tree), ALL
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.level and not module.__package__:
                statement = _absolute(statement)  # noqa: PLW2901 - a file of a package, handed in alone
            try:
                one = ast.Module([statement], [])
                code = compile(one, self.path, "exec", flags=flags, dont_inherit=True)
                if isinstance(statement, DEFINES):
                    exec(code, vars(module))  # noqa: S102 - this is what the box is for
                else:
                    left -= _limited(code, vars(module), min(EACH, max(left, 0.01)))
            except _Cut:
                left -= EACH
                self.finder.cut.append(os.path.basename(self.path))  # noqa: PTH119
            except BaseException as error:  # noqa: BLE001 - SystemExit too
                wrong.append(error)


class _Cut(BaseException):
    """A statement took too long."""


def _cut(*_: Any) -> None:
    raise _Cut


def _limited(code: types.CodeType, names: dict[str, Any], seconds: float) -> float:
    """Run it, but not for longer; the seconds it took. Raises _Cut."""
    if signal.getitimer(signal.ITIMER_REAL)[0]:  # in a file that is imported by a statement of another's
        exec(code, names)  # noqa: S102
        return 0.0
    before = signal.signal(signal.SIGALRM, _cut)
    _ = signal.setitimer(signal.ITIMER_REAL, seconds, seconds)  # again and again, for who catches everything
    try:
        exec(code, names)  # noqa: S102
        return seconds - signal.getitimer(signal.ITIMER_REAL)[0]
    finally:
        _ = signal.setitimer(signal.ITIMER_REAL, 0)
        _ = signal.signal(signal.SIGALRM, before)


def parsed(path: str) -> ast.Module:
    """The file's syntax tree. Raises SyntaxError, which says so where the file is Python 2 or no text."""
    with open(path, "rb") as file:  # noqa: PTH123
        data = file.read()
    try:
        return ast.parse(data, path)
    except SyntaxError as error:
        if data.startswith(CELL):
            return _cells(data, path)
        error.msg = _in_words(str(error.msg), data)
        error.filename, error.args = path, (error.msg, *error.args[1:])
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(_in_words(str(error), data), (path, 1, 0, "")) from None


def _cells(data: bytes, path: str) -> ast.Module:
    """Those cells of a notebook that are Python, each at its lines."""
    body: list[ast.stmt] = []
    line = 0
    for cell in re.split(rb"(?m)^(?=# %% cell )", data):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            body += ast.parse(b"\n" * line + cell, path).body
        line += cell.count(b"\n")
    return ast.Module(body, [])


def _in_words(message: str, data: bytes) -> str:
    """What is wrong with a source, for a student."""
    for said, better in PYTHON_2.items():
        if said in message:
            return f"this is Python 2, but should be Python 3: {better}"
    if b"\0" in data:
        return "this is no text, but should be Python source"
    if "unicode error" in message or "codec can't decode" in message or "encoding" in message:
        return f"this is not UTF-8, but should be: {message}"
    if re.search(rb"(?m)^\s*(print\s+[\"'\w]|exec\s+[\"'\w]|raise\s+\w+\s*,)", data):
        return f"this is Python 2, but should be Python 3: {message}"
    return message


def _future(tree: ast.Module) -> int:
    """The compiler's flags of `from __future__ import …`, which each statement needs."""
    flags = 0
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    return flags


def _absolute(statement: ast.ImportFrom) -> ast.stmt:
    """`from .modules import *` where there is no package."""
    if statement.module is None:
        return ast.copy_location(ast.Import(statement.names), statement)
    return ast.copy_location(ast.ImportFrom(statement.module, statement.names, 0), statement)


class NotWritten(AttributeError):
    """The submission has no such name."""


def missing(finder: Finder, module: types.ModuleType, name: str) -> Any:
    """Raises for a name that a file should have: with what went wrong in it, if anything did."""
    why = finder.why(module.__name__)
    if why is None or name.startswith("__"):
        raise NotWritten(f"{os.path.basename(str(module.__file__))} defines no {name}")  # noqa: PTH119
    error = AttributeError(f"{_said(why)}, so there is no {name}")
    raise error.with_traceback(why.__traceback__)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def in_words(finder: Finder, error: BaseException) -> str:
    """The message of an exception, with what its cause may be."""
    message = str(error)
    name = str(getattr(error, "name", "") or "")
    if isinstance(error, NameError) and name in GONE:
        return f"{message}: this is Python 2, in Python 3 it is {GONE[name]}"
    if isinstance(error, AttributeError) and name in GONE_METHODS:
        return f"{message}: this is Python 2, in Python 3 it is {GONE_METHODS[name]}"
    if isinstance(error, NameError) or (isinstance(error, ImportError) and "cannot import name" in message):
        for wrong in finder.wrong.values():
            for why in wrong:
                return f"{message} (when the file was imported: {_said(why)})"
    return message


class Stubs(importlib.abc.Loader):
    """The last finder: what is not there is hollow, or says so when it is used."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder

    def find_spec(self, name: str, _: Any = None, __: Any = None) -> Any:
        """A spec for every name that nobody found."""
        importer = sys._getframe(1)
        while importer is not None and "importlib" in importer.f_code.co_filename:
            importer = importer.f_back
        # NumPy, too, tries what is not there.
        wanted = importer is not None and importer.f_code.co_filename.startswith(self.finder.folder + os.sep)
        root = name.partition(".")[0]
        if not wanted and root not in self.finder.hollow:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> types.ModuleType:
        """A module of the submission by its last name, or a stub."""
        root, _, rest = spec.name.partition(".")
        own = rest.rpartition(".")[2]
        if own and os.path.exists(os.path.join(self.finder.folder, f"{own}.py")):  # noqa: PTH110, PTH118
            return importlib.import_module(own)
        if root in OLD:
            return Old(spec.name)
        return Stub(spec.name, Hollow if root in self.finder.hollow else Absent)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


class Stub(types.ModuleType):
    """A module in which everything is of one kind."""

    def __init__(self, name: str, kind: Any) -> None:
        super().__init__(name)
        self.__dict__["_kind"] = kind

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return range if name == "trange" else self.__dict__["_kind"](f"{self.__name__}.{name}")


class Old(types.ModuleType):
    """past.builtins, six.moves and their like."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(builtins, GONE.get(name, name), None) or Hollow(name)


class Hollow:
    """Does nothing, gladly. Called with something it hands it back: a progress bar, a decorator, a transform."""

    def __init__(self, name: str = "") -> None:
        self.__dict__["_name"] = name

    def __call__(self, *given: Any, **_: Any) -> Any:
        if self._name.endswith(".subplots"):
            return Hollow("figure"), Hollow("axes")
        return given[0] if given else Hollow(self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Hollow(f"{self._name}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __mro_entries__(self, _: Any) -> tuple[()]:
        return ()

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __getitem__(self, _: Any) -> Any:
        return Hollow(self._name)

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Absent(Hollow):
    """Can be imported and named, and raises when it is to do something: its answer would be believed."""

    def _used(self, *_: Any, **__: Any) -> Any:
        """Raises ImportError."""
        root = self._name.partition(".")[0]
        raise ImportError(
            f"{self._name} is not there: {root} is not among the files handed in, and no package that this pack allows"
        )

    __call__ = __array__ = __bool__ = __float__ = __index__ = __len__ = __iter__ = __getitem__ = __enter__ = _used

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")


def old_numpy() -> None:
    """The names that NumPy has dropped, and the old name of an argument."""
    import numpy as np  # noqa: PLC0415

    same: dict[str, Any] = {
        "float": float,
        "int": int,
        "complex": complex,
        "object": object,
        "str": str,
        "long": int,
        "unicode": str,
        "float_": np.float64,
        "complex_": np.complex128,
        "product": np.prod,
        "cumproduct": np.cumprod,
        "alltrue": np.all,
        "sometrue": np.any,
        "NaN": np.nan,
        "NAN": np.nan,
        "Inf": np.inf,
        "Infinity": np.inf,
        "infty": np.inf,
        "row_stack": np.vstack,
        "round_": np.round,
        "in1d": np.isin,
        "trapz": getattr(np, "trapezoid", None),
        "asfarray": lambda a, dtype=np.float64: np.asarray(a, dtype),
        "msort": lambda a: np.sort(a, axis=0),
    }
    for name, value in same.items():
        if name not in vars(np):
            setattr(np, name, value)
    new = np.reshape

    def reshape(a: Any, *args: Any, **kwargs: Any) -> Any:
        if "newshape" in kwargs:
            kwargs["shape"] = kwargs.pop("newshape")
        return new(a, *args, **kwargs)

    np.reshape = reshape  # type: ignore[assignment]


# ---------------------------------------------------------------------------------------------------------- skeletons


def skeleton(folder: str, file: str, target: str) -> bool:
    """Whether what is to be judged is there and computes nothing: it passes, raises, or gives a constant.

    It only ever turns "wrong" into "not written", so guesses are harmless.
    """
    try:
        tree = parsed(os.path.join(folder, file))  # noqa: PTH118
    except (OSError, SyntaxError):
        return False
    for words in re.findall(r"[^\W\d]\w*(?:\.\w+)*", target):
        found = _definition(tree.body, words.split("."))
        if found is not None:
            methods = [one for one in found.body if isinstance(one, ast.FunctionDef)]
            bodies = methods if isinstance(found, ast.ClassDef) else [found]
            named = [one for one in bodies if not one.name.startswith("__")] or bodies
            return bool(named) and all(_computes_nothing(one) for one in named)
    return False


def _definition(body: list[ast.stmt], names: list[str]) -> Any:
    """The class or function of this dotted name."""
    for one in body:
        if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == names[0]:
            return one if len(names) == 1 else _definition(one.body, names[1:])
    return None


def _computes_nothing(function: ast.FunctionDef) -> bool:
    """Every value that it returns is a constant, or a name that only ever is one."""
    nodes = list(ast.walk(function))
    if any(isinstance(one, ast.Raise) and "NotImplemented" in ast.dump(one) for one in function.body):
        return True
    given: dict[str, list[ast.expr]] = {}
    for one in nodes:
        if isinstance(one, ast.Assign):
            for target in one.targets:
                _bind(target, one.value, given)
        elif isinstance(one, ast.AugAssign | ast.NamedExpr | ast.AnnAssign | ast.For):
            _bind(one.target, None, given)
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            _bind(one.func.value, None, given)  # history.append(…)

    def constant(value: ast.expr | None, depth: int = 0) -> bool:
        if value is None or isinstance(value, ast.Constant):
            return True
        if isinstance(value, ast.Tuple | ast.List):
            return all(constant(one, depth) for one in value.elts)
        if isinstance(value, ast.Dict):
            return all(constant(one, depth) for one in value.values)
        if isinstance(value, ast.UnaryOp):
            return constant(value.operand, depth)
        if isinstance(value, ast.Name) and value.id in given and depth < 8:
            return all(one is not NOTHING and constant(one, depth + 1) for one in given[value.id])
        return False

    own = [one for one in nodes if isinstance(one, ast.Return)]
    return all(constant(one.value) for one in own) and (bool(own) or _only_passes(function))


NOTHING = ast.Constant(...)


def _bind(target: ast.expr, value: ast.expr | None, given: dict[str, list[ast.expr]]) -> None:
    """Note what a name is given; NOTHING stands for what is computed."""
    if isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else [None] * len(target.elts)
        for one, own in zip(target.elts, [*values, *[None] * len(target.elts)], strict=False):
            _bind(one, own, given)
        return
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):  # grads["W1"] = …
        target, value = target.value, None
    if isinstance(target, ast.Name):
        given.setdefault(target.id, []).append(NOTHING if value is None else value)


def _only_passes(function: Any) -> bool:
    return all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )
