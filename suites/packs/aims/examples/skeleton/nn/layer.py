class Layer:
    def __init__(self, input_dim, output_dim, activation_func, bias_std, rng):
        raise NotImplementedError

    def forward(self, x):
        raise NotImplementedError

    def get_params(self):
        raise NotImplementedError
