"""Sorting and selecting by size, and finding places among sorted values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.ops.axes import Shape
from autograd.ops.common import Array
from autograd.ops.indexing import scatter
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, tensor_method, value_of
from autograd.values import held_once

# --- sorted arrays ----------------------------------------------------------------------------------------------------


# ndarray's methods of these names sort in place and return nothing, so they are not our functions.


@tensor_method("sort")
def _sort_in_place(self: Tensor, axis: int = -1, kind: Any = None, *, stable: bool | None = None) -> None:
    alone = held_once(self)
    self._become(sort(self, axis, kind, stable=stable), "in-place sort", alone)


@tensor_method("partition")
def _partition_in_place(self: Tensor, kth: Any, axis: int = -1, kind: Any = "introselect") -> None:
    alone = held_once(self)
    self._become(partition(self, kth, axis, kind), "in-place partition", alone)


def _ranks(order: Array, axis: int) -> Array:
    """Return the permutation that undoes `order`: where each element stands among the sorted ones."""
    ranks = np.empty_like(order)
    after = order.ndim - 1 - axis % order.ndim
    np.put_along_axis(ranks, order, np.arange(order.shape[axis]).reshape((-1,) + (1,) * after), axis)
    return ranks


def _reordered(g: Array, a: Array, out: Array, axis: int | None) -> Array:
    """Return g, for elements of a in the order of `out`, in a's own order: the i-th smallest of both are the same."""
    shape, values = a.shape, value_of(a)
    if axis is None:
        values, axis = values.reshape(-1), 0
    from_out = np.argsort(value_of(out), axis, stable=True)
    ranks = _ranks(np.argsort(values, axis, stable=True), axis)
    return np.reshape(np.take_along_axis(g, np.take_along_axis(from_out, ranks, axis), axis), shape)


@op(
    a=_reordered,
    samples=[
        sample(Draw((2, 4), distinct=True)),
        sample(Draw((3, 2), distinct=True), axis=0),
        sample(Draw((2, 3), distinct=True), axis=None),
        sample(Draw((), distinct=True), axis=None),
        sample((0,)),
    ],
)
def sort(a: Array, axis: int | None = -1, kind: Any = None, *, stable: bool | None = None) -> Tensor:
    """Return the elements in ascending order along an axis, or with axis None of all in one row; nans come last.

    Equal elements keep their order as far as gradients go, as in PyTorch's stable sort. As with an ndarray,
    `Tensor.sort()` is another thing: it sorts in place.

    >>> sort(Tensor([3.0, 1.0, 2.0]))
    Tensor([1., 2., 3.])
    """
    return np.sort(a, axis, kind, stable=stable)


@op(
    a=_reordered,
    samples=[
        sample(Draw((2, 5), distinct=True), kth=2),
        sample(Draw((5, 2), distinct=True), kth=(1, -1), axis=0),
        sample(Draw((2, 3), distinct=True), kth=3, axis=None),
    ],
)
def partition(a: Array, kth: Any, axis: int | None = -1, kind: Any = "introselect") -> Tensor:
    """Return the elements so reordered along an axis that the kth is where sorting puts it, smaller ones before it.

    >>> partition(Tensor([3.0, 1.0, 2.0]), 1)
    Tensor([1., 2., 3.])
    """
    return np.partition(a, kth, axis, kind)


def _from_top(g: list[Array], out: tuple[Array, Array], x_shape: Shape, axis: int) -> Array:
    index = list(np.ogrid[tuple(slice(n) for n in out[1].shape)])
    index[axis] = value_of(out[1])
    return scatter(g[0], tuple(index), x_shape)


