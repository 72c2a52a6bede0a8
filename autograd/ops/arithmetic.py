"""Sums, products, quotients, powers and remainders of elements."""

from __future__ import annotations

import operator

import numpy as np

from autograd.ops.common import ANY, PAIR, POSITIVE, Array, is_number
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor


@op(operator.add, x1=lambda g: g, x2=lambda g: g, samples=PAIR, numpy=np.add)
def add(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 + x2.

    >>> add(Tensor([1.0, 2.0]), 1)
    Tensor([2., 3.])
    """


@op(operator.sub, x1=lambda g: g, x2=lambda g: -g, samples=PAIR)
def subtract(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 - x2.

    >>> subtract(Tensor([1.0, 2.0]), 1)
    Tensor([0., 1.])
    """


@op(operator.mul, x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1, samples=PAIR)
def multiply(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 * x2.

    >>> multiply(Tensor([1.0, 2.0]), 3)
    Tensor([3., 6.])
    """


@op(
    operator.truediv,
    x1=lambda g, x2: g / x2,
    x2=lambda g, x2, out: -g * out / x2,
    samples=[sample((), Draw(domain=(0.5, 2.0))), sample((), Draw(domain=(-2.0, -0.5)))],
)
def divide(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 / x2.

    >>> divide(Tensor([1.0, 2.0]), 4)
    Tensor([0.25, 0.5 ])
    """


@op(operator.neg, x=lambda g: -g, samples=ANY)
def negative(x: Array, /) -> Tensor:
    """Return -x.

    >>> negative(Tensor([1.0, -2.0]))
    Tensor([-1.,  2.])
    """


@op(operator.pos, x=lambda g: g, samples=ANY)
def positive(x: Array, /) -> Tensor:
    """Return +x, a copy.

    >>> positive(Tensor([1.0, -2.0]))
    Tensor([ 1., -2.])
    """


@op(np.reciprocal, x=lambda g, out: -g * out * out, samples=POSITIVE)
def reciprocal(x: Array, /) -> Tensor:
    """Return 1 / x.

    >>> reciprocal(Tensor([2.0, 4.0]))
    Tensor([0.5 , 0.25])
    """


@op(np.square, x=lambda g, x: g * (x + x), samples=ANY)
def square(x: Array, /) -> Tensor:
    """Return x * x.

    >>> square(Tensor([2.0, 3.0]))
    Tensor([4., 9.])
    """


def _power_of_base(g: Array, x1: Array, x2: Array) -> Array:
    # Where the exponent is 0 the derivative is 0, also at base 0, where x1 ** (x2 - 1) is infinite.
    if is_number(x2):
        return g * 0 if x2 == 0 else g * (x2 * x1 ** (x2 - 1))
    return g * (x2 * x1 ** np.where(x2 == 0, 1, x2 - 1))


def _power_of_exponent(g: Array, x1: Array, out: Array) -> Array:
    # 0 ** x2 is constantly 0 for positive exponents: log(1) stands in for log(0).
    return g * (out * np.log(x1 + (x1 == 0) if is_number(x1) else np.where(x1 == 0, 1, x1)))


@op(
    operator.pow,
    x1=_power_of_base,
    x2=_power_of_exponent,
    samples=[sample(Draw(domain=(0.3, 2.0)), ())],
)
def power(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 to the power x2; the derivative to the exponent is nan for negative bases, as its logarithm is.

    >>> power(Tensor([2.0, 3.0]), 2)
    Tensor([4., 9.])
    """


@op(operator.mod, x1=lambda g: g, x2=lambda g, x1, x2: -g * np.floor_divide(x1, x2),
    samples=[sample(Draw(domain=(0.6, 0.9)), Draw(domain=(0.2, 0.25))),
             sample(Draw(domain=(-0.9, -0.6)), Draw(domain=(1, 2)))])  # fmt: skip
def remainder(x1: Array, x2: Array, /) -> Tensor:
    """Return the remainder of floor division, with the sign of the divisor: x1 - floor(x1 / x2) * x2.

    >>> remainder(Tensor([5.0, -5.0]), 3)
    Tensor([2., 1.])
    """


@op(operator.floordiv, x1=lambda g: g * 0, x2=lambda g: g * 0,
    samples=[sample(Draw(domain=(0.6, 0.9)), Draw(domain=(0.2, 0.25)))])  # fmt: skip
def floor_divide(x1: Array, x2: Array, /) -> Tensor:
    """Return floor(x1 / x2); its gradient is zero.

    >>> floor_divide(Tensor([5.0, -5.0]), 3)
    Tensor([ 1., -2.])
    """
