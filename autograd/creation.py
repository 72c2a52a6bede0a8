"""Making Tensors: from lists, and filled with something. Floats come in the default dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.modes import get_default_dtype
from autograd.ops.joining import stack
from autograd.ops.shaping import copy
from autograd.tensor import FUNCTIONS, Tensor, value_of

Shape = int | tuple[int, ...]


def array(data: Any, dtype: DTypeLike | None = None) -> Tensor:
    """Return a Tensor with a copy of the data; nested lists may hold Tensors, whose gradients flow on.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> array([[x, 1.0], [x * x, 0.0]])
    Tensor([[2., 1.],
            [4., 0.]], op=stack)
    """
    if isinstance(data, list | tuple) and _holds_tensor(data):
        result = stack([array(item) for item in data])
    else:
        result = copy(data if isinstance(data, Tensor) else Tensor(data, dtype=dtype))
    return result if dtype is None else result.astype(dtype)


def _holds_tensor(data: Any) -> bool:
    return isinstance(data, Tensor) or (isinstance(data, list | tuple) and any(_holds_tensor(x) for x in data))


def asarray(data: Any, dtype: DTypeLike | None = None) -> Tensor:
    """Return the data as a Tensor, without a copy where there is no need for one.

    >>> x = Tensor([1.0])
    >>> asarray(x) is x
    True
    """
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype == dtype else data.astype(dtype)
    return array(data, dtype) if isinstance(data, list | tuple) else Tensor(data, dtype=dtype)


def zeros(shape: Shape, dtype: DTypeLike | None = None) -> Tensor:
    """Return zeros.

    >>> zeros(2)
    Tensor([0., 0.])
    """
    return Tensor(np.zeros(shape, dtype or get_default_dtype()))


def ones(shape: Shape, dtype: DTypeLike | None = None) -> Tensor:
    """Return ones.

    >>> ones(2)
    Tensor([1., 1.])
    """
    return Tensor(np.ones(shape, dtype or get_default_dtype()))


def full(shape: Shape, fill_value: Any, dtype: DTypeLike | None = None) -> Tensor:
    """Return a Tensor full of one value; a Tensor as that value gets the sum of the gradients.

    >>> full(2, 3.5)
    Tensor([3.5, 3.5])
    """
    return copy(np.broadcast_to(asarray(fill_value, dtype), shape), "C")


def empty(shape: Shape, dtype: DTypeLike | None = None) -> Tensor:
    """Return a Tensor whose values are whatever was in memory.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return Tensor(np.empty(shape, dtype or get_default_dtype()))


def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Tensor:  # noqa: N803  NumPy's names
    """Return ones on the k-th diagonal of an N by M matrix, and zeros elsewhere.

    >>> eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """
    return Tensor(np.eye(N, M, k, dtype or get_default_dtype()))


def identity(n: int, dtype: DTypeLike | None = None) -> Tensor:
    """Return the n by n matrix with ones on the diagonal, and zeros elsewhere.

    >>> identity(1)
    Tensor([[1.]])
    """
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Tensor:  # noqa: N803
    """Return ones on and below the k-th diagonal of an N by M matrix, and zeros above.

    >>> tri(2)
    Tensor([[1., 0.],
            [1., 1.]])
    """
    return Tensor(np.tri(N, M, k, dtype or get_default_dtype()))


def indices(dimensions: Sequence[int], dtype: DTypeLike = int, sparse: bool = False) -> Any:
    """Return the coordinates of every element of an array: for each axis one, of that array's shape.

    Args:
        dimensions: the shape of the array.
        dtype: the dtype of the coordinates.
        sparse: return a tuple with one Tensor per axis, of size 1 along the others, instead of all in one Tensor.

    >>> indices((1, 2))
    Tensor([[[0, 0]],
            [[0, 1]]])
    """
    grids = np.indices(dimensions, dtype, sparse)  # type: ignore[call-overload]
    return tuple(map(Tensor, grids)) if sparse else Tensor(grids)


