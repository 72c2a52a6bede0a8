"""Averages, medians and quantiles, ranges, covariances."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd.ops.axes import Axis, Shape, count, kept, merge, require_gradient, taken
from autograd.ops.common import Array
from autograd.ops.indexing import take_along_axis
from autograd.ops.linear_algebra import matmul
from autograd.ops.reduction import max, mean, min, sum
from autograd.ops.shaping import astype, moveaxis, reshape, transpose
from autograd.primitive import composite
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of

DISTINCT = [
    sample(Draw((2, 3), distinct=True)),
    sample(Draw((2, 4), distinct=True), axis=1, keepdims=True),
    sample(Draw((2, 3, 2), distinct=True), axis=(0, -1)),
    sample(Draw((), distinct=True)),
]


@composite(samples=DISTINCT)
def ptp(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the largest minus the smallest element over the given axes; equal ones share the gradient.

    >>> ptp(Tensor([[1.0, 5.0], [3.0, 4.0]]), axis=1)
    Tensor([4., 1.])
    """
    return max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)


# --- averages ---------------------------------------------------------------------------------------------------------


def _fitting(weights: Array, shape: Shape, axis: Axis) -> Array:
    """Return weights for elements of `shape`, or only for its given axes, so that both broadcast."""
    if np.shape(weights) == shape:
        return weights
    if axis is None:
        raise TypeError(f"weights of shape {np.shape(weights)} for elements of shape {shape}: say along which axis")
    axes = normalize_axis_tuple(axis, len(shape))
    if np.shape(weights) != tuple(shape[a] for a in axes):
        raise ValueError(
            f"weights of shape {np.shape(weights)} fit neither elements of shape {shape} nor their {axes=}"
        )
    weights = transpose(weights, [axes.index(a) for a in sorted(axes)])
    return reshape(weights, [n if i in axes else 1 for i, n in enumerate(shape)])


