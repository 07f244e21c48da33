import torch.nn.functional as F
from torch import nn


class ConvNet(nn.Module):

  def __init__(self, n_channels, n_classes):
    super().__init__()
    plan = [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]
    self.linear = nn.Linear(512, n_classes)
    for i, width in enumerate(plan):
      if width != "M":
        self.add_module("norm%d" % i, nn.BatchNorm2d(width))
        self.add_module("conv%d" % i, nn.Conv2d(n_channels, width, 3, padding=1, bias=False))
        n_channels = width
    self.plan = plan

  def forward(self, x):
    for i, width in enumerate(self.plan):
      if width == "M":
        x = F.max_pool2d(x, 2)
      else:
        x = F.relu(getattr(self, "norm%d" % i)(getattr(self, "conv%d" % i)(x)))
    x = F.adaptive_avg_pool2d(x, 1).squeeze(3).squeeze(2)
    return self.linear(x)
