"""Trains the MLP on CIFAR-10."""

import argparse

import numpy as np
import torch
from tqdm.auto import tqdm

import cifar10_utils
from mlp_numpy import MLP
from modules import CrossEntropyModule


def confusion_matrix(predictions, targets):
    """Rows are the classes of the targets, columns those of the predictions."""
    counts = np.zeros((predictions.shape[1], predictions.shape[1]), dtype=int)
    for target, guess in zip(targets, predictions.argmax(axis=1)):
        counts[target, guess] += 1
    return counts


def confusion_matrix_to_metrics(counts, beta=1.0):
    right = np.diag(counts)
    precision = right / np.maximum(counts.sum(axis=0), 1)
    recall = right / np.maximum(counts.sum(axis=1), 1)
    f1_beta = (1 + beta**2) * precision * recall / np.maximum(beta**2 * precision + recall, 1e-12)
    accuracy = right.sum() / counts.sum()
    return {"accuracy": accuracy, "precision": precision, "recall": recall, "f1_beta": f1_beta}


def evaluate_model(model, data_loader, num_classes=10):
    counts = np.zeros((num_classes, num_classes), dtype=int)
    for images, labels in tqdm(data_loader):
        counts += confusion_matrix(model.forward(images.reshape(len(labels), -1)), labels)
    return confusion_matrix_to_metrics(counts)


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
