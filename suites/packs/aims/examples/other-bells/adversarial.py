"""A picture that is changed a little, until the net takes it for something else."""

import nn


def adversarial_step(model, x, z, target, max_perturbation=0.1, learning_rate=1e-3):
    """One step towards `target`: what the net was shown, and the perturbation after it."""
    x_adv = x + max_perturbation * z / z.abs().max()
    loss = nn.loss.cross_entropy_loss(model.forward(x_adv), [target])
    z.grad = None
    loss.backward()
    return x_adv, (z - learning_rate * z.grad).detach().requires_grad_()
