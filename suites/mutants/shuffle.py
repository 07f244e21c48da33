"""Entries that are moved back to other places than they came from."""

import numpy as np

from . import Call, Gradients, mutant


def turned(array: np.ndarray, axis: int, rows: int, columns: int) -> np.ndarray:
    """An axis that holds tables of rows and columns, each table transposed: as many tables as there are."""
    shape, axis = array.shape, axis % array.ndim
    tables = array.reshape(*shape[:axis], shape[axis] // (rows * columns), rows, columns, *shape[axis + 1 :])
    return tables.swapaxes(axis + 1, axis + 2).reshape(shape).copy()


@mutant("pixel_shuffle", "the channels come after the pixels", named="misplaced permuted", only="two channels out")
def _(call: Call) -> Gradients:
    grad, r = call.right["input"], call["upscale_factor"]
    return call.but(input=turned(grad, -3, grad.shape[-3] // r**2, r * r)) if grad.size else call.right


@mutant("pixel_shuffle", "the pixels of a block are read by columns", named="misplaced permuted")
def _(call: Call) -> Gradients:
    return call.but(input=turned(call.right["input"], -3, call["upscale_factor"], call["upscale_factor"]))


@mutant("pixel_unshuffle", "the pixels of a block are read by columns", named="misplaced")
def _(call: Call) -> Gradients:
    v, r = call.cotangents[0], call["downscale_factor"]
    return call.pullback(turned(v, -3, r, r))


@mutant("pixel_unshuffle", "shuffled as if the channels came after the pixels", named="misplaced", only="channels > 1")
def _(call: Call) -> Gradients:
    v, r = call.cotangents[0], call["downscale_factor"]
    return call.pullback(turned(v, -3, r * r, v.shape[-3] // r**2)) if v.size else call.right


@mutant("pixel_unshuffle", "without a batch the channels share their sum", named="summed", only="no batch")
def _(call: Call) -> Gradients:
    grad = call.right["input"]
    return call.but(input=np.zeros_like(grad) + grad.sum(0)) if grad.ndim == 3 else call.right


@mutant("channel_shuffle", "shuffled once more, not back", named="misplaced permuted", only="no square of groups")
def _(call: Call) -> Gradients:
    v, groups = call.cotangents[0], call["groups"]
    return call.but(input=turned(v, 1, groups, v.shape[1] // groups)) if v.size else call.right


@mutant("channel_shuffle", "not shuffled back", named="is_cotangent misplaced permuted", only="several groups")
def _(call: Call) -> Gradients:
    return call.but(input=call.cotangents[0].copy())
