"""Rearranging elements: reversing, rotating, repeating, inserting and deleting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd.ops.common import Array
from autograd.ops.indexing import take
from autograd.ops.joining import concatenate
from autograd.ops.shaping import astype, broadcast_to, moveaxis, ravel, reshape, swapaxes
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import Tensor, tensor_method, value_of

Axes = int | tuple[int, ...] | None

# --- reversing and rotating -------------------------------------------------------------------------------------------


@op(
    m=lambda g, axis: np.flip(g, axis),
    samples=[sample((2, 3)), sample((2, 3), axis=1), sample((2, 3, 2), axis=(0, -1)), sample(())],
)
def flip(m: Array, axis: Axes = None) -> Tensor:
    """Return the elements in reverse order along the given axes, or all.

    >>> flip(Tensor([1.0, 2.0]))
    Tensor([2., 1.])
    """
    return np.flip(m, axis)


@composite(samples=[sample((2, 3))])
def fliplr(m: Array) -> Tensor:
    """Return the columns, along the second axis, in reverse order.

    >>> fliplr(Tensor([[1.0, 2.0]]))
    Tensor([[2., 1.]])
    """
    if np.ndim(m) < 2:
        raise ValueError(f"fliplr needs at least two axes; the shape is {np.shape(m)}")
    return flip(m, 1)


@composite(samples=[sample((2, 3)), sample((2,))])
def flipud(m: Array) -> Tensor:
    """Return the rows, along the first axis, in reverse order.

    >>> flipud(Tensor([[1.0], [2.0]]))
    Tensor([[2.],
            [1.]])
    """
    if np.ndim(m) < 1:
        raise ValueError("flipud needs at least one axis; this array is 0-d")
    return flip(m, 0)


def _roll_back(g: Array, shift: Any, axis: Axes) -> Array:
    return np.roll(g, tuple(-s for s in shift) if isinstance(shift, tuple | list) else -shift, axis)


@op(
    a=_roll_back,
    samples=[
        sample((2, 3), shift=1), sample((2, 3), shift=-4, axis=1), sample((2, 3), shift=(1, 1), axis=(0, 1)),
        sample((5,), shift=(1, 2), axis=(0, 0)), sample((2, 3), shift=1, axis=(0, 1)), sample((), shift=1),
    ],
)  # fmt: skip
def roll(a: Array, shift: Any, axis: Axes = None) -> Tensor:
    """Return the elements moved along the axes, those that leave at one end coming back at the other.

    >>> roll(Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([3., 1., 2.])
    """
    return np.roll(a, shift, axis)


@composite(samples=[sample((2, 3)), sample((2, 3), k=2), sample((2, 3, 2), k=-1, axes=(0, 2)), sample((2, 3), k=4)])
def rot90(m: Array, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Return the plane of two axes turned k times by 90 degrees, from the first axis towards the second.

    >>> rot90(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[2., 4.],
            [1., 3.]])
    """
    if len(axes) != 2:
        raise ValueError(f"rot90 needs two axes, not {tuple(axes)}")
    first, second = normalize_axis_tuple(tuple(axes), np.ndim(m))  # raises if they are the same
    turns = k % 4
    if turns == 0:
        return reshape(m, np.shape(m))
    if turns == 2:
        return flip(m, (first, second))
    return swapaxes(flip(m, second), first, second) if turns == 1 else flip(swapaxes(m, first, second), second)


# --- repeating --------------------------------------------------------------------------------------------------------


@composite(samples=[sample((2, 3), reps=2), sample((3,), reps=(2, 2)), sample((2, 3), reps=(3, 1)), sample((), reps=2)])
def tile(A: Array, reps: int | Sequence[int]) -> Tensor:  # noqa: N803  NumPy's name
    """Return the whole array repeated along each axis as often as `reps` says.

    >>> tile(Tensor([1.0, 2.0]), 2)
    Tensor([1., 2., 1., 2.])
    """
    times = tuple(int(n) for n in np.atleast_1d(reps))
    ndim = max(np.ndim(A), len(times))
    times = (1,) * (ndim - len(times)) + times
    shape = (1,) * (ndim - np.ndim(A)) + np.shape(A)
    # (n, ...) -> (1, n, ...) -> (times, n, ...) -> (times * n, ...)
    spread = broadcast_to(
        reshape(A, tuple(s for n in shape for s in (1, n))),
        tuple(s for t, n in zip(times, shape, strict=True) for s in (t, n)),
    )
    return reshape(spread, tuple(t * n for t, n in zip(times, shape, strict=True)))


@composite(samples=[
    sample((2, 3), repeats=2), sample((2, 3), repeats=2, axis=1), sample((3,), repeats=np.array([2, 0, 1]), axis=0),
    sample((), repeats=3), sample((2, 3), repeats=[1, 2], axis=0), sample((2, 2), repeats=np.array([1, 0, 2, 1])),
])  # fmt: skip
def repeat(a: Array, repeats: Any, axis: int | None = None) -> Tensor:
    """Return each element along an axis (without one: of all elements) repeated, as often as `repeats` says.

    >>> repeat(Tensor([1.0, 2.0]), 2)
    Tensor([1., 1., 2., 2.])
    """
    if axis is None:
        a, axis = ravel(a), 0
    axis = normalize_axis_index(axis, np.ndim(a))
    shape = np.shape(a)
    counts = np.asarray(value_of(repeats))
    if counts.size != 1 or counts.dtype.kind not in "iu":
        return take(a, np.repeat(np.arange(shape[axis]), counts), axis)
    times = int(counts.reshape(()))
    if times < 0:
        raise ValueError(f"repeat cannot repeat {times} times")
    before, after = shape[: axis + 1], shape[axis + 1 :]  # (..., n) -> (..., n, 1) -> (..., n, times)
    spread = broadcast_to(reshape(a, (*before, 1, *after)), (*before, times, *after))
    return reshape(spread, (*shape[:axis], shape[axis] * times, *after))


@composite(samples=[sample((2, 3), new_shape=(2, 2)), sample((3,), new_shape=7), sample((), new_shape=(2, 2)),
                    sample((0,), new_shape=3)])  # fmt: skip
def resize(a: Array, new_shape: int | Sequence[int]) -> Tensor:
    """Return the elements, repeated as often as needed, in another shape of any size.

    >>> resize(Tensor([1.0, 2.0]), 3)
    Tensor([1., 2., 1.])
    """
    shape = (new_shape,) if isinstance(new_shape, int | np.integer) else tuple(new_shape)
    if any(n < 0 for n in shape):
        raise ValueError(f"the sizes in a shape cannot be negative: {shape}")
    elements = ravel(a)
    size = math.prod(shape)
    if not np.size(elements):
        return reshape(concatenate([elements, np.zeros(size, elements.dtype)]), shape)
    times = -(-size // np.size(elements))
    return reshape(tile(elements, times)[:size], shape)


@tensor_method("resize")
def _resize(self: Tensor, *_: Any, **__: Any) -> Tensor:
    raise TypeError("a Tensor cannot change its size in place: np.resize(x, shape) returns another one")


# --- appending, inserting, deleting -----------------------------------------------------------------------------------


@composite(samples=[sample((2, 3), (2,)), sample((2, 3), (1, 3), axis=0), sample((2, 1), (2, 2), axis=-1)])
def append(arr: Array, values: Array, axis: int | None = None) -> Tensor:
    """Return arr with the values after its end along an axis; without one, the elements of both in one axis.

    >>> append(Tensor([1.0, 2.0]), Tensor([3.0]))
    Tensor([1., 2., 3.])
    """
    return concatenate([arr, values], axis)


def _counted_along(arr: Array, axis: int | None) -> tuple[Array, int]:
    return (ravel(arr), 0) if axis is None else (arr, normalize_axis_index(axis, np.ndim(arr)))


@composite(samples=[
    sample((4,), (2,), obj=[1, 3]), sample((2, 3), (2,), obj=1, axis=1), sample((2, 3), (), obj=-1, axis=0),
    sample((2, 2), (3,), obj=slice(0, 3)), sample((2, 3), (2, 2), obj=[2], axis=1), sample((3,), (2,), obj=[1, 1]),
])  # fmt: skip
def insert(arr: Array, obj: Any, values: Array, axis: int | None = None) -> Tensor:
    """Return arr with the values before the positions `obj` (an integer, integers, a slice, a mask) along an axis.

    Args:
        arr: any shape; without an axis, its elements in one.
        obj: positions in arr, which may repeat.
        values: what to insert, in arr's dtype: broadcast to one entry per position; all its entries before a single
            integer.
        axis: the axis.

    >>> insert(Tensor([1.0, 2.0, 3.0]), [0, 2], Tensor([8.0, 9.0]))
    Tensor([8., 1., 2., 9., 3.])
    """
    arr, axis = _counted_along(arr, axis)
    shape = np.shape(arr)
    places = _positions(obj, shape[axis])
    values = astype(values if hasattr(values, "dtype") else np.asarray(values), arr.dtype)
    if places.size == 1:
        values = reshape(values, (1,) * (len(shape) - np.ndim(values)) + np.shape(values))
        values = values if places.ndim else moveaxis(values, 0, axis)
        places = np.repeat(places, np.shape(values)[axis])
    n, k = shape[axis], places.size
    new = broadcast_to(values, (*shape[:axis], k, *shape[axis + 1 :]))
    return take(concatenate([arr, new], axis), np.insert(np.arange(n), places, np.arange(n, n + k)), axis)


def _positions(obj: Any, size: int) -> Any:
    """Return the positions that `insert` takes, as an array of integers."""
    if isinstance(obj, slice):
        return np.arange(*obj.indices(size))
    places = np.asarray(value_of(obj))
    return np.flatnonzero(places) if places.dtype == bool else places.astype(np.intp) if not places.size else places


@composite(samples=[
    sample((4,), obj=[1, -1]), sample((2, 3), obj=1, axis=1), sample((2, 3), obj=slice(0, 3, 2)),
    sample((3, 2), obj=np.array([True, False, True]), axis=0),
])  # fmt: skip
def delete(arr: Array, obj: Any, axis: int | None = None) -> Tensor:
    """Return arr without the positions `obj` (an integer, integers, a slice, a mask) along an axis, or of all elements.

    >>> delete(Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([1., 3.])
    """
    arr, axis = _counted_along(arr, axis)
    return take(arr, np.delete(np.arange(np.shape(arr)[axis]), value_of(obj)), axis)
