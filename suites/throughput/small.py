"""The workloads at sizes that take no time."""

from suites.throughput.workloads import characters, perceptron

MLP = perceptron("mlp-12-8-8-3-b6", (12, 8, 8, 3), 6)
LSTM = characters("char-lstm-v7-h6-t5-b3", 7, 6, 5, 3)
SMALL = {one.name: one for one in (MLP, LSTM)}
