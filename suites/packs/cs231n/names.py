"""The files of CS231n, and how its layers are called."""

LAYERS, RNN, OPTIM = "cs231n/layers.py", "cs231n/rnn_layers.py", "cs231n/optim.py"
NETS, CAPTIONS = "cs231n/classifiers/fc_net.py", "cs231n/classifiers/rnn.py"


def module(file):
    """A file as the adapter imports it."""
    return file.removeprefix("cs231n/").removesuffix(".py").replace("/", ".")


def pair(file, name, *inputs):
    """The options of the adapter's `layer`: NAME_forward, and NAME_backward with its gradients in this order."""
    forward, backward = (name.format(way) for way in ("forward", "backward"))
    return {"module": module(file), "forward": forward, "backward": backward, "inputs": inputs}
