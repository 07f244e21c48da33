"""The same net by another hand: sample by sample, one-hot labels, epochs without replacement."""

import numpy as np


def log_softmax(z):
    z = z - z.max()
    return z - np.log(np.exp(z).sum())


class TwoLayerNet(object):
    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        self.params = {
            "W1": std * np.random.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": std * np.random.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }
        self.order = np.array([], int)

    def hidden(self, X):
        z = X @ self.params["W1"] + self.params["b1"]
        return z * (z >= 0), z >= 0

    def loss(self, X, y=None, reg=0.0):
        h, on = self.hidden(X)
        logs = np.array([log_softmax(row @ self.params["W2"] + self.params["b2"]) for row in h])
        if y is None:
            return np.exp(logs)
        one_hot = np.eye(logs.shape[1])[y]
        loss = -(one_hot * logs).sum(axis=1).mean()
        for name in ("W1", "W2"):
            loss = loss + reg * (self.params[name] ** 2).sum()

        grads = {name: 0 * value for name, value in self.params.items()}
        for i in range(len(X)):
            d = (np.exp(logs[i]) - one_hot[i]) / len(X)
            grads["W2"] += np.outer(h[i], d)
            grads["b2"] += d
            d = (self.params["W2"] @ d) * on[i]
            grads["W1"] += np.outer(X[i], d)
            grads["b1"] += d
        grads["W1"] += 2 * reg * self.params["W1"]
        grads["W2"] += 2 * reg * self.params["W2"]
        return loss, grads

    def batch(self, n, size):
        while len(self.order) < size:
            self.order = np.concatenate([self.order, np.random.permutation(n)])
        taken, self.order = self.order[:size], self.order[size:]
        return taken

    def train(self, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=0.95,
              reg=5e-6, num_iters=100, batch_size=200, verbose=False):
        history = {"loss_history": [], "train_acc_history": [], "val_acc_history": []}
        per_epoch = max(len(X) // batch_size, 1)
        for it in range(num_iters):
            rows = self.batch(len(X), batch_size)
            loss, grads = self.loss(X[rows], y[rows], reg)
            history["loss_history"].append(loss)
            for name, g in grads.items():
                self.params[name] = self.params[name] - learning_rate * g
            if it % per_epoch == 0:
                history["val_acc_history"].append(np.mean(self.predict(X_val) == y_val))
                learning_rate *= learning_rate_decay
        return history

    def predict(self, X):
        labels = np.zeros(len(X))  # as floats
        h, _ = self.hidden(X)
        for i, row in enumerate(h @ self.params["W2"] + self.params["b2"]):
            labels[i] = np.argmax(row)
        return labels
