import numpy as np


def accuracy(predictions, targets):
    return (predictions.argmax(axis=1) == targets.argmax(axis=1)).mean()