@op(
    x=_from_top,
    several=True,
    samples=[
        sample(Draw((2, 4), distinct=True), k=2),
        sample(Draw((4, 2), distinct=True), k=3, axis=0, largest=False),
        sample(Draw((3,), distinct=True), k=3),
        sample(Draw((2, 3), distinct=True), k=0),
    ],
)
def topk(x: Array, k: int, axis: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
    """Return the k largest (or smallest) elements along an axis, in order of size, and their positions.

    Of equal elements any may be chosen; nan counts as the largest. As PyTorch's function of this name.

    Raises:
        ValueError: when there are not k elements.

    >>> topk(Tensor([3.0, 1.0, 4.0, 2.0]), 2)
    (Tensor([4., 3.]), Tensor([2, 0]))
    """
    axis = normalize_axis_index(axis, np.ndim(x))
    n = x.shape[axis]
    if not 0 <= k <= n:
        raise ValueError(f"topk cannot choose k={k} elements along an axis of {n} (shape {x.shape}, axis {axis})")
    some = slice(n - k, n) if largest else slice(k)
    order = np.argpartition(x, n - k if largest else k - 1, axis) if 0 < k < n else np.argsort(x, axis)
    places = order[(slice(None),) * axis + (some,)]
    values = np.take_along_axis(x, places, axis)
    order = np.argsort(values, axis, stable=True)
    if largest:
        order = np.flip(order, axis)
    return np.take_along_axis(values, order, axis), np.take_along_axis(places, order, axis)


# --- values without gradients -----------------------------------------------------------------------------------------


@op(
    a=None,
    samples=[sample(Draw((2, 3), distinct=True)), sample(Draw((2, 3), distinct=True), axis=0, stable=True)],
)
def argsort(a: Array, axis: int | None = -1, kind: Any = None, *, stable: bool | None = None) -> Tensor:
    """Return the positions of the elements in ascending order along an axis, or with axis None of all.

    >>> argsort(Tensor([3.0, 1.0, 2.0]))
    Tensor([1, 2, 0])
    """
    return np.argsort(a, axis, kind, stable=stable)


@op(a=None, samples=[sample(Draw((2, 3), distinct=True), kth=1)])
def argpartition(a: Array, kth: Any, axis: int | None = -1, kind: Any = "introselect") -> Tensor:
    """Return the positions of the elements in the order that `partition` gives them.

    >>> argpartition(Tensor([3.0, 1.0, 2.0]), 1)
    Tensor([1, 2, 0])
    """
    return np.argpartition(a, kth, axis, kind)


@op(
    a=None,
    v=None,
    sorter=None,
    samples=[
        sample(Draw((1,), domain=(-1, 1)), Draw((2, 3))),
        sample(Draw((3,), domain=(1, 1)), Draw((4,)), side="right"),
    ],
)
def searchsorted(a: Array, v: Array, side: str = "left", sorter: Array = None) -> Tensor:
    """Return where to insert each element of v into the sorted a (or a[sorter]) to keep it sorted.

    >>> searchsorted(Tensor([1.0, 2.0, 3.0]), Tensor([0.0, 2.5]))
    Tensor([0, 2])
    """
    return np.searchsorted(a, v, side, sorter)


@op(x=None, bins=None, samples=[sample((2, 3), Draw((1,))), sample((4,), Draw((1,)), right=True)])
def digitize(x: Array, bins: Array, right: bool = False) -> Tensor:
    """Return the number of the bin that each element of x falls into, 0 before the first edge in `bins`.

    >>> digitize(Tensor([0.5, 1.5]), np.array([0.0, 1.0, 2.0]))
    Tensor([1, 2])
    """
    return np.digitize(x, bins, right)


@op(
    x=None,
    weights=lambda g, x: g[x],
    samples=[
        sample(Draw((5,), domain=(0, 3), kind="i"), (5,)),
        sample(Draw((5,), domain=(0, 3), kind="i"), (5,), minlength=6),
        sample(Draw((5,), domain=(0, 3), kind="i")),
    ],
)
def bincount(x: Array, /, weights: Array = None, minlength: int = 0) -> Tensor:
    """Return how often each of 0, 1, 2, ... is among the integers x, or the sum of its weights, in float64.

    >>> bincount(np.array([0, 2, 2]), Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 0., 5.], dtype=float64)
    """
    return np.bincount(x, weights, minlength)
