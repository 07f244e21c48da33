"""Runs in the box: modules that are not there, hollow where that harms nobody, else saying so when they are used."""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import types
from typing import Any

from dated import GONE  # pyright: ignore[reportMissingImports] - alone in the box

HOLLOW = {
    *("IPython", "google", "ipywidgets", "tqdm", "wandb", "numba"),
    *("PIL", "cv2", "imageio", "matplotlib", "mpl_toolkits", "plotly", "pylab", "seaborn"),
    *("h5py", "tensorboard", "tensorboardX", "torchsummary", "torchvision", "torchviz"),
    *("cifar10_utils", "data_utils", "vis_utils"),
}
OLD = ("future", "past", "six")  # bridges from Python 2 to 3: what they offer is what Python has


class Stubs(importlib.abc.Loader):
    """The last finder: what is not there is hollow, or says so when it is used."""

    def __init__(self, finder: Any) -> None:
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
