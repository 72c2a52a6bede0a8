"""Changing shapes: reshaping, permuting and adding axes, broadcasting; copies and conversions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd.ops.common import Array, is_number
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import FUNCTIONS, Tensor, tensor_method, value_of

Shape = int | tuple[int, ...]

# --- reshaping --------------------------------------------------------------------------------------------------------


def _resolved(order: str, a: Array) -> str:
    """Return "F" or "C" for the order "A", which depends on how the array lies in memory."""
    return order if order != "A" else "F" if np.isfortran(value_of(a)) else "C"


def _in_any_order(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let `reshape` take the order "A"; a derivative rule has to know which order that was."""

    @functools.wraps(function)
    def reshaped(a: Array, /, shape: Shape, order: str = "C", *, copy: bool | None = None) -> Any:
        return function(a, shape, _resolved(order, a), copy=copy)

    FUNCTIONS[np.reshape] = reshaped
    return reshaped


@_in_any_order
@op(
    a=lambda g, a_shape, order: g.reshape(a_shape, order=order),
    samples=[
        sample((2, 3), shape=(3, -1)), sample((), shape=(1, 1)), sample((0, 2), shape=0),
        sample((2, 3, 2), shape=(4, 3), order="F"), sample((2, 3), shape=-1, copy=True),
    ],
)  # fmt: skip
def reshape(a: Array, /, shape: Shape, order: str = "C", *, copy: bool | None = None) -> Tensor:
    """Return the same elements in another shape; one size may be -1, for what is left.

    Args:
        a: any shape.
        shape: the new shape, of as many elements.
        order: in which order elements are read and placed: "C" the last axis fastest, "F" the first axis fastest, "A"
            as "F" for arrays that lie so in memory, else as "C".
        copy: whether to copy the values: None only if needed, False never (else a ValueError). Needs NumPy 2.1.

    >>> reshape(Tensor([1.0, 2.0, 3.0, 4.0]), (2, -1)).shape
    (2, 2)
    """
    if copy is not None:
        return np.reshape(a, shape, order, copy=copy)  # type: ignore[call-overload]
    return np.reshape(a, shape, order) if is_number(a) else a.reshape(shape, order=order)


@tensor_method("reshape")
def _reshape(self: Tensor, *shape: Any, order: str = "C", copy: bool | None = None) -> Tensor:
    return reshape(self, shape[0] if len(shape) == 1 else shape, order, copy=copy)


@composite(samples=[sample((2, 3)), sample(()), sample((2, 3, 2), order="F")])
def ravel(a: Array, order: str = "C") -> Tensor:
    """Return the elements in one axis: in the orders that `reshape` takes, or "K", that of memory.

    >>> ravel(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 2., 3., 4.])
    """
    if order == "K":  # the axis with the widest steps through memory comes first
        steps = getattr(value_of(a), "strides", ())
        return reshape(transpose(a, sorted(range(len(steps)), key=lambda axis: -abs(steps[axis]))), -1)
    return reshape(a, -1, order)


@tensor_method("flatten")
def _flatten(self: Tensor, order: str = "C") -> Tensor:
    return copy(ravel(self, order))


# --- order of axes ----------------------------------------------------------------------------------------------------


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


permute_dims = transpose  # its name in the Python array API standard; np.permute_dims is np.transpose, too

tensor_method("T")(property(lambda self: transpose(self), doc="The Tensor with its axes reversed."))  # type: ignore[type-var]


@composite(samples=[sample((2, 3, 4), axis1=0, axis2=-1)])
def swapaxes(a: Array, axis1: int, axis2: int) -> Tensor:
    """Return a with two axes exchanged.

    >>> swapaxes(Tensor([[[1.0, 2.0]]]), 0, 2).shape
    (2, 1, 1)
    """
    ndim = np.ndim(a)
    i, j = normalize_axis_index(axis1, ndim), normalize_axis_index(axis2, ndim)
    axes = list(range(ndim))
    axes[i], axes[j] = j, i
    return transpose(a, axes)


