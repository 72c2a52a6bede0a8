"""Rows of a table looked up by number, one by one or in bags."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.module import as_floating

Array = Any  # an array or a Tensor


def embedding(
    input: Array, weight: Array, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False,
) -> Tensor:  # fmt: skip
    """Return the rows of a table that integers name.

    PyTorch's `sparse`, which asks for sparse gradients, is not there.

    Args:
        input: any shape, integers in 0 to V - 1.
        weight: the table (V, D), floating.
        padding_idx: the number of a row that gets no gradient, negative ones counting from the end.
        max_norm: first rescale the rows that are named and longer than this to this length, in place.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide each row's gradient by how often the row is named.

    Returns:
        (..., D) for input (...).

    Raises:
        TypeError: when the input is not integers, or the table not floating.
        IndexError: when there is no row of a number.
        ValueError: when the table has other than two axes.

    >>> embedding(Tensor([1, 1]), Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[3., 4.],
            [3., 4.]])
    """
    w = _table("embedding", weight)
    indices = _numbers("embedding", input, len(w))
    padding = check_padding("embedding", padding_idx, len(w))
    if max_norm is not None:
        _shorten(w, indices, max_norm, norm_type)
    return autograd.lookup(w, indices, padding, scale_grad_by_freq)


def _table(name: str, weight: Array) -> Tensor:
    w = as_floating(weight, None, f"the weight of {name}")
    if w.ndim != 2:
        raise ValueError(f"{name}: weight must be a table (V, D), not of shape {w.shape}")
    return w


def _numbers(name: str, input: Array, rows: int) -> np.ndarray:
    """Return the input as an array of row numbers.

    Raises:
        TypeError: when it is not integers.
        IndexError: when there is no row of a number.
    """
    indices = autograd.asarray(input).detach().numpy()
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{name} takes integers, not {indices.dtype}: use x.astype(np.int64)")
    if indices.size and not 0 <= indices.min() <= indices.max() < rows:
        found = f"{indices.min()} to {indices.max()}"
        raise IndexError(f"{name}: row numbers must lie in 0 to {rows - 1}, not {found}")
    return indices


def check_padding(name: str, padding_idx: int | None, rows: int) -> int | None:
    """Return the number of the padding row, counted from the start.

    Raises:
        ValueError: when there is no such row.
    """
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise ValueError(f"{name}: padding_idx must be the number of one of {rows} rows, not {padding_idx}")
    return padding_idx % rows


def _shorten(weight: Tensor, indices: np.ndarray, max_norm: float, norm_type: float) -> None:
    """Rescale the rows that are named and longer than `max_norm` to that length, in place."""
    with autograd.no_grad():
        named = np.unique(indices)
        lengths = autograd.linalg.vector_norm(weight[named], axis=1, ord=norm_type).numpy()
        longer = lengths > max_norm
        if longer.any():
            # 1e-7 keeps what is rescaled below the limit in spite of rounding, as in PyTorch
            weight[named[longer]] *= (max_norm / (lengths[longer] + 1e-7))[:, None]


def embedding_bag(
    input: Array, weight: Array, offsets: Array | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", *, per_sample_weights: Array | None = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """Return the sum, mean or largest elements of the rows of a table that integers name, bag by bag.

    Of an empty bag that is 0. PyTorch's `sparse`, which asks for sparse gradients, is not there.

    Args:
        input: integers in 0 to V - 1: (B, L), bags of L; or (n,), in bags that begin at the offsets.
        weight: the table (V, D), floating.
        offsets: (B,), integers that do not fall and begin with 0; only for (n,).
        max_norm: first rescale the rows that are named and longer than this to this length, in place.
        norm_type: the order of that norm.
        scale_grad_by_freq: divide each row's gradient by how often the row is named; not for "max".
        mode: "sum", "mean" or "max"; of equal largest elements the first gets the gradient.
        per_sample_weights: a factor for each row named, of the input's shape; only for "sum".
        include_last_offset: there is one more offset, where the last bag ends.
        padding_idx: the number of a row that is left out of the bags, negative ones counting from the end.

    Returns:
        (B, D).

    Raises:
        TypeError: when input or offsets are not integers, or the table not floating.
        IndexError: when there is no row of a number.
        ValueError: when shapes, offsets or options do not fit.

    >>> embedding_bag(Tensor([0, 1, 1]), Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([0, 1]), mode="sum")
    Tensor([[1., 2.],
            [6., 8.]])
    """
    check_mode(mode, scale_grad_by_freq)
    w = _table("embedding_bag", weight)
    indices = _numbers("embedding_bag", input, len(w))
    padding = check_padding("embedding_bag", padding_idx, len(w))
    sizes = _bag_sizes(indices, offsets, include_last_offset)
    factors = _factors(per_sample_weights, indices, w.dtype, mode)
    indices = indices.reshape(-1)[: sizes.sum()]
    bags = np.repeat(np.arange(len(sizes)), sizes)  # which bag each row goes to
    if max_norm is not None:
        _shorten(w, indices, max_norm, norm_type)
    if padding is not None:
        counted = np.flatnonzero(indices != padding)
        indices, bags = indices[counted], bags[counted]
        factors = None if factors is None else factors[counted]
    rows = autograd.lookup(w, indices, None, scale_grad_by_freq)
    if mode == "max":
        return _largest(rows, bags, len(sizes))
    rows = rows if factors is None else rows * factors[: len(rows), None]
    sums = autograd.scatter(rows, bags, (len(sizes), w.shape[1]))
    if mode == "sum":
        return sums
    return sums / np.maximum(np.bincount(bags, minlength=len(sizes)), 1)[:, None].astype(w.dtype)


def check_mode(mode: str, scale_grad_by_freq: bool) -> None:
    """Raise a ValueError unless `mode` is a known one of bags, and fits the other option."""
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"the mode of embedding_bag must be 'sum', 'mean' or 'max', not {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("embedding_bag: scale_grad_by_freq=True does not go with mode='max'")


def _bag_sizes(indices: np.ndarray, offsets: Array | None, include_last_offset: bool) -> np.ndarray:
    """Return how many rows go to each bag (B,)."""
    if indices.ndim == 2:
        if offsets is not None:
            raise ValueError("embedding_bag: input (B, L) has its bags already; offsets are for input (n,)")
        return np.full(indices.shape[0], indices.shape[1])
    if indices.ndim != 1 or offsets is None:
        raise ValueError(
            f"embedding_bag takes input (B, L), or (n,) with offsets, not {indices.shape}"
            + (" without" if offsets is None else "")
        )
    starts = autograd.asarray(offsets).detach().numpy()
    if starts.dtype.kind not in "iu":
        raise TypeError(f"embedding_bag: offsets are integers, not {starts.dtype}")
    ends = starts if include_last_offset else np.append(starts, len(indices))
    if starts.ndim != 1 or not len(ends) or (len(starts) and starts[0] != 0):
        raise ValueError(f"embedding_bag: offsets must have one axis and begin with 0, not {starts!r:.200}")
    sizes = np.diff(ends.astype(np.int64))
    if ends[-1] > len(indices) or (sizes < 0).any():
        raise ValueError(f"embedding_bag: offsets must not fall, or go beyond the {len(indices)} numbers of the input")
    return sizes


def _factors(per_sample_weights: Array | None, indices: np.ndarray, dtype: Any, mode: str) -> Tensor | None:
    """Return the factors of the rows (n,)."""
    if per_sample_weights is None:
        return None
    if mode != "sum":
        raise ValueError(f"embedding_bag: per_sample_weights go with mode='sum' only, not mode={mode!r}")
    if np.shape(per_sample_weights) != indices.shape:
        raise ValueError(
            f"embedding_bag: per_sample_weights must have the shape of the input {indices.shape}, "
            f"not {np.shape(per_sample_weights)}"
        )
    return as_floating(per_sample_weights, dtype, "per_sample_weights of embedding_bag").reshape(-1)


def _largest(rows: Tensor, bags: np.ndarray, count: int) -> Tensor:
    """Return the largest elements (count, D) of rows (n, D) whose bag numbers (n,) do not fall; 0 for empty bags."""
    if not rows.size:
        return autograd.scatter(rows, bags, (count, rows.shape[1]))
    values = rows.detach().numpy()
    starts = np.flatnonzero(np.diff(bags, prepend=-1))  # where the bags that are not empty begin
    top = np.maximum.reduceat(values, starts, axis=0)
    which = np.cumsum(np.diff(bags, prepend=bags[0]) > 0)
    with np.errstate(invalid="ignore"):
        largest = (values == top[which]) | (values != values)  # or nan
    places = np.where(largest, np.arange(len(values))[:, None], len(values))
    first = np.minimum.reduceat(places, starts, axis=0)  # (bags that are not empty, D)
    return autograd.scatter(rows[first, np.arange(values.shape[1])], bags[starts], (count, values.shape[1]))
