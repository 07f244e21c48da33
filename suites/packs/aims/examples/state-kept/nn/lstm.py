"""The same with a cell that can keep what it knows."""

import nn
import torch
from nn.rnn import CharRnn


class CharLstm(CharRnn):
    def __init__(
        self,
        char_list,
        default_char=None,
        hidden_dim=None,
        cell_dim=None,
        forget_mlp=None,
        input_mlp=None,
        output_mlp=None,
        input_select_mlp=None,
        output_select_mlp=None,
        decoder_mlp=None,
        rng=None,
    ):
        hidden_dim, cell_dim = hidden_dim or 3 * len(char_list), cell_dim or len(char_list)
        super().__init__(char_list, default_char, hidden_dim, forget_mlp, decoder_mlp, rng)
        both = len(char_list) + hidden_dim

        def gate(inputs, outputs, act):
            return nn.mlp.Mlp(inputs, outputs, hidden_dim, 1, act, nn.activation.relu, rng=rng)

        self.forget = forget_mlp or gate(both, cell_dim, nn.activation.sigmoid)
        self.input = input_mlp or gate(both, cell_dim, torch.tanh)
        self.output = output_mlp or gate(cell_dim, hidden_dim, torch.tanh)
        self.input_select = input_select_mlp or gate(both, cell_dim, nn.activation.sigmoid)
        self.output_select = output_select_mlp or gate(both, hidden_dim, nn.activation.sigmoid)
        self.empty = torch.zeros(1, cell_dim)

    def consume(self, s):
        """The mean loss of all characters but the first."""
        hidden, cell, total = self.start, self.empty, 0
        for now, then in zip(s, s[1:]):
            seen = torch.cat([self.one_hot(now), hidden], dim=1)
            cell = self.forget.forward(seen) * cell + self.input_select.forward(seen) * self.input.forward(seen)
            hidden = self.output_select.forward(seen) * self.output.forward(cell)
            total = total + nn.loss.cross_entropy_loss(self.decoder.forward(hidden), [self.number(then)])
        return total / (len(s) - 1)