@composite(samples=[sample((2, 3, 4), source=0, destination=-1), sample((2, 3, 4), source=(0, 1), destination=(2, 0))])
def moveaxis(a: Array, source: Shape, destination: Shape) -> Tensor:
    """Return a with some axes moved to other places; the others keep their order.

    >>> moveaxis(Tensor([[[1.0, 2.0]]]), -1, 0).shape
    (2, 1, 1)
    """
    ndim = np.ndim(a)
    sources = normalize_axis_tuple(source, ndim, "source")
    places = normalize_axis_tuple(destination, ndim, "destination")
    if len(sources) != len(places):
        raise ValueError(f"moveaxis needs as many destinations as sources, not {len(sources)} and {len(places)}")
    moved = dict(zip(places, sources, strict=True))
    others = (axis for axis in range(ndim) if axis not in sources)
    return transpose(a, [moved[axis] if axis in moved else next(others) for axis in range(ndim)])


@composite(samples=[sample((2, 3, 4), axis=2), sample((2, 3, 4), axis=0, start=-1), sample((2, 3), axis=0, start=2)])
def rollaxis(a: Array, axis: int, start: int = 0) -> Tensor:
    """Return a with one axis moved to stand before the axis `start`; `moveaxis` says it more plainly.

    >>> rollaxis(Tensor([[[1.0, 2.0]]]), 2).shape
    (2, 1, 1)
    """
    ndim = np.ndim(a)
    axis = normalize_axis_index(axis, ndim)
    before = start + ndim if start < 0 else start
    if not 0 <= before <= ndim:
        raise np.exceptions.AxisError(f"rollaxis of {ndim} axes takes a start from {-ndim} to {ndim}, not {start}")
    return moveaxis(a, axis, before - (axis < before))


# --- axes of size 1, broadcasting -------------------------------------------------------------------------------------


@composite(samples=[sample((2, 1, 3, 1)), sample((2, 1, 3, 1), axis=1), sample((1, 2, 1), axis=(0, -1))])
def squeeze(a: Array, axis: Shape | None = None) -> Tensor:
    """Return a without its axes of size 1, or without those given.

    >>> squeeze(Tensor([[1.0, 2.0]])).shape
    (2,)
    """
    shape = np.shape(a)
    if axis is None:
        return reshape(a, tuple(n for n in shape if n != 1))
    gone = normalize_axis_tuple(axis, len(shape))
    if any(shape[i] != 1 for i in gone):
        raise ValueError(f"squeeze leaves out axes of size 1; of the shape {shape} axis {axis} is larger")
    return reshape(a, tuple(n for i, n in enumerate(shape) if i not in gone))


@composite(samples=[sample((2, 3), axis=1), sample((2, 3), axis=(0, -1)), sample((), axis=0)])
def expand_dims(a: Array, axis: Shape) -> Tensor:
    """Return a with new axes of size 1, at these places of the result.

    >>> expand_dims(Tensor([1.0, 2.0]), 0).shape
    (1, 2)
    """
    shape = np.shape(a)
    ndim = len(shape) + (len(axis) if isinstance(axis, tuple | list) else 1)
    new = normalize_axis_tuple(axis, ndim)
    sizes = iter(shape)
    return reshape(a, tuple(1 if i in new else next(sizes) for i in range(ndim)))


@op(
    array=lambda g: g,
    samples=[
        sample((3,), shape=(2, 3)), sample((2, 1), shape=(2, 3)), sample((2, 1), shape=(4, 2, 3)),
        sample((), shape=(2,)),
    ],
)  # fmt: skip
def broadcast_to(array: Array, shape: Shape) -> Tensor:
    """Return a read-only view of the array, repeated to a shape by NumPy's broadcasting.

    >>> broadcast_to(Tensor([1.0, 2.0]), (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """
    return np.broadcast_to(array, shape)


@composite(samples=[sample((2, 1))], several=True)
def broadcast_arrays(*args: Array) -> tuple[Tensor, ...]:
    """Return the arrays, repeated to the one shape that they broadcast to.

    >>> broadcast_arrays(Tensor([1.0, 2.0]), Tensor([[3.0]]))
    (Tensor([[1., 2.]]), Tensor([[3., 3.]]))
    """
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(broadcast_to(x, shape) for x in args)


