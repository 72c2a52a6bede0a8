"""Special functions, computed by SciPy, imported when the first of them is called; erf, erfc, ndtr can do without.

Derivatives are from the NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, whose numbers stand with
them. Functions of a parameter as well as of x, such as the incomplete gamma functions, are differentiated to x only;
backward() raises where a gradient would have to go to the parameter.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from autograd.kernels import error_function
from autograd.ops.common import ANY, POSITIVE, Array, is_complex
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

_TWO_PAIRS = [sample(Draw(domain=(0.3, 3)), Draw(domain=(0.3, 3)))]
_PARAMETERS = [sample(Draw(kind="i", domain=(1, 5)), Draw(domain=(0.3, 3)))]
_UNIT = [sample(Draw(domain=(0.1, 0.9)))]
_GAMMAS = [*POSITIVE, sample(Draw(domain=(-0.9, -0.1)))]

_ROOT_PI, _ROOT_2, _ROOT_2PI = math.sqrt(math.pi), math.sqrt(2), math.sqrt(2 * math.pi)
_DEPTH = 24  # of the continued fraction in `_erfc_ratio`, which makes it as exact as float64


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


def _error_functions() -> ModuleType:
    """Return a module with erf, erfc and ndtr: SciPy's, which is faster and takes complex numbers, where installed."""
    try:
        return scipy_special()
    except ImportError:
        return error_function


def missing(name: str, of: str) -> Any:
    """Return a rule that says that the derivative of `name` to its parameter `of` is not known here."""

    def rule(g: Array) -> Array:
        raise NotImplementedError(
            f"the derivative of {name} with respect to {of} has no closed form and is not implemented: "
            f"pass {of} as a number, an array, or {of}.detach()"
        )

    return rule


def require_real(x: Array, what: str) -> None:
    """Raise a TypeError that says what is for real numbers only, when x is complex."""
    if is_complex(x):
        raise TypeError(f"{what} is for real numbers, not {np.result_type(x)}")


# --- the error function and the normal distribution (DLMF 7) ----------------------------------------------------------


@op(x=lambda g, x: g * (np.exp(-x * x) * (2 / _ROOT_PI)), samples=ANY)
def erf(x: Array, /) -> Tensor:
    """Return the error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x.

    >>> erf(Tensor([0.0, 1.0]))
    Tensor([0.       , 0.8427008])
    """
    return _error_functions().erf(x)


@op(x=lambda g, x: g * (np.exp(-x * x) * (-2 / _ROOT_PI)), samples=ANY)
def erfc(x: Array, /) -> Tensor:
    """Return 1 - erf(x), exact for large x.

    >>> erfc(Tensor([0.0, 1.0]))
    Tensor([1.       , 0.1572992])
    """
    return _error_functions().erfc(x)


@op(x=lambda g, x, out: g * (-2 * out * _erfc_ratio(1, x)), samples=ANY)
def erfcx(x: Array, /) -> Tensor:
    """Return exp(x**2) * erfc(x), without overflow for large x.

    >>> erfcx(Tensor([0.0, 100.0]))
    Tensor([1.        , 0.00564161])
    """
    return scipy_special().erfcx(x)


def _slope_of_ratio(k: int, x: Array) -> Array:
    """Return the derivative of `_erfc_ratio` of order k."""
    ratio = _erfc_ratio(k, x)
    return 2 * ratio * (k * ratio - (k + 1) * _erfc_ratio(k + 1, x))


@op(x=lambda g, k, x: g * _slope_of_ratio(k, x), samples=[
    sample(Draw(domain=(0.2, 3)), k=1), sample(Draw(domain=(1, 30)), k=2),
])  # fmt: skip
def _erfc_ratio(k: int, x: Array) -> Tensor:
    """Return the ratio of the repeated integrals of erfc of orders k and k - 1, about 1 / (2 * x) for large x.

    Derivatives of `erfcx` and `log_ndtr` are made of it (DLMF 7.18.4), because 2 * x * erfcx(x) - 2 / sqrt(pi) cancels.
    It is computed by the recurrence 7.18.7, which is stable where x is not large, and above by the continued fraction
    7.18.13.
    """
    require_real(x, "the derivative of erfcx")
    wide, limit = np.positive(x, dtype=np.float64), 4.0
    below, above = np.minimum(wide, limit), np.maximum(wide, limit)
    with np.errstate(over="ignore"):
        forward = scipy_special().erfcx(below) * (_ROOT_PI / 2)
    for i in range(1, k + 1):
        forward = (0.5 / forward - below) / i
    backward = 0.5 / above
    for i in range(k + _DEPTH, k - 1, -1):
        backward = 0.5 / (above + (i + 1) * backward)
    return np.where(wide < limit, forward, backward).astype(np.result_type(x, np.float32))[()]


