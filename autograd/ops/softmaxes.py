"""Exponentials that share a sum: softmax and its relatives, all without overflow."""

from __future__ import annotations

import numpy as np

from autograd.kernels import softmaxes as kernel
from autograd.ops.axes import Axis, restore
from autograd.ops.common import Array
from autograd.ops.cumulative import recurrence_before
from autograd.ops.known import Known, taken_from
from autograd.primitive import op
from autograd.samples import sample
from autograd.tensor import Tensor, value_of

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


def _floating(x: Array) -> Array:
    """Return x, integers and bools as float64: differences of unsigned ones would wrap around."""
    return x if x.dtype.kind in "fc" else x.astype(float)


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
    a = _floating(a)
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
    x = _floating(x)
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
    x = _floating(x)
    out = x - _top(x, axis)
    if out.size:  # there is no logarithm of an empty sum
        out -= np.log(np.sum(np.exp(out), axis=axis, keepdims=True))
    return out


# --- with the cross entropy -------------------------------------------------------------------------------------------


def _reduced(losses: Array, factors: Array | None, count: float | None) -> Array:
    if factors is not None:  # what does not count may be infinite
        losses = np.where(factors == 0, 0, losses * factors.astype(losses.dtype, copy=False))
    if count is None:
        return losses
    total = losses.sum()
    return total / losses.dtype.type(count) if count else total * np.nan  # where nothing counts, there is no mean


def _of_scores(
    g: Array, x: Array, target: Array, factors: Array | None, count: float | None, known: Known | None
) -> Array:
    """Return the gradient of the scores: each softmax less the right class, times the gradient of its loss."""
    if count:  # where nothing counts, what comes in has a factor of 0, or goes nowhere
        g = g / x.dtype.type(count)
    if factors is not None:
        g = g * factors.astype(x.dtype)
    g = g if np.ndim(g) == 0 else np.reshape(g, (-1, 1))
    if isinstance(g, Tensor):
        return g * (softmax(x) - (target[:, None] == np.arange(x.shape[1])))
    return kernel.class_entropy_gradient(g, known.kept[0] if known else kernel.class_entropies(x, target)[1], target)


@op(
    x=_of_scores,
    samples=[
        sample((3, 4), target=np.array([1, 0, 3])), sample((2, 3), target=np.array([1, 1]), count=2),
        sample((2, 3), target=np.array([1, 2]), factors=np.array([0.5, 0.0]), count=1),
    ],
)  # fmt: skip
def class_entropy(
    x: Array, target: Array, factors: Array | None = None, count: float | None = None, known: Known | None = None
) -> Tensor:
    """Return the result of `softmax_cross_entropy`; `known` has what its kernel returned where it has run.

    >>> class_entropy(Tensor([[0.0, 0.0]]), np.array([1]))
    Tensor([0.6931472])
    """
    losses = taken_from(known)
    losses = kernel.class_entropies(x, target)[0] if losses is None else losses
    return _reduced(losses, factors, count)  # type: ignore[no-any-return]


def softmax_cross_entropy(x: Array, target: Array, factors: Array | None = None, count: float | None = None) -> Tensor:
    """Return -log(softmax(x)) at the right classes, or the sum of that over a count.

    Args:
        x: scores (N, C), floating, C at least 1.
        target: the right classes (N,), an array of integers in 0 to C - 1.
        factors: a factor for each loss, an array (N,).
        count: what to divide the sum of the losses by; None for the losses themselves.

    Returns:
        (N,), or () with a count.

    >>> softmax_cross_entropy(Tensor([[0.0, 0.0]]), np.array([1]), count=1)
    Tensor(0.6931472)
    """
    return class_entropy(x, target, factors, count, Known(*kernel.class_entropies(value_of(x), target)))


# --- running ----------------------------------------------------------------------------------------------------------


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
