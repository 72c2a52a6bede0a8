"""Changing shapes: reshaping, permuting, broadcasting, joining, splitting, padding, converting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, tensor_method, value_of

Shape = int | tuple[int, ...]


@op(
    a=lambda g, a_shape: np.reshape(g, a_shape),
    samples=[sample((2, 3), shape=(3, -1)), sample((), shape=(1, 1)), sample((0, 2), shape=0)],
)
def reshape(a: Array, shape: Shape) -> Tensor:
    """Return the same elements in another shape; one size may be -1, for what is left.

    >>> reshape(Tensor([1.0, 2.0, 3.0, 4.0]), (2, -1)).shape
    (2, 2)
    """
    return np.reshape(a, shape)


@tensor_method("reshape")
def _reshape(self: Tensor, *shape: Any) -> Tensor:
    return reshape(self, shape[0] if len(shape) == 1 else shape)


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))


@op(
    a=lambda g, axes: np.transpose(g, None if axes is None else _inverse(axes)),
    samples=[sample((2, 3)), sample((2, 3, 4), axes=(2, 0, -2)), sample(())],
)
def transpose(a: Array, axes: Sequence[int] | None = None) -> Tensor:
    """Return a with its axes in the given order, or reversed.

    >>> transpose(Tensor([[1.0, 2.0]])).shape
    (2, 1)
    """
    return np.transpose(a, axes)


@tensor_method("transpose")
def _transpose(self: Tensor, *axes: Any) -> Tensor:
    if not axes or axes == (None,):
        return transpose(self)
    return transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes)


tensor_method("T")(property(lambda self: transpose(self), doc="The Tensor with its axes reversed."))  # type: ignore[type-var]


@composite(samples=[sample((2, 3, 4), axis1=0, axis2=-1)])
def swapaxes(a: Array, axis1: int, axis2: int) -> Tensor:
    """Return a with two axes exchanged.

    >>> swapaxes(Tensor([[[1.0, 2.0]]]), 0, 2).shape
    (2, 1, 1)
    """
    axes = list(range(np.ndim(a)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return transpose(a, axes)


@composite(samples=[sample((2, 3, 4), source=0, destination=-1), sample((2, 3, 4), source=(0, 1), destination=(2, 0))])
def moveaxis(a: Array, source: Shape, destination: Shape) -> Tensor:
    """Return a with some axes moved to other places; the others keep their order.

    >>> moveaxis(Tensor([[[1.0, 2.0]]]), -1, 0).shape
    (2, 1, 1)
    """
    places = np.moveaxis(np.arange(np.ndim(a)).reshape((1,) * np.ndim(a) + (-1,)), -1, -1).ravel()
    order = np.moveaxis(np.empty(range(1, places.size + 1)), source, destination).shape
    return transpose(a, [n - 1 for n in order])


@composite(samples=[sample((2, 1, 3, 1)), sample((2, 1, 3, 1), axis=1)])
def squeeze(a: Array, axis: Shape | None = None) -> Tensor:
    """Return a without its axes of size 1, or without those given.

    >>> squeeze(Tensor([[1.0, 2.0]])).shape
    (2,)
    """
    return reshape(a, np.squeeze(np.broadcast_to(0, np.shape(a)), axis).shape)


@composite(samples=[sample((2, 3), axis=1), sample((2, 3), axis=(0, -1)), sample((), axis=0)])
def expand_dims(a: Array, axis: Shape) -> Tensor:
    """Return a with new axes of size 1, at these places of the result.

    >>> expand_dims(Tensor([1.0, 2.0]), 0).shape
    (1, 2)
    """
    return reshape(a, np.expand_dims(np.broadcast_to(0, np.shape(a)), axis).shape)


@composite(samples=[sample((2, 3)), sample(())])
def ravel(a: Array) -> Tensor:
    """Return the elements in one axis.

    >>> ravel(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 2., 3., 4.])
    """
    return reshape(a, -1)


@tensor_method("flatten")
def _flatten(self: Tensor) -> Tensor:
    return +reshape(self, -1)


@op(array=lambda g: g, samples=[sample((3,), shape=(2, 3)), sample((2, 1), shape=(4, 2, 3)), sample((), shape=(2,))])
def broadcast_to(array: Array, shape: Shape) -> Tensor:
    """Return a read-only view of the array, repeated to a shape by NumPy's broadcasting.

    >>> broadcast_to(Tensor([1.0, 2.0]), (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """
    return np.broadcast_to(array, shape)


def _piece(g: Array, i: int, arrays_shape: tuple[tuple[int, ...], ...], axis: int | None) -> Array:
    if axis is None:
        start = sum(math.prod(shape) for shape in arrays_shape[:i])
        return np.reshape(g[start : start + math.prod(arrays_shape[i])], arrays_shape[i])
    start = sum(shape[axis] for shape in arrays_shape[:i])
    return g[(slice(None),) * (axis % g.ndim) + (slice(start, start + arrays_shape[i][axis]),)]


@op(
    arrays=_piece,
    variadic=True,
    samples=[sample(((2, 3), (1, 3))), sample(((2, 3), (2, 1), (2, 2)), axis=-1), sample(((2, 3), (2,)), axis=None)],
)
def concatenate(arrays: Sequence[Array], /, axis: int | None = 0) -> Tensor:
    """Return the arrays joined along an existing axis; with axis None their elements in one.

    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    return np.concatenate(arrays, axis=axis)


@op(
    arrays=lambda g, i, axis: g[(slice(None),) * (axis % g.ndim) + (i,)],
    variadic=True,
    samples=[sample(((2, 3), (2, 3))), sample(((2,), (2,), (2,)), axis=-1), sample(((), ()))],
)
def stack(arrays: Sequence[Array], axis: int = 0) -> Tensor:
    """Return the arrays, of equal shape, along a new axis.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], axis=1)
    Tensor([[1., 3.],
            [2., 4.]])
    """
    return np.stack(arrays, axis=axis)


@op(
    ary=lambda g, axis: np.concatenate(g, axis=axis),
    several=True,
    samples=[sample((4, 3), indices_or_sections=2), sample((2, 5), indices_or_sections=[1, 3], axis=1)],
)
def split(ary: Array, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """Return the pieces between the given positions along an axis, or that many equal pieces.

    >>> split(Tensor([1.0, 2.0, 3.0, 4.0]), 2)
    (Tensor([1., 2.]), Tensor([3., 4.]))
    """
    return tuple(np.split(ary, indices_or_sections, axis))  # type: ignore[return-value]


def _pad_pairs(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in np.broadcast_to(pad_width, (ndim, 2))]


def _unpad(g: Array, array_shape: tuple[int, ...], pad_width: Any) -> Array:
    pairs = _pad_pairs(pad_width, len(array_shape))
    return g[tuple(slice(before, before + n) for (before, _), n in zip(pairs, array_shape, strict=True))]


@op(
    array=_unpad, samples=[sample((2, 3), pad_width=1), sample((2, 3), pad_width=((0, 1), (2, 0)), constant_values=3.0)]
)
def pad(array: Array, pad_width: Any, mode: str = "constant", *, constant_values: float = 0) -> Tensor:
    """Return the array with `constant_values` before and after each axis.

    Args:
        array: any shape.
        pad_width: how many, as in NumPy: n, (before, after), or a pair for each axis.
        mode: only "constant".
        constant_values: the number to put there.

    >>> pad(Tensor([1.0, 2.0]), (1, 0))
    Tensor([0., 1., 2.])
    """
    if mode != "constant":
        raise ValueError(f"pad supports mode='constant', not {mode!r}")
    return np.pad(array, _pad_pairs(pad_width, np.ndim(array)), constant_values=constant_values)


@op(a=lambda g: g, samples=[sample((2, 3)), sample(())])
def copy(a: Array) -> Tensor:
    """Return a copy of the values, recorded.

    >>> copy(Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """
    return a.copy()


@op(a=lambda g: g, samples=[sample((2, 3)), sample(())])
def alias(a: Array) -> Tensor:
    """Return the same values as another Tensor, recorded.

    >>> alias(Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """
    return a


@op(x=lambda g: g, samples=[sample((2, 3), dtype=np.float64), sample((), dtype=np.float64)])
def _to_float(x: Array, dtype: Any) -> Tensor:
    """Return x in another floating dtype; the gradient comes back in x's own."""
    return x.astype(dtype)


@composite(samples=[sample(Draw((2, 3)), dtype=np.float64)])
def astype(x: Array, dtype: Any) -> Tensor:
    """Return x in another dtype; to integers and bools, values without a gradient.

    >>> astype(Tensor([1.5, 2.5]), np.int64)
    Tensor([1, 2])
    """
    if np.dtype(dtype).kind in "fc":
        return _to_float(x, dtype)
    values = value_of(x).astype(dtype)
    return Tensor(values) if isinstance(x, Tensor) else values
