"""What reductions share: which axes they take together, and how a gradient is spread over these again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd.ops.common import Array
from autograd.ops.shaping import reshape, transpose
from autograd.primitive import as_value
from autograd.tensor import Tensor

Axis = int | tuple[int, ...] | None
Shape = tuple[int, ...]

NUMPY = (np.ndarray, np.generic)  # arrays whose ufuncs can be called directly, past the slower np.sum and its like

_SMALL = 4096  # up to so many elements, copies are cheaper than np.broadcast_to


def kept(shape: Shape, axis: Axis) -> Shape:
    """Return the shape that a reduction of `shape` gives with keepdims=True.

    >>> kept((2, 3, 4), (0, -1))
    (1, 3, 1)
    """
    if axis is None:
        return (1,) * len(shape)
    sizes = list(shape)
    for a in axis if isinstance(axis, tuple | list) else (axis,):
        sizes[a] = 1
    return tuple(sizes)


def restore(g: Array, shape: Shape, axis: Axis, keepdims: bool) -> Array:
    """Return what a reduction over `axis` gave, spread over the `shape` that it reduced.

    >>> restore(np.array([1.0, 2.0]), (2, 3), 1, False)
    array([[1., 1., 1.],
           [2., 2., 2.]])
    """
    if axis is not None and not keepdims and shape:
        g = g.reshape(kept(shape, axis))
    if isinstance(g, NUMPY) and math.prod(shape) <= _SMALL:
        spread = np.empty(shape, g.dtype)
        spread[...] = g
        return spread
    return np.broadcast_to(g, shape)


def count(shape: Shape, axis: Axis) -> int:
    """Return how many elements a reduction of `shape` over `axis` takes together.

    >>> count((2, 3, 4), (0, -1))
    8
    """
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[a] for a in (axis if isinstance(axis, tuple | list) else (axis,)))


def chosen(where: Array, shape: Shape, axis: Axis, keepdims: bool) -> Array:
    """Return how many elements of `shape` the mask `where` gives each reduction over `axis`."""
    return np.sum(np.broadcast_to(where, shape), axis=axis, keepdims=keepdims)


def taken(x: Array, name: str) -> Array:
    """Return what the composed function `name` computes with: a Tensor as it is, lists as an array."""
    return x if isinstance(x, Tensor) else as_value(x, name)


def only(x: Array, where: Array) -> Array:
    """Return x where the mask says so, else 0; without a mask all of x."""
    return x if where is None else np.where(where, x, 0)


def _sides(ndim: int, axis: Axis) -> tuple[Shape, Shape]:
    """Return the axes that a reduction keeps, and those it takes together."""
    together = tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)
    return tuple(i for i in range(ndim) if i not in together), together


def merge(a: Array, axis: Axis) -> Array:
    """Return a with the axes that a reduction takes together as one, the last: shape (..., n).

    >>> merge(np.ones((2, 3, 4)), (0, 2)).shape
    (3, 8)
    """
    shape = np.shape(a)
    apart, together = _sides(len(shape), axis)
    sizes = [shape[i] for i in apart]
    return reshape(transpose(a, (*apart, *together)), (*sizes, count(shape, together)))


def unmerge(merged: Array, shape: Shape, axis: Axis) -> Array:
    """Return what `merge` made of an array of `shape` as it was.

    >>> unmerge(merge(np.ones((2, 3, 4)), (0, 2)), (2, 3, 4), (0, 2)).shape
    (2, 3, 4)
    """
    apart, together = _sides(len(shape), axis)
    order = (*apart, *together)
    return transpose(reshape(merged, [shape[i] for i in order]), [order.index(i) for i in range(len(shape))])


def require_gradient(a: Array, dtype: Any) -> None:
    """Raise a TypeError when `dtype` is one in which values lose the gradient that `a` can have."""
    if dtype is not None and np.dtype(dtype).kind not in "fc" and np.result_type(a).kind in "fc":
        raise TypeError(
            f"dtype={np.dtype(dtype)} would lose the gradient of {np.result_type(a)} values: convert them first, "
            f"with x.astype({np.dtype(dtype).name!r}), or reduce in a floating dtype"
        )


def require_number(initial: Any) -> None:
    """Raise a TypeError when a reduction would start from a Tensor, whose gradient it would lose."""
    if isinstance(initial, Tensor):
        raise TypeError("initial takes a number: combine the result with a Tensor afterwards, or pass tensor.item()")
