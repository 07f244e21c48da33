import numpy as np

from mlp_numpy import MLP
from modules import CrossEntropyModule


def accuracy(predictions, targets):
    return (np.argmax(predictions, axis=1) == np.argmax(targets, axis=1)).sum() / targets.shape[0]


def train(cifar10, steps=1500, batch_size=200, learning_rate=2e-3):
    np.random.seed(42)
    net, loss = MLP(3 * 32 * 32, [100], 10), CrossEntropyModule()
    for step in range(steps):
        x, y = cifar10["train"].next_batch(batch_size)
        out = net.forward(x.reshape(batch_size, -1))
        net.backward(loss.backward(out, y))
        for linear, _ in net.modules:
            for name in linear.params:
                linear.params[name] = linear.params[name] - learning_rate * linear.grads[name]
        if step % 100 == 0:
            print(step, loss.forward(out, y), accuracy(out, y))
