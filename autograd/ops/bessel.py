"""Bessel functions, computed by SciPy.

Derivatives are from the NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, sections 10.6 and 10.29.
"""

from __future__ import annotations

import math

import numpy as np

from autograd.ops.common import ANY, KINK_AT_ZERO, POSITIVE, Array
from autograd.ops.special_functions import missing, scipy_special
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

_TERMS = 22  # of the asymptotic series in `_k0e_derivative`, which makes it as exact as float64
_ORDERS = [sample(Draw(kind="i", domain=(0, 4)), Draw(domain=(0.3, 3)))]


@op(x=lambda g, x: -g * j1(x), samples=ANY)
def j0(x: Array, /) -> Tensor:
    """Return the Bessel function of the first kind of order 0.

    >>> j0(Tensor([0.0]))
    Tensor([1.])
    """
    return scipy_special().j0(x)


@op(x=lambda g, x: g * (0.5 * (j0(x) - jv(2, x))), samples=ANY)
def j1(x: Array, /) -> Tensor:
    """Return the Bessel function of the first kind of order 1.

    >>> j1(Tensor([0.0]))
    Tensor([0.])
    """
    return scipy_special().j1(x)


@op(v=missing("jv", "v"), z=lambda g, v, z: g * (0.5 * (jv(v - 1, z) - jv(v + 1, z))), samples=_ORDERS)
def jv(v: Array, z: Array, /) -> Tensor:
    """Return the Bessel function of the first kind of order v (DLMF 10.6.1); not differentiable to v.

    >>> jv(2, Tensor([1.0]))
    Tensor([0.11490349])
    """
    return scipy_special().jv(v, z)


@op(x=lambda g, x: -g * y1(x), samples=POSITIVE)
def y0(x: Array, /) -> Tensor:
    """Return the Bessel function of the second kind of order 0.

    >>> y0(Tensor([1.0]))
    Tensor([0.08825696])
    """
    return scipy_special().y0(x)


@op(x=lambda g, x: g * (0.5 * (y0(x) - yv(2, x))), samples=POSITIVE)
def y1(x: Array, /) -> Tensor:
    """Return the Bessel function of the second kind of order 1.

    >>> y1(Tensor([1.0]))
    Tensor([-0.7812128])
    """
    return scipy_special().y1(x)


@op(v=missing("yv", "v"), z=lambda g, v, z: g * (0.5 * (yv(v - 1, z) - yv(v + 1, z))), samples=_ORDERS)
def yv(v: Array, z: Array, /) -> Tensor:
    """Return the Bessel function of the second kind of order v (DLMF 10.6.1); not differentiable to v.

    >>> yv(2, Tensor([1.0]))
    Tensor([-1.6506826])
    """
    return scipy_special().yv(v, z)


@op(x=lambda g, x: g * i1(x), samples=ANY)
def i0(x: Array, /) -> Tensor:
    """Return the modified Bessel function of order 0.

    >>> i0(Tensor([0.0]))
    Tensor([1.])
    """
    return scipy_special().i0(x)


@op(x=lambda g, x: g * (0.5 * (i0(x) + iv(2, x))), samples=ANY)
def i1(x: Array, /) -> Tensor:
    """Return the modified Bessel function of order 1.

    >>> i1(Tensor([0.0]))
    Tensor([0.])
    """
    return scipy_special().i1(x)


@op(v=missing("iv", "v"), z=lambda g, v, z: g * (0.5 * (iv(v - 1, z) + iv(v + 1, z))), samples=_ORDERS)
def iv(v: Array, z: Array, /) -> Tensor:
    """Return the modified Bessel function of order v (DLMF 10.29.1); not differentiable to v.

    >>> iv(2, Tensor([1.0]))
    Tensor([0.13574767])
    """
    return scipy_special().iv(v, z)


@op(x=lambda g, n, x: g * np.sign(x) * _i0e_derivative(n + 1, x), samples=[
    sample(Draw(kinks=(0.0,)), n=1), sample(Draw(domain=(10, 60)), n=2),
])  # fmt: skip
def _i0e_derivative(n: int, x: Array) -> Tensor:
    """Return the derivative of `i0e` of order n at |x|, where i1e(x) - i0e(x) would cancel for large x.

    By DLMF 10.39.5 i0e(x) is the confluent hypergeometric function M(1/2, 1, -2x), whose derivatives are M's of other
    parameters (DLMF 13.3.16).
    """
    size = np.abs(np.positive(x, dtype=np.float64))
    factor = math.prod(-2 * (0.5 + k) / (1 + k) for k in range(n))
    values = np.where(np.isinf(size), 0, factor * scipy_special().hyp1f1(0.5 + n, 1.0 + n, -2 * size))
    return values.astype(np.result_type(x, np.float32))[()]


@op(x=lambda g, x: g * np.sign(x) * _i0e_derivative(1, x), samples=KINK_AT_ZERO)
def i0e(x: Array, /) -> Tensor:
    """Return exp(-|x|) * i0(x); at 0, where it has a kink, the gradient is 0.

    >>> i0e(Tensor([0.0]))
    Tensor([1.])
    """
    return scipy_special().i0e(x)


