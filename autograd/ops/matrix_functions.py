"""Linear algebra that NumPy does not have: exponentials, triangular systems, logarithms of determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.ops.matrices import Separated, adjoint, scalars, transposed
from autograd.ops.systems import SQUARE, slogdet, solve
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of

# --- the exponential --------------------------------------------------------------------------------------------------

# The numerator of the Pade approximant of order 13 (the denominator has the signs of odd powers changed), and the norm
# up to which it is exact in float64: Higham, The scaling and squaring method for the matrix exponential revisited,
# 2005, equation (2.2) and table 2.3.
_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
_LARGEST_NORM = 5.371920351148152


def _norms(a: Array) -> Array:
    """Return the largest column sum of each matrix (..., n, n), in the shape (..., 1, 1)."""
    return scalars(np.max(np.sum(np.abs(a), axis=-2), axis=-1, initial=0))


def _pade(a: Array) -> Array:
    """Return the Pade approximant of order 13 of the exponential of small matrices."""
    one = np.eye(a.shape[-1], dtype=a.dtype)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    b = [c / _PADE[0] for c in _PADE]  # small enough for float32
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + one
    return np.linalg.solve(even - odd, even + odd)


def _of_exponential(g: Array, a: Array) -> Array:
    """Return the derivative of the exponential at a.T in the direction g, which is in that of a block matrix.

    Higham, Functions of Matrices, 2008, equation (3.16). The derivative is linear in the direction, whose size must not
    decide how the block matrix is scaled.
    """
    n = a.shape[-1]
    size = _norms(value_of(g))
    size = np.where((size > 0) & np.isfinite(size), size, 1)
    turned = transposed(a)
    top = np.concatenate([turned, g / size], axis=-1)
    bottom = np.concatenate([np.zeros_like(value_of(a)), turned], axis=-1)
    return matrix_exp(np.concatenate([top, bottom], axis=-2))[..., :n, n:] * size


@op(
    a=_of_exponential,
    samples=[
        sample((3, 3)), sample((2, 1, 2, 2)), sample((1, 1)), sample((2, 0, 0)), sample(Draw((3, 3), domain=(-9, 9))),
    ],
)  # fmt: skip
def matrix_exp(a: Array) -> Tensor:
    """Return the exponentials of square matrices (..., n, n), the sums of a**k / k! over all k.

    By scaling and squaring with a Pade approximant (Higham, 2005).

    Raises:
        numpy.linalg.LinAlgError: when the matrices are not square.

    >>> matrix_exp(Tensor([[0.0, 1.0], [0.0, 0.0]]))
    Tensor([[1., 1.],
            [0., 1.]])
    """
    shape = np.shape(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise np.linalg.LinAlgError(f"matrix_exp takes square matrices (..., n, n), not shape {shape}")
    a = a if a.dtype.kind in "fc" else a.astype(float)
    norm = _norms(a)
    ratio = np.where(np.isfinite(norm) & (norm > _LARGEST_NORM), norm / _LARGEST_NORM, 1)
    halvings = np.ceil(np.log2(ratio)).astype(int)
    result = _pade(a * np.exp2(-halvings).astype(norm.dtype))
    for i in range(np.max(halvings, initial=0)):
        result = np.where(i < halvings, result @ result, result)
    return result


# --- triangular systems -----------------------------------------------------------------------------------------------

_TRANSPOSED: dict[Any, Any] = {
    0: lambda a: a, "N": lambda a: a, 1: transposed, "T": transposed, 2: adjoint, "C": adjoint,
}  # fmt: skip


@composite(
    samples=[
        sample(Separated((3, 3)), (3,)), sample(Separated((3, 3)), (3, 2), lower=True),
        sample(Separated((2, 2, 2)), (2, 2, 1), lower=True, trans="T"),
        sample(Separated((3, 3)), (3,), unit_diagonal=True, trans=1),
    ],
)  # fmt: skip
def solve_triangular(
    a: Array, b: Array, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False
) -> Tensor:
    """Return the solutions x of a @ x = b where a is triangular; the other triangle is not read and has no gradient.

    Args:
        a: (..., n, n).
        b: (n,) for one vector, or matrices (..., n, k) of columns.
        trans: 0 or "N"; 1 or "T" to solve with the transpose of a, 2 or "C" with its conjugate transpose.
        lower: whether a is lower triangular, instead of upper.
        unit_diagonal: whether the diagonal of a counts as 1, and is not read either.

    Raises:
        ValueError: for another `trans`.
        numpy.linalg.LinAlgError: when a is singular, or not square.

    >>> solve_triangular(Tensor([[2.0, 1.0], [9.0, 1.0]]), Tensor([4.0, 2.0]))
    Tensor([1., 2.])
    """
    if trans not in _TRANSPOSED:
        raise ValueError(f"solve_triangular takes 0, 1, 2, 'N', 'T' or 'C' for trans, not {trans!r}")
    a = a if hasattr(a, "dtype") else np.asarray(a)
    one = np.eye(*a.shape[-2:], dtype=a.dtype)
    triangle = np.tril if lower else np.triu
    if unit_diagonal:
        a = triangle(a, -1 if lower else 1) + one
    return solve(_TRANSPOSED[trans](triangle(a)), b)


# --- determinants -----------------------------------------------------------------------------------------------------


@composite(samples=SQUARE)
def logdet(a: Array) -> Tensor:
    """Return the logarithms of determinants (...,); as in PyTorch -inf where they are 0, nan where negative.

    Of complex matrices it is complex.

    Args:
        a: (..., n, n).

    Raises:
        numpy.linalg.LinAlgError: when the matrices are not square.

    >>> logdet(Tensor([[2.0, 0.0], [0.0, 0.5]]))
    Tensor(0.)
    """
    sign, logarithm = slogdet(a)
    if sign.dtype.kind == "c":
        return np.log(np.where(sign == 0, 1, sign)) + logarithm
    return np.where(value_of(sign) < 0, np.nan, logarithm)
