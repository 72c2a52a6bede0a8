"""Bessel functions, computed by SciPy.

Derivatives are from the NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, sections 10.6 and 10.29.
"""

from __future__ import annotations

import numpy as np

from autograd.ops.common import ANY, KINK_AT_ZERO, POSITIVE, Array
from autograd.ops.special_functions import missing, scipy_special
from autograd.primitive import op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor

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


@op(x=lambda g, x, out: g * (i1e(x) - np.sign(x) * out), samples=KINK_AT_ZERO)
def i0e(x: Array, /) -> Tensor:
    """Return exp(-|x|) * i0(x); at 0, where it has a kink, the gradient is 0.

    >>> i0e(Tensor([0.0]))
    Tensor([1.])
    """
    return scipy_special().i0e(x)


@op(x=lambda g, x, out: g * (0.5 * (i0e(x) + ive(2, x)) - np.sign(x) * out), samples=KINK_AT_ZERO)
def i1e(x: Array, /) -> Tensor:
    """Return exp(-|x|) * i1(x).

    >>> i1e(Tensor([0.0]))
    Tensor([0.])
    """
    return scipy_special().i1e(x)


@op(v=missing("ive", "v"), z=lambda g, v, z, out: g * (0.5 * (ive(v - 1, z) + ive(v + 1, z)) - np.sign(z) * out),
    samples=_ORDERS)  # fmt: skip
def ive(v: Array, z: Array, /) -> Tensor:
    """Return exp(-|z|) * iv(v, z) of real z; not differentiable to v.

    >>> ive(2, Tensor([1.0]))
    Tensor([0.04993878])
    """
    return scipy_special().ive(v, z)
