"""An MLP on CIFAR-10."""

import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torchvision
import torchvision.transforms as transforms

from data_utils import get_CIFAR10_data


def weights_init(m):
    if type(m) == nn.Linear:
        m.weight.data.normal_(0.0, 1e-3)
        m.bias.data.fill_(0.0)


device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
input_size = 32 * 32 * 3
hidden_size = [50]
num_classes = 10
num_epochs = 10
batch_size = 200
learning_rate = 1e-3
reg = 0.001

norm = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)])
cifar = torchvision.datasets.CIFAR10(root="datasets/", train=True, transform=norm, download=True)
train_loader = torch.utils.data.DataLoader(cifar, batch_size=batch_size, shuffle=True)


class MultiLayerPerceptron(nn.Module):
    def __init__(self, input_size, hidden_layers, num_classes):
        super().__init__()
        sizes = [input_size, *hidden_layers]
        sizes.append(num_classes)
        self.layers = [nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]

    def forward(self, x):
        out = x.view(-1, 3 * 32 * 32)
        for layer in self.layers[:-1]:
            out = torch.relu(layer(out))
        return self.layers[-1](out)


model = MultiLayerPerceptron(input_size, hidden_size, num_classes).to(device)
model.apply(weights_init)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, weight_decay=reg)
for epoch in range(num_epochs):
    for i, (images, labels) in enumerate(train_loader):
        optimizer.zero_grad()
        loss = criterion(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch}, loss {loss.item():.4f}")
