"""What can be done with arrays, and how to come back."""

import numpy as np

from .core import Op


class Log(Op):
    @staticmethod
    def forward(context, x):
        context["x"] = x
        return np.log(x)

    @staticmethod
    def backward(context, go):
        return go / context["x"]


class Id(Op):
    @staticmethod
    def forward(context, x):
        return x

    @staticmethod
    def backward(context, go):
        return go


class Exp(Op):
    @staticmethod
    def forward(context, x):
        context["y"] = np.exp(x)
        return context["y"]

    @staticmethod
    def backward(context, go):
        return go * context["y"]


class Sum(Op):
    @staticmethod
    def forward(context, x):
        context["shape"] = x.shape
        return np.asarray(x.sum())

    @staticmethod
    def backward(context, go):
        return go * np.ones(context["shape"])


class RowMax(Op):
    @staticmethod
    def forward(context, x):
        context["shape"], context["largest"] = x.shape, x.argmax(1)
        return x.max(1)

    @staticmethod
    def backward(context, go):
        gx = np.zeros(context["shape"])
        gx[np.arange(len(go)), context["largest"]] = go
        return gx


class RowSum(Op):
    @staticmethod
    def forward(context, x):
        context["columns"] = x.shape[1]
        return x.sum(1)

    @staticmethod
    def backward(context, go):
        return np.repeat(go[:, None], context["columns"], 1)


class Normalize(Op):
    @staticmethod
    def forward(context, x):
        context["sums"] = x.sum(1, keepdims=True)
        context["y"] = x / context["sums"]
        return context["y"]

    @staticmethod
    def backward(context, go):
        return (go - (go * context["y"]).sum(1, keepdims=True)) / context["sums"]


class BatchMM(Op):
    @staticmethod
    def forward(context, matrix, vectors):
        context["matrix"], context["vectors"] = matrix, vectors
        return vectors @ matrix.T

    @staticmethod
    def backward(context, go):
        return go.T @ context["vectors"], go @ context["matrix"]


class Sigmoid(Op):
    @staticmethod
    def forward(context, x):
        small = np.exp(-np.abs(x))
        context["y"] = np.where(x < 0, small, 1) / (1 + small)
        return context["y"]

    @staticmethod
    def backward(context, go):
        return go * context["y"] * (1 - context["y"])


class ReLU(Op):
    @staticmethod
    def forward(context, x):
        context["on"] = x > 0
        return x * context["on"]

    @staticmethod
    def backward(context, go):
        return go * context["on"]


class Expand(Op):
    @staticmethod
    def forward(context, x, *, dim, repeats):
        assert x.shape[dim] == 1
        context["dim"] = dim
        return np.repeat(x, repeats, dim)

    @staticmethod
    def backward(context, go):
        return go.sum(context["dim"], keepdims=True)


class Select(Op):
    @staticmethod
    def forward(context, x, *, indices):
        context["shape"], context["at"] = x.shape, (np.arange(len(x)), indices)
        return np.take_along_axis(x, indices[:, None], axis=1).squeeze()

    @staticmethod
    def backward(context, go):
        gx = np.zeros(context["shape"])
        np.put_along_axis(gx, context["at"][1][:, None], go[:, None], axis=1)
        return gx


class Squeeze(Op):
    @staticmethod
    def forward(context, x, dim=0):
        context["dim"] = dim
        return np.squeeze(x, dim)

    @staticmethod
    def backward(context, go):
        return np.expand_dims(go, context["dim"])


class Unsqueeze(Op):
    @staticmethod
    def forward(context, x, dim=0):
        context["dim"] = dim
        return np.expand_dims(x, dim)

    @staticmethod
    def backward(context, go):
        return np.squeeze(go, context["dim"])
