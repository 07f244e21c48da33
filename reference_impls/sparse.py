"""Rows of a table, looked up by index, alone or in bags."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._array import Array, Gradients, Pullback, absolute, check, check_floating, check_integer, scatter_rows

__all__ = ["EmbeddingOut", "embedding", "embedding_bag"]


class EmbeddingOut(NamedTuple):
    """The output, and the table after its rows in use were scaled down to `max_norm`."""

    output: Array
    weight: Array


def _check_lookup(input: Array, weight: Array, padding_idx: int | None) -> int | None:
    """Refuse indices outside of the table; `padding_idx` counted from the front."""
    check_integer(input=input)
    check_floating(weight=weight)
    check(weight.ndim == 2, "weight.ndim", weight.ndim, "2")
    rows = len(weight)
    for index in input[(input < 0) | (input >= rows)][:1]:
        check(False, "input", index, f"from 0 to {rows - 1}, a row of weight")
    if padding_idx is None:
        return None
    check(-rows <= padding_idx < rows, "padding_idx", padding_idx, f"from {-rows} to {rows - 1}, a row of weight")
    return padding_idx % rows


def _renormalise(weight: Array, used: Array, max_norm: float | None, norm_type: float) -> Array:
    """The table, with the rows in use scaled down to `max_norm` where they are longer."""
    if max_norm is None:
        return weight
    check(max_norm >= 0, "max_norm", max_norm, "0 or more")
    check(norm_type > 0, "norm_type", norm_type, "positive")
    size = absolute(weight)
    norm = size.max(1, initial=0) if norm_type == np.inf else (size**norm_type).sum(1) ** (1 / norm_type)
    too_long = np.isin(np.arange(len(weight)), used) & (norm.real > max_norm)
    return weight * np.where(too_long, max_norm / (norm + 1e-7), 1)[:, None]  # the 1e-7 is torch's


def _counts(input: Array, weight: Array) -> Array:
    """How often each row is used, at least 1; a column."""
    return np.maximum(np.bincount(input.reshape(-1), minlength=len(weight)), 1)[:, None].astype(weight.real.dtype)


def embedding(
    input: Array,
    weight: Array,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> tuple[Array | EmbeddingOut, Pullback]:
    """Look up rows of a table: output_i = weight_(input_i).

    The gradient is torch's: none for row `padding_idx`; with `scale_grad_by_freq` divided by how often a row is used.
    With `max_norm` the rows in use are first scaled down to that norm, outside of the gradient, and the new table is
    returned as well (torch writes it into weight).  `sparse` is only how torch stores the gradient.

    input (*shape) from 0 to V - 1, weight (V, D) -> output (*shape, D), and with `max_norm` weight (V, D)
    """
    padding_idx = _check_lookup(input, weight, padding_idx)
    check(not (sparse and scale_grad_by_freq), "scale_grad_by_freq", True, "False if sparse")
    table = _renormalise(weight, input, max_norm, norm_type)
    output = table.take(input, 0)

    def embedding_pullback(d_output: Array) -> Gradients:
        # A row may be looked up in many places: its gradient adds up over them.
        d_weight = scatter_rows(weight.shape, input, d_output)
        if scale_grad_by_freq:
            d_weight /= _counts(input, weight)
        if padding_idx is not None:
            d_weight[padding_idx] = 0
        return {"weight": d_weight}

    return output if max_norm is None else EmbeddingOut(output, table), embedding_pullback


def _bags(input: Array, offsets: Array | None, include_last_offset: bool) -> tuple[Array, int]:
    """The bag of each entry of `input`, flattened, as far as the last bag goes; and the number of bags."""
    check(input.ndim in (1, 2), "input.ndim", input.ndim, "1 or 2")
    if input.ndim == 2:
        check(offsets is None, "offsets", "given", "None, since each row of input is a bag")
        return np.repeat(np.arange(len(input)), input.shape[1]), len(input)
    if offsets is None:
        raise ValueError("offsets is None, but should be given, since input has one dimension")
    check_integer(offsets=offsets)
    check(offsets.ndim == 1, "offsets.ndim", offsets.ndim, "1")
    check(len(offsets) > 0 or not include_last_offset, "offsets", "empty", "the end of the last bag at least")
    edges = offsets if include_last_offset else np.append(offsets, len(input))
    sizes = np.diff(edges)
    rising = (offsets[:1] == 0).all() and (sizes >= 0).all() and edges[-1] <= len(input)
    check(bool(rising), "offsets", offsets, f"from 0 up to {len(input)}, and never fall")
    return np.repeat(np.arange(len(sizes)), sizes), len(sizes)


def _winners(rows: Array, bag: Array, bags: int) -> Array:
    """1 where an entry is the largest of its bag, the first of equal ones; else 0."""
    values = rows.real
    largest = np.full((bags, rows.shape[1]), -np.inf, values.dtype)
    np.maximum.at(largest, bag, values)
    place = np.where(values == largest[bag], np.arange(len(rows))[:, None], len(rows))
    first = np.full(largest.shape, len(rows))
    np.minimum.at(first, bag, place)
    return (place == first[bag]).astype(values.dtype)


def embedding_bag(
    input: Array,
    weight: Array,
    offsets: Array | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Array | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Array | EmbeddingOut, Pullback]:
    """Sum, mean or largest entries of the rows of each bag, those of `padding_idx` left out; 0 if it is empty.

    A row of a 2-dimensional input is a bag; else bag b starts at offsets_b and ends where the next one starts
    (`include_last_offset`: offsets ends with the end of the last).  The rest is as in `embedding`.

    input (E) or (B, E) from 0 to V - 1, weight (V, D), offsets (B), per_sample_weights as input
    -> output (B, D), and with `max_norm` weight (V, D)
    """
    padding_idx = _check_lookup(input, weight, padding_idx)
    check_floating(weight=weight, per_sample_weights=per_sample_weights)
    check(mode in ("sum", "mean", "max"), "mode", mode, "sum, mean or max")
    check(mode != "max" or not scale_grad_by_freq, "scale_grad_by_freq", True, "False if mode is max")
    check(not sparse or not scale_grad_by_freq, "scale_grad_by_freq", True, "False if sparse")
    check(mode != "max" or not sparse, "sparse", True, "False if mode is max")
    if per_sample_weights is not None:
        check(mode == "sum", "mode", mode, "sum, since per_sample_weights are given")
        shape = per_sample_weights.shape
        check(shape == input.shape, "per_sample_weights.shape", shape, f"{input.shape}, as input")
    bag, bags = _bags(input, offsets, include_last_offset)
    table = _renormalise(weight, input, max_norm, norm_type)
    kept = np.flatnonzero(input.reshape(-1)[: len(bag)] != (-1 if padding_idx is None else padding_idx))
    bag, index = bag[kept], input.reshape(-1)[kept]
    rows = table[index]
    share = np.ones((len(rows), 1), weight.real.dtype)
    if mode == "max":
        share = _winners(rows, bag, bags)
    elif mode == "mean":
        share = share / np.bincount(bag, minlength=bags).astype(share.dtype)[bag, None]
    elif per_sample_weights is not None:
        share = per_sample_weights.reshape(-1)[kept, None]
    output = scatter_rows((bags, weight.shape[1]), bag, share * rows)

    def embedding_bag_pullback(d_output: Array) -> Gradients:
        # An entry adds its share of its row to its bag: the row gets that share of the bag's gradient.
        d_rows = d_output[bag]
        d_weight = scatter_rows(weight.shape, index, share * d_rows)
        grads = {"weight": d_weight / _counts(input, weight) if scale_grad_by_freq else d_weight}
        if per_sample_weights is not None:
            d_share = np.zeros(input.size, d_rows.dtype)
            d_share[kept] = (rows * d_rows).sum(1)
            grads["per_sample_weights"] = d_share.reshape(input.shape)
        return grads

    return output if max_norm is None else EmbeddingOut(output, table), embedding_bag_pullback