@composite(
    samples=[
        sample((2, 3)),
        sample((2, 3), Draw((2, 3), domain=(0.5, 2)), axis=1, keepdims=True),
        sample((2, 3), Draw((3,), domain=(0.5, 2)), axis=-1),
        sample((2, 3, 4), Draw((4, 2), domain=(0.5, 2)), axis=(2, 0)),
        sample((2, 3), Draw((2, 3), domain=(0.5, 2)), axis=None),
    ]
)
def average(
    a: Array, axis: Axis = None, weights: Array = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    """Return sum(a * weights) / sum(weights) over the given axes; without weights the mean.

    Args:
        a: any shape.
        axis: the axes to take together; all by default.
        weights: of the shape of a, or of the sizes of the given axes, in their order.
        returned: return the sums of the weights, too, in a tuple.
        keepdims: keep these axes, with size 1.

    Raises:
        TypeError: for weights of another shape than a, when axis is not given.
        ValueError: for weights of a shape that does not fit.
        ZeroDivisionError: when weights add up to 0.

    >>> average(Tensor([1.0, 2.0]), weights=Tensor([3.0, 1.0]))
    Tensor(1.25)
    """
    a = taken(a, "average")
    if weights is None:
        result = mean(a, axis, keepdims=keepdims)
        return (result, np.full_like(result, count(np.shape(a), axis))) if returned else result
    weights = taken(weights, "average")
    dtype = np.result_type(a, weights)
    dtype = dtype if np.result_type(a).kind in "fc" else np.result_type(dtype, np.float64)
    fitting = _fitting(weights, np.shape(a), axis)
    total = sum(fitting, axis, dtype, keepdims=keepdims)
    if np.any(value_of(total) == 0):
        raise ZeroDivisionError(f"weights of shape {np.shape(weights)} add up to 0 over axis {axis}")
    result = sum(a * fitting, axis, dtype, keepdims=keepdims) / total
    return (result, np.broadcast_to(total, result.shape)) if returned else result


# --- medians and quantiles --------------------------------------------------------------------------------------------


def at_ranks(a: Array, ranks: Array) -> Array:
    """Return the elements of a (..., n) that sorting its last axis puts at `ranks` (k,) or (..., k): shape (..., k).

    Each comes from one place, where its gradient goes; which one of equal elements, is NumPy's choice.

    >>> at_ranks(np.array([[3.0, 1.0, 2.0]]), np.array([0, 2]))
    array([[1., 3.]])
    """
    values, wanted = value_of(a), np.unique(ranks)
    few = wanted.size <= 8  # then selecting is cheaper than sorting
    order = np.argpartition(values, wanted, -1) if few else np.argsort(values, -1)
    ranks = np.broadcast_to(ranks, (*values.shape[:-1], np.shape(ranks)[-1]))
    return take_along_axis(a, np.take_along_axis(order, ranks, -1), -1)


def nan_last(a: Array, ranks: Array) -> Array:
    """Return ranks (k,) for a (..., n), instead of which slices with a nan have that of their last: it is a nan."""
    values = value_of(a)
    missing = np.isnan(values).any(-1, keepdims=True)
    return np.where(missing, values.shape[-1] - 1, ranks) if missing.any() else ranks


def middle(n: Array) -> Array:
    """Return the ranks of the middle one or two of n sorted elements, as an array of two along a new last axis."""
    return np.stack([np.maximum(n - 1, 0) // 2, n // 2], -1)


@composite(samples=[*DISTINCT, sample(Draw((5,), distinct=True)), sample((2, 0), axis=0)])
def median(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the middle element over the given axes, of an even number the mean of the two in the middle.

    The gradient goes to these; among equal elements to one of them, as in PyTorch. Where there is a nan the result is
    nan, and the gradient goes to a nan.

    >>> median(Tensor([3.0, 1.0, 10.0, 2.0]))
    Tensor(2.5)
    """
    merged = merge(a, axis)
    n = merged.shape[-1]
    if not n:
        return mean(a, axis, keepdims=keepdims)  # nan, and a warning
    ranks = middle(np.array(n))[n % 2 :]
    result = mean(at_ranks(merged, nan_last(merged, ranks)), -1)
    return reshape(result, kept(np.shape(a), axis)) if keepdims else result


def between(a: Array, position: Array) -> Array:
    """Return the elements of a (..., n) at fractional ranks (k,) or (..., k), by linear interpolation: (..., k)."""
    low = np.floor(position)
    part = position - low
    if not part.any():
        return at_ranks(a, low.astype(np.intp))
    found = at_ranks(a, np.concatenate([low, np.ceil(position)], -1).astype(np.intp))
    below, above = found[..., : part.shape[-1]], found[..., part.shape[-1] :]
    if np.isfinite(value_of(found)).all():
        return below + (above - below) * part
    return below * (1 - part) + np.where(part == 0, 0, above) * part  # infinity - infinity would make nan of infinity


def positions(function: Callable[..., Any], n: int, q: Array, method: str, dtype: Any) -> Array:
    """Return the fractional ranks of quantiles: the quantiles of 0, 1, ..., n - 1 say where those of others are."""
    q = q.numpy() if isinstance(q, Tensor) else q
    return function(np.arange(n, dtype=dtype if np.dtype(dtype).kind in "fc" else None), q, method=method)


def arranged(found: Array, position: Array, shape: Shape, dtype: Any) -> Array:
    """Return quantiles (..., k) as NumPy gives them: the axes of q, then `shape`, in the dtype `position` shows."""
    dtype = dtype if position.dtype.kind == "i" else position.dtype
    found = reshape(moveaxis(found, -1, 0), (*position.shape, *shape))
    return found if found.dtype == dtype else astype(found, dtype)


QUANTILES = [
    sample(Draw((5,), distinct=True), q=0.3),
    sample(Draw((2, 3), distinct=True), q=np.array([0.1, 0.5, 1.0], np.float32), axis=1, keepdims=True),
    sample(Draw((2, 3, 2), distinct=True), q=np.array([0.4, 0.6], np.float32), axis=(0, -1), method="hazen"),
    sample(Draw((2, 3), distinct=True), q=0.4, axis=0, method="nearest"),
    sample(Draw((2, 6), distinct=True), q=np.linspace(0, 1, 9, dtype="f4"), axis=1, method="weibull"),
]


def _quantile(function: Callable[..., Any], a: Array, q: Array, axis: Axis, method: str, keepdims: bool) -> Array:
    merged = merge(a, axis)
    position = positions(function, merged.shape[-1], q, method, merged.dtype)
    shape = kept(np.shape(a), axis) if keepdims else merged.shape[:-1]
    return arranged(between(merged, nan_last(merged, np.ravel(position))), position, shape, merged.dtype)


@composite(samples=QUANTILES)
def quantile(a: Array, q: Array, axis: Axis = None, *, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return the value below which a part q of the elements over the given axes lie.

    The gradient goes to the two neighbours that it lies between; among equal elements to one of them, as in PyTorch.
    Where there is a nan the result is nan, and the gradient goes to a nan.

    Args:
        a: any shape.
        q: numbers from 0 to 1, of any shape, without a gradient; its axes come first in the result.
        axis: the axes to take together; all by default.
        method: one of NumPy's ways to interpolate between neighbours.
        keepdims: keep the reduced axes, with size 1.

    Raises:
        ValueError: for a q outside of 0 to 1, or an unknown method.
        IndexError: for no elements.

    >>> quantile(Tensor([1.0, 2.0, 4.0]), 0.75)
    Tensor(3.)
    """
    return _quantile(np.quantile, a, q, axis, method, keepdims)


PERCENTILES = [
    sample(Draw((5,), distinct=True), q=30),
    sample(Draw((2, 3), distinct=True), q=np.array([10, 50], np.float32), axis=1, keepdims=True),
    sample(Draw((2, 3), distinct=True), q=40, axis=0, method="lower"),
]


@composite(samples=PERCENTILES)
def percentile(a: Array, q: Array, axis: Axis = None, *, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return `quantile` for q in percent, from 0 to 100.

    >>> percentile(Tensor([1.0, 2.0, 4.0]), 75)
    Tensor(3.)
    """
    return _quantile(np.percentile, a, q, axis, method, keepdims)


# --- covariances ------------------------------------------------------------------------------------------------------


def _rows(m: Array, name: str, dtype: Any) -> Array:
    """Return m with two axes, in a dtype."""
    if np.ndim(m) > 2:
        raise ValueError(f"{name} has more than 2 dimensions: its shape is {np.shape(m)}")
    m = reshape(m, (1,) * (2 - np.ndim(m)) + np.shape(m))
    return m if m.dtype == dtype else astype(m, dtype)


def _observations(m: Array, y: Array, rowvar: bool, dtype: Any) -> Array:
    """Return the variables of m and y in rows, their observations in columns."""
    m = taken(m, "cov")
    y = None if y is None else taken(y, "cov")
    require_gradient(m, dtype)
    dtype = dtype or np.result_type(np.float64, m, *([] if y is None else [y]))
    x = _rows(m, "m", dtype)
    x = transpose(x) if not rowvar and np.ndim(m) > 1 else x
    if y is None:
        return x
    more = _rows(y, "y", dtype)
    more = transpose(more) if not rowvar and more.shape[0] != 1 else more
    return np.concatenate([x, more], axis=0)


def _checked(weights: Array, name: str, n: int) -> Array:
    """Return weights of n observations in float64, or None."""
    if weights is None:
        return None
    weights = taken(weights, "cov")
    if np.shape(weights) != (n,):
        raise ValueError(f"{name} has shape {np.shape(weights)}, for {n} observations it must be ({n},)")
    values = value_of(weights)
    if np.any(values < 0):
        raise ValueError(f"{name} cannot be negative")
    if name == "fweights" and np.any(values != np.rint(values)):
        raise TypeError("fweights must be integers")
    return weights if weights.dtype == np.float64 else astype(weights, np.float64)


def _freedom(n: int, ddof: int, weights: Array, aweights: Array) -> Array:
    """Return what to divide the sum of weighted products by: the weights' sum, less what `ddof` takes away."""
    freedom: Array = n - ddof
    if weights is not None:
        total = sum(weights)
        freedom = total - ddof * (1 if aweights is None else sum(weights * aweights) / total)
    if value_of(freedom) <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=3)
        return 0.0
    return freedom


@composite(
    samples=[
        sample((2, 4), dtype=np.float64),
        sample((4,), dtype=np.float64),
        sample((4, 2), rowvar=False, bias=True, dtype=np.float64),
        sample((2, 4), (3, 4), dtype=np.float64),
        sample((2, 3), dtype=np.float64, fweights=np.array([1, 2, 1]), aweights=np.array([0.5, 1, 2])),
    ]
)
def cov(
    m: Array,
    y: Array = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Array = None,
    aweights: Array = None,
    *,
    dtype: Any = None,
) -> Tensor:
    """Return the covariances of variables, in float64 unless another dtype is asked for.

    Args:
        m: variables in rows and their observations in columns, or one variable.
        y: more variables, with the same observations.
        rowvar: False if variables are in columns.
        bias: divide by the number n of observations, not by n - 1.
        ddof: divide by n - ddof, whatever `bias` says.
        fweights: how often each observation counts, integers.
        aweights: the weight of each observation.
        dtype: the floating dtype to compute in and return.

    Raises:
        ValueError: for more than two dimensions, or weights that do not fit.
        TypeError: for fractional fweights.

    >>> cov(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    x = _observations(m, y, rowvar, dtype)
    if ddof is None:
        ddof = 0 if bias else 1
    elif ddof != int(ddof):
        raise ValueError(f"ddof must be an integer, not {ddof}")
    n = x.shape[1]
    fweights, aweights = _checked(fweights, "fweights", n), _checked(aweights, "aweights", n)
    weights = aweights if fweights is None else fweights if aweights is None else fweights * aweights
    x = x - average(x, 1, weights, keepdims=True)
    other = x if weights is None else x * weights
    other = np.conjugate(other) if other.dtype.kind == "c" else other
    products = matmul(x, transpose(other)) / _freedom(n, ddof, weights, aweights)
    return reshape(products, tuple(size for size in products.shape if size != 1))


@composite(samples=[sample((2, 4), dtype=np.float64), sample((4, 3), rowvar=False, dtype=np.float64)])
def corrcoef(x: Array, y: Array = None, rowvar: bool = True, *, dtype: Any = None) -> Tensor:
    """Return the correlation coefficients of variables: their covariances over the standard deviations of both.

    Args, dtype and errors are those of `cov`.

    >>> corrcoef(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    each = np.arange(len(c))
    variances = c[each, each]
    deviations = np.sqrt(variances.real if variances.dtype.kind == "c" else variances)
    c = c / deviations[:, None] / deviations
    limited = value_of(c)
    return c + (np.clip(limited, -1, 1) - limited)  # rounding, which has no derivative
