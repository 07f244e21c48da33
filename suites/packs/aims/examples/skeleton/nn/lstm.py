from nn.rnn import CharRnn


class CharLstm(CharRnn):
    def __init__(self, char_list, default_char=None, hidden_dim=None, cell_dim=None, **mlps):
        pass

    def consume(self, s):
        raise NotImplementedError
