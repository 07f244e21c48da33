"""asv runs today's benchmark files beside the library of an older commit: what is measured is of that commit, and what
measures it, the workloads and the meter, should be of today. So both are loaded from this working tree.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def from_tree(name: str, root: Path = ROOT) -> ModuleType:
    """The package of this name as it is under `root`, whatever the library has there; its parent is the library's.

    Raises ImportError where the library lacks what the package needs.
    """
    path = root.joinpath(*name.split("."))
    if name in sys.modules and sys.modules[name].__file__ == str(path / "__init__.py"):
        return sys.modules[name]
    spec = spec_from_file_location(name, path / "__init__.py", submodule_search_locations=[str(path)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no package")
    parent, _, last = name.rpartition(".")
    outer = importlib.import_module(parent)
    for loaded in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[loaded]
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    setattr(outer, last, module)
    return module
