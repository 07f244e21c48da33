"""The ConvNet in torch: a small VGG."""

import torch.nn as nn


def block(n_in, n_out):
    return [nn.Conv2d(n_in, n_out, kernel_size=3, stride=1, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()]


def pool():
    return [nn.MaxPool2d(kernel_size=3, stride=2, padding=1)]


class ConvNet(nn.Module):
    def __init__(self, n_channels, n_classes):
        super(ConvNet, self).__init__()
        self.features = nn.Sequential(
            *block(n_channels, 64),
            *pool(),
            *block(64, 128),
            *pool(),
            *block(128, 256),
            *block(256, 256),
            *pool(),
            *block(256, 512),
            *block(512, 512),
            *pool(),
            *block(512, 512),
            *block(512, 512),
            *pool(),
            nn.AvgPool2d(kernel_size=1, stride=1, padding=0),
        )
        self.classifier = nn.Linear(512, n_classes)

    def forward(self, x):
        features = self.features(x)
        return self.classifier(features.view(x.shape[0], -1))


if __name__ == "__main__":
    print(ConvNet(3, 10))
