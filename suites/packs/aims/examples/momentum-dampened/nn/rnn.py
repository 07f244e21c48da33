"""A recurrent net that reads a text and guesses each next character."""

import nn
import torch


class CharRnn:
    def __init__(self, char_list, default_char=None, hidden_dim=None, encoder_mlp=None, decoder_mlp=None, rng=None):
        size = len(char_list)
        hidden_dim = hidden_dim or 5 * size
        act = nn.activation
        self.numbers = {char: number for number, char in enumerate(char_list)}
        self.default = self.numbers[default_char or char_list[0]]
        self.encoder = encoder_mlp or nn.mlp.Mlp(size + hidden_dim, hidden_dim, hidden_dim, 2, act.gaussian, act.relu)
        self.decoder = decoder_mlp or nn.mlp.Mlp(hidden_dim, size, hidden_dim, 1, act.linear, act.relu)
        self.start = torch.zeros(1, hidden_dim)

    def one_hot(self, char):
        row = torch.zeros(1, len(self.numbers))
        row[0, self.number(char)] = 1
        return row

    def number(self, char):
        return self.numbers.get(char, self.default)

    def consume(self, s):
        """The mean loss of all characters but the first."""
        hidden, total = self.start, 0
        for now, then in zip(s, s[1:]):
            hidden = self.encoder.forward(torch.cat([self.one_hot(now), hidden], dim=1))
            total = total + nn.loss.cross_entropy_loss(self.decoder.forward(hidden), [self.number(then)])
        return total / (len(s) - 1)
