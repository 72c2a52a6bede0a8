"""Normalization of plain arrays: statistics, scale and shift together, and the gradients of all inputs together.

There are two kinds. With `last` = 0 the statistics are those of each channel of x (N, C, ...), over all other axes, and
weight and bias are (C,). With `last` = k > 0 they are those of each of the rows that the last k axes make, and weight
and bias have the shape of a row.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.kernels.choosing import kernel

Array = Any
Axes = tuple[int, ...]


def _kept(shape: tuple[int, ...], axes: Axes) -> tuple[int, ...]:
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def sum_of_products(a: Array, b: Array, axes: Axes) -> Array:
    """Return the sum of a * b over axes, which are kept, without the product in memory.

    Axes at the end are added up by einsum, others after that by `np.sum`, whose rounding grows less with the length.
    """
    last = a.ndim
    while last - 1 in axes:
        last -= 1
    if last == a.ndim:
        labels = list(range(a.ndim))
        return np.einsum(a, labels, b, labels, [i for i in labels if i not in axes]).reshape(_kept(a.shape, axes))
    labels = list(range(last))
    flat = (*a.shape[:last], math.prod(a.shape[last:]))
    sums = np.einsum(a.reshape(flat), [*labels, last], b.reshape(flat), [*labels, last], labels)
    return np.sum(sums, axis=tuple(i for i in axes if i < last)).reshape(_kept(a.shape, axes))


def mean_over(x: Array, axes: Axes, n: int) -> Array:
    """Return the mean over axes, which are kept. Only over the last axis does `np.sum` add pairwise by itself."""
    exact = None if x.ndim - 1 in axes else np.float64
    return (np.sum(x, axis=axes, keepdims=True, dtype=exact) / n).astype(x.dtype, copy=False)


def axes_of(ndim: int, last: int) -> tuple[Axes, Axes]:
    """Return the axes of the statistics, and those along which weight and bias are broadcast."""
    if last:
        return tuple(range(ndim - last, ndim)), tuple(range(ndim - last))
    channels = (0, *range(2, ndim))
    return channels, channels


def _broad(parameter: Array, ndim: int, last: int) -> Array:
    """Return a weight or bias in a shape that broadcasts with x."""
    return parameter if last else parameter.reshape(-1, *[1] * (ndim - 2))


@kernel
def normalize(
    x: Array, weight: Array | None, bias: Array | None, last: int, eps: float, centered: bool
) -> tuple[Array, Array, Array]:
    """Return (x - mean) / sqrt(variance + eps) * weight + bias, the mean and the variance.

    The latter have size 1 for the axes of the statistics. Not centered, the mean is 0, and the variance the mean
    square.
    """
    axes, _ = axes_of(x.ndim, last)
    n = math.prod([x.shape[a] for a in axes])
    mean = mean_over(x, axes, n) if centered else np.zeros(_kept(x.shape, axes), x.dtype)
    y = x - mean
    variance = sum_of_products(y, y, axes) / x.dtype.type(n)
    y *= 1 / np.sqrt(variance + x.dtype.type(eps))
    if weight is not None:
        y *= _broad(weight, x.ndim, last)
    if bias is not None:
        y += _broad(bias, x.ndim, last)
    return y, mean, variance


@kernel
def normalize_gradients(
    g: Array, x: Array, weight: Array | None, mean: Array, variance: Array, last: int, eps: float, centered: bool
) -> tuple[Array, Array, Array]:
    """Return the gradients of x, weight and bias from that of the result and the statistics.

    With r = 1 / sqrt(variance + eps), y = (x - mean) * r, h = g * weight and means over the axes of the statistics,
    that of x is r * (h - mean(h) - y * mean(h * y)); of the others sum(g * y) and sum(g). Source: Ioffe and Szegedy,
    Batch normalization (2015), section 3.
    """
    axes, others = axes_of(x.ndim, last)
    n = x.dtype.type(math.prod([x.shape[a] for a in axes]))
    r = 1 / np.sqrt(variance + x.dtype.type(eps))
    y = (x - mean) * r
    shape = x.shape[x.ndim - last :] if last else (x.shape[1],)
    of_weight, of_bias = sum_of_products(g, y, others).reshape(shape), np.sum(g, axis=others).reshape(shape)
    h = g if weight is None else g * _broad(weight, x.ndim, last)
    y *= sum_of_products(h, y, axes) / n
    grad = h - y
    if centered:
        grad -= np.sum(h, axis=axes, keepdims=True) / n
    grad *= r
    return grad, of_weight, of_bias
