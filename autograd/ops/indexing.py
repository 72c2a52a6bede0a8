"""Taking elements by index, and putting them back."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels import indexing as kernel
from autograd.ops.common import Array
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import Tensor, tensor_method, value_of
from autograd.values import held_once

INDICES = [
    1, (0, -1), slice(None, None, -1), (slice(None), slice(1, None)), (Ellipsis, None, 2), np.array([0, 1, 1, 0]),
    (np.array([0, 1, 0]), np.array([2, 2, 2])), np.array([[True, False, True], [False, True, True]]),
    (slice(None), [0, 0, 2]),
]  # fmt: skip


@op(x=lambda g, x_shape, index: scatter(g, index, x_shape), samples=[sample((2, 3), index=i) for i in INDICES])
def getitem(x: Array, index: Any) -> Tensor:
    """Return x[index], for every index that NumPy takes; repeated elements add up in the gradient.

    >>> getitem(Tensor([1.0, 2.0, 3.0]), [0, 2])
    Tensor([1., 3.])
    """
    return x[index]


@tensor_method("__getitem__")
def _getitem(self: Tensor, index: Any) -> Tensor:
    return getitem(self, plain_index(index))


def plain_index(index: Any) -> Any:
    """Return an index with the arrays of the Tensors in it."""
    if isinstance(index, tuple):
        return tuple(value_of(piece) for piece in index)
    return value_of(index)


@op(
    values=lambda g, index: g[index],
    samples=[sample(np.empty((2, 3))[i].shape, index=i, shape=(2, 3)) for i in INDICES],
)
def scatter(values: Array, index: Any, shape: tuple[int, ...]) -> Tensor:
    """Return zeros of `shape` with `values` added at `index`, as often as a place is named.

    >>> scatter(Tensor([1.0, 2.0, 3.0]), [0, 2, 0], (3,))
    Tensor([4., 0., 2.])
    """
    return kernel.scatter(values, index, shape)


@op(
    x=lambda g, index: assign(g, 0.0, index),
    value=lambda g, index: g[index],
    samples=[sample((2, 3), (), index=1), sample((2, 3), (2,), index=(slice(None), slice(0, 2)))],
)
def assign(x: Array, value: Array, index: Any) -> Tensor:
    """Return a copy of x with x[index] = value; no place may be named twice.

    >>> assign(Tensor([1.0, 2.0]), 5, 0)
    Tensor([5., 2.])
    """
    result = x.copy() if isinstance(x, np.ndarray) else np.array(x)
    result[index] = value
    return result


@tensor_method("__setitem__")
def _setitem(self: Tensor, index: Any, value: Any) -> None:
    index = plain_index(index)
    if not self._would_record(value):
        self._write(value_of(value), index)
        return
    alone = held_once(self)
    self._become(assign(self, value, index), "assignment to elements", alone)


@composite(
    samples=[
        sample((2, 3), indices=np.array([[0], [2]]), axis=1),
        sample((2, 3), indices=np.array([[0, 1, 0]]), axis=0),
    ]
)
def take_along_axis(arr: Array, indices: Array, axis: int = -1) -> Tensor:
    """Return for each place the element that `indices` names along the axis.

    >>> take_along_axis(Tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([[0], [1]]), axis=1)
    Tensor([[1.],
            [4.]])
    """
    places = value_of(indices)
    grid = list(np.ogrid[tuple(slice(n) for n in np.shape(places))])
    grid[axis] = places
    return getitem(arr, tuple(grid))
