"""Neural networks with torch as nothing but an engine of derivatives."""

from nn import activation, layer, loss, lstm, mlp, optimiser, rnn
