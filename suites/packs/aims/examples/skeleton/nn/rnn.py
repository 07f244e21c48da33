class CharRnn:
    def __init__(self, char_list, default_char=None, hidden_dim=None, encoder_mlp=None, decoder_mlp=None, rng=None):
        pass

    def consume(self, s):
        raise NotImplementedError
