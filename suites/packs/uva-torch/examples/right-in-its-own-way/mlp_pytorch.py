from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import torch
import torch.nn.functional as F
from torch import nn


class MLP(nn.Module):

  def __init__(self, n_inputs, n_hidden, n_classes, neg_slope):
    super().__init__()
    self.neg_slope = neg_slope
    self.output = nn.Linear(n_hidden[-1] if n_hidden else n_inputs, n_classes)
    self.hidden = nn.ModuleList()
    for i, n in enumerate(n_hidden):
      layer = nn.Linear(n_inputs if i == 0 else n_hidden[i - 1], n)
      nn.init.normal_(layer.weight, mean=0, std=0.0001)
      nn.init.zeros_(layer.bias)
      self.hidden.append(layer)

  def forward(self, x):
    out = torch.flatten(x, start_dim=1)
    for layer in self.hidden:
      out = F.leaky_relu(layer(out), negative_slope=self.neg_slope)
    return self.output(out)
