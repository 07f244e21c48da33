"""A picture that is changed a little, until the net takes it for something else."""

import nn
import torch


def adversarial_step(model, x, z, target, max_perturbation=0.1, learning_rate=1e-3):
    """One step towards `target`: what the net was shown, and the perturbation after it."""
    model.zero_grad()
    z = (max_perturbation * z / z.abs().max()).detach().requires_grad_()
    x_adv = x + z
    nn.loss.cross_entropy_loss(model.forward(x_adv), [target]).backward()
    with torch.no_grad():
        z -= learning_rate * z.grad
    return x_adv, z