@composite(
    several=True, samples=[sample((3,)), sample((2,), indexing="ij"), sample((), sparse=True), sample((3,), copy=False)]
)
def meshgrid(*xi: Array, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Return for each of some vectors its coordinate at every point of the grid that they span.

    Args:
        *xi: the vectors, of n0, n1, n2, ... elements.
        copy: whether the results have their memory for themselves; otherwise they are read-only views.
        sparse: leave the other axes at size 1, ready to broadcast.
        indexing: "xy" for results of shape (n1, n0, n2, ...), "ij" for (n0, n1, n2, ...).

    >>> meshgrid(Tensor([1.0, 2.0]), Tensor([3.0]))
    (Tensor([[1., 2.]]), Tensor([[3., 3.]]))
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing is 'xy' or 'ij', not {indexing!r}")
    places = list(range(len(xi)))  # the axis along which each vector runs
    if indexing == "xy" and len(xi) > 1:
        places[:2] = 1, 0
    grids: Any = [reshape(x, (1,) * i + (-1,) + (1,) * (len(xi) - i - 1)) for x, i in zip(xi, places, strict=True)]
    if not sparse:
        grids = broadcast_arrays(*grids)
    return tuple(_copied(x) if copy else x for x in grids)


def _at_least(arrays: Sequence[Array], shape_of: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Any:
    """Return each array in the shape that belongs to its shape; a tuple of them unless there is just one."""
    results = tuple(reshape(x, shape_of(np.shape(x))) for x in arrays)
    return results[0] if len(results) == 1 else results


@composite(samples=[sample(()), sample((2, 3))])
def atleast_1d(*arys: Array) -> Any:
    """Return each array with at least one axis; a tuple of them if there are several.

    >>> atleast_1d(Tensor(1.0))
    Tensor([1.])
    """
    return _at_least(arys, lambda shape: shape or (1,))


@composite(samples=[sample(()), sample((2,)), sample((2, 3))])
def atleast_2d(*arys: Array) -> Any:
    """Return each array with at least two axes, new ones in front; a tuple of them if there are several.

    >>> atleast_2d(Tensor([1.0, 2.0]))
    Tensor([[1., 2.]])
    """
    return _at_least(arys, lambda shape: (1,) * (2 - len(shape)) + shape)


@composite(samples=[sample(()), sample((2,)), sample((2, 3)), sample((2, 1, 2))])
def atleast_3d(*arys: Array) -> Any:
    """Return each array with at least three axes: (n,) becomes (1, n, 1), and (m, n) becomes (m, n, 1).

    >>> atleast_3d(Tensor([1.0, 2.0])).shape
    (1, 2, 1)
    """
    return _at_least(arys, lambda shape: shape if len(shape) > 2 else ((1,) * (2 - len(shape)) + shape + (1,))[:3])


# --- copies, conversions ----------------------------------------------------------------------------------------------


@op(a=lambda g: g, samples=[sample((2, 3)), sample(()), sample((2, 3), order="F")])
def copy(a: Array, order: str = "K") -> Tensor:
    """Return a copy of the values, recorded; `order` says how it lies in memory, as in NumPy.

    >>> copy(Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """
    return np.array(a, order=order) if is_number(a) else a.copy(order)


_copied = copy  # where a parameter has that name


@op(a=lambda g: g, samples=[sample((2, 3)), sample(())])
def alias(a: Array) -> Tensor:
    """Return the same values as another Tensor, recorded.

    >>> alias(Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """
    return a


@op(x=lambda g: g, samples=[sample((2, 3), dtype=np.float64), sample((), dtype=np.float64)])
def _to_float(x: Array, dtype: Any, copy: bool = True) -> Tensor:
    """Return x in another floating dtype; the gradient comes back in x's own."""
    return x.astype(dtype, copy=copy)


@composite(samples=[sample(Draw((2, 3)), dtype=np.float64), sample((2,), dtype=np.float64, copy=False)])
def astype(x: Array, dtype: Any, *, copy: bool = True) -> Tensor:
    """Return x in another dtype; to integers and bools, values without a gradient.

    >>> astype(Tensor([1.5, 2.5]), np.int64)
    Tensor([1, 2])
    """
    if np.dtype(dtype).kind in "fc":
        return _to_float(x, dtype, copy)
    values = value_of(x).astype(dtype, copy=copy)
    return Tensor(values) if isinstance(x, Tensor) else values
