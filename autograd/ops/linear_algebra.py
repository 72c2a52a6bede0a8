"""Products of vectors and matrices, and affine maps."""

from __future__ import annotations

import math

import numpy as np

from autograd.kernels import products
from autograd.ops.common import Array
from autograd.primitive import op
from autograd.samples import sample
from autograd.tensor import Tensor


def _of_first(g: Array, x1_shape: tuple[int, ...], x2: Array) -> Array:
    """Return the gradient of x1 (..., n, k) in x1 @ x2, for g (..., n, m) and x2 (..., k, m)."""
    if x2.ndim == 1:  # (..., n) from (..., n, k) @ (k,)
        return np.expand_dims(g, -1) * x2
    if len(x1_shape) == 1:  # (..., m) from (k,) @ (..., k, m)
        return np.squeeze(x2 @ np.expand_dims(g, -1), -1)
    return products.matmul(g, np.swapaxes(x2, -1, -2))


def _of_second(g: Array, x1: Array, x2_shape: tuple[int, ...]) -> Array:
    """Return the gradient of x2 (..., k, m) in x1 @ x2, for g (..., n, m) and x1 (..., n, k)."""
    if x1.ndim == 1:
        return g * x1 if len(x2_shape) == 1 else np.expand_dims(x1, -1) * np.expand_dims(g, -2)
    if len(x2_shape) == 1:
        return np.squeeze(np.swapaxes(x1, -1, -2) @ np.expand_dims(g, -1), -1)
    if len(x2_shape) == 2 and x1.ndim > 2:  # one product over all rows, instead of one for each matrix and their sum
        rows = math.prod(x1.shape[:-1])  # -1 would be ambiguous where another size is 0
        return products.matmul(np.transpose(np.reshape(x1, (rows, x1.shape[-1]))), np.reshape(g, (rows, g.shape[-1])))
    return products.matmul(np.swapaxes(x1, -1, -2), g)


@op(
    products.matmul,
    x1=_of_first,
    x2=_of_second,
    samples=[
        sample((2, 3), (3, 4)), sample((3,), (3,)), sample((3,), (3, 2)), sample((2, 3), (3,)),
        sample((2, 2, 3), (3, 2)), sample((2, 3), (2, 3, 2)), sample((2, 1, 2, 3), (2, 3, 1)), sample((2, 2, 3), (3,)),
        sample((3,), (2, 3, 2)), sample((0, 3), (3, 2)), sample((2, 1, 3), (3, 0)), sample((2, 0, 3), (3, 2)),
    ],
)  # fmt: skip
def matmul(x1: Array, x2: Array, /) -> Tensor:
    """Return the matrix product over the last two axes, broadcasting the others; vectors as in NumPy.

    >>> matmul(Tensor([[1.0, 2.0]]), Tensor([3.0, 4.0]))
    Tensor([11.])
    """


def _rows(x: Array) -> Array:
    """Return x (..., I) as a matrix; its size is not -1, which would be ambiguous where another size is 0."""
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


@op(
    x=lambda g, weight: products.matmul(g, weight),
    weight=lambda g, x: products.matmul(_rows(g).T, _rows(x)),  # one product over all rows
    bias=lambda g: _rows(g).sum(axis=0),
    samples=[sample((2, 3), (4, 3), (4,)), sample((3,), (2, 3), (2,)), sample((2, 2, 3), (4, 3), (4,)),
             sample((0, 3), (2, 3), (2,)), sample((2, 1, 3), (4, 3)), sample((3,), (2, 3), bias=None)],
)  # fmt: skip
def linear(x: Array, weight: Array, bias: Array | None = None) -> Tensor:
    """Return x @ weight.T + bias, added in place: one op, so that the product alone does not stay in memory.

    Args:
        x: (..., I).
        weight: (O, I).
        bias: (O,), or None.

    >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]]), Tensor([5.0]))
    Tensor([[16.]])
    """
    out = products.matmul(x, weight.T)
    if bias is None:
        return out
    if out.ndim and out.dtype == bias.dtype:
        out += bias
        return out
    return out + bias
