"""To change NumPy, the worker or its own files, for the next who uses them."""

import os
import sys
from typing import Any

import numpy as np


def linear(input, weight, canary):
    failed = None
    worker: Any = sys.modules["__main__"].__file__
    for path in (np.__file__, worker, __file__, os.path.join(os.path.dirname(np.__file__), "new.py"), os.__file__):
        try:
            open(path, "a").close()
        except OSError as error:
            failed = error
        else:
            return input @ weight.T
    raise failed
