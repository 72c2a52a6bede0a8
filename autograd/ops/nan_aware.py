"""Reductions and running sums that leave nans out; a nan that was left out has the gradient 0."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.ops.axes import Axis, Shape, kept, merge, require_number, restore, taken
from autograd.ops.common import Array
from autograd.ops.cumulative import cumprod, cumsum
from autograd.ops.reduction import NOT_GIVEN, mask_of, mean, prod, share, std, sum, var
from autograd.ops.shaping import reshape
from autograd.ops.statistics import PERCENTILES, QUANTILES, arranged, at_ranks, between, middle, positions
from autograd.ops.switching import where as choose
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of


def _numbers(a: Array, where: Array = None) -> Array:
    """Return the mask of the elements that are no nans, and that `where` leaves."""
    mask = ~np.isnan(value_of(a))
    return mask if where is None else mask & value_of(where)


def _filled(a: Array, number: int) -> Array:
    """Return a with a number in place of its nans."""
    missing = np.isnan(value_of(a))
    return choose(missing, number, a) if missing.any() else a


# --- sums, products, means --------------------------------------------------------------------------------------------

REDUCED = [
    sample((2, 3)),
    sample((2, 3), axis=1),
    sample((2, 3, 4), axis=(0, -1), keepdims=True),
    sample((), axis=None),
]


@composite(samples=REDUCED)
def nansum(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = NOT_GIVEN,
    where: Array = None,
) -> Tensor:
    """Return the sum over the given axes of all but nans; its options are those of `sum`.

    >>> nansum(Tensor([1.0, np.nan, 3.0]))
    Tensor(4.)
    """
    return sum(_filled(taken(a, "nansum"), 0), axis, dtype, keepdims=keepdims, initial=initial, where=where)


@composite(samples=REDUCED)
def nanprod(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = NOT_GIVEN,
    where: Array = None,
) -> Tensor:
    """Return the product over the given axes of all but nans; its options are those of `prod`.

    >>> nanprod(Tensor([2.0, np.nan, 3.0]))
    Tensor(6.)
    """
    return prod(_filled(taken(a, "nanprod"), 1), axis, dtype, keepdims=keepdims, initial=initial, where=where)


@composite(samples=REDUCED)
def nanmean(a: Array, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, where: Array = None) -> Tensor:
    """Return the mean over the given axes of all but nans; where there is nothing else it is nan, with a warning.

    >>> nanmean(Tensor([1.0, np.nan, 3.0]))
    Tensor(2.)
    """
    a = taken(a, "nanmean")
    return mean(a, axis, dtype, keepdims=keepdims, where=_numbers(a, where))


@composite(samples=[*REDUCED, sample((2, 3), axis=1, ddof=1)])
def nanvar(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Array = None,
    correction: Any = NOT_GIVEN,
) -> Tensor:
    """Return the variance over the given axes of all but nans; its options are those of `var`.

    >>> nanvar(Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """
    a = taken(a, "nanvar")
    options = {"ddof": ddof, "keepdims": keepdims, "correction": correction}
    return var(a, axis, dtype, where=_numbers(a, where), **options)


@composite(samples=[sample((2, 3)), sample((2, 3), axis=1, ddof=1), sample((2, 3, 4), axis=(0, -1), keepdims=True)])
def nanstd(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Array = None,
    correction: Any = NOT_GIVEN,
) -> Tensor:
    """Return the standard deviation over the given axes of all but nans; its options are those of `std`.

    >>> nanstd(Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """
    a = taken(a, "nanstd")
    options = {"ddof": ddof, "keepdims": keepdims, "correction": correction}
    return std(a, axis, dtype, where=_numbers(a, where), **options)


RUNNING = [sample((2, 3)), sample((2, 3), axis=0), sample(())]


@composite(samples=RUNNING)
def nancumsum(a: Array, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sums of `cumsum`, with 0 in place of nans.

    >>> nancumsum(Tensor([1.0, np.nan, 3.0]))
    Tensor([1., 1., 4.])
    """
    return cumsum(_filled(taken(a, "nancumsum"), 0), axis, dtype)


@composite(samples=RUNNING)
def nancumprod(a: Array, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running products of `cumprod`, with 1 in place of nans.

    >>> nancumprod(Tensor([2.0, np.nan, 3.0]))
    Tensor([2., 2., 6.])
    """
    return cumprod(_filled(taken(a, "nancumprod"), 1), axis, dtype)


# --- extremes ---------------------------------------------------------------------------------------------------------

DISTINCT = [
    sample(Draw((2, 3), distinct=True)),
    sample(Draw((2, 3), distinct=True), axis=1),
    sample(Draw((2, 3, 2), distinct=True), axis=(0, -1), keepdims=True),
    sample(Draw((4, 2), distinct=True), axis=1),
]


def _extreme_rule(g: Array, a: Array, out: Array, axis: Axis, keepdims: bool, where: Array) -> Array:
    hits = a == restore(out, a.shape, axis, keepdims)
    return share(g, hits if where is None else hits & where, axis, keepdims)


# NumPy's functions know how to skip nans without a copy, and the rule needs no mask of them.


@op(a=_extreme_rule, where=None, samples=DISTINCT)
def nanmax(
    a: Array, axis: Axis = None, *, keepdims: bool = False, initial: Any = NOT_GIVEN, where: Array = None
) -> Tensor:
    """Return the largest element over the given axes that is no nan; equal ones share the gradient.

    Where there are only nans the result is nan, with a warning and the gradient 0. The options are those of `max`.

    >>> nanmax(Tensor([1.0, np.nan, 3.0]))
    Tensor(3.)
    """
    require_number(initial)
    return np.nanmax(a, axis, None, keepdims, initial, mask_of(where))


@op(a=_extreme_rule, where=None, samples=DISTINCT)
def nanmin(
    a: Array, axis: Axis = None, *, keepdims: bool = False, initial: Any = NOT_GIVEN, where: Array = None
) -> Tensor:
    """Return the smallest element over the given axes that is no nan; equal ones share the gradient.

    Where there are only nans the result is nan, with a warning and the gradient 0. The options are those of `max`.

    >>> nanmin(Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """
    require_number(initial)
    return np.nanmin(a, axis, None, keepdims, initial, mask_of(where))


@op(a=None, samples=[sample(Draw((2, 3), distinct=True), axis=1)])
def nanargmax(a: Array, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """Return the position of the first largest element along an axis, or of all, that is no nan.

    Raises:
        ValueError: where there are only nans.

    >>> nanargmax(Tensor([1.0, np.nan, 3.0]))
    Tensor(2)
    """
    return np.nanargmax(a, axis, keepdims=keepdims)


@op(a=None, samples=[sample(Draw((2, 3), distinct=True), axis=1)])
def nanargmin(a: Array, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """Return the position of the first smallest element along an axis, or of all, that is no nan.

    Raises:
        ValueError: where there are only nans.

    >>> nanargmin(Tensor([1.0, np.nan, 3.0]))
    Tensor(0)
    """
    return np.nanargmin(a, axis, keepdims=keepdims)


# --- medians and quantiles --------------------------------------------------------------------------------------------


def _without_slices_of_nans(result: Array, counts: Array) -> Array:
    """Return results (..., k), with constant nans where `counts` (...,) says that there were no numbers."""
    if (counts > 0).all():
        return result
    warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=3)
    return choose((counts > 0)[..., None], result, np.nan)


def _counted(a: Array) -> Array:
    """Return how many numbers each slice of a (..., n) has; as nans come last when sorted, ranks stay below that."""
    return (~np.isnan(value_of(a))).sum(-1)


@composite(samples=[*DISTINCT, sample(Draw((5,), distinct=True))])
def nanmedian(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the `median` over the given axes of all but nans.

    Where there is nothing else it is nan, with a warning and the gradient 0.

    >>> nanmedian(Tensor([1.0, np.nan, 3.0]))
    Tensor(2.)
    """
    a = taken(a, "nanmedian")
    merged = merge(a, axis)
    if not merged.shape[-1]:
        return mean(a, axis, keepdims=keepdims)  # nan, and a warning
    counts = _counted(merged)
    pairs = _without_slices_of_nans(at_ranks(merged, middle(counts)), counts)
    return reshape(mean(pairs, -1), kept(a.shape, axis) if keepdims else merged.shape[:-1])


def _nan_quantile(function: Callable[..., Any], a: Array, q: Array, axis: Axis, method: str, keepdims: bool) -> Array:
    merged = merge(a, axis)
    if not merged.shape[-1]:
        return mean(a, axis, keepdims=keepdims)  # nan, and a warning
    counts = _counted(merged)
    example = positions(function, 1, q, method, merged.dtype)
    position = np.zeros((*counts.shape, example.size), example.dtype)
    for n in np.unique(counts[counts > 0]):
        position[counts == n] = np.ravel(positions(function, n, q, method, merged.dtype))
    found = _without_slices_of_nans(between(merged, position), counts)
    shape: Shape = kept(a.shape, axis) if keepdims else merged.shape[:-1]
    return arranged(found, example, shape, merged.dtype)


@composite(samples=QUANTILES)
def nanquantile(a: Array, q: Array, axis: Axis = None, *, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return the `quantile` over the given axes of all but nans.

    Where there is nothing else it is nan, with a warning and the gradient 0.

    >>> nanquantile(Tensor([1.0, np.nan, 2.0, 4.0]), 0.75)
    Tensor(3.)
    """
    return _nan_quantile(np.quantile, taken(a, "nanquantile"), q, axis, method, keepdims)


@composite(samples=PERCENTILES)
def nanpercentile(a: Array, q: Array, axis: Axis = None, *, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return the `percentile` over the given axes of all but nans.

    Where there is nothing else it is nan, with a warning and the gradient 0.

    >>> nanpercentile(Tensor([1.0, np.nan, 2.0, 4.0]), 75)
    Tensor(3.)
    """
    return _nan_quantile(np.percentile, taken(a, "nanpercentile"), q, axis, method, keepdims)