@op(x=lambda g, x: g * (_i0e_derivative(1, x) + _i0e_derivative(2, x)), samples=KINK_AT_ZERO)
def i1e(x: Array, /) -> Tensor:
    """Return exp(-|x|) * i1(x).

    >>> i1e(Tensor([0.0]))
    Tensor([0.])
    """
    return scipy_special().i1e(x)


def _of_ive(g: Array, v: Array, z: Array, out: Array) -> Array:
    return g * (0.5 * (ive(v - 1, z) + ive(v + 1, z))) - np.sign(np.real(z)) * np.real(g * out)


@op(v=missing("ive", "v"), z=_of_ive, samples=[
    *_ORDERS, sample(Draw(kind="i", domain=(0, 4)), Draw(domain=(-3, -0.3))),
])  # fmt: skip
def ive(v: Array, z: Array, /) -> Tensor:
    """Return exp(-|Re z|) * iv(v, z); not differentiable to v.

    >>> ive(2, Tensor([1.0]))
    Tensor([0.04993878])
    """
    return scipy_special().ive(v, z)


# --- of the second kind, modified (DLMF 10.29, 10.39) -----------------------------------------------------------------


@op(x=lambda g, x: -g * k1(x), samples=POSITIVE)
def k0(x: Array, /) -> Tensor:
    """Return the modified Bessel function of the second kind of order 0, of positive x.

    >>> k0(Tensor([1.0]))
    Tensor([0.42102444])
    """
    return scipy_special().k0(x)


@op(x=lambda g, x, out: -g * (k0(x) + out / x), samples=POSITIVE)
def k1(x: Array, /) -> Tensor:
    """Return the modified Bessel function of the second kind of order 1, of positive x.

    >>> k1(Tensor([1.0]))
    Tensor([0.60190725])
    """
    return scipy_special().k1(x)


@op(v=missing("kv", "v"), z=lambda g, v, z: g * (-0.5 * (kv(v - 1, z) + kv(v + 1, z))), samples=_ORDERS)
def kv(v: Array, z: Array, /) -> Tensor:
    """Return the modified Bessel function of the second kind of order v (DLMF 10.29.1); not differentiable to v.

    >>> kv(2, Tensor([1.0]))
    Tensor([1.624839])
    """
    return scipy_special().kv(v, z)


@op(x=lambda g, n, x: g * _k0e_derivative(n + 1, x), samples=[
    sample(POSITIVE[0].inputs[0], n=1), sample(Draw(domain=(10, 60)), n=2),
])  # fmt: skip
def _k0e_derivative(n: int, x: Array) -> Tensor:
    """Return the derivative of `k0e` of order n, where k0e(x) - k1e(x) would cancel for large x.

    By DLMF 10.39.6 k0e(x) is sqrt(pi) * U(1/2, 1, 2x), whose derivatives are U's of other parameters (DLMF 13.3.23).
    """
    wide, limit = np.positive(x, dtype=np.float64), 15.0
    near = _by_bessels_equation(n, np.minimum(wide, limit))
    values: Array = np.where(wide < limit, near, _by_asymptotic_series(n, np.maximum(wide, limit)))
    return values.astype(np.result_type(x, np.float32))[()]


def _by_bessels_equation(n: int, x: Array) -> Array:
    """Return the derivative of k0e by x y'' = (2 x - 1) y' + y, differentiated n - 2 times."""
    now, after = scipy_special().k0e(x), scipy_special().k0e(x) - scipy_special().k1e(x)
    for i in range(n):
        now, after = after, ((2 * i + 1) * now + (2 * x - i - 1) * after) / x
    return now


def _by_asymptotic_series(n: int, x: Array) -> Array:
    """Return the derivative of k0e by the series of U(n + 1/2, n + 1, 2x) for large x (DLMF 13.7.3)."""
    term = math.sqrt(math.pi) * math.prod(-2 * (0.5 + k) for k in range(n)) * (2 * x) ** -(n + 0.5)
    total = term
    for k in range(_TERMS):
        term = term * ((n + 0.5 + k) * (0.5 + k) / (k + 1)) / (-2 * x)
        total = total + term
    return total


@op(x=lambda g, x: g * _k0e_derivative(1, x), samples=POSITIVE)
def k0e(x: Array, /) -> Tensor:
    """Return exp(x) * k0(x), of positive x.

    >>> k0e(Tensor([100.0]))
    Tensor([0.12517563])
    """
    return scipy_special().k0e(x)


@op(x=lambda g, x: g * (_k0e_derivative(1, x) - _k0e_derivative(2, x)), samples=POSITIVE)
def k1e(x: Array, /) -> Tensor:
    """Return exp(x) * k1(x), of positive x.

    >>> k1e(Tensor([100.0]))
    Tensor([0.12579995])
    """
    return scipy_special().k1e(x)


@op(v=missing("kve", "v"), z=lambda g, v, z, out: g * (out - 0.5 * (kve(v - 1, z) + kve(v + 1, z))), samples=_ORDERS)
def kve(v: Array, z: Array, /) -> Tensor:
    """Return exp(z) * kv(v, z); not differentiable to v.

    >>> kve(2, Tensor([1.0]))
    Tensor([4.41677])
    """
    return scipy_special().kve(v, z)
