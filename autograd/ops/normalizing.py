"""What normalisation layers are made of: standardizing over axes, and a scale and shift for each channel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.ops.axes import kept
from autograd.ops.common import Array
from autograd.ops.indexing import scatter
from autograd.primitive import op
from autograd.samples import sample
from autograd.tensor import Tensor

Axes = tuple[int, ...]


def _sum_of_products(a: Array, b: Array, axes: Axes) -> Array:
    """Return the sum of a * b over axes, which are kept; for arrays without the product in memory.

    Axes at the end are added up by einsum, others after that by `np.sum`, whose rounding grows less with the length.
    """
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return np.sum(a * b, axis=axes, keepdims=True)
    last = a.ndim
    while last - 1 in axes:
        last -= 1
    if last == a.ndim:
        labels = list(range(a.ndim))
        return np.einsum(a, labels, b, labels, [i for i in labels if i not in axes]).reshape(kept(a.shape, axes))
    labels = list(range(last))
    flat = (*a.shape[:last], math.prod(a.shape[last:]))
    sums = np.einsum(a.reshape(flat), [*labels, last], b.reshape(flat), [*labels, last], labels)
    return np.sum(sums, axis=tuple(i for i in axes if i < last)).reshape(kept(a.shape, axes))


def _mean(x: Array, axes: Axes, n: int) -> Array:
    """Return the mean over axes, which are kept. Only over the last axis does `np.sum` add pairwise by itself."""
    exact = None if x.ndim - 1 in axes else np.float64
    return (np.sum(x, axis=axes, keepdims=True, dtype=exact) / n).astype(x.dtype, copy=False)


def _of_standardized(g: list[Array], out: tuple[Array, ...], axis: Axes, eps: float, centered: bool) -> Array:
    """Return the gradient of x from those of the result y, the mean and the variance.

    With r = 1 / sqrt(variance + eps) and n elements in each mean it is r * (g - mean(g) - y * mean(g * y)), and
    what leads through the mean and the variance themselves (Ioffe and Szegedy, 2015, section 3).
    """
    of_y, of_mean, of_variance = g
    y, _, variance = out
    axes = tuple(a % y.ndim for a in axis)
    n = max(math.prod(y.shape[a] for a in axes), 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # as in the value
        r = 1 / np.sqrt(variance + eps)
    along = _sum_of_products(of_y, y, axes) * r - of_variance * (2 / r)  # small arrays, kept axes of size 1
    grad = of_y * r - y * (along / n)
    return grad + (of_mean - r * np.sum(of_y, axis=axes, keepdims=True)) / n if centered else grad


@op(
    x=_of_standardized,
    several=True,
    samples=[
        sample((3, 4), axis=(-1,), eps=0.1), sample((3, 2, 2), axis=(0, 2), eps=0.1), sample((3, 4), axis=(0,)),
        sample((2, 3), axis=(1,), eps=0.1, centered=False), sample((2, 3, 2), axis=(1, 2), eps=0.1, centered=False),
        sample((0, 3), axis=(1,), eps=0.1), sample((2, 1), axis=(1,), eps=0.1), sample((2, 0), axis=(-1,), eps=0.1),
    ],
)  # fmt: skip
def standardize(x: Array, axis: Axes, eps: float = 1e-5, centered: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """Return (x - mean) / sqrt(variance + eps) with the mean and the variance, taken over some axes.

    One op, because its gradient needs only the result, and fewer passes over it than the parts would.

    Args:
        x: any shape but (), floating.
        axis: the axes to standardize over.
        eps: added to the variance.
        centered: subtract the mean; else the mean is 0 and the variance is the mean square.

    Returns:
        The result, of x's shape and dtype, and the mean and the variance (of n elements, divided by n), with size 1 for
        the axes; those of half precision are float32. Of no elements both are 0.

    Raises:
        TypeError: when x is complex.

    >>> y, mean, variance = standardize(Tensor([[1.0, 3.0]]), axis=(1,), eps=0)
    >>> y.tolist(), mean.tolist(), variance.tolist()
    ([[-1.0, 1.0]], [[2.0]], [[1.0]])
    """
    if x.dtype.kind == "c":
        raise TypeError(f"standardize takes real numbers, not {x.dtype}; standardize x.real and x.imag, each by itself")
    axes = tuple(a % x.ndim for a in axis)
    exact = x.astype(np.float32) if x.dtype == np.float16 else x  # squares of half precision would overflow
    n = max(math.prod(x.shape[a] for a in axes), 1)
    mean = _mean(exact, axes, n) if centered else np.zeros(kept(x.shape, axes), exact.dtype)
    y = exact - mean if centered else exact
    variance = _sum_of_products(y, y, axes) / n
    with np.errstate(divide="ignore", invalid="ignore"):  # eps may be 0, and what does not vary then is nan
        y = y / np.sqrt(variance + eps) if y is x else np.divide(y, np.sqrt(variance + eps), out=y)
    return y.astype(x.dtype, copy=False), mean, variance


def _of_scale(g: Array, x: Array, scale_shape: tuple[int, ...]) -> Array:
    """Return the gradient of the scale: for arrays the sum over the axes along which it was broadcast, at once."""
    if isinstance(g, Tensor) or isinstance(x, Tensor) or np.shape(x) != g.shape:
        return g * x
    whole = (1,) * (g.ndim - len(scale_shape)) + scale_shape
    axes = tuple(i for i, n in enumerate(whole) if n == 1)
    return _sum_of_products(g, x, axes).reshape(scale_shape) if axes else g * x


@op(
    x=lambda g, scale: g * scale,
    scale=_of_scale,
    shift=lambda g: g,
    samples=[
        sample((), (), ()), sample((2, 3), (3,), (3,)), sample((2, 3, 2), (3, 1), (3, 1)),
        sample((2, 3, 2), (1, 3, 1), ()), sample((3, 2), (2,), (3, 2)),
        sample((2,), (3, 1), ()),
    ],
)  # fmt: skip
def scale_shift(x: Array, scale: Array, shift: Array) -> Tensor:
    """Return x * scale + shift; one op, so that neither x * scale nor its gradient's products stay in memory.

    Args:
        x: any shape.
        scale: broadcasts with x.
        shift: broadcasts with x.

    >>> scale_shift(Tensor([1.0, 2.0]), 10.0, 5.0)
    Tensor([15., 25.])
    """
    return x * scale + shift


def _of_rows(
    g: Array, weight_shape: tuple[int, ...], indices: Any, padding_idx: int | None, scale_grad_by_freq: bool
) -> Array:
    if padding_idx is not None:
        g = np.where((indices == padding_idx)[..., None], 0, g)
    if scale_grad_by_freq:
        g = g / np.bincount(indices.reshape(-1))[indices][..., None].astype(g.dtype)
    return scatter(g, indices, weight_shape)


@op(
    weight=_of_rows,
    samples=[
        sample((4, 3), indices=np.array([1, 0, 1])), sample((4, 2), indices=np.array([[0, 3, 3], [2, 2, 0]])),
        sample((3, 2), indices=np.array(2)), sample((3, 2), indices=np.array([2, 0]), padding_idx=1),
        sample((3, 2), indices=np.array([2, 0]), scale_grad_by_freq=True), sample((3, 2), indices=np.zeros(0, int)),
    ],
)  # fmt: skip
def lookup(weight: Array, indices: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Tensor:
    """Return the rows of a table that integers name.

    Args:
        weight: the table (V, D).
        indices: an array of any shape of integers in 0 to V - 1.
        padding_idx: the number of a row that gets no gradient.
        scale_grad_by_freq: divide each row's gradient by how often the row is named.

    Returns:
        (..., D) for indices (...).

    >>> lookup(Tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 1]))
    Tensor([[3., 4.],
            [3., 4.]])
    """
    return weight[indices]
