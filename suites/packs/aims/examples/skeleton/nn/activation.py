import torch


def linear(x):
    return x


def relu(x):
    pass


def sigmoid(x):
    pass


def gaussian(x):
    pass


def cauchy(x):
    pass