@op(y=lambda g, out: g * (np.exp(out * out) * (_ROOT_PI / 2)), samples=[sample(Draw(domain=(-0.9, 0.9)))])
def erfinv(y: Array, /) -> Tensor:
    """Return the x, from -inf to inf, with erf(x) = y.

    >>> erfinv(Tensor([0.0, 0.5]))
    Tensor([0.        , 0.47693628])
    """
    return scipy_special().erfinv(y)


@op(y=lambda g, out: g * (np.exp(out * out) * (-_ROOT_PI / 2)), samples=[sample(Draw(domain=(0.1, 1.9)))])
def erfcinv(y: Array, /) -> Tensor:
    """Return the x, from -inf to inf, with erfc(x) = y.

    >>> erfcinv(Tensor([1.5, 0.5]))
    Tensor([-0.47693628,  0.47693628])
    """
    return scipy_special().erfcinv(y)


@op(x=lambda g, x: g * (np.exp(-0.5 * x * x) / _ROOT_2PI), samples=ANY)
def ndtr(x: Array, /) -> Tensor:
    """Return the standard normal distribution function: how probable values up to x are.

    >>> ndtr(Tensor([0.0, 2.0]))
    Tensor([0.5       , 0.97724986])
    """
    return _error_functions().ndtr(x)


def _minus_slope_of_hazard(x: Array, hazard: Array) -> Array:
    """Return hazard(x) * (x + hazard(x)), written without that sum, which cancels, for negative x."""
    t = np.maximum(x / -_ROOT_2, 0)
    below = 1 + _slope_of_ratio(1, t)  # because hazard(x) = sqrt(2) * (t + _erfc_ratio(1, t))
    return np.where(x < 0, below, hazard * (np.minimum(x, 100) + hazard))  # above 100 it is 0, also at infinity


@op(x=lambda g, x, out: -g * _minus_slope_of_hazard(x, out), samples=ANY)
def _hazard(x: Array, /) -> Tensor:
    """Return the derivative of `log_ndtr`, with a derivative in which nothing overflows where it is 0."""
    return _ROOT_2 / _ROOT_PI / scipy_special().erfcx(x / -_ROOT_2)


@op(x=lambda g, x: g * _hazard(x), samples=ANY)
def log_ndtr(x: Array, /) -> Tensor:
    """Return the logarithm of `ndtr`, exact for large -x.

    >>> log_ndtr(Tensor([0.0, -100.0]))
    Tensor([-6.9314718e-01, -5.0055244e+03])
    """
    return scipy_special().log_ndtr(x)


@op(y=lambda g, out: g * (np.exp(0.5 * out * out) * _ROOT_2PI), samples=_UNIT)
def ndtri(y: Array, /) -> Tensor:
    """Return the x with ndtr(x) = y: the quantiles of the standard normal distribution.

    >>> ndtri(Tensor([0.5, 0.975]))
    Tensor([0.       , 1.9599644])
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


def _of_rgamma(g: Array, z: Array, out: Array) -> Array:
    """Return the gradient of z, of small z by reflection (DLMF 5.5.3), which holds at the poles of gamma as well."""
    small = z < 0.5
    period = np.where(small, z - 2 * np.rint(z / 2), 0)  # exact
    turned = np.where(small, np.cos(math.pi * period) * gamma(np.where(small, 1 - z, 1)), 0)
    return g * (turned - out * digamma(np.where(small, 1 - z, z)))


@op(z=_of_rgamma, samples=_GAMMAS)
def rgamma(z: Array, /) -> Tensor:
    """Return 1 / gamma(z), which is 0 at the poles of gamma.

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
    Tensor([-0.5772157 ,  0.42278433])
    """
    return scipy_special().psi(z)


psi = digamma


def _cot_derivative(n: int, x: Array) -> Array:
    """Return the derivative of cot(pi x) of order n, a polynomial in the cotangent c, because c' = -pi (1 + c**2)."""
    polynomial = np.polynomial.Polynomial([0, 1])
    for _ in range(n):
        polynomial = polynomial.deriv() * np.polynomial.Polynomial([-math.pi, 0, -math.pi])
    period = x - np.rint(x)  # exact, and 0 at the poles
    with np.errstate(divide="ignore"):
        c = np.cos(math.pi * period) / np.sin(math.pi * period)
    *lower, total = polynomial.coef.tolist()
    for coefficient in lower[::-1]:
        total = total * c + coefficient
    return total


