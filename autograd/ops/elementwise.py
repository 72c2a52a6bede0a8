"""Functions of single elements: arithmetic, powers, exponentials, trigonometry, comparisons."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

Array = Any  # in rules and values: an ndarray, a NumPy scalar or number, or a Tensor

ANY = [sample(())]
PAIR = [sample((), ())]
POSITIVE = [sample(Draw(domain=(0.2, 3.0)))]
INSIDE_ONE = [sample(Draw(domain=(-0.9, 0.9)))]
KINK_AT_ZERO = [sample(Draw(kinks=(0.0,)))]
BETWEEN_INTEGERS = [
    sample(Draw(domain=(-2.4, 2.4), kinks=(-2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5)))
]
FLAGS = [sample(Draw(kind="b"), Draw(kind="b"))]


def is_number(x: Array) -> bool:
    """Return whether x is a Python number, which takes on the dtype of what it meets."""
    return isinstance(x, int | float | complex) and not isinstance(x, np.generic)


# --- arithmetic -------------------------------------------------------------------------------------------------------


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


# --- kinks: the pieces of piecewise functions -------------------------------------------------------------------------


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


# --- powers, exponentials, logarithms ---------------------------------------------------------------------------------


@op(np.sqrt, x=lambda g, out: g * 0.5 / out, samples=POSITIVE)
def sqrt(x: Array, /) -> Tensor:
    """Return the square root; its gradient at 0 is infinite.

    >>> sqrt(Tensor([4.0, 9.0]))
    Tensor([2., 3.])
    """


@op(np.cbrt, x=lambda g, out: g / (3 * out * out), samples=POSITIVE)
def cbrt(x: Array, /) -> Tensor:
    """Return the cube root.

    >>> cbrt(Tensor([8.0, 27.0]))
    Tensor([2., 3.])
    """


@op(np.exp, x=lambda g, out: g * out, samples=ANY)
def exp(x: Array, /) -> Tensor:
    """Return e to the power x.

    >>> exp(Tensor(0.0))
    Tensor(1.)
    """


@op(np.exp2, x=lambda g, out: g * (out * float(np.log(2))), samples=ANY)
def exp2(x: Array, /) -> Tensor:
    """Return 2 to the power x.

    >>> exp2(Tensor(3.0))
    Tensor(8.)
    """


@op(np.expm1, x=lambda g, out: g * (out + 1), samples=ANY)
def expm1(x: Array, /) -> Tensor:
    """Return exp(x) - 1, exact for small x.

    >>> expm1(Tensor(0.0))
    Tensor(0.)
    """


@op(np.log, x=lambda g, x: g / x, samples=POSITIVE)
def log(x: Array, /) -> Tensor:
    """Return the natural logarithm.

    >>> log(Tensor(1.0))
    Tensor(0.)
    """


@op(np.log2, x=lambda g, x: g / (x * float(np.log(2))), samples=POSITIVE)
def log2(x: Array, /) -> Tensor:
    """Return the logarithm to base 2.

    >>> log2(Tensor(8.0))
    Tensor(3.)
    """


@op(np.log10, x=lambda g, x: g / (x * float(np.log(10))), samples=POSITIVE)
def log10(x: Array, /) -> Tensor:
    """Return the logarithm to base 10.

    >>> log10(Tensor(100.0))
    Tensor(2.)
    """


@op(np.log1p, x=lambda g, x: g / (x + 1), samples=POSITIVE)
def log1p(x: Array, /) -> Tensor:
    """Return log(1 + x), exact for small x.

    >>> log1p(Tensor(0.0))
    Tensor(0.)
    """


# --- trigonometric and hyperbolic functions ---------------------------------------------------------------------------


@op(np.sin, x=lambda g, x: g * np.cos(x), samples=ANY)
def sin(x: Array, /) -> Tensor:
    """Return the sine of x in radians.

    >>> sin(Tensor(0.0))
    Tensor(0.)
    """


@op(np.cos, x=lambda g, x: -g * np.sin(x), samples=ANY)
def cos(x: Array, /) -> Tensor:
    """Return the cosine of x in radians.

    >>> cos(Tensor(0.0))
    Tensor(1.)
    """


@op(np.tan, x=lambda g, out: g * (1 + out * out), samples=[sample(Draw(domain=(-1.2, 1.2)))])
def tan(x: Array, /) -> Tensor:
    """Return the tangent of x in radians.

    >>> tan(Tensor(0.0))
    Tensor(0.)
    """


@op(np.arcsin, x=lambda g, x: g / np.sqrt(1 - x * x), samples=INSIDE_ONE)
def arcsin(x: Array, /) -> Tensor:
    """Return the angle in radians, from -pi/2 to pi/2, whose sine is x.

    >>> arcsin(Tensor(0.0))
    Tensor(0.)
    """


@op(np.arccos, x=lambda g, x: -g / np.sqrt(1 - x * x), samples=INSIDE_ONE)
def arccos(x: Array, /) -> Tensor:
    """Return the angle in radians, from 0 to pi, whose cosine is x.

    >>> arccos(Tensor(1.0))
    Tensor(0.)
    """


@op(np.arctan, x=lambda g, x: g / (1 + x * x), samples=ANY)
def arctan(x: Array, /) -> Tensor:
    """Return the angle in radians, from -pi/2 to pi/2, whose tangent is x.

    >>> arctan(Tensor(0.0))
    Tensor(0.)
    """


@op(
    np.arctan2,
    x1=lambda g, x1, x2: g * x2 / (x1 * x1 + x2 * x2),
    x2=lambda g, x1, x2: -g * x1 / (x1 * x1 + x2 * x2),
    samples=[sample((), Draw(domain=(0.3, 2)))],
)
def arctan2(x1: Array, x2: Array, /) -> Tensor:
    """Return the angle in radians, from -pi to pi, of the point (x2, x1).

    >>> arctan2(Tensor(0.0), Tensor(1.0))
    Tensor(0.)
    """


@op(np.sinh, x=lambda g, x: g * np.cosh(x), samples=ANY)
def sinh(x: Array, /) -> Tensor:
    """Return the hyperbolic sine.

    >>> sinh(Tensor(0.0))
    Tensor(0.)
    """


@op(np.cosh, x=lambda g, x: g * np.sinh(x), samples=ANY)
def cosh(x: Array, /) -> Tensor:
    """Return the hyperbolic cosine.

    >>> cosh(Tensor(0.0))
    Tensor(1.)
    """


@op(np.tanh, x=lambda g, out: g * (1 - out * out), samples=ANY)
def tanh(x: Array, /) -> Tensor:
    """Return the hyperbolic tangent.

    >>> tanh(Tensor(0.0))
    Tensor(0.)
    """


@op(np.arcsinh, x=lambda g, x: g / np.sqrt(x * x + 1), samples=ANY)
def arcsinh(x: Array, /) -> Tensor:
    """Return the number whose hyperbolic sine is x.

    >>> arcsinh(Tensor(0.0))
    Tensor(0.)
    """


@op(np.arccosh, x=lambda g, x: g / np.sqrt(x * x - 1), samples=[sample(Draw(domain=(1.3, 3.0)))])
def arccosh(x: Array, /) -> Tensor:
    """Return the number, 0 or above, whose hyperbolic cosine is x.

    >>> arccosh(Tensor(1.0))
    Tensor(0.)
    """


@op(np.arctanh, x=lambda g, x: g / (1 - x * x), samples=INSIDE_ONE)
def arctanh(x: Array, /) -> Tensor:
    """Return the number whose hyperbolic tangent is x.

    >>> arctanh(Tensor(0.0))
    Tensor(0.)
    """


@op(
    np.hypot,
    x1=lambda g, x1, out: g * x1 / out,
    x2=lambda g, x2, out: g * x2 / out,
    samples=[sample(Draw(domain=(0.3, 2)), ())],
)
def hypot(x1: Array, x2: Array, /) -> Tensor:
    """Return sqrt(x1**2 + x2**2).

    >>> hypot(Tensor(3.0), Tensor(4.0))
    Tensor(5.)
    """


@op(
    np.logaddexp,
    x1=lambda g, x1, x2: g * sigmoid(x1 - x2),
    x2=lambda g, x1, x2: g * sigmoid(x2 - x1),
    samples=PAIR,
)
def logaddexp(x1: Array, x2: Array, /) -> Tensor:
    """Return log(exp(x1) + exp(x2)) without overflow.

    >>> logaddexp(Tensor(-1000.0), Tensor(0.0))
    Tensor(0.)
    """


# --- functions of neural networks -------------------------------------------------------------------------------------


@op(x=lambda g, out: g * (out * (1 - out)), samples=ANY)
def sigmoid(x: Array, /) -> Tensor:
    """Return 1 / (1 + exp(-x)), the logistic function, without overflow.

    >>> sigmoid(Tensor([0.0, 100.0]))
    Tensor([0.5, 1. ])
    """
    small = np.exp(-np.abs(x))  # in (0, 1], whatever the sign
    return np.where(x >= 0, 1, small) / (1 + small)  # type: ignore[no-any-return]


@op(x=lambda g, x: g * sigmoid(x), samples=ANY)
def softplus(x: Array, /) -> Tensor:
    """Return log(1 + exp(x)) without overflow.

    >>> softplus(Tensor([0.0, 100.0]))
    Tensor([  0.6931472, 100.       ])
    """
    return np.logaddexp(x, 0 * x)  # type: ignore[no-any-return]


# --- comparisons and logic: values without gradients ------------------------------------------------------------------


@op(operator.eq, x1=None, x2=None, samples=PAIR, numpy=np.equal)
def equal(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 == x2, elementwise.

    >>> equal(Tensor([1.0, 2.0]), 2)
    Tensor([False,  True])
    """


