# %%
import plotly.express as px
import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DEVICE = torch.device("cuda:0")


# %%
def define_net(hidden_sizes):
    """784 pixels in, 10 scores out."""
    sizes = [28 * 28, *hidden_sizes]
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.Sigmoid()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


class MnistMLP(nn.Module):
    """The same for any activation."""

    def __init__(self, hidden_sizes, activation_fn=nn.Sigmoid(), input_size=784, output_size=10, device=DEVICE):
        super().__init__()
        sizes = [input_size, *hidden_sizes, output_size]
        self.hidden_layers = nn.ModuleList(nn.Linear(*pair) for pair in zip(sizes, sizes[1:]))
        self.activation_fn = activation_fn
        self.to(device)

    def forward(self, X):
        for layer in self.hidden_layers[:-1]:
            X = self.activation_fn(layer(X))
        return self.hidden_layers[-1](X)


# %%
def set_model_params_to_zero(model):
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return model


def mean_loss(dl, model, loss_fn):
    """Over all samples, however they are cut into batches."""
    total = 0.0
    for X, y in dl:
        total += len(X) * loss_fn(model(X), y).item()
    return total / len(dl.dataset)


def fit_model(train_dl, test_dl, nb_epochs, model, optimizer, loss_fn=nn.CrossEntropyLoss()):
    errors = {"error_train": [], "error_test": []}
    for epoch in range(nb_epochs):
        model.train()
        optimizer.zero_grad()
        for X, y in train_dl:
            loss_fn(model(X), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            errors["error_train"].append(mean_loss(train_dl, model, loss_fn))
            errors["error_test"].append(mean_loss(test_dl, model, loss_fn))
        print(f"epoch {epoch}: {errors['error_test'][-1]:.4f}")
    return errors


# %%
def get_strat_shuffled_X_y(y, ds):
    """A stream of all zeros, then all ones, and so on."""
    order = torch.sort(y, stable=True).indices
    X = torch.stack([image for image, _ in ds])
    return X[order], y[order]


# %%
train = torchvision.datasets.MNIST(root="./data", train=True, download=True)
test = torchvision.datasets.MNIST(root="./data", train=False, download=True)
X_train, y_train = train.data.reshape(-1, 784).float().to(DEVICE) / 255, train.targets.to(DEVICE)
X_test, y_test = test.data.reshape(-1, 784).float().to(DEVICE) / 255, test.targets.to(DEVICE)

full = DataLoader(TensorDataset(X_train, y_train), batch_size=60000)
small = DataLoader(TensorDataset(X_train, y_train), batch_size=64, shuffle=True)
held_out = DataLoader(TensorDataset(X_test, y_test), batch_size=1024)
X_sorted, y_sorted = get_strat_shuffled_X_y(y_train, small.dataset)
stream = DataLoader(TensorDataset(X_sorted, y_sorted), batch_size=64)

# %%
net = define_net([300])
print(sum(p.numel() for p in net.parameters()))
fit_model(full, held_out, 100, net.to(DEVICE), torch.optim.SGD(net.parameters(), lr=0.1))

for train_dl in (small, stream):
    model = MnistMLP([300])
    fit_model(train_dl, held_out, 20, model, torch.optim.Adam(model.parameters(), lr=0.0005))

model = set_model_params_to_zero(MnistMLP([20, 20]))
errors = fit_model(small, held_out, 20, model, torch.optim.SGD(model.parameters(), lr=0.1))
px.line(errors).show()
