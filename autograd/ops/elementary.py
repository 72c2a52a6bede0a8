"""Exponentials, logarithms, trigonometry, and what neural networks make of them."""

from __future__ import annotations

import math

import numpy as np

from autograd.ops.common import ANY, INSIDE_ONE, PAIR, POSITIVE, Array, is_complex, is_number
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

# --- powers, exponentials, logarithms ---------------------------------------------------------------------------------


@op(np.sqrt, x=lambda g, out: g * 0.5 / out, samples=POSITIVE)
def sqrt(x: Array, /) -> Tensor:
    """Return the square root; its gradient at 0 is infinite (nan if the gradient of the result is 0: see `where`).

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


def _turn(g: Array, x: Array, x1: Array, x2: Array) -> Array:
    """Return g * x / (x1**2 + x2**2), and 0 where that is 0 / 0; the squares could be too large or small a number."""
    length = np.hypot(x1, x2)
    if not np.all(length):
        length = np.where(length == 0, np.inf, length)
    return g * x / length / length


@op(
    np.arctan2,
    x1=lambda g, x1, x2: _turn(g, x2, x1, x2),
    x2=lambda g, x1, x2: -_turn(g, x1, x1, x2),
    samples=[sample((), Draw(domain=(0.3, 2)))],
)
def arctan2(x1: Array, x2: Array, /) -> Tensor:
    """Return the angle in radians, from -pi to pi, of the point (x2, x1).

    The gradient at (0, 0) is 0, as in PyTorch.

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


def _arccosh(g: Array, x: Array) -> Array:
    # In the left half-plane the root of the product is not the product of the roots, which is the derivative.
    return g / (np.sqrt(x - 1) * np.sqrt(x + 1) if is_complex(x) else np.sqrt(x * x - 1))


@op(np.arccosh, x=_arccosh, samples=[sample(Draw(domain=(1.3, 3.0)))])
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


def _over_length(g: Array, x: Array, out: Array) -> Array:
    # At length 0 there is no derivative. Flags as factors are faster than `where`.
    return g * (x * (out != 0)) / (out + (out == 0))


@op(
    np.hypot,
    x1=lambda g, x1, out: _over_length(g, x1, out),
    x2=lambda g, x2, out: _over_length(g, x2, out),
    samples=[sample(Draw(domain=(0.3, 2)), ())],
)
def hypot(x1: Array, x2: Array, /) -> Tensor:
    """Return sqrt(x1**2 + x2**2); the gradient at (0, 0) is 0.

    >>> hypot(Tensor(3.0), Tensor(4.0))
    Tensor(5.)
    """


def _difference(x1: Array, x2: Array) -> Array:
    """Return x1 - x2, but 0 where both are the same infinity."""
    same = np.isinf(x1) & (x1 == x2)
    if not same.any():
        return x1 - x2
    if is_number(x2):  # NumPy's `where` would make float64 of it
        return -_difference(x2, x1)
    return np.where(same, 0, x1 - np.where(same, 0, x2))


@op(x=lambda g, x, out: g * out * _share(-x), samples=ANY)
def _share(x: Array, /) -> Tensor:
    """Return `sigmoid(x)`, with a derivative that keeps its digits near 1, where those of 1 - out are lost."""
    return sigmoid(x)


@op(
    np.logaddexp,
    x1=lambda g, x1, x2: g * _share(_difference(x1, x2)),
    x2=lambda g, x1, x2: g * _share(_difference(x2, x1)),
    samples=PAIR,
)
def logaddexp(x1: Array, x2: Array, /) -> Tensor:
    """Return log(exp(x1) + exp(x2)) without overflow; equal infinities get half the gradient each.

    >>> logaddexp(Tensor(-1000.0), Tensor(0.0))
    Tensor(0.)
    """


_LOG2 = float(np.log(2))


