"""How parameters follow their gradients."""

import torch


class Sgd:
    def __init__(self, model, learning_rate=1e-3):
        self.parameters = model.get_params()
        self.learning_rate = learning_rate

    def step(self):
        for parameter in self.parameters:
            parameter.data -= self.learning_rate * parameter.grad


class SgdMomentum:
    """Equation 1: b <- momentum b + g. Equation 2: w <- w - learning_rate b."""

    def __init__(self, model, momentum=0.3, learning_rate=1e-3):
        self.parameters = model.get_params()
        self.momentum, self.learning_rate = momentum, learning_rate
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]

    def step(self):
        for velocity, parameter in zip(self.velocities, self.parameters):
            velocity *= self.momentum
            velocity += parameter.grad
            parameter.data -= self.learning_rate * velocity