@op(operator.ne, x1=None, x2=None, samples=PAIR)
def not_equal(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 != x2, elementwise.

    >>> not_equal(Tensor([1.0, 2.0]), 2)
    Tensor([ True, False])
    """


@op(operator.lt, x1=None, x2=None, samples=PAIR)
def less(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 < x2, elementwise.

    >>> less(Tensor([1.0, 2.0]), 2)
    Tensor([ True, False])
    """


@op(operator.le, x1=None, x2=None, samples=PAIR)
def less_equal(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 <= x2, elementwise.

    >>> less_equal(Tensor([1.0, 2.0]), 2)
    Tensor([ True,  True])
    """


@op(operator.gt, x1=None, x2=None, samples=PAIR)
def greater(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 > x2, elementwise.

    >>> greater(Tensor([1.0, 2.0]), 1)
    Tensor([False,  True])
    """


@op(operator.ge, x1=None, x2=None, samples=PAIR)
def greater_equal(x1: Array, x2: Array, /) -> Tensor:
    """Return whether x1 >= x2, elementwise.

    >>> greater_equal(Tensor([1.0, 2.0]), 2)
    Tensor([False,  True])
    """


@op(np.logical_and, x1=None, x2=None, samples=FLAGS)
def logical_and(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 and x2 as truth values, elementwise.

    >>> logical_and(Tensor([True, False]), True)
    Tensor([ True, False])
    """


@op(np.logical_or, x1=None, x2=None, samples=FLAGS)
def logical_or(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 or x2 as truth values, elementwise.

    >>> logical_or(Tensor([True, False]), False)
    Tensor([ True, False])
    """


@op(np.logical_not, x=None, samples=[sample(Draw(kind="b"))])
def logical_not(x: Array, /) -> Tensor:
    """Return the opposite truth value, elementwise.

    >>> logical_not(Tensor([True, False]))
    Tensor([False,  True])
    """


@op(operator.and_, x1=None, x2=None, samples=FLAGS)
def bitwise_and(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 & x2 of bools or integers.

    >>> bitwise_and(Tensor([True, False]), True)
    Tensor([ True, False])
    """


@op(operator.or_, x1=None, x2=None, samples=FLAGS)
def bitwise_or(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 | x2 of bools or integers.

    >>> bitwise_or(Tensor([True, False]), False)
    Tensor([ True, False])
    """


@op(operator.xor, x1=None, x2=None, samples=FLAGS)
def bitwise_xor(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 ^ x2 of bools or integers.

    >>> bitwise_xor(Tensor([True, False]), True)
    Tensor([False,  True])
    """


@op(operator.invert, x=None, samples=[sample(Draw(kind="b"))])
def invert(x: Array, /) -> Tensor:
    """Return ~x of bools or integers.

    >>> invert(Tensor([True, False]))
    Tensor([False,  True])
    """


@op(np.isnan, x=None, samples=ANY)
def isnan(x: Array, /) -> Tensor:
    """Return whether each element is not a number.

    >>> isnan(Tensor([1.0, float("nan")]))
    Tensor([False,  True])
    """


@op(np.isinf, x=None, samples=ANY)
def isinf(x: Array, /) -> Tensor:
    """Return whether each element is infinite.

    >>> isinf(Tensor([1.0, float("inf")]))
    Tensor([False,  True])
    """


@op(np.isfinite, x=None, samples=ANY)
def isfinite(x: Array, /) -> Tensor:
    """Return whether each element is neither infinite nor nan.

    >>> isfinite(Tensor([1.0, float("inf")]))
    Tensor([ True, False])
    """
