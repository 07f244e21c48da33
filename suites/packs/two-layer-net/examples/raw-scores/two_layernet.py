"""A two-layer net: affine, ReLU, affine, softmax."""

import numpy as np


class TwoLayerNet(object):
    """W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""

    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        self.params = {}
        self.params["W1"] = std * np.random.randn(input_size, hidden_size)
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = std * np.random.randn(hidden_size, output_size)
        self.params["b2"] = np.zeros(output_size)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        N = X.shape[0]

        z1 = X.dot(W1) + b1
        a1 = np.maximum(0, z1)
        z2 = a1.dot(W2) + b2
        shifted = z2 - np.max(z2, axis=1, keepdims=True)
        scores = np.exp(shifted) / np.sum(np.exp(shifted), axis=1, keepdims=True)
        if y is None:
            return z2

        log_probs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        loss = -np.sum(log_probs[np.arange(N), y]) / N
        loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

        dz2 = scores.copy()
        dz2[np.arange(N), y] -= 1
        dz2 /= N
        dz1 = dz2.dot(W2.T)
        dz1[z1 <= 0] = 0
        grads = {}
        grads["W2"] = a1.T.dot(dz2) + 2 * reg * W2
        grads["b2"] = np.sum(dz2, axis=0)
        grads["W1"] = X.T.dot(dz1) + 2 * reg * W1
        grads["b1"] = np.sum(dz1, axis=0)
        return loss, grads

    def train(self, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=0.95,
              reg=5e-6, num_iters=100, batch_size=200, verbose=False):
        num_train = X.shape[0]
        iterations_per_epoch = max(num_train // batch_size, 1)
        loss_history, train_acc_history, val_acc_history = [], [], []

        for it in range(num_iters):
            chosen = np.random.choice(num_train, batch_size)
            X_batch, y_batch = X[chosen], y[chosen]
            loss, grads = self.loss(X_batch, y=y_batch, reg=reg)
            loss_history.append(loss)
            for name in self.params:
                self.params[name] -= learning_rate * grads[name]
            if verbose and it % 100 == 0:
                print("iteration %d / %d: loss %f" % (it, num_iters, loss))
            if it % iterations_per_epoch == 0:
                train_acc_history.append((self.predict(X_batch) == y_batch).mean())
                val_acc_history.append((self.predict(X_val) == y_val).mean())
                learning_rate *= learning_rate_decay

        return {
            "loss_history": loss_history,
            "train_acc_history": train_acc_history,
            "val_acc_history": val_acc_history,
        }

    def predict(self, X):
        return np.argmax(self.loss(X), axis=1)
