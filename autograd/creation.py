"""Making Tensors: from lists, and filled with something. Floats come in the default dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd.modes import get_default_dtype
from autograd.ops.shaping import copy, stack
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
    return copy(np.broadcast_to(asarray(fill_value, dtype), shape))


def empty(shape: Shape, dtype: DTypeLike | None = None) -> Tensor:
    """Return a Tensor whose values are whatever was in memory.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return Tensor(np.empty(shape, dtype or get_default_dtype()))


def eye(n: int, m: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Tensor:
    """Return ones on the k-th diagonal of an n by m matrix, and zeros elsewhere.

    >>> eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """
    return Tensor(np.eye(n, m, k, dtype or get_default_dtype()))


def arange(*start_stop_step: float, dtype: DTypeLike | None = None) -> Tensor:
    """Return evenly spaced numbers, as `np.arange`: integers from integers, floats in the default dtype.

    >>> arange(3), arange(0, 1, 0.5)
    (Tensor([0, 1, 2]), Tensor([0. , 0.5]))
    """
    values = np.arange(*start_stop_step, dtype=dtype)
    return Tensor(values if dtype or values.dtype.kind != "f" else values.astype(get_default_dtype()))


def linspace(start: float, stop: float, num: int = 50, dtype: DTypeLike | None = None) -> Tensor:
    """Return `num` evenly spaced numbers from start to stop.

    >>> linspace(0, 1, 3)
    Tensor([0. , 0.5, 1. ])
    """
    return Tensor(np.linspace(start, stop, num, dtype=dtype or get_default_dtype()))


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


for _like in (zeros_like, ones_like, empty_like, full_like):
    FUNCTIONS[getattr(np, _like.__name__)] = _like
