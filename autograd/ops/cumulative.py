"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.axes import Shape, require_gradient
from autograd.ops.common import Array, Holed
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

SHAPES = [
    sample((2, 3)),
    sample((2, 3), axis=0),
    sample((2, 3, 2), axis=-2),
    sample((4,)),
    sample((1,), axis=0),
    sample(()),
    sample((0,)),
    sample((2, 3), axis=1, dtype=np.float64),
]


def turned(x: Array, axis: int = 0) -> Array:
    """Return x with an axis in the opposite order."""
    return x[(slice(None),) * (axis % x.ndim) + (slice(None, None, -1),)]


# --- sums -------------------------------------------------------------------------------------------------------------


def _sum_from_the_end(g: Array, a_shape: Shape, axis: int | None) -> Array:
    axis = 0 if axis is None else axis  # then g has one axis, as for 0-d arrays
    return np.reshape(turned(np.cumsum(turned(g, axis), axis), axis), a_shape)


@op(a=_sum_from_the_end, samples=SHAPES)
def cumsum(a: Array, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the sums of the first elements along an axis: of one, of two, and so on; by default of all in one row.

    >>> cumsum(Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3., 6.])
    """
    require_gradient(a, dtype)
    return np.cumsum(a, axis, dtype)


# --- products ---------------------------------------------------------------------------------------------------------
#
# With y = cumprod(a), the gradient of a[j] is sum(g[k] * y[k] for k >= j) / a[j]. Where a factor is 0 that is 0 / 0;
# instead the product of the factors before j stands outside the sum, and the sum is built from the end:
# before[j] * s[j] with s[j] = g[j] + a[j+1] * s[j+1]. Such a recurrence has recurrences as derivatives, so with it the
# product has right derivatives to any order.


def recurrence_before(g: Array, c: Array) -> Array:
    """Return s with s[i] = g[i] + c[i+1] * s[i+1] along the first axis."""
    return turned(_recurrence(turned(g), np.concatenate([c[:1], turned(c[1:])])))


def _previous(x: Array, first: float) -> Array:
    """Return x moved on by one place along the first axis, with `first` at its beginning."""
    return np.concatenate([np.full_like(x[:1], first), x[:-1]])


@op(
    x=lambda g, c: recurrence_before(g, c),
    c=lambda g, c, out: recurrence_before(g, c) * _previous(out, 0),
    samples=[sample((4,), (4,)), sample((3, 2), (3, 2)), sample((1, 2), (1, 2)), sample((0, 2), (0, 2))],
)
def _recurrence(x: Array, c: Array) -> Tensor:
    """Return y with y[0] = x[0] and y[i] = x[i] + c[i] * y[i-1] along the first axis."""
    y = x.copy()
    for i in range(1, len(y)):
        y[i] += c[i] * y[i - 1]
    return y


def products_of_others(x: Array) -> Array:
    """Return for each element of x (..., n) the product of all others along the last axis.

    >>> products_of_others(np.array([2.0, 0.0, 5.0]))
    array([ 0., 10.,  0.])
    """
    x = np.moveaxis(x, -1, 0)
    before, after = np.cumprod(_previous(x, 1), 0), turned(np.cumprod(_previous(turned(x), 1), 0))
    return np.moveaxis(before * after, 0, -1)


def _cumprod_rule(g: Array, a: Array, out: Array, axis: int | None) -> Array:
    shape, a = a.shape, np.real(a) if out.dtype.kind == "f" else a  # as in `prod`
    if axis is None or not shape:
        a, axis = np.reshape(a, -1), 0
    if np.all(np.isfinite(out) & (out != 0)):
        return np.reshape(turned(np.cumsum(turned(g * out, axis), axis), axis) / a, shape)
    g, a, out = (np.moveaxis(x, axis, 0) for x in (g, a, out))
    return np.reshape(np.moveaxis(_previous(out, 1) * recurrence_before(g, a), 0, axis), shape)


@op(
    a=_cumprod_rule,
    samples=[
        *SHAPES,
        sample(Draw((3, 2), domain=(0, 0)), axis=0),
        sample(Holed((2, 4)), axis=1),
        sample(Holed((3, 2))),
        sample(Draw((2, 2), domain=(0, 0))),
    ],
)
def cumprod(a: Array, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the products of the first elements along an axis: of one, of two, and so on; by default of all in one row.

    Derivatives of every order are right for factors of 0, too.

    >>> cumprod(Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 2., 6.])
    """
    require_gradient(a, dtype)
    return np.cumprod(a, axis, dtype)


# --- under the names of the array API standard ------------------------------------------------------------------------


@composite(samples=[sample((4,)), sample((2, 3), axis=-1), sample((2, 3), axis=0, include_initial=True)])
def cumulative_sum(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Tensor:
    """Return `cumsum` along an axis, which may be left out for one-dimensional x, if asked with a 0 before it.

    >>> cumulative_sum(Tensor([1.0, 2.0, 3.0]), include_initial=True)
    Tensor([0., 1., 3., 6.])
    """
    axis = _only_axis(x, axis)
    return _begun(cumsum(x, axis, dtype), axis, 0, include_initial)


@composite(samples=[sample((4,)), sample((2, 3), axis=-1), sample((2, 3), axis=0, include_initial=True)])
def cumulative_prod(
    x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """Return `cumprod` along an axis, which may be left out for one-dimensional x, if asked with a 1 before it.

    >>> cumulative_prod(Tensor([1.0, 2.0, 3.0]), include_initial=True)
    Tensor([1., 1., 2., 6.])
    """
    axis = _only_axis(x, axis)
    return _begun(cumprod(x, axis, dtype), axis, 1, include_initial)


def _only_axis(x: Array, axis: int | None) -> int:
    if axis is None and np.ndim(x) > 1:
        raise ValueError(f"x of shape {np.shape(x)} has several axes: say along which with axis=")
    return 0 if axis is None else axis


def _begun(running: Array, axis: int, first: int, include_initial: bool) -> Array:
    if not include_initial:
        return running
    shape = list(running.shape)
    shape[axis] = 1
    return np.concatenate([np.full(shape, first, running.dtype), running], axis=axis)
