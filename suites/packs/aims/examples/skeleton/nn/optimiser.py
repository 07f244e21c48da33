class Sgd:
    def __init__(self, model, learning_rate=1e-3):
        self.model = model
        self.learning_rate = learning_rate

    def step(self):
        raise NotImplementedError


class SgdMomentum:
    def __init__(self, model, momentum=0.3, learning_rate=1e-3):
        self.model = model
        self.momentum = momentum
        self.learning_rate = learning_rate

    def step(self):
        raise NotImplementedError
