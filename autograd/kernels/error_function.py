"""The error function in plain NumPy, for where SciPy is not installed.

W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of Computation 23, 1969: one fraction
of polynomials for |x| up to 0.46875, one from there to 4, one beyond; exact to a few roundings of float64.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Coefficients from the highest power down: those of numerator and denominator for each range.
_SMALL = (
    (
        1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)  # fmt: skip
_MIDDLE = (
    (
        2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
        2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
        3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
    ),
)  # fmt: skip
_LARGE = (
    (
        1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
        1.60837851487422766e-2, 6.58749161529837803e-4,
    ),
    (
        1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)  # fmt: skip
_LEAST, _MOST = 0.46875, 4.0  # where the ranges meet
_ROOT_PI = math.sqrt(math.pi)


def _fraction(of: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    return np.polyval(of[0], x) / np.polyval(of[1], x)


def _exp_of_minus_square(x: Floats) -> Floats:
    """Return exp(-x**2), with x split so that the rounding of the square is not enlarged."""
    head = np.trunc(x * 16) / 16
    return np.exp(-head * head) * np.exp(-(x - head) * (x + head))


def _tail(x: Floats) -> Floats:
    """Return erfc(x) for x above the first range."""
    tail = np.empty_like(x)
    middle = x <= _MOST
    near, far = x[middle], x[~middle]
    tail[middle] = _exp_of_minus_square(near) * _fraction(_MIDDLE, near)
    far = np.minimum(far, 30.0)  # where erfc has long been 0
    inverse = 1 / (far * far)
    tail[~middle] = _exp_of_minus_square(far) / far * (1 / _ROOT_PI - inverse * _fraction(_LARGE, inverse))
    return tail


def erfc(x: Any) -> Any:
    """Return 1 - erf(x) of real numbers, in their dtype, without cancellation for large x.

    >>> erfc(np.array([0.0, 1.0])).round(4)
    array([1.    , 0.1573])
    """
    given = np.asarray(x)
    exact = np.atleast_1d(given).astype(np.float64)
    size = np.abs(exact)
    small = size <= _LEAST
    out = np.empty_like(exact)
    out[small] = 1 - exact[small] * _fraction(_SMALL, exact[small] ** 2)
    out[~small] = _tail(size[~small])
    out[exact < -_LEAST] = 2 - out[exact < -_LEAST]
    return out.reshape(given.shape).astype(_floating(given), copy=False)[()]


def erf(x: Any) -> Any:
    """Return 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x, of real numbers, in their dtype.

    >>> erf(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.8427])
    """
    given = np.asarray(x)
    exact = np.atleast_1d(given).astype(np.float64)
    small = np.abs(exact) <= _LEAST
    out = np.empty_like(exact)
    out[small] = exact[small] * _fraction(_SMALL, exact[small] ** 2)
    out[~small] = np.copysign(1 - _tail(np.abs(exact[~small])), exact[~small])
    return out.reshape(given.shape).astype(_floating(given), copy=False)[()]


def ndtr(x: Any) -> Any:
    """Return the distribution function of the standard normal distribution, of real numbers, in their dtype.

    >>> ndtr(np.array([0.0, 1.0])).round(4)
    array([0.5   , 0.8413])
    """
    given = np.asarray(x)
    exact = given.astype(np.float64)
    return (0.5 * np.asarray(erfc(exact * -math.sqrt(0.5)))).astype(_floating(given), copy=False)[()]


def _floating(x: NDArray[Any]) -> np.dtype[Any]:
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
