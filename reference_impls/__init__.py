"""Layers and losses in NumPy, each one function with its derivative beside it.

Every function is named as in torch.nn.functional, takes the same arguments, and returns `(output, pullback)`;
`pullback(d_output)` is `{argument name: gradient}`.
"""

from .activation import *
from .linear import *
