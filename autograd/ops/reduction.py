"""Reductions: sums, means, extremes over axes; softmax and its relatives."""

from __future__ import annotations

import math

import numpy as np

from autograd.ops.common import Array
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

Axis = int | tuple[int, ...] | None

SHAPES = [
    sample((2, 3)),
    sample((2, 3), axis=1),
    sample((2, 3, 4), axis=(0, -1), keepdims=True),
    sample((), axis=None),
    sample((3,), axis=0, keepdims=True),
]
DISTINCT = [
    sample(Draw((2, 3), distinct=True)),
    sample(Draw((2, 3), distinct=True), axis=1),
    sample(Draw((2, 3, 2), distinct=True), axis=(0, -1), keepdims=True),
    sample(Draw((), distinct=True)),
]


def restore(g: Array, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    """Return what a reduction over `axis` gave, spread over the `shape` that it reduced."""
    if axis is not None and not keepdims:
        axes = axis if isinstance(axis, tuple) else (axis,)
        g = np.expand_dims(g, tuple(a % len(shape) for a in axes)) if shape else g
    return np.broadcast_to(g, shape)


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """Return how many elements a reduction of `shape` over `axis` takes together."""
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[a] for a in (axis if isinstance(axis, tuple) else (axis,)))


@op(a=lambda g, a_shape, axis, keepdims: restore(g, a_shape, axis, keepdims), samples=SHAPES)
def sum(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the sum over the given axes.

    >>> sum(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([4., 6.])
    """
    return np.sum(a, axis=axis, keepdims=keepdims)


@op(
    a=lambda g, a_shape, axis, keepdims: restore(g / count(a_shape, axis), a_shape, axis, keepdims),
    samples=SHAPES,
)
def mean(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the mean over the given axes.

    >>> mean(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([2., 3.])
    """
    return np.mean(a, axis=axis, keepdims=keepdims)


def _deviations(g: Array, a: Array, axis: Axis, ddof: float, keepdims: bool) -> Array:
    scale = 2 / (count(a.shape, axis) - ddof)
    return restore(g * scale, a.shape, axis, keepdims) * (a - np.mean(a, axis=axis, keepdims=True))


@op(
    a=_deviations,
    samples=[sample((2, 3)), sample((2, 3), axis=1, ddof=1), sample((2, 3, 2), axis=(0, 2), keepdims=True)],
)
def var(a: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
    """Return the variance over the given axes: the squared deviations from the mean, summed, over n - ddof.

    >>> var(Tensor([1.0, 3.0]))
    Tensor(1.)
    """
    return np.var(a, axis=axis, ddof=ddof, keepdims=keepdims)


def _deviations_over_std(g: Array, a: Array, out: Array, axis: Axis, ddof: float, keepdims: bool) -> Array:
    # The root has no derivative at 0; constants, whose deviations are 0 too, get the gradient 0.
    return _deviations(np.where(out == 0, 0, g) / (2 * np.where(out == 0, 1, out)), a, axis, ddof, keepdims)


@op(
    a=_deviations_over_std,
    samples=[sample((2, 3)), sample((2, 3), axis=1, ddof=1), sample((2, 3, 2), axis=(0, 2), keepdims=True)],
)
def std(a: Array, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
    """Return the standard deviation over the given axes, the root of `var`; of constants the gradient is 0.

    >>> std(Tensor([1.0, 3.0]))
    Tensor(1.)
    """
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims)


def _at_extreme(g: Array, a: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    hits = a == restore(out, a.shape, axis, keepdims)
    ties = np.maximum(np.sum(hits, axis=axis, keepdims=True), 1).astype(g.dtype)  # 0 where the extreme is nan
    return np.where(hits, restore(g, a.shape, axis, keepdims) / ties, 0)


@op(a=_at_extreme, samples=DISTINCT, numpy=(np.max, np.amax))
def max(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the largest element over the given axes; equal ones share the gradient, as in PyTorch's `amax`.

    >>> max(Tensor([[1.0, 5.0], [3.0, 4.0]]), axis=1)
    Tensor([5., 4.])
    """
    return np.max(a, axis=axis, keepdims=keepdims)


@op(a=_at_extreme, samples=DISTINCT, numpy=(np.min, np.amin))
def min(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return the smallest element over the given axes; equal ones share the gradient, as in PyTorch's `amin`.

    >>> min(Tensor([[1.0, 5.0], [3.0, 4.0]]), axis=1)
    Tensor([1., 3.])
    """
    return np.min(a, axis=axis, keepdims=keepdims)


def _finite(x: Array) -> Array:
    return np.where(np.isfinite(x), x, 0)


def _share_of_exponentials(g: Array, a: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    shares = np.exp(a - restore(_finite(out), a.shape, axis, keepdims))
    return restore(g, a.shape, axis, keepdims) * shares


@op(a=_share_of_exponentials, samples=SHAPES)
def logsumexp(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return log(sum(exp(a))) over the given axes, without overflow.

    >>> logsumexp(Tensor([1000.0, 1000.0])).item() - 1000
    0.69...
    """
    top = _finite(np.max(a, axis=axis, keepdims=True))  # the largest, so that nothing overflows
    with np.errstate(divide="ignore"):  # log(0) is what the sum of no probability at all should give
        out = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis)[()]


@op(
    x=lambda g, out, axis: out * (g - np.sum(g * out, axis=axis, keepdims=True)),
    samples=[sample((2, 3)), sample((2, 3), axis=0), sample((4,))],
)
def softmax(x: Array, axis: int = -1) -> Tensor:
    """Return exp(x) / sum(exp(x)) along an axis, without overflow.

    >>> softmax(Tensor([0.0, 0.0]))
    Tensor([0.5, 0.5])
    """
    out = np.exp(x - np.max(x, axis=axis, keepdims=True))
    out /= np.sum(out, axis=axis, keepdims=True)
    return out


@op(
    x=lambda g, out, axis: g - np.exp(out) * np.sum(g, axis=axis, keepdims=True),
    samples=[sample((2, 3)), sample((2, 3), axis=0), sample((4,))],
)
def log_softmax(x: Array, axis: int = -1) -> Tensor:
    """Return the logarithm of `softmax` along an axis, without overflow.

    >>> log_softmax(Tensor([0.0, 0.0]))
    Tensor([-0.6931472, -0.6931472])
    """
    out = x - np.max(x, axis=axis, keepdims=True)
    out -= np.log(np.sum(np.exp(out), axis=axis, keepdims=True))
    return out


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


@op(a=None, samples=[sample(Draw((2, 3), kind="b"), axis=1)])
def any(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return whether any element over the given axes is true.

    >>> any(Tensor([False, True]))
    Tensor(True)
    """
    return np.any(a, axis=axis, keepdims=keepdims)


@op(a=None, samples=[sample(Draw((2, 3), kind="b"), axis=1)])
def all(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return whether all elements over the given axes are true.

    >>> all(Tensor([False, True]))
    Tensor(False)
    """
    return np.all(a, axis=axis, keepdims=keepdims)