def arange(*start_stop_step: float, dtype: DTypeLike | None = None) -> Tensor:
    """Return evenly spaced numbers, as `np.arange`: integers from integers, floats in the default dtype.

    >>> arange(3), arange(0, 1, 0.5)
    (Tensor([0, 1, 2]), Tensor([0. , 0.5]))
    """
    values = np.arange(*start_stop_step, dtype=dtype)
    return Tensor(values if dtype or values.dtype.kind != "f" else values.astype(get_default_dtype()))


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: DTypeLike | None = None, axis: int = 0
) -> Tensor:
    """Return `num` evenly spaced numbers from start to stop, which may be arrays and Tensors of any shapes.

    Args:
        start: the first number.
        stop: the last number, left out without `endpoint`.
        num: how many.
        endpoint: whether the last number is `stop`.
        dtype: the dtype; that of the Tensors among start and stop, or the default dtype, unless given.
        axis: the axis of the result that they run along.

    >>> linspace(0, 1, 3)
    Tensor([0. , 0.5, 1. ])
    """
    if not isinstance(start, Tensor) and not isinstance(stop, Tensor):
        return Tensor(np.linspace(start, stop, num, endpoint, dtype=dtype or get_default_dtype(), axis=axis))
    share = _shares(start, stop, num, endpoint)
    result: Tensor = np.moveaxis(start * (1 - share) + stop * share, 0, axis)
    return result if dtype is None else result.astype(dtype)


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Tensor:  # fmt: skip
    """Return `num` numbers, base**start to base**stop, whose logarithms are evenly spaced; options as in `linspace`.

    >>> logspace(0, 2, 3)
    Tensor([  1.,  10., 100.])
    """
    if not any(isinstance(x, Tensor) for x in (start, stop, base)):
        return Tensor(np.logspace(start, stop, num, endpoint, base, dtype or get_default_dtype(), axis))
    exponents = linspace(asarray(start), stop, num, endpoint, axis=axis)
    result: Tensor = np.power(base, exponents)
    return result if dtype is None else result.astype(dtype)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: DTypeLike | None = None, axis: int = 0
) -> Tensor:
    """Return `num` numbers from start to stop, each a constant multiple of the one before; options as in `linspace`.

    >>> geomspace(1, 100, 3)
    Tensor([  1.,  10., 100.])
    """
    if not isinstance(start, Tensor) and not isinstance(stop, Tensor):
        return Tensor(np.geomspace(start, stop, num, endpoint, dtype or get_default_dtype(), axis))
    result: Tensor = np.moveaxis(start * (stop / start) ** _shares(start, stop, num, endpoint), 0, axis)
    return result if dtype is None else result.astype(dtype)


def _shares(start: Any, stop: Any, num: int, endpoint: bool) -> Any:
    """Return how far each of `num` steps is on the way, along a new first axis."""
    dtype = np.result_type(*(x.dtype for x in (start, stop) if isinstance(x, Tensor)), np.float16)
    ndim = max(np.ndim(start), np.ndim(stop))
    return np.linspace(0, 1, num, endpoint, dtype=np.finfo(dtype).dtype).reshape((-1,) + (1,) * ndim)


def zeros_like(a: Any, dtype: DTypeLike | None = None, *, shape: Shape | None = None) -> Tensor:
    """Return zeros of another Tensor's shape and dtype.

    >>> zeros_like(Tensor([1.0, 2.0]))
    Tensor([0., 0.])
    """
    return Tensor(np.zeros_like(_values(a), dtype=dtype, shape=shape))


def ones_like(a: Any, dtype: DTypeLike | None = None, *, shape: Shape | None = None) -> Tensor:
    """Return ones of another Tensor's shape and dtype.

    >>> ones_like(Tensor([1.0, 2.0]))
    Tensor([1., 1.])
    """
    return Tensor(np.ones_like(_values(a), dtype=dtype, shape=shape))


def empty_like(a: Any, dtype: DTypeLike | None = None, *, shape: Shape | None = None) -> Tensor:
    """Return a Tensor of another's shape and dtype, whose values are whatever was in memory.

    >>> empty_like(Tensor([1.0, 2.0])).shape
    (2,)
    """
    return Tensor(np.empty_like(_values(a), dtype=dtype, shape=shape))


def full_like(a: Any, fill_value: Any, dtype: DTypeLike | None = None, *, shape: Shape | None = None) -> Tensor:
    """Return a Tensor of another's shape and dtype, full of one value.

    >>> full_like(Tensor([1.0, 2.0]), 3)
    Tensor([3., 3.])
    """
    values = _values(a)
    return full(values.shape if shape is None else shape, fill_value, dtype or values.dtype)


def _values(a: Any) -> Any:
    return value_of(a if isinstance(a, Tensor) else Tensor(a))


for _function in (zeros_like, ones_like, empty_like, full_like, linspace, logspace, geomspace):
    FUNCTIONS[getattr(np, _function.__name__)] = _function
