"""Sums, products, quotients, powers and remainders of elements, and the parts of floating numbers."""

from __future__ import annotations

import operator

import numpy as np

from autograd.ops.common import ANY, PAIR, POSITIVE, Array, flat, is_complex, is_number
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, tensor_method


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
        return flat(g) if x2 == 0 else g * (x2 * x1 ** (x2 - 1))
    return g * (x2 * x1 ** np.where((x1 == 0) & (x2 == 0), 1, x2 - 1))


def _power_of_exponent(g: Array, x1: Array, out: Array) -> Array:
    return g * (out * _log_of_base(x1, out))


def _log_of_base(x1: Array, out: Array) -> Array:
    """Return log(x1), but 0 where x1 ** x2 is constantly 0: at base 0 for positive exponents."""
    if is_number(x1):
        if x1 == 0:
            return -np.where(np.isfinite(out), 0, out)
        return float(np.log(x1)) if not isinstance(x1, complex) and x1 > 0 else _complex_log(x1, out)
    x1 = np.where((x1 == 0) & np.isfinite(out), 1, x1)
    return np.log(x1 + 0j) if is_complex(out) and not is_complex(x1) else np.log(x1)


def _complex_log(x1: complex, out: Array) -> complex:
    return complex(np.log(x1 + 0j)) if is_complex(out) else np.nan


@op(
    operator.pow,
    x1=_power_of_base,
    x2=_power_of_exponent,
    samples=[
        sample(Draw(domain=(0.3, 2.0)), ()),
        sample(Draw(domain=(-2.0, -0.3)), Draw(kind="i", domain=(-2, 4))),
        sample(Draw(domain=(0, 0)), Draw(kind="i", domain=(0, 4))),
    ],
)
def power(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 to the power x2; the derivative to the exponent is nan for negative bases, as their logarithm is.

    At base 0 the derivative to the exponent is 0 for exponents of 0 and above, and -inf below; at exponent 0 the
    derivative to the base is 0, also at base 0.

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


@op(operator.floordiv, x1=flat, x2=flat,
    samples=[sample(Draw(domain=(0.6, 0.9)), Draw(domain=(0.2, 0.25)))])  # fmt: skip
def floor_divide(x1: Array, x2: Array, /) -> Tensor:
    """Return floor(x1 / x2); its gradient is zero.

    >>> floor_divide(Tensor([5.0, -5.0]), 3)
    Tensor([ 1., -2.])
    """


@composite(samples=[sample(Draw(kind="i", domain=(1, 4)), Draw(domain=(0.5, 2.0)))])
def float_power(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 to the power x2 as `power` does, but in float64 or complex128 at least.

    >>> float_power(Tensor([2, 4]), -1)
    Tensor([0.5 , 0.25], dtype=float64)
    """
    dtype = np.result_type(x1, x2, np.float64)
    base, exponent = (x.astype(dtype) if hasattr(x, "astype") else dtype.type(x) for x in (x1, x2))
    return base**exponent


@op(np.fmod, x1=lambda g: g, x2=lambda g, x1, x2: -g * np.trunc(x1 / x2),
    samples=[sample(Draw(domain=(0.6, 0.9)), Draw(domain=(0.2, 0.25))),
             sample(Draw(domain=(-0.9, -0.6)), Draw(domain=(0.2, 0.25)))])  # fmt: skip
def fmod(x1: Array, x2: Array, /) -> Tensor:
    """Return the remainder of division, with the sign of x1: x1 - trunc(x1 / x2) * x2.

    >>> fmod(Tensor([5.0, -5.0]), 3)
    Tensor([ 2., -2.])
    """


@op(np.divmod, several=True, x1=lambda g: g[1], x2=lambda g, out: -g[1] * out[0],
    samples=[sample(Draw(domain=(0.6, 0.9)), Draw(domain=(0.2, 0.25)))])  # fmt: skip
def divmod(x1: Array, x2: Array, /) -> tuple[Tensor, Tensor]:
    """Return floor(x1 / x2) and the remainder, as `floor_divide` and `remainder` do.

    >>> divmod(Tensor([5.0, -5.0]), 3)
    (Tensor([ 1., -2.]), Tensor([2., 1.]))
    """


tensor_method("__divmod__")(divmod)
tensor_method("__rdivmod__")(lambda self, other: divmod(other, self))


# --- angles in degrees ------------------------------------------------------------------------------------------------


@op(np.deg2rad, x=lambda g: np.deg2rad(g), samples=ANY, numpy=(np.deg2rad, np.radians))
def deg2rad(x: Array, /) -> Tensor:
    """Return degrees as radians.

    >>> deg2rad(Tensor(180.0))
    Tensor(3.1415927)
    """


@op(np.rad2deg, x=lambda g: np.rad2deg(g), samples=ANY, numpy=(np.rad2deg, np.degrees))
def rad2deg(x: Array, /) -> Tensor:
    """Return radians as degrees.

    >>> rad2deg(Tensor(np.pi))
    Tensor(180.)
    """


# --- the parts of floating numbers ------------------------------------------------------------------------------------


@op(np.ldexp, x1=lambda g, x2: np.ldexp(g, x2), x2=None, samples=[sample((), Draw(kind="i", domain=(-3, 4)))])
def ldexp(x1: Array, x2: Array, /) -> Tensor:
    """Return x1 * 2**x2 for integers x2.

    >>> ldexp(Tensor([1.0, 3.0]), 2)
    Tensor([ 4., 12.])
    """


@op(np.frexp, several=True, x=lambda g, out: np.ldexp(g[0], -out[1]),
    samples=[sample(Draw(domain=(0.55, 0.95))), sample(Draw(domain=(-3.9, -2.1)))])  # fmt: skip
def frexp(x: Array, /) -> tuple[Tensor, Tensor]:
    """Return m, of size 0.5 to 1, and integers e with x = m * 2**e; the gradient is that of m, with e fixed.

    >>> frexp(Tensor([3.0]))
    (Tensor([0.75]), Tensor([2], dtype=int32))
    """


@op(np.modf, several=True, x=lambda g: g[0], samples=[sample(Draw(domain=(0.1, 0.9)))])
def modf(x: Array, /) -> tuple[Tensor, Tensor]:
    """Return the fractional and the whole part of x, both with its sign; the whole part's gradient is zero.

    >>> modf(Tensor([2.5, -2.5]))
    (Tensor([ 0.5, -0.5]), Tensor([ 2., -2.]))
    """
