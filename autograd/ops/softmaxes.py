"""Exponentials that share a sum: softmax and its relatives, all without overflow."""

from __future__ import annotations

import numpy as np

from autograd.ops.axes import Axis, restore
from autograd.ops.common import Array
from autograd.ops.cumulative import recurrence_before
from autograd.primitive import op
from autograd.samples import sample
from autograd.tensor import Tensor

SHAPES = [
    sample((2, 3)),
    sample((2, 3), axis=0),
    sample((2, 3, 2), axis=(0, -1)),
    sample((2, 3), axis=None),
    sample((), axis=None),
    sample((1,)),
    sample((0, 2)),
    sample((2, 0)),
]


def _top(x: Array, axis: Axis) -> Array:
    """Return the largest element over the axes, which are kept; whatever comes first where there are none."""
    return x.max(axis=axis, keepdims=True) if x.size else x.max(axis=axis, keepdims=True, initial=0)


def _finite(x: Array) -> Array:
    return np.where(np.isfinite(x), x, 0)


def _share_of_exponentials(g: Array, a: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    out = restore(np.where(out == -np.inf, 0, out), a.shape, axis, keepdims)  # no exponential at all has no share
    with np.errstate(invalid="ignore"):  # infinity has an undefined share
        return restore(g, a.shape, axis, keepdims) * np.exp(a - out)


@op(
    a=_share_of_exponentials,
    samples=[
        sample((2, 3)),
        sample((2, 3), axis=1),
        sample((2, 3, 4), axis=(0, -1), keepdims=True),
        sample((), axis=None),
        sample((2, 3), axis=()),
    ],
)
def logsumexp(a: Array, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """Return log(sum(exp(a))) over the given axes, without overflow.

    Of no elements, or where all are -inf, that is -inf, with gradient 0. Where one is inf, the result is inf; the
    gradient is nan there and 0 at finite elements, as in PyTorch.

    >>> logsumexp(Tensor([1000.0, 1000.0])).item() - 1000
    0.69...
    """
    top = _finite(_top(a, axis))
    with np.errstate(divide="ignore", over="ignore"):  # log(0) is right for no probability at all, inf for infinity
        out = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis)[()]


@op(x=lambda g, out, axis: out * (g - (g * out).sum(axis=axis, keepdims=True)), samples=SHAPES)
def softmax(x: Array, axis: Axis = -1) -> Tensor:
    """Return exp(x) / sum(exp(x)) over one axis or several, without overflow.

    >>> softmax(Tensor([0.0, 0.0]))
    Tensor([0.5, 0.5])
    """
    out = x - _top(x, axis)
    out = np.exp(out, out=out) if isinstance(out, np.ndarray) else np.exp(out)
    out /= out.sum(axis=axis, keepdims=True)
    return out


@op(x=lambda g, out, axis: g - np.exp(out) * np.sum(g, axis=axis, keepdims=True), samples=SHAPES)
def log_softmax(x: Array, axis: Axis = -1) -> Tensor:
    """Return the logarithm of `softmax` over one axis or several, without overflow.

    >>> log_softmax(Tensor([0.0, 0.0]))
    Tensor([-0.6931472, -0.6931472])
    """
    out = x - _top(x, axis)
    if out.size:  # there is no logarithm of an empty sum
        out -= np.log(np.sum(np.exp(out), axis=axis, keepdims=True))
    return out


def _running_share(g: Array, x: Array, out: Array, axis: int) -> Array:
    """Return sum(g[k] * exp(x[j] - out[k]) for k >= j), from factors exp(out[k-1] - out[k]) that are at most 1."""
    g, x, out = (np.moveaxis(v, axis, 0) for v in (g, x, out))
    before, out = np.concatenate([out[:1], out[:-1]]), np.where(out == -np.inf, 0, out)
    with np.errstate(invalid="ignore"):  # infinity has an undefined share
        steps = np.exp(np.where(before == out, 0, before - out))
        grad = np.exp(x - out) * recurrence_before(g, steps)
    return np.moveaxis(grad, 0, axis)


@op(x=_running_share, samples=[sample((4,)), sample((3, 2), axis=0), sample((2, 3, 2), axis=1), sample((2, 0))])
def logcumsumexp(x: Array, axis: int = -1) -> Tensor:
    """Return the logarithm of the running sum of exp(x) along an axis, without overflow.

    Before the first element above -inf it is -inf, with gradient 0.

    >>> logcumsumexp(Tensor([0.0, 0.0]))
    Tensor([0.       , 0.6931472])
    """
    return np.logaddexp.accumulate(x, axis=axis)
