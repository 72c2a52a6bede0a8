"""Functions that switch: absolute values, extremes, choices, limits, rounding."""

from __future__ import annotations

import numpy as np

from autograd.ops.common import BETWEEN_INTEGERS, KINK_AT_ZERO, Array
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor


@op(np.absolute, x=lambda g, x: g * np.sign(x), samples=KINK_AT_ZERO, numpy=np.absolute)
def absolute(x: Array, /) -> Tensor:
    """Return |x|; the gradient at 0 is 0.

    >>> absolute(Tensor([1.0, -2.0]))
    Tensor([1., 2.])
    """


def _larger(g: Array, mine: Array, other: Array) -> Array:
    return np.where(mine == other, g / 2, np.where(mine > other, g, 0))


@op(
    np.maximum,
    x1=lambda g, x1, x2: _larger(g, x1, x2),
    x2=lambda g, x1, x2: _larger(g, x2, x1),
    samples=[sample(Draw(domain=(0, 1)), Draw(domain=(1.2, 2))), sample(Draw(domain=(1.2, 2)), Draw(domain=(0, 1)))],
)
def maximum(x1: Array, x2: Array, /) -> Tensor:
    """Return the larger of x1 and x2; where they are equal each gets half the gradient, as in PyTorch.

    >>> maximum(Tensor([1.0, 5.0]), 3)
    Tensor([3., 5.])
    """


@op(
    np.minimum,
    x1=lambda g, x1, x2: _larger(g, x2, x1),
    x2=lambda g, x1, x2: _larger(g, x1, x2),
    samples=[sample(Draw(domain=(0, 1)), Draw(domain=(1.2, 2))), sample(Draw(domain=(1.2, 2)), Draw(domain=(0, 1)))],
)
def minimum(x1: Array, x2: Array, /) -> Tensor:
    """Return the smaller of x1 and x2; where they are equal each gets half the gradient, as in PyTorch.

    >>> minimum(Tensor([1.0, 5.0]), 3)
    Tensor([1., 3.])
    """


@op(
    condition=None,
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
    samples=[sample(Draw(kind="b"), (), ())],
)
def where(condition: Array, x: Array, y: Array, /) -> Tensor:
    """Return x where the condition holds, else y.

    >>> where(Tensor([True, False]), Tensor([1.0, 2.0]), 0)
    Tensor([1., 0.])
    """
    return np.where(condition, x, y)  # type: ignore[return-value]


def _within(g: Array, a: Array, a_min: Array, a_max: Array) -> Array:
    inside = True if a_min is None else a >= a_min
    inside = inside if a_max is None else inside & (a <= a_max)
    return np.where(inside, g, 0)


def _below(g: Array, a: Array, a_min: Array, a_max: Array) -> Array:
    low = a < a_min
    return np.where(low if a_max is None else low & (a_min <= a_max), g, 0)


def _above(g: Array, a: Array, a_min: Array, a_max: Array) -> Array:
    return np.where((a if a_min is None else np.maximum(a, a_min)) > a_max, g, 0)


@op(
    a=_within,
    a_min=_below,
    a_max=_above,
    samples=[
        sample(Draw(kinks=(-1.0, 1.0)), Draw(domain=(-1, -1)), Draw(domain=(1, 1))),
        sample(Draw(domain=(0.5, 2)), Draw(domain=(-1, 0)), Draw(domain=(2.2, 3))),
    ],
)
def clip(a: Array, a_min: Array = None, a_max: Array = None) -> Tensor:
    """Return a limited to the interval from a_min to a_max; on the limits the gradient goes to a.

    >>> clip(Tensor([-2.0, 0.5, 2.0]), -1, 1)
    Tensor([-1. ,  0.5,  1. ])
    """
    if a_min is None and a_max is None:
        raise ValueError("clip needs a_min or a_max")
    return np.clip(a, a_min, a_max)  # type: ignore[no-any-return]


@op(x=lambda g, out: g * (out > 0), samples=KINK_AT_ZERO)
def relu(x: Array, /) -> Tensor:
    """Return max(x, 0), the rectified linear unit; the gradient at 0 is 0.

    >>> relu(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return np.maximum(x, 0)  # type: ignore[no-any-return]


# Piecewise constant functions: differentiable almost everywhere, with gradient zero.


@op(np.sign, x=lambda g: g * 0, samples=KINK_AT_ZERO)
def sign(x: Array, /) -> Tensor:
    """Return -1, 0 or 1; its gradient is zero.

    >>> sign(Tensor([-3.0, 2.0]))
    Tensor([-1.,  1.])
    """


@op(np.floor, x=lambda g: g * 0, samples=BETWEEN_INTEGERS)
def floor(x: Array, /) -> Tensor:
    """Return the largest integer that is not above x; its gradient is zero.

    >>> floor(Tensor([-1.5, 1.5]))
    Tensor([-2.,  1.])
    """


@op(np.ceil, x=lambda g: g * 0, samples=BETWEEN_INTEGERS)
def ceil(x: Array, /) -> Tensor:
    """Return the smallest integer that is not below x; its gradient is zero.

    >>> ceil(Tensor([-1.5, 1.5]))
    Tensor([-1.,  2.])
    """


@op(np.trunc, x=lambda g: g * 0, samples=BETWEEN_INTEGERS)
def trunc(x: Array, /) -> Tensor:
    """Return x without its fractional part; its gradient is zero.

    >>> trunc(Tensor([-1.5, 1.5]))
    Tensor([-1.,  1.])
    """


@op(np.rint, x=lambda g: g * 0, samples=BETWEEN_INTEGERS)
def rint(x: Array, /) -> Tensor:
    """Return the nearest integer, halves to even; its gradient is zero.

    >>> rint(Tensor([-1.6, 1.5]))
    Tensor([-2.,  2.])
    """
