"""Special functions, computed by SciPy, which is imported when the first of them is called.

Derivatives are from the NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, whose numbers stand with
them. Functions of a parameter as well as of x, such as the Bessel functions of some order, are differentiated to x only,
and backward() raises where a gradient would have to go to the parameter.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from autograd.ops.common import ANY, PAIR, POSITIVE, Array
from autograd.ops.elementary import sigmoid
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

_TWO_PAIRS = [sample(Draw(domain=(0.3, 3)), Draw(domain=(0.3, 3)))]
_ORDERS = [sample(Draw(kind="i", domain=(0, 4)), Draw(domain=(0.3, 3)))]
_PARAMETERS = [sample(Draw(kind="i", domain=(1, 5)), Draw(domain=(0.3, 3)))]
_UNIT = [sample(Draw(domain=(0.1, 0.9)))]
_GAMMAS = [*POSITIVE, sample(Draw(domain=(-0.9, -0.1)))]

_ROOT_PI, _ROOT_2, _ROOT_2PI = math.sqrt(math.pi), math.sqrt(2), math.sqrt(2 * math.pi)


def scipy_special() -> ModuleType:
    """Return the module `scipy.special`.

    Raises:
        ImportError: when SciPy is not installed.
    """
    try:
        import scipy.special
    except ImportError as error:
        raise ImportError('the special functions need SciPy: pip install "forkgrad[special]"') from error
    return scipy.special  # type: ignore[no-any-return]


def _missing(name: str, of: str) -> Any:
    """Return a rule that says that the derivative of `name` to its parameter `of` is not known here."""

    def rule(g: Array) -> Array:
        raise NotImplementedError(
            f"the derivative of {name} with respect to {of} has no closed form and is not implemented: "
            f"pass {of} as a number, an array, or {of}.detach()"
        )

    return rule


# --- the error function and the normal distribution (DLMF 7) ----------------------------------------------------------


@op(x=lambda g, x: g * (np.exp(-x * x) * (2 / _ROOT_PI)), samples=ANY)
def erf(x: Array, /) -> Tensor:
    """Return the error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x.

    >>> erf(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.8427008])
    """
    return scipy_special().erf(x)


@op(x=lambda g, x: g * (np.exp(-x * x) * (-2 / _ROOT_PI)), samples=ANY)
def erfc(x: Array, /) -> Tensor:
    """Return 1 - erf(x), exact for large x.

    >>> erfc(Tensor([0.0, 1.0]))
    Tensor([1.        , 0.15729921])
    """
    return scipy_special().erfc(x)


@op(x=lambda g, x, out: g * (2 * x * out - 2 / _ROOT_PI), samples=ANY)
def erfcx(x: Array, /) -> Tensor:
    """Return exp(x**2) * erfc(x), without overflow for large x.

    >>> erfcx(Tensor([0.0, 100.0]))
    Tensor([1.        , 0.00564161])
    """
    return scipy_special().erfcx(x)


@op(y=lambda g, out: g * (np.exp(out * out) * (_ROOT_PI / 2)), samples=[sample(Draw(domain=(-0.9, 0.9)))])
def erfinv(y: Array, /) -> Tensor:
    """Return the x, from -inf to inf, with erf(x) = y.

    >>> erfinv(Tensor([0.0, 0.5]))
    Tensor([0.       , 0.4769363])
    """
    return scipy_special().erfinv(y)


@op(y=lambda g, out: g * (np.exp(out * out) * (-_ROOT_PI / 2)), samples=[sample(Draw(domain=(0.1, 1.9)))])
def erfcinv(y: Array, /) -> Tensor:
    """Return the x, from -inf to inf, with erfc(x) = y.

    >>> erfcinv(Tensor([1.0, 0.5]))
    Tensor([0.       , 0.4769363])
    """
    return scipy_special().erfcinv(y)


@op(x=lambda g, x: g * (np.exp(-0.5 * x * x) / _ROOT_2PI), samples=ANY)
def ndtr(x: Array, /) -> Tensor:
    """Return the standard normal distribution function: how probable values up to x are.

    >>> ndtr(Tensor([0.0, 2.0]))
    Tensor([0.5      , 0.9772499])
    """
    return scipy_special().ndtr(x)


@op(x=lambda g, x: g * (_ROOT_2 / _ROOT_PI / erfcx(x / -_ROOT_2)), samples=ANY)
def log_ndtr(x: Array, /) -> Tensor:
    """Return the logarithm of `ndtr`, exact for large -x.

    >>> log_ndtr(Tensor([0.0, -100.0]))
    Tensor([-6.931472e-01, -5.005524e+03])
    """
    return scipy_special().log_ndtr(x)


@op(y=lambda g, out: g * (np.exp(0.5 * out * out) * _ROOT_2PI), samples=_UNIT)
def ndtri(y: Array, /) -> Tensor:
    """Return the x with ndtr(x) = y: the quantiles of the standard normal distribution.

    >>> ndtri(Tensor([0.5, 0.975]))
    Tensor([0.      , 1.959964])
    """
    return scipy_special().ndtri(y)


# --- gamma and its relatives (DLMF 5, 8) ------------------------------------------------------------------------------


@op(z=lambda g, z, out: g * out * digamma(z), samples=_GAMMAS)
def gamma(z: Array, /) -> Tensor:
    """Return the gamma function, which is (z - 1)! for whole numbers.

    >>> gamma(Tensor([1.0, 5.0]))
    Tensor([ 1., 24.])
    """
    return scipy_special().gamma(z)


@op(z=lambda g, z, out: -g * out * digamma(z), samples=_GAMMAS)
def rgamma(z: Array, /) -> Tensor:
    """Return 1 / gamma(z); at the poles of gamma, where it is 0, the gradient is nan.

    >>> rgamma(Tensor([1.0, 3.0]))
    Tensor([1. , 0.5])
    """
    return scipy_special().rgamma(z)


@op(x=lambda g, x: g * digamma(x), samples=_GAMMAS)
def gammaln(x: Array, /) -> Tensor:
    """Return the logarithm of |gamma(x)|.

    >>> gammaln(Tensor([1.0, 100.0]))
    Tensor([  0.     , 359.13422])
    """
    return scipy_special().gammaln(x)


@op(z=lambda g, z: g * digamma(z), samples=POSITIVE)
def loggamma(z: Array, /) -> Tensor:
    """Return the principal branch of the logarithm of gamma(z), nan for real z below 0.

    >>> loggamma(Tensor([1.0, 100.0]))
    Tensor([  0.     , 359.13422])
    """
    return scipy_special().loggamma(z)


@op(z=lambda g, z: g * polygamma(1, z), samples=_GAMMAS)
def digamma(z: Array, /) -> Tensor:
    """Return the derivative of the logarithm of gamma(z), also called psi.

    Higher derivatives, which `polygamma` computes, are for real z.

    >>> digamma(Tensor([1.0, 2.0]))
    Tensor([-0.5772157,  0.4227843])
    """
    return scipy_special().psi(z)


psi = digamma


def _cot_derivative(n: int, x: Array) -> Array:
    """Return the derivative of cot(pi x) of order n, a polynomial in the cotangent c, because c' = -pi (1 + c**2)."""
    polynomial = np.polynomial.Polynomial([0, 1])
    for _ in range(n):
        polynomial = polynomial.deriv() * np.polynomial.Polynomial([-math.pi, 0, -math.pi])
    c = np.cos(math.pi * x) / np.sin(math.pi * x)
    total = 0 * c
    for coefficient in polynomial.coef[::-1].tolist():
        total = total * c + coefficient
    return total


@op(x=lambda g, n, x: g * polygamma(n + 1, x), samples=[sample(d, n=n) for n in (0, 1, 2) for d in _GAMMAS[0].inputs])
def polygamma(n: int, x: Array) -> Tensor:
    """Return the derivative of `digamma` of order n, by reflection (DLMF 5.15.6) for negative x.

    Raises:
        ValueError: when n is no whole number of 0 or above.

    >>> polygamma(1, Tensor([1.0, -0.5]))
    Tensor([1.644934 , 8.934802 ])
    """
    if not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(f"polygamma is for whole numbers n of 0 and above, not {n!r}")
    if n == 0:
        return scipy_special().psi(x)
    # DLMF 25.11.12 gives it by the Hurwitz zeta function, for positive x.
    factor = (-1.0) ** (n + 1) * math.factorial(n)
    values = factor * scipy_special().zeta(n + 1.0, np.where(x > 0, x, 1 - x))
    if np.all(x > 0):
        return values
    return np.where(x > 0, values, (-1) ** n * values - math.pi * _cot_derivative(n, x))
