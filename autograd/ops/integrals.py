"""Integrals of elementary functions, computed by SciPy: exponential, sine, Fresnel, Dawson's, dilogarithm.

Their derivatives are what is under the integral, so second derivatives need care only where that is 0 / 0 or cancels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autograd.ops.common import ANY, POSITIVE, Array
from autograd.ops.special_functions import require_real, scipy_special
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

# --- exponential integrals (DLMF 6.2, 8.19) ---------------------------------------------------------------------------


@op(x=lambda g, x: -g * (np.exp(-x) / x), samples=POSITIVE)
def exp1(x: Array, /) -> Tensor:
    """Return the integral of exp(-t) / t from x to infinity, of positive x.

    >>> exp1(Tensor([1.0]))
    Tensor([0.21938394])
    """
    return scipy_special().exp1(x)


@op(x=lambda g, x: g * (np.exp(x) / x), samples=[*POSITIVE, sample(Draw(domain=(-3, -0.2)))])
def expi(x: Array, /) -> Tensor:
    """Return the integral of exp(t) / t from -infinity to x, its principal value for positive x.

    >>> expi(Tensor([1.0]))
    Tensor([1.8951178])
    """
    return scipy_special().expi(x)


def _of_expn(g: Array, n: Array, x: Array) -> Array:
    above_0 = np.where(n > 0, 1, x)  # x where it is divided by
    order_below_0 = (np.exp(-above_0) + expn(0, above_0)) / above_0  # DLMF 8.19.12
    return -g * np.where(n > 0, expn(np.maximum(n - 1, 0), x), order_below_0)


@op(n=None, x=_of_expn, samples=[
    sample(Draw(kind="i", domain=(0, 4)), POSITIVE[0].inputs[0]),
])  # fmt: skip
def expn(n: Array, x: Array, /) -> Tensor:
    """Return the integral of exp(-x * t) / t**n from t = 1 to infinity, for whole numbers n of 0 and above.

    >>> expn(2, Tensor([0.0, 1.0]))
    Tensor([1.        , 0.14849551])
    """
    return scipy_special().expn(n if hasattr(n, "dtype") else float(n), x)  # SciPy has no float32 for Python's integers


# --- sine and cosine integrals, Fresnel's (DLMF 6.2, 7.2) -------------------------------------------------------------


def _of_sici(g: Sequence[Array], x: Array) -> Array:
    unused = (x == 0) & (g[1] == 0)  # the first integral is smooth at 0, where the second has a pole
    return g[0] * np.sinc(x / math.pi) + g[1] * np.cos(x) / np.where(unused, 1, x)


@op(x=_of_sici, several=True, samples=POSITIVE)
def sici(x: Array, /) -> tuple[Tensor, Tensor]:
    """Return the integrals of sin(t) / t from 0 to x, and of cos(t) / t from infinity to x.

    >>> sici(Tensor([1.0]))
    (Tensor([0.94608307]), Tensor([0.33740392]))
    """
    return scipy_special().sici(x)


def _of_fresnel(g: Sequence[Array], z: Array) -> Array:
    far = np.abs(z) > float(np.finfo(z.dtype).eps) ** -0.5  # more than a period lies between two numbers there
    near = np.where(far, 0, z)
    angle = near * near * (math.pi / 2)
    return g[0] * np.sin(angle) + np.where(far, 0, g[1]) * np.cos(angle)


@op(z=_of_fresnel, several=True, samples=ANY)
def fresnel(z: Array, /) -> tuple[Tensor, Tensor]:
    """Return the integrals of sin(pi / 2 * t**2) and cos(pi / 2 * t**2) from 0 to z.

    Where z**2 is above the precision of the dtype, nothing is known of the angle and the gradient is 0.

    >>> fresnel(Tensor([1.0]))
    (Tensor([0.43825915]), Tensor([0.7798934]))
    """
    return scipy_special().fresnel(z)


# --- Dawson's integral (DLMF 7.2) -------------------------------------------------------------------------------------


@op(x=lambda g, n, x: g * _dawsn_derivative(n + 1, x), samples=[sample((), n=1), sample(Draw(domain=(1, 30)), n=2)])
def _dawsn_derivative(n: int, x: Array) -> Tensor:
    """Return the derivative of `dawsn` of order n, where 1 - 2 * x * dawsn(x) would cancel for large x.

    dawsn(x) is x * M(1, 3/2, -x**2) (DLMF 7.11.4 at i * x), and derivatives of confluent hypergeometric functions M, by
    DLMF 13.3.15 and 13.3.18, are again such functions, with 1/2 and 3/2 in turn.
    """
    require_real(x, "the derivative of dawsn")
    wide = np.positive(x, dtype=np.float64)
    k, odd = divmod(n, 2)
    factor = (-4.0) ** ((n + 1) // 2 if not odd else k) * math.factorial(k)
    square = np.minimum(wide * wide, 1e300)
    values = factor * scipy_special().hyp1f1(k + 1.0, 0.5 if odd else 1.5, -square)
    return (values if odd else values * wide).astype(np.result_type(x, np.float32))[()]


@op(x=lambda g, x: g * _dawsn_derivative(1, x), samples=ANY)
def dawsn(x: Array, /) -> Tensor:
    """Return exp(-x**2) times the integral of exp(t**2) from 0 to x.

    >>> dawsn(Tensor([1.0]))
    Tensor([0.5380795])
    """
    return scipy_special().dawsn(x)


# --- the dilogarithm (DLMF 25.12) -------------------------------------------------------------------------------------


@op(z=lambda g, n, z: g * _log_ratio(n + 1, z), samples=[
    sample(Draw(domain=(0.5, 1.5)), n=0), sample(Draw(domain=(0.5, 1.5)), n=1),
])  # fmt: skip
def _log_ratio(n: int, z: Array) -> Tensor:
    """Return the derivative of log(z) / (1 - z) of order n, for z near 1 where the numbers of that cancel.

    -log(z) / (1 - z) is the integral of 1 / (1 + t * (z - 1)) from t = 0 to 1; so are its derivatives, by DLMF 15.6.1.
    """
    require_real(z, "the derivative of spence")
    wide = np.positive(z, dtype=np.float64)
    factor = (-1.0) ** (n + 1) * math.factorial(n) / (n + 1)
    values = factor * scipy_special().hyp2f1(n + 1, n + 1, n + 2, 1 - wide)
    return values.astype(np.result_type(z, np.float32))[()]


def _of_spence(g: Array, z: Array) -> Array:
    near = (z > 0.5) & (z < 1.5)
    apart = np.where(near, 2, z)
    return g * np.where(near, _log_ratio(0, np.where(near, z, 1)), np.log(apart) / (1 - apart))


@op(z=_of_spence, samples=[*POSITIVE, sample(Draw(domain=(3, 30)))])
def spence(z: Array, /) -> Tensor:
    """Return the integral of log(t) / (1 - t) from 1 to z: the dilogarithm of 1 - z.

    >>> spence(Tensor([1.0, 0.0]))
    Tensor([0.      , 1.644934])
    """
    return scipy_special().spence(z)
