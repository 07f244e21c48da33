"""Trains the MLP on CIFAR-10."""

import argparse

import numpy as np
import torch
from tqdm.auto import tqdm

import cifar10_utils
from mlp_numpy import MLP
from modules import CrossEntropyModule


def accuracy(predictions, targets):
    return float(np.mean(predictions.argmax(axis=1) == targets))


def evaluate_model(model, data_loader):
    right, seen = 0.0, 0
    for images, labels in tqdm(data_loader):
        right += len(labels) * accuracy(model.forward(images.reshape(len(labels), -1)), labels)
        seen += len(labels)
    return right / seen


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    loaders = cifar10_utils.get_dataloader(cifar10_utils.get_cifar10(data_dir), batch_size, return_numpy=True)
    model, loss_module, losses = MLP(3 * 32 * 32, hidden_dims, 10), CrossEntropyModule(), []
    for _ in range(epochs):
        for images, labels in loaders["train"]:
            x = images.reshape(len(labels), -1)
            out = model.forward(x)
            losses.append(loss_module.forward(out, labels))
            model.backward(loss_module.backward(out, labels))
            for layer in model.layers:
                for name in getattr(layer, "params", {}):
                    layer.params[name] -= lr * layer.grads[name]
    return model, losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", default=0.1, type=float)
    train([128], parser.parse_args().lr, 128, 10, 42, "data/")
