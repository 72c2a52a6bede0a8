"""Exponential functions of float32 numbers that loops can compute eight at a time, which calls of the C library cannot.

S. Moshier's Cephes library, single precision: exp by a polynomial of what is left after whole powers of 2, tanh by one
of x**2 near 0; exact to two roundings. As these need arithmetic in just this order, no sum may be rearranged.
"""

from __future__ import annotations

import numba
import numpy as np

_exact = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})

F = np.float32


@_exact
def exp(x):  # type: ignore[no-untyped-def]
    """Return e**x; for numbers beyond what float32 can hold, the largest or smallest that are normal."""
    x = min(max(x, F(-87.3)), F(88.3)) if x == x else x
    n = np.floor(x * F(1.44269504088896341) + F(0.5))
    r = x - n * F(0.693359375) + n * F(2.12194440e-4)
    p = F(1.9875691500e-4)
    p = p * r + F(1.3981999507e-3)
    p = p * r + F(8.3334519073e-3)
    p = p * r + F(4.1665795894e-2)
    p = p * r + F(1.6666665459e-1)
    p = p * r + F(5.0000001201e-1)
    y = p * r * r + r + F(1)
    return y * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(F)


@_exact
def sigmoid(x):  # type: ignore[no-untyped-def]
    """Return 1 / (1 + exp(-x))."""
    return F(1) / (F(1) + exp(-x))


@_exact
def tanh(x):  # type: ignore[no-untyped-def]
    """Return the hyperbolic tangent."""
    z = x * x
    p = F(-5.70498872745e-3)
    p = p * z + F(2.06390887954e-2)
    p = p * z + F(-5.37397155531e-2)
    p = p * z + F(1.33314422036e-1)
    p = p * z + F(-3.33332819422e-1)
    near = p * z * x + x
    far = F(1) - F(2) / (exp(F(2) * abs(x)) + F(1))
    far = far if x > F(0) else -far
    return near if abs(x) < F(0.625) else far
