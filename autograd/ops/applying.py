"""A function applied along axes of an array, and what depends on which elements are 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd.ops.common import Array
from autograd.primitive import composite
from autograd.samples import sample
from autograd.tensor import Tensor, value_of


@composite(
    samples=[
        sample((2, 3), func1d=np.cumsum, axis=0), sample((2, 3, 2), func1d=np.sum, axis=-1),
        sample((3,), func1d=np.diag, axis=0),
    ],
)  # fmt: skip
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Array, *args: Any, **kwargs: Any) -> Tensor:
    """Return the results of a function of vectors for each vector along an axis.

    Every call is recorded by itself, so a function that takes an axis is much faster.

    Args:
        func1d: takes a vector, and the further arguments; its results are all of one shape.
        axis: the axis along which the vectors lie; the results' axes take its place.
        arr: any shape.
        *args: further arguments.
        **kwargs: further arguments.

    Raises:
        ValueError: when there is no vector.

    >>> apply_along_axis(np.sum, 0, Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([4., 6.])
    """
    arr = arr if hasattr(arr, "dtype") else np.asarray(arr)
    axis = normalize_axis_index(axis, arr.ndim)
    vectors = np.moveaxis(arr, axis, -1)
    outer = vectors.shape[:-1]
    if 0 in outer:
        raise ValueError(f"apply_along_axis needs at least one vector along axis {axis} of shape {arr.shape}")
    results = np.stack([func1d(vectors[i], *args, **kwargs) for i in np.ndindex(outer)])
    whole = np.reshape(results, outer + results.shape[1:])
    return np.moveaxis(whole, range(len(outer), whole.ndim), range(axis, axis + whole.ndim - len(outer)))


@composite(samples=[sample((2, 3, 2), func=np.sum, axes=(0, 2)), sample((2, 3), func=np.cumsum, axes=1)])
def apply_over_axes(func: Callable[[Any, int], Any], a: Array, axes: int | Sequence[int]) -> Tensor:
    """Return what is left of an array when func(a, axis) was applied to it for each axis in turn.

    Args:
        func: returns an array with as many axes, or with one less, which is put back with size 1.
        a: any shape.
        axes: one axis or several.

    Raises:
        ValueError: when func returns another number of axes.

    >>> apply_over_axes(np.sum, Tensor([[1.0, 2.0], [3.0, 4.0]]), (0, 1))
    Tensor([[10.]])
    """
    a = a if hasattr(a, "dtype") else np.asarray(a)
    ndim = a.ndim
    for axis in normalize_axis_tuple(np.atleast_1d(axes).tolist(), ndim, allow_duplicate=True):
        a = func(a, axis)
        a = np.expand_dims(a, axis) if np.ndim(a) == ndim - 1 else a
        if np.ndim(a) != ndim:
            raise ValueError(f"apply_over_axes needs a function that keeps {ndim} axes; {np.ndim(a)} were left")
    return a


@composite(samples=[sample((4,)), sample((4,), trim="f"), sample((3,), trim="b")])
def trim_zeros(filt: Array, trim: str = "fb", axis: Any = None) -> Tensor:
    """Return an array without the zeros at its borders; a border of several axes is one that is all 0.

    Args:
        filt: any shape.
        trim: "f" for the front, "b" for the back, or both.
        axis: an axis or several to trim along; all by default.

    Raises:
        ValueError: for other letters.

    >>> trim_zeros(Tensor([0.0, 1.0, 0.0, 2.0, 0.0]))
    Tensor([1., 0., 2.])
    """
    trim = trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(f"trim_zeros takes 'f', 'b' or 'fb' for trim, not {trim!r}")
    filt = filt if hasattr(filt, "dtype") else np.asarray(filt)
    axes = range(filt.ndim) if axis is None else normalize_axis_tuple(axis, filt.ndim)
    places = np.nonzero(value_of(filt))
    index = [slice(None)] * filt.ndim
    for i in axes:
        first, last = (places[i].min(), places[i].max() + 1) if places[i].size else (0, 0)
        empty = first == last
        index[i] = slice(first if "f" in trim or empty else None, last if "b" in trim or empty else None)
    return filt[tuple(index)]
