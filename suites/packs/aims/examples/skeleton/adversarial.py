def adversarial_step(model, x, z, target, max_perturbation=0.1, learning_rate=1e-3):
    raise NotImplementedError
