"""What normalisation layers are made of: standardizing over axes, and a scale and shift for each channel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.kernels import normalizing as kernel
from autograd.kernels.rows import add_rows
from autograd.ops.axes import kept
from autograd.ops.common import Array
from autograd.ops.indexing import scatter
from autograd.ops.known import Known, taken_from
from autograd.primitive import op
from autograd.samples import sample
from autograd.tensor import Tensor, value_of

Axes = tuple[int, ...]


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
    along = kernel.sum_of_products(of_y, y, axes) * r - of_variance * (2 / r)  # small arrays, kept axes of size 1
    grad = of_y * r - y * (along / n)
    return grad + (of_mean - r * np.sum(of_y, axis=axes, keepdims=True)) / n if centered else grad


def _require_real(name: str, x: Array) -> None:
    if x.dtype.kind == "c":
        raise TypeError(f"{name} takes real numbers, not {x.dtype}; {name} x.real and x.imag, each by itself")


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
    _require_real("standardize", x)
    axes = tuple(a % x.ndim for a in axis)
    exact = x.astype(np.float32) if x.dtype == np.float16 else x  # squares of half precision would overflow
    n = max(math.prod(x.shape[a] for a in axes), 1)
    mean = kernel.mean_over(exact, axes, n) if centered else np.zeros(kept(x.shape, axes), exact.dtype)
    y = exact - mean if centered else exact
    variance = kernel.sum_of_products(y, y, axes) / n
    with np.errstate(divide="ignore", invalid="ignore"):  # eps may be 0, and what does not vary then is nan
        y = y / np.sqrt(variance + eps) if y is x else np.divide(y, np.sqrt(variance + eps), out=y)
    return y.astype(x.dtype, copy=False), mean, variance


# --- standardizing, scale and shift in one ----------------------------------------------------------------------------


def _gradients(
    g: Array, x: Array, weight: Array | None, last: int, eps: float, centered: bool, known: Known | None
) -> tuple[Array, Array, Array]:
    """Return the gradients of x, weight and bias of `normalized`; for arrays in one go."""
    if not isinstance(g, Tensor):
        mean, variance = known.kept if known else kernel.normalize(x, None, None, last, eps, centered)[1:]
        return kernel.normalize_gradients(g, x, weight, mean, variance, last, eps, centered)
    axes, others = kernel.axes_of(x.ndim, last)
    n = math.prod(x.shape[a] for a in axes)
    difference = x - np.sum(x, axis=axes, keepdims=True) / n if centered else x
    r = 1 / np.sqrt(np.sum(difference * difference, axis=axes, keepdims=True) / n + eps)
    y = difference * r
    broad = None if weight is None else weight if last else np.reshape(weight, (-1, *[1] * (x.ndim - 2)))
    h = g if broad is None else g * broad
    rest = h - y * (np.sum(h * y, axis=axes, keepdims=True) / n)
    rest = rest - np.sum(h, axis=axes, keepdims=True) / n if centered else rest
    return rest * r, np.sum(g * y, axis=others), np.sum(g, axis=others)


@op(
    together=(_gradients, "x", "weight", "bias"),
    samples=[
        sample((3, 2, 2), (2,), (2,), last=0, eps=0.1), sample((4, 2), (2,), (2,), last=0, eps=0.1),
        sample((3, 4), (4,), (4,), last=1, eps=0.1), sample((2, 2, 3), (2, 3), (2, 3), last=2, eps=0.1),
        sample((3, 4), (4,), (4,), last=1, eps=0.1, centered=False), sample((2, 3), last=1, eps=0.1),
    ],
)  # fmt: skip
def normalized(
    x: Array, weight: Array | None = None, bias: Array | None = None, last: int = 0, eps: float = 1e-5,
    centered: bool = True, known: Known | None = None,
) -> Tensor:  # fmt: skip
    """Return the first result of `normalize`; `known` has its results where it has run.

    >>> normalized(Tensor([[1.0, 3.0]]), last=1, eps=0)
    Tensor([[-1.,  1.]])
    """
    _require_real("normalize", x)
    y = taken_from(known)
    return kernel.normalize(x, weight, bias, last, eps, centered)[0] if y is None else y  # type: ignore[no-any-return]


def normalize(
    x: Array, weight: Array | None = None, bias: Array | None = None, last: int = 0, eps: float = 1e-5,
    centered: bool = True,
) -> tuple[Tensor, Array, Array]:  # fmt: skip
    """Return (x - mean) / sqrt(variance + eps) * weight + bias, with the statistics of channels or of rows.

    The same as `standardize` and `scale_shift`, in one pass over x; its gradients come from x and the statistics.
    Sources: Ioffe and Szegedy, Batch normalization (2015); Ba et al., Layer normalization (2016).

    Args:
        x: (N, C, ...), or (..., *row); float32 or float64, not empty.
        weight: (C,), or of the shape of a row; None for ones.
        bias: of the same shape; None for zeros.
        last: 0 for statistics of each channel, over all other axes; else how many axes at the end make a row.
        eps: added to the variance.
        centered: subtract the mean; else the mean is 0 and the variance is the mean square.

    Returns:
        The result, and as plain arrays the mean and the variance (of n elements, divided by n), with size 1 for the
        axes that they are taken over.

    Raises:
        TypeError: when x is complex.

    >>> y, mean, variance = normalize(Tensor([[1.0, 3.0]]), last=1, eps=0)
    >>> y, mean, variance
    (Tensor([[-1.,  1.]]), array([[2.]], dtype=float32), array([[1.]], dtype=float32))
    """
    _require_real("normalize", value_of(x))
    values, mean, variance = kernel.normalize(value_of(x), value_of(weight), value_of(bias), last, eps, centered)
    return normalized(x, weight, bias, last, eps, centered, Known(values, mean, variance)), mean, variance


def _of_scale(g: Array, x: Array, scale_shape: tuple[int, ...]) -> Array:
    """Return the gradient of the scale: for arrays the sum over the axes along which it was broadcast, at once."""
    if isinstance(g, Tensor) or isinstance(x, Tensor) or np.shape(x) != g.shape:
        return g * x
    whole = (1,) * (g.ndim - len(scale_shape)) + scale_shape
    axes = tuple(i for i, n in enumerate(whole) if n == 1)
    return kernel.sum_of_products(g, x, axes).reshape(scale_shape) if axes else g * x


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
    return scatter(g, indices, weight_shape) if isinstance(g, Tensor) else add_rows(g, indices, weight_shape)


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