@op(x=lambda g, n, x: g * polygamma(n + 1, x), samples=[sample(d, n=n) for n in (0, 1, 2) for d in _GAMMAS[0].inputs])
def polygamma(n: int, x: Array) -> Tensor:
    """Return the derivative of `digamma` of order n, by reflection (DLMF 5.15.6) for negative x.

    Raises:
        ValueError: when n is no whole number of 0 or above.
        TypeError: for complex x.

    >>> polygamma(1, Tensor([1.0, -0.5]))
    Tensor([1.644934, 8.934803])
    """
    if not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(f"polygamma is for whole numbers n of 0 and above, not {n!r}")
    require_real(x, "polygamma, and so the derivative of digamma,")
    if n == 0:
        return scipy_special().psi(x)
    # DLMF 25.11.12 gives it by the Hurwitz zeta function, for positive x.
    factor = (-1.0) ** (n + 1) * math.factorial(n)
    values = factor * scipy_special().zeta(n + 1.0, np.where(x > 0, x, 1 - x))
    if np.all(x > 0):
        return values
    return np.where(x > 0, values, (-1) ** n * values - math.pi * _cot_derivative(n, x))


@composite(samples=[sample(Draw((2, 3), domain=(1.2, 3)), d=3), sample(Draw((), domain=(0.3, 3)), d=1)])
def multigammaln(a: Array, d: int) -> Tensor:
    """Return the logarithm of the gamma function of dimension d, for a above (d - 1) / 2 (DLMF 35.3.4).

    >>> multigammaln(Tensor([2.0]), 1)
    Tensor([0.])
    """
    total = gammaln(a)
    for i in range(1, d):
        total = total + gammaln(a - i / 2)
    return total + d * (d - 1) / 4 * math.log(math.pi)


@op(a=lambda g, a, b, out: g * out * (digamma(a) - digamma(a + b)),
    b=lambda g, a, b, out: g * out * (digamma(b) - digamma(a + b)), samples=_TWO_PAIRS)  # fmt: skip
def beta(a: Array, b: Array, /) -> Tensor:
    """Return the beta function, gamma(a) * gamma(b) / gamma(a + b).

    >>> beta(Tensor([1.0, 2.0]), Tensor(2.0))
    Tensor([0.5       , 0.16666667])
    """
    return scipy_special().beta(a, b)


@op(a=lambda g, a, b: g * (digamma(a) - digamma(a + b)), b=lambda g, a, b: g * (digamma(b) - digamma(a + b)),
    samples=_TWO_PAIRS)  # fmt: skip
def betaln(a: Array, b: Array, /) -> Tensor:
    """Return the logarithm of |beta(a, b)|.

    >>> betaln(Tensor([1.0, 2.0]), Tensor(1.0))
    Tensor([ 0.       , -0.6931472])
    """
    return scipy_special().betaln(a, b)


@op(z=lambda g, z, m, out: g * out * (digamma(z + m) - digamma(z)), m=lambda g, z, m, out: g * out * digamma(z + m),
    samples=_TWO_PAIRS)  # fmt: skip
def poch(z: Array, m: Array, /) -> Tensor:
    """Return gamma(z + m) / gamma(z), which is z * (z + 1) * ... * (z + m - 1) for whole numbers m (DLMF 5.2.5).

    >>> poch(Tensor([2.0]), 3)
    Tensor([24.])
    """
    return scipy_special().poch(z, m)


@composite(samples=[sample(Draw(domain=(0.2, 3))), sample(Draw(domain=(-0.9, -0.1)))])
def factorial(n: Array) -> Tensor:
    """Return gamma(n + 1), which is n! for whole numbers n; 0 for negative n, as in SciPy.

    >>> factorial(Tensor([0.0, 4.0, -2.0]))
    Tensor([ 1., 24.,  0.])
    """
    n = n if hasattr(n, "dtype") else np.asarray(n)
    return np.where(n < 0, 0, gamma(np.where(n < 0, 0, n) + 1))


def _of_zeta(g: Array, x: Array, q: Array) -> Array:
    return -g * x * zeta(x + 1, q)


@op(x=missing("zeta", "x"), q=_of_zeta, samples=[sample(Draw(kind="i", domain=(2, 6)), Draw(domain=(0.3, 3)))])
def zeta(x: Array, q: Array = 1.0) -> Tensor:
    """Return the Hurwitz zeta function, the sum of 1 / (k + q)**x over k from 0; with q = 1 Riemann's.

    It is not differentiable to x (DLMF 25.11.17 for q).

    >>> zeta(2, Tensor([1.0, 2.0]))
    Tensor([1.644934  , 0.64493406])
    """
    return scipy_special().zeta(x, q)


def _gamma_density(a: Array, x: Array) -> Array:
    """Return the derivative of gammainc(a, x) to x (DLMF 8.8.13)."""
    return np.exp(xlogy(a - 1, x) - x - gammaln(a))


