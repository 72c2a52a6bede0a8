"""Reductions: sums, products, means, spreads and extremes over axes, and questions about all elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.ops.axes import (
    NUMPY,
    Axis,
    Shape,
    chosen,
    count,
    merge,
    only,
    require_gradient,
    require_number,
    restore,
    unmerge,
)
from autograd.ops.common import Array, Holed
from autograd.ops.cumulative import products_of_others
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of

NOT_GIVEN: Any = np._NoValue  # not given; None means something else to NumPy's `initial`
_MASK = np.array([[True, False, True], [True, True, False]])

SHAPES = [
    sample((2, 3)),
    sample((2, 3), axis=1),
    sample((2, 3, 4), axis=(0, -1), keepdims=True),
    sample((2, 3, 2), axis=(2, 0)),
    sample((), axis=None),
    sample((3,), axis=0, keepdims=True),
    sample((2, 3), axis=()),
]
DISTINCT = [
    sample(Draw((2, 3), distinct=True)),
    sample(Draw((2, 3), distinct=True), axis=1),
    sample(Draw((2, 3, 2), distinct=True), axis=(0, -1), keepdims=True),
    sample(Draw((), distinct=True)),
    sample(Draw((2, 3), distinct=True), axis=1, initial=0.0, where=_MASK),
]
SPREAD = [
    sample((2, 3)),
    sample((2, 3), axis=1, ddof=1),
    sample((2, 3, 2), axis=(0, 2), keepdims=True),
    sample((3, 3), axis=0, correction=1),
    sample((2, 3), where=_MASK, ddof=1, axis=1),
    sample((3, 3), where=_MASK[:1], ddof=1, axis=-1, keepdims=True),
    sample((2, 3), dtype=np.float64),
]


def mask_of(where: Array) -> Array:
    """Return the mask as NumPy takes it."""
    return True if where is None else value_of(where)


@op(
    a=lambda g, a_shape, axis, keepdims, where: only(restore(g, a_shape, axis, keepdims), where),
    where=None,
    samples=[
        *SHAPES,
        sample((0, 2), axis=0),
        sample((2, 3), axis=1, where=_MASK, initial=2.0),
        sample((2, 3), dtype=np.float64),
    ],
)
def sum(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = NOT_GIVEN,
    where: Array = None,
) -> Tensor:
    """Return the sum over the given axes.

    Args:
        a: any shape.
        axis: the axes to sum over; all by default.
        dtype: the floating dtype to sum in and return.
        keepdims: keep these axes, with size 1.
        initial: a number to start from.
        where: a mask of the elements to add; all by default.

    >>> sum(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([4., 6.])
    """
    require_gradient(a, dtype)
    require_number(initial)
    if where is None and isinstance(a, NUMPY):
        return np.add.reduce(a, axis, dtype, None, keepdims, initial)
    return np.sum(a, axis, dtype, None, keepdims, initial, mask_of(where))


def _mean_rule(g: Array, a_shape: Shape, axis: Axis, keepdims: bool, where: Array) -> Array:
    if where is None:
        return restore(g / (count(a_shape, axis) or 1), a_shape, axis, keepdims)
    n = np.maximum(chosen(where, a_shape, axis, keepdims), 1).astype(g.dtype)
    return only(restore(g / n, a_shape, axis, keepdims), where)


@op(
    a=_mean_rule,
    where=None,
    samples=[
        *SHAPES,
        sample((2, 3), axis=1, where=_MASK),
        sample((2, 3), where=_MASK[0]),
        sample((2, 3), dtype="f8"),
        sample((2, 3), axis=1, where=_MASK, keepdims=True),
        sample((2, 3), axis=0, where=_MASK),
    ],
)
def mean(a: Array, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, where: Array = None) -> Tensor:
    """Return the mean over the given axes, of the elements where the mask holds; of none it is nan, with a warning.

    >>> mean(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([2., 3.])
    """
    require_gradient(a, dtype)
    if where is None and dtype is None and isinstance(a, NUMPY) and a.dtype.char in "fd" and a.size:
        return np.add.reduce(a, axis, None, None, keepdims) / count(a.shape, axis)  # as np.mean, in a third of the time
    return np.mean(a, axis, dtype, None, keepdims, where=mask_of(where))


def _scale(shape: Shape, axis: Axis, ddof: float, keepdims: bool, where: Array, dtype: Any) -> Array:
    """Return 2 over the degrees of freedom, infinite where there are none left."""
    if where is None:
        free = count(shape, axis) - ddof
        return 2 / free if free > 0 else math.inf
    with np.errstate(divide="ignore"):
        return (2 / np.maximum(chosen(where, shape, axis, keepdims) - ddof, 0)).astype(dtype)


def _deviations(
    g: Array, a: Array, axis: Axis, dtype: Any, ddof: float, keepdims: bool, where: Array, correction: Any
) -> Array:
    ddof = ddof if correction is NOT_GIVEN else correction
    deviations = only(a - mean(a, axis, dtype, keepdims=True, where=where), where)
    if deviations.dtype.kind == "c":
        deviations = np.conjugate(deviations)
    with np.errstate(invalid="ignore"):  # infinity times 0: one element has no variance
        g = g * _scale(a.shape, axis, ddof, keepdims, where, g.dtype)
        return only(restore(g, a.shape, axis, keepdims) * deviations, where)


@op(a=_deviations, where=None, samples=SPREAD)
def var(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Array = None,
    correction: Any = NOT_GIVEN,
) -> Tensor:
    """Return the variance over the given axes: the squared deviations from the mean, summed, over n - ddof.

    Args:
        a: any shape.
        axis: the axes to take together; all by default.
        dtype: the floating dtype to compute in and return.
        ddof: what to subtract from the number of elements n; where nothing is left the result is nan or infinite, with
            a warning, and so is its gradient.
        keepdims: keep these axes, with size 1.
        where: a mask of the elements to take; all by default.
        correction: another name of `ddof`.

    Raises:
        ValueError: when both ddof and correction are given.

    >>> var(Tensor([1.0, 3.0]))
    Tensor(1.)
    """
    require_gradient(a, dtype)
    return np.var(a, axis, dtype, None, ddof, keepdims, where=mask_of(where), correction=correction)


def _deviations_over_std(
    g: Array, a: Array, out: Array, axis: Axis, dtype: Any, ddof: float, keepdims: bool, where: Array, correction: Any
) -> Array:
    # The root has no derivative at 0; constants, whose deviations are only rounding, get the gradient 0.
    size = np.abs(np.mean(a, axis, keepdims=keepdims, where=mask_of(where)))
    constant = out <= 4 * float(np.finfo(out.dtype).eps) * size
    g = np.where(constant, 0, g) / (2 * np.where(constant, 1, out))
    return _deviations(g, a, axis, dtype, ddof, keepdims, where, correction)


@op(a=_deviations_over_std, where=None, samples=SPREAD)
def std(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Array = None,
    correction: Any = NOT_GIVEN,
) -> Tensor:
    """Return the standard deviation over the given axes, the root of `var`; of constants the gradient is 0.

    >>> std(Tensor([1.0, 3.0]))
    Tensor(1.)
    """
    require_gradient(a, dtype)
    return np.std(a, axis, dtype, None, ddof, keepdims, where=mask_of(where), correction=correction)


# --- products ---------------------------------------------------------------------------------------------------------


def _prod_rule(g: Array, a: Array, out: Array, axis: Axis, keepdims: bool, initial: Any, where: Array) -> Array:
    a = np.real(a) if out.dtype.kind == "f" else a  # NumPy drops the imaginary parts when it computes in a real dtype
    if where is not None:
        a = np.where(where, a, 1)
    if np.all(np.isfinite(out) & (out != 0)):
        others = restore(out, a.shape, axis, keepdims) / a
    else:  # dividing by a zero, or into what overflowed, would lose the product of the others
        others = unmerge(products_of_others(merge(a, axis)), a.shape, axis)
        others = others if initial is NOT_GIVEN else others * initial
    return only(restore(g, a.shape, axis, keepdims) * others, where)


@op(
    a=_prod_rule,
    where=None,
    samples=[
        *SHAPES,
        sample((0, 2), axis=0),
        sample(Draw((2, 3), domain=(0, 0))),
        sample(Draw((2, 3), domain=(0, 0)), axis=1, where=_MASK, initial=3.0),
        sample(Holed((2, 3, 2)), axis=(0, 2)),
        sample(Holed((3, 2)), axis=0, keepdims=True),
        sample(Holed((2, 3)), axis=1, where=_MASK, initial=3.0),
        sample((2, 3), axis=1, where=_MASK, initial=3.0),
        sample((2, 3), dtype=np.float64),
    ],
)
def prod(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = NOT_GIVEN,
    where: Array = None,
) -> Tensor:
    """Return the product over the given axes; derivatives of every order are right for factors of 0, too.

    Args:
        a: any shape.
        axis: the axes to multiply over; all by default.
        dtype: the floating dtype to compute in and return.
        keepdims: keep these axes, with size 1.
        initial: a number to start from.
        where: a mask of the factors; all by default.

    >>> prod(Tensor([2.0, 3.0, 4.0]))
    Tensor(24.)
    """
    require_gradient(a, dtype)
    require_number(initial)
    return np.prod(a, axis, dtype, None, keepdims, initial, mask_of(where))


# --- extremes ---------------------------------------------------------------------------------------------------------


def share(g: Array, hits: Array, axis: Axis, keepdims: bool) -> Array:
    """Return the gradient of a reduction, shared equally by the elements at `hits`; 0 where there are none."""
    ties = np.maximum(np.sum(hits, axis=axis, keepdims=keepdims), 1).astype(g.dtype)
    return np.where(hits, restore(g / ties, hits.shape, axis, keepdims), 0)


def _extreme_rule(g: Array, a: Array, out: Array, axis: Axis, keepdims: bool, where: Array) -> Array:
    hits = a == restore(out, a.shape, axis, keepdims)
    if np.isnan(out).any():  # then it is the nans that decided
        hits = hits | (a != a)
    return share(g, hits if where is None else hits & where, axis, keepdims)


@op(a=_extreme_rule, where=None, samples=DISTINCT, numpy=(np.max, np.amax))
def max(
    a: Array, axis: Axis = None, *, keepdims: bool = False, initial: Any = NOT_GIVEN, where: Array = None
) -> Tensor:
    """Return the largest element over the given axes; equal ones share the gradient, as in PyTorch's `amax`.

    Args:
        a: any shape; nan counts as the largest, and nans share the gradient.
        axis: the axes to take together; all by default.
        keepdims: keep these axes, with size 1.
        initial: a number that the result is at least; where it is above all elements, they have no gradient.
        where: a mask of the elements to take, which needs `initial`; all by default.

    Raises:
        ValueError: for no elements without `initial`.

    >>> max(Tensor([[1.0, 5.0], [3.0, 4.0]]), axis=1)
    Tensor([5., 4.])
    """
    require_number(initial)
    if where is None and isinstance(a, NUMPY):
        return np.maximum.reduce(a, axis, None, None, keepdims, initial)
    return np.max(a, axis, None, keepdims, initial, mask_of(where))


@op(a=_extreme_rule, where=None, samples=DISTINCT, numpy=(np.min, np.amin))
def min(
    a: Array, axis: Axis = None, *, keepdims: bool = False, initial: Any = NOT_GIVEN, where: Array = None
) -> Tensor:
    """Return the smallest element over the given axes; equal ones share the gradient, as in PyTorch's `amin`.

    Options, errors and nans are as for `max`.

    >>> min(Tensor([[1.0, 5.0], [3.0, 4.0]]), axis=1)
    Tensor([1., 3.])
    """
    require_number(initial)
    if where is None and isinstance(a, NUMPY):
        return np.minimum.reduce(a, axis, None, None, keepdims, initial)
    return np.min(a, axis, None, keepdims, initial, mask_of(where))


# --- values without gradients -----------------------------------------------------------------------------------------


@op(a=None, samples=[sample(Draw((2, 3), distinct=True), axis=1)])
def argmax(a: Array, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """Return the position of the first largest element along an axis, or of all.

    >>> argmax(Tensor([1.0, 5.0, 3.0]))
    Tensor(1)
    """
    return np.argmax(a, axis=axis, keepdims=keepdims)


@op(a=None, samples=[sample(Draw((2, 3), distinct=True), axis=1)])
def argmin(a: Array, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """Return the position of the first smallest element along an axis, or of all.

    >>> argmin(Tensor([1.0, 5.0, 3.0]))
    Tensor(0)
    """
    return np.argmin(a, axis=axis, keepdims=keepdims)


FLAGS = [
    sample(Draw((2, 3), kind="b")),
    sample(Draw((2, 3), kind="b"), axis=1, keepdims=True),
    sample(Draw((2, 3), kind="b"), axis=(0, 1), where=_MASK),
]


@op(a=None, where=None, samples=FLAGS)
def any(a: Array, axis: Axis = None, *, keepdims: bool = False, where: Array = None) -> Tensor:
    """Return whether any element over the given axes, where the mask holds, is true.

    >>> any(Tensor([False, True]))
    Tensor(True)
    """
    return np.any(a, axis, None, keepdims, where=mask_of(where))


@op(a=None, where=None, samples=FLAGS)
def all(a: Array, axis: Axis = None, *, keepdims: bool = False, where: Array = None) -> Tensor:
    """Return whether all elements over the given axes, where the mask holds, are true.

    >>> all(Tensor([False, True]))
    Tensor(False)
    """
    return np.all(a, axis, None, keepdims, where=mask_of(where))


@op(a=None, samples=[sample(Draw((2, 3), domain=(0, 3), kind="i"), axis=1)])
def count_nonzero(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return how many elements over the given axes are not 0.

    >>> count_nonzero(Tensor([0.0, 2.0, 3.0]))
    Tensor(2)
    """
    return np.sum(a != 0, axis=axis, keepdims=keepdims)