@op(
    np.logaddexp2,
    x1=lambda g, x1, x2: g * _share(_difference(x1, x2) * _LOG2),
    x2=lambda g, x1, x2: g * _share(_difference(x2, x1) * _LOG2),
    samples=PAIR,
)
def logaddexp2(x1: Array, x2: Array, /) -> Tensor:
    """Return log2(2**x1 + 2**x2) without overflow; equal infinities get half the gradient each.

    >>> logaddexp2(Tensor(3.0), Tensor(3.0))
    Tensor(4.)
    """


# --- sin(pi x) / (pi x) -----------------------------------------------------------------------------------------------


def _series(x: Array, order: int) -> Array:
    """Return the derivative of sinc near 0: the sum of (-1)**k pi**2k x**(2k - order) / ((2k + 1) (2k - order)!)."""
    first = (order + 1) // 2
    total = 0 * x
    for k in reversed(range(first, first + 16)):
        ratio = -(math.pi**2) * x * x * (2 * k + 1) / ((2 * k + 3) * (2 * k + 1 - order) * (2 * k + 2 - order))
        total = 1 + ratio * total
    return total * ((-1) ** first * math.pi ** (2 * first) / (2 * first + 1)) * (x if order % 2 else 1)


def _recurrence(x: Array, order: int) -> Array:
    """Return the derivative of sinc away from 0: x sinc(x) = sin(pi x) / pi, differentiated `order` times."""
    angle = math.pi * x
    result = np.sin(angle) / angle
    for n in range(1, order + 1):
        shifted = (np.cos if n % 2 else np.sin)(angle) * (-1) ** (n // 2)  # sin(angle + n pi / 2)
        result = (math.pi ** (n - 1) * shifted - n * result) / x
    return result


@op(x=lambda g, x, order: g * _sinc_derivative(x, order + 1),
    samples=[*(sample((), order=n) for n in (1, 2, 3)), sample(Draw(domain=(-0.01, 0.01)), order=1)])  # fmt: skip
def _sinc_derivative(x: Array, order: int) -> Tensor:
    """Return the derivative of sinc of some order; the recurrence loses digits where |pi x| is below the order."""
    near = np.abs(x) < (2 + order) / 4
    return np.where(near, _series(np.where(near, x, 0), order), _recurrence(np.where(near, 1, x), order))


@op(x=lambda g, x: g * _sinc_derivative(x, 1), samples=[*ANY, sample(Draw(domain=(-0.01, 0.01)))])
def sinc(x: Array) -> Tensor:
    """Return sin(pi x) / (pi x), which is 1 at 0; derivatives of any order are exact at and near 0.

    >>> sinc(Tensor([0.0, 0.5]))
    Tensor([1.        , 0.63661975])
    """
    return np.sinc(x)  # type: ignore[return-value]


# --- functions of neural networks -------------------------------------------------------------------------------------


@op(x=lambda g, out: g * (out * (1 - out)), samples=ANY)
def sigmoid(x: Array, /) -> Tensor:
    """Return 1 / (1 + exp(-x)), the logistic function, without overflow.

    >>> sigmoid(Tensor([0.0, 100.0]))
    Tensor([0.5, 1. ])
    """
    if is_complex(x):
        return 1 / (1 + np.exp(-x))
    small = np.exp(-np.abs(x))  # in (0, 1], whatever the sign
    return np.where(x >= 0, 1, small) / (1 + small)  # type: ignore[no-any-return]


@op(x=lambda g, x: g * _share(x), samples=ANY)
def softplus(x: Array, /) -> Tensor:
    """Return log(1 + exp(x)) without overflow.

    >>> softplus(Tensor([0.0, 100.0]))
    Tensor([  0.6931472, 100.       ])
    """
    return np.logaddexp(x, 0)  # type: ignore[no-any-return]


@op(x=lambda g, x: g * _share(-x), samples=ANY)
def log_sigmoid(x: Array, /) -> Tensor:
    """Return log(1 / (1 + exp(-x))), the logarithm of `sigmoid`, without overflow.

    >>> log_sigmoid(Tensor([0.0, -100.0]))
    Tensor([  -0.6931472, -100.       ])
    """
    return -np.logaddexp(-x, 0)  # type: ignore[no-any-return]