@op(a=missing("gammainc", "a"), x=lambda g, a, x: g * _gamma_density(a, x), samples=_PARAMETERS)
def gammainc(a: Array, x: Array, /) -> Tensor:
    """Return the lower incomplete gamma function over gamma(a), from 0 at x = 0 to 1; not differentiable to a.

    >>> gammainc(Tensor(2.0), Tensor([0.0, 1.0]))
    Tensor([0.        , 0.26424113])
    """
    return scipy_special().gammainc(a, x)


@op(a=missing("gammaincc", "a"), x=lambda g, a, x: -g * _gamma_density(a, x), samples=_PARAMETERS)
def gammaincc(a: Array, x: Array, /) -> Tensor:
    """Return 1 - gammainc(a, x), exact where it is small; not differentiable to a.

    >>> gammaincc(Tensor(2.0), Tensor([0.0, 1.0]))
    Tensor([1.       , 0.7357589])
    """
    return scipy_special().gammaincc(a, x)


@op(a=missing("betainc", "a"), b=missing("betainc", "b"),
    x=lambda g, a, b, x: g * np.exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b)),
    samples=[sample(Draw(kind="i", domain=(1, 5)), Draw(kind="i", domain=(1, 5)), *_UNIT[0].inputs)])  # fmt: skip
def betainc(a: Array, b: Array, x: Array, /) -> Tensor:
    """Return the incomplete beta function over beta(a, b), from 0 at x = 0 to 1 at x = 1; not differentiable to a, b.

    >>> betainc(1, 2, Tensor([0.0, 0.5]))
    Tensor([0.  , 0.75])
    """
    return scipy_special().betainc(a, b, x)


# --- logistic functions and entropies ---------------------------------------------------------------------------------


@op(x=lambda g, x: g / (x * (1 - x)), samples=_UNIT)
def logit(x: Array, /) -> Tensor:
    """Return log(x / (1 - x)), the inverse of `expit`.

    >>> logit(Tensor([0.5, 1.0]))
    Tensor([ 0., inf])
    """
    return scipy_special().logit(x)


def _ratio(x: Array, y: Array, pole: float) -> Array:
    """Return x / (y - pole), but 0 where that is 0 / 0."""
    return x / np.where((x == 0) & (y == pole), 1, y - pole)


@op(x=lambda g, x, y: g * np.log(np.where((x == 0) & (y <= 0), 1, y)), y=lambda g, x, y: g * _ratio(x, y, 0),
    samples=[sample((), Draw(domain=(0.3, 3))), sample(Draw(domain=(0, 0)), Draw(domain=(0.3, 3)))])  # fmt: skip
def xlogy(x: Array, y: Array, /) -> Tensor:
    """Return x * log(y), which is 0 with gradient 0 where x is 0 and y is not positive.

    >>> xlogy(Tensor([0.0, 2.0]), Tensor([0.0, 1.0]))
    Tensor([0., 0.])
    """
    return scipy_special().xlogy(x, y)


@op(x=lambda g, x, y: g * np.log1p(np.where((x == 0) & (y <= -1), 0, y)), y=lambda g, x, y: g * _ratio(x, y, -1),
    samples=[sample((), Draw(domain=(-0.7, 3))), sample(Draw(domain=(0, 0)), Draw(domain=(-0.7, 3)))])  # fmt: skip
def xlog1py(x: Array, y: Array, /) -> Tensor:
    """Return x * log(1 + y), which is 0 with gradient 0 where x is 0 and y is at most -1.

    >>> xlog1py(Tensor([0.0, 2.0]), Tensor([-1.0, 0.0]))
    Tensor([0., 0.])
    """
    return scipy_special().xlog1py(x, y)


@op(x=lambda g, x: -g * (np.log(x) + 1), samples=POSITIVE)
def entr(x: Array, /) -> Tensor:
    """Return -x * log(x), which is 0 with an infinite gradient at 0, and -inf for negative x.

    >>> entr(Tensor([0.0, 2.0]))
    Tensor([ 0.       , -1.3862944])
    """
    return scipy_special().entr(x)


@op(x=lambda g, x, y: g * (np.log(x / y) + 1), y=lambda g, x, y: -g * (x / y), samples=_TWO_PAIRS)
def rel_entr(x: Array, y: Array, /) -> Tensor:
    """Return x * log(x / y), which is 0 at x = 0 and inf for negative x or y.

    >>> rel_entr(Tensor([0.0, 2.0]), 2)
    Tensor([0., 0.])
    """
    return scipy_special().rel_entr(x, y)


@op(x=lambda g, x, y: g * np.log(x / y), y=lambda g, x, y: g * (1 - x / y), samples=_TWO_PAIRS)
def kl_div(x: Array, y: Array, /) -> Tensor:
    """Return x * log(x / y) - x + y, which is y at x = 0 and inf for negative x or y.

    >>> kl_div(Tensor([0.0, 2.0]), 2)
    Tensor([2., 0.])
    """
    return scipy_special().kl_div(x, y)
