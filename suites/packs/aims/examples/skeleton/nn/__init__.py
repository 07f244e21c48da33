from nn import activation, layer, loss, lstm, mlp, optimiser, rnn
