"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.ops.common import Array
from autograd.ops.indexing import getitem, scatter
from autograd.ops.shaping import moveaxis, ravel
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import Tensor


def _places(k: int, rows: int, columns: int) -> tuple[Any, Any]:
    """Return the row and the column of each element on the k-th diagonal of a matrix."""
    steps = np.arange(max(min(rows - max(-k, 0), columns - max(k, 0)), 0))
    return steps + max(-k, 0), steps + max(k, 0)


@composite(samples=[
    sample((3, 4)), sample((3, 4), offset=-1), sample((2, 3, 4), offset=1, axis1=2, axis2=-3), sample((2, 2), offset=5),
])  # fmt: skip
def diagonal(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the elements i, i + offset of two axes, as the last axis of the result; a copy, unlike NumPy's.

    >>> diagonal(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    ndim = np.ndim(a)
    if ndim < 2:
        raise ValueError(f"diagonal needs at least two axes; the shape is {np.shape(a)}")
    row, column = normalize_axis_index(axis1, ndim), normalize_axis_index(axis2, ndim)
    if row == column:
        raise ValueError(f"diagonal needs two different axes, not {axis1} and {axis2}")
    matrices = moveaxis(a, (row, column), (-2, -1))
    return getitem(matrices, (..., *_places(offset, *np.shape(matrices)[-2:])))


@composite(samples=[sample((2, 3)), sample((2,), k=-1), sample((), k=2)])
def diagflat(v: Array, k: int = 0) -> Tensor:
    """Return a square matrix with the elements of v on its k-th diagonal, and zeros elsewhere.

    >>> diagflat(Tensor([1.0, 2.0]))
    Tensor([[1., 0.],
            [0., 2.]])
    """
    elements = ravel(v)
    size = np.size(elements) + abs(k)
    return scatter(elements, _places(k, size, size), (size, size))


@composite(samples=[sample((3,)), sample((2,), k=-1), sample((3, 4), k=1), sample((3, 3))])
def diag(v: Array, k: int = 0) -> Tensor:
    """Return the k-th diagonal of a matrix, or the matrix with this k-th diagonal.

    >>> diag(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    if np.ndim(v) not in (1, 2):
        raise ValueError(f"diag takes a vector or a matrix, not the shape {np.shape(v)}")
    return diagflat(v, k) if np.ndim(v) == 1 else diagonal(v, k)


# Primitive, because np.where would keep a mask of the matrix alive.


@op(m=lambda g, k: np.tril(g, k), samples=[sample((3, 4)), sample((2, 3, 3), k=-1), sample((3,), k=1)])
def tril(m: Array, k: int = 0) -> Tensor:
    """Return the lower triangle of the last two axes: zeros above the k-th diagonal; a vector counts as n equal rows.

    >>> tril(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[1., 0.],
            [3., 4.]])
    """
    return np.tril(m, k)


@op(m=lambda g, k: np.triu(g, k), samples=[sample((3, 4)), sample((2, 3, 3), k=-1), sample((3,), k=1)])
def triu(m: Array, k: int = 0) -> Tensor:
    """Return the upper triangle of the last two axes: zeros below the k-th diagonal; a vector counts as n equal rows.

    >>> triu(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[1., 2.],
            [0., 4.]])
    """
    return np.triu(m, k)
