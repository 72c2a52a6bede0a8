"""Polynomials as NumPy's older functions have them: arrays of coefficients, that of the highest power first."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.ops.decompositions import eigvals
from autograd.ops.matrices import Separated
from autograd.ops.signal import convolve
from autograd.ops.systems import lstsq
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of

_TWO = [sample((3,), (3,)), sample((2,), (4,)), sample((4,), (1,)), sample((), (2,))]


@composite(samples=[sample((3,)), sample((3,), N=5), sample((4,), N=2, increasing=True), sample((2,), N=1)])
def vander(x: Array, N: int | None = None, increasing: bool = False) -> Tensor:  # noqa: N803
    """Return the powers of x (n,) as the columns of a matrix (n, N): of 0 to N - 1, the highest first; in its dtype.

    NumPy makes float64 of float32.

    Args:
        x: a vector.
        N: how many; by default as many as x has elements.
        increasing: whether the powers go up from column to column.

    Raises:
        ValueError: when x is no vector.

    >>> vander(Tensor([2.0, 3.0]), 3)
    Tensor([[4., 2., 1.],
            [9., 3., 1.]])
    """
    x = x if hasattr(x, "dtype") else np.asarray(x)
    if x.ndim != 1:
        raise ValueError(f"vander takes a vector, not shape {x.shape}")
    count = len(x) if N is None else N
    x = x.astype(np.promote_types(x.dtype, int)) if x.dtype.kind not in "fc" else x
    columns = [np.where(np.ones(x.shape, bool), np.ones_like(x), x)]  # depends on x, with the gradient 0
    for _ in range(1, count):
        columns.append(columns[-1] * x)
    powers = np.stack(columns[:count] if increasing else columns[:count][::-1], axis=1) if count else x[:, None][:, :0]
    return powers


def _padded(*polynomials: Array) -> list[Array]:
    """Return polynomials with zeros in front, so that all have as many coefficients."""
    arrays = [np.atleast_1d(p) for p in polynomials]
    longest = max(len(p) for p in arrays)
    return [np.concatenate([np.zeros(longest - len(p), p.dtype), p]) if len(p) < longest else p for p in arrays]


@composite(samples=_TWO)
def polyadd(a1: Array, a2: Array) -> Tensor:
    """Return the sum of two polynomials.

    >>> polyadd(Tensor([1.0, 2.0]), Tensor([10.0]))
    Tensor([ 1., 12.])
    """
    a1, a2 = _padded(a1, a2)
    return a1 + a2


@composite(samples=_TWO)
def polysub(a1: Array, a2: Array) -> Tensor:
    """Return the difference of two polynomials.

    >>> polysub(Tensor([1.0, 2.0]), Tensor([10.0]))
    Tensor([ 1., -8.])
    """
    a1, a2 = _padded(a1, a2)
    return a1 - a2


def _without_leading_zeros(p: Array) -> Array:
    p = np.atleast_1d(p)
    (places,) = np.nonzero(value_of(p))
    return p[places[0] :] if len(places) else np.zeros(1, p.dtype)


@composite(samples=_TWO)
def polymul(a1: Array, a2: Array) -> Tensor:
    """Return the product of two polynomials; leading zeros are left out, as in NumPy, and have no gradient.

    >>> polymul(Tensor([1.0, 2.0]), Tensor([1.0, 3.0]))
    Tensor([1., 5., 6.])
    """
    return convolve(_without_leading_zeros(a1), _without_leading_zeros(a2))


def _exponents(highest: int, dtype: np.dtype[Any]) -> np.ndarray:
    """Return highest, ..., 2, 1; of a floating dtype, because integers would turn float32 into float64."""
    return np.arange(highest, 0, -1).astype(dtype)


@composite(samples=[sample((4,)), sample((4,), m=2), sample((3,), m=0), sample((1,))])
def polyder(p: Array, m: int = 1) -> Tensor:
    """Return the derivative of order m of a polynomial, in its dtype (NumPy's is float64).

    Raises:
        ValueError: when m is negative.

    >>> polyder(Tensor([1.0, 1.0, 1.0]))
    Tensor([2., 1.])
    """
    if m < 0:
        raise ValueError(f"polyder needs an order of 0 or above, not {m}: see polyint")
    p = p if hasattr(p, "dtype") else np.asarray(p)
    for _ in range(int(m)):
        p = p[:-1] * _exponents(len(p) - 1, p.dtype)
    return p


def _constants(k: Array, dtype: np.dtype[Any]) -> Array:
    """Return an array or Tensor as it is, and numbers, unless complex, in a dtype."""
    if hasattr(k, "dtype"):
        return k
    k = np.asarray(k)
    return k if k.dtype.kind == "c" else k.astype(dtype)


@composite(samples=[sample((3,)), sample((3,), (), m=2), sample((2,), (2,), m=2), sample((3,), m=0)])
def polyint(p: Array, m: int = 1, k: Array = None) -> Tensor:
    """Return the antiderivative of order m of a polynomial, in its dtype (NumPy's is float64).

    Args:
        p: coefficients (n,).
        m: how often to integrate.
        k: constants of integration (m,), the first for the first integral, or one number for all; 0 by default.

    Raises:
        ValueError: when m is negative, or there are fewer constants.

    >>> polyint(Tensor([2.0, 1.0]), k=5.0)
    Tensor([1., 1., 5.])
    """
    if m < 0:
        raise ValueError(f"polyint needs an order of 0 or above, not {m}: see polyder")
    p = p if hasattr(p, "dtype") else np.asarray(p)
    floating = np.result_type(p, np.float16)
    constants = np.atleast_1d(_constants(0.0 if k is None else k, floating))
    if len(constants) == 1 < m:
        constants = np.repeat(constants, m)
    if len(constants) < m:
        raise ValueError(f"polyint of order {m} takes one constant or {m}, not {len(constants)}")
    for i in range(m):
        p = np.concatenate([p / _exponents(len(p), floating), constants[i : i + 1]])
    return p


@composite(samples=[sample((3,)), sample(Separated((2, 2)))])
def poly(seq_of_zeros: Array) -> Tensor:
    """Return the polynomial with leading coefficient 1 that has these zeros, or the eigenvalues of a square matrix.

    Raises:
        ValueError: for other shapes.

    >>> poly(Tensor([1.0, 2.0]))
    Tensor([ 1., -3.,  2.])
    """
    zeros: Array = np.atleast_1d(seq_of_zeros)
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] != 0:
        zeros = eigvals(zeros)
    if zeros.ndim != 1:
        raise ValueError(f"poly takes a vector of zeros or a square matrix, not shape {zeros.shape}")
    zeros = zeros if zeros.dtype.kind in "fc" else zeros.astype(float)
    one = np.ones(1, zeros.dtype)
    product = one if len(zeros) else 1.0
    for i in range(len(zeros)):
        product = np.convolve(product, np.concatenate([one, -zeros[i : i + 1]]))
    values = value_of(zeros)
    in_pairs = values.dtype.kind == "c" and np.array_equal(np.sort(values), np.sort(values.conj()))
    return np.real(product) if in_pairs else product


@composite(
    samples=[
        sample(Draw((5,), distinct=True), (5,), deg=2), sample(Draw((4,), distinct=True), (4, 2), deg=1),
        sample(Draw((5,), distinct=True), (5,), Draw((5,), domain=(0.5, 2)), deg=1, rcond=None),
    ],
)  # fmt: skip
def polyfit(x: Array, y: Array, deg: int, rcond: float | None = None, *, w: Array = None) -> Tensor:
    """Return the polynomial p (deg + 1,) of least squared errors: of w * (polyval(p, x) - y).

    Args:
        x: where the points are (n,).
        y: their values (n,), or several sets of values (n, k), for which the result is (deg + 1, k).
        deg: the degree.
        rcond: singular values up to this part of the largest count as 0; the machine's precision times n by default.
        w: weights (n,) of the errors.

    Raises:
        ValueError: when the degree is negative.
        TypeError: when shapes do not fit.

    >>> np.round(polyfit(Tensor([0.0, 1.0, 2.0]), Tensor([1.0, 3.0, 5.0]), 1), 3)
    Tensor([2., 1.])
    """
    if deg < 0:
        raise ValueError(f"polyfit needs a degree of 0 or above, not {deg}")
    x, y = (0.0 + (a if hasattr(a, "dtype") else np.asarray(a)) for a in (x, y))
    if x.ndim != 1 or not x.size or y.ndim not in (1, 2) or len(x) != len(y):
        raise TypeError(f"polyfit takes points x (n,) and y (n,) or (n, k), not shapes {x.shape} and {y.shape}")
    powers = vander(x, int(deg) + 1)
    if w is not None:
        if np.shape(w) != x.shape:
            raise TypeError(f"polyfit takes a weight for each of {len(x)} points, not shape {np.shape(w)}")
        w = 0.0 + (w if hasattr(w, "dtype") else np.asarray(w))
        powers, y = powers * w[:, None], (w * y.T).T
    scale = np.sqrt(np.sum(powers * powers, axis=0))  # columns of one length make the system as regular as it can be
    limit = len(x) * float(np.finfo(x.dtype).eps) if rcond is None else rcond
    solution, _, rank, _ = lstsq(powers / scale, y, limit)
    if rank <= deg:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=2)
    return (solution.T / scale).T


@op(
    p=lambda g, p, out: -((g / np.polyval(polyder(p), out)) @ vander(out, len(p))),
    samples=[sample(Draw((3,), domain=(1, 1.5))), sample(Draw((4,), domain=(1, 1.2)))],
)
def roots(p: Array) -> Tensor:
    """Return the zeros of a polynomial, complex if one of them is; the gradient of a repeated one is not finite.

    From p(z) = 0 it follows that dz = -z**k / p'(z) for a change of the coefficient of z**k.

    Raises:
        ValueError: when p is no vector.

    >>> roots(Tensor(np.array([1.0, 0.0, -4.0])))
    Tensor([-2.,  2.], dtype=float64)
    """
    found = np.roots(p)
    return found if found.size else found.astype(np.result_type(p, np.float16))
