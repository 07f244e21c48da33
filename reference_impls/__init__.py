"""Layers and losses in NumPy, each one function with its derivative beside it.

Every function is named as in torch.nn.functional, takes the same arguments, and returns `(output, pullback)`;
`pullback(d_output)` is `{argument name: gradient}`.
"""

from .activation import *
from .adaptive import *
from .arithmetic import *
from .attention import *
from .batchnorm import *
from .conv import *
from .ctc import *
from .distance import *
from .dropout import *
from .flatten import *
from .fold import *
from .gru import *
from .instancenorm import *
from .linear import *
from .loss_classification import *
from .loss_embedding import *
from .loss_margin import *
from .loss_regression import *
from .lp_pooling import *
from .lstm import *
from .max_pooling import *
from .normalization import *
from .padding import *
from .pooling import *
from .rnn import *
from .shuffle import *
from .softmax import *
from .sparse import *
from .transformer import *
from .unpooling import *
from .upsampling import *
from .vision import *
