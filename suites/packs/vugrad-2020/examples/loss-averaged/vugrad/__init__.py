from .core import *
from .functions import *
from .modules import *
from .ops import *
