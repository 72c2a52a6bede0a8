"""Linear systems: inverses, determinants, solutions, powers."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.ops.common import Array
from autograd.ops.matrices import (
    Separated,
    adjoint,
    columns,
    conj,
    diagonals,
    named,
    on_diagonals,
    scalars,
    transposed,
)  # fmt: skip
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import FUNCTIONS, Tensor, value_of

SQUARE = [sample(Separated((3, 3))), sample(Separated((2, 2, 2))), sample(Separated((1, 1)))]

# --- inverses ---------------------------------------------------------------------------------------------------------


@op(a=lambda g, out: -(transposed(out) @ g @ transposed(out)), samples=SQUARE, numpy=np.linalg.inv)
def inv(a: Array) -> Tensor:
    """Return the inverses of square matrices (..., n, n).

    Raises:
        numpy.linalg.LinAlgError: when one is singular, or not square.

    >>> inv(Tensor([[2.0, 0.0], [0.0, 4.0]]))
    Tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    return np.linalg.inv(a)


def _leaves_out(a: Array, rcond: Any) -> bool:
    """Return whether there are singular values that count as 0 but are more than rounding."""
    s = np.linalg.svd(a, compute_uv=False)
    rounding = max(a.shape[-2:]) * float(np.finfo(a.dtype).eps)
    return bool(np.any((s > rounding * s[..., :1]) & (s <= columns(rcond) * s[..., :1])))


def _of_inverse_of_part(g: Array, a: Array, rcond: Any) -> Array:
    """Return the gradient of a where singular values are left out.

    The pseudo-inverse is then the adjoint of u @ diag(p) @ vh, a function of singular values with p = 1 / s or 0; its
    derivative is as that of Higham, Functions of matrices, 2008, theorem 3.11, for the matrix [[0, a], [a^H, 0]].
    """
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    kept = value_of(s > columns(rcond) * s[..., :1])
    p, rest = np.where(kept, 1 / np.where(kept, s, 1), 0), np.where(kept, 0, s)
    g_t, v = transposed(g), adjoint(vh)
    inner = adjoint(u) @ g_t @ v
    mixed = columns(kept) != np.expand_dims(kept, -2)
    gaps = np.where(mixed, np.abs(columns(s * s) - np.expand_dims(s * s, -2)), 1)
    across = columns(p) * np.expand_dims(rest, -2)
    back = (across + transposed(across)) / gaps - columns(p) * np.expand_dims(p, -2)
    middle = np.where(mixed, inner, 0) / gaps + back * adjoint(inner)
    outside = (g_t @ v - u @ inner) * np.expand_dims(p * p, -2)
    beside = columns(p * p) * (adjoint(u) @ g_t - inner @ vh)
    return conj((u @ middle + outside) @ vh + u @ beside)


def _of_pseudo_inverse(g: Array, a: Array, out: Array, rcond: Any) -> Array:
    """Return the gradient of a; Golub and Pereyra, The differentiation of pseudo-inverses, 1973, equation (4.12)."""
    if rcond is not None and _leaves_out(value_of(a), rcond):
        return _of_inverse_of_part(g, a, rcond)
    g_t, out_h = transposed(g), adjoint(out)
    outside = g_t - a @ (out @ g_t)  # what a does not reach
    beside = g_t - (g_t @ out) @ a  # what a does not see
    return conj(outside @ out @ out_h + out_h @ out @ beside) - transposed(out @ g_t @ out)


@op(
    a=lambda g, a, out, rcond, rtol: _of_pseudo_inverse(g, a, out, rcond if rtol is np._NoValue else rtol),
    samples=[
        sample(Separated((3, 2))), sample(Separated((2, 2, 3)), rcond=1e-8), sample(Separated((2, 2)), rtol=1e-8),
        sample(Separated((3, 4)), rcond=0.5), sample(Separated((2, 4, 3)), rtol=0.8),
    ],
    numpy=np.linalg.pinv,
)  # fmt: skip
def pinv(a: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Tensor:
    """Return the Moore-Penrose pseudo-inverses (..., n, m) of matrices (..., m, n).

    The gradient is that among matrices with as many singular values above the limit; elsewhere the pseudo-inverse
    jumps.

    Args:
        a: the matrices.
        rcond: singular values up to this part of the largest count as 0.
        hermitian: whether a is, for a faster method.
        rtol: another name of rcond, as in NumPy.

    >>> pinv(Tensor([[2.0], [0.0]]))
    Tensor([[0.5, 0. ]])
    """
    return np.linalg.pinv(a, rcond, hermitian, rtol=rtol)


# --- determinants -----------------------------------------------------------------------------------------------------


def _products_of_others(s: Array, apart: int) -> Array:
    """Return the products of all of (..., n) but one (..., n), or but two (..., n, n) with zeros on the diagonal."""
    n = s.shape[-1]
    eye = np.eye(n, dtype=bool)
    if apart == 1:
        return np.prod(np.where(eye, 1, np.expand_dims(s, -2)), axis=-1)
    left_out = eye[:, None] | eye[None]  # (n, n, n): the last index is one of the others
    products = np.prod(np.where(left_out, 1, np.expand_dims(s, (-2, -3))), axis=-1)
    return np.where(eye, 0, products)


def _of_cofactors(g: Array, a: Array) -> Array:
    # Cofactors are multiplicative: with a = u @ diag(s) @ vh, those of a are cof(u) @ cof(diag(s)) @ cof(vh), and the
    # derivative of cof(diag(s)) is in the products of all but two of s.
    u, s, vh = np.linalg.svd(a)
    g = scalars(np.linalg.det(u) * np.linalg.det(vh)) * (adjoint(u) @ g @ adjoint(vh))
    pairs = _products_of_others(s, 2)
    middle = on_diagonals(np.squeeze(pairs @ columns(diagonals(g)), -1)) - pairs * transposed(g)
    return conj(u) @ middle @ conj(vh)


@op(a=_of_cofactors, samples=[sample(Separated((2, 3, 3))), sample(Separated((1, 1)))])
def _cofactors(a: Array) -> Tensor:
    """Return the gradients of the determinants of (..., n, n), of any rank: where invertible det(a) * inv(a).T."""
    u, s, vh = np.linalg.svd(a)
    sign = scalars(np.linalg.det(u) * np.linalg.det(vh))
    return sign * (conj(u) * np.expand_dims(_products_of_others(s, 1), -2) @ conj(vh))


def _nearly_singular(a: Array, inverse: Array) -> bool:
    """Return whether the second derivative of out * inverse, in which numbers cancel, would lose half of its digits."""
    condition = np.max(np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1)), initial=0)
    return not condition < float(np.finfo(a.dtype).eps) ** -0.25


def _of_determinant(g: Array, a: Array, out: Array) -> Array:
    if np.any(out == 0):
        return scalars(g) * _cofactors(a)
    inverse = np.linalg.inv(a)
    if _nearly_singular(value_of(a), value_of(inverse)):
        return scalars(g) * _cofactors(a)
    return scalars(g * out) * transposed(inverse)


@op(a=_of_determinant, samples=[*SQUARE, sample(Separated((0, 2, 2)))], numpy=np.linalg.det)
def det(a: Array) -> Tensor:
    """Return the determinants of square matrices (..., n, n).

    Of singular matrices, and nearly singular ones, gradients and second derivatives are exact as well, from singular
    values; third derivatives there are nan if singular values repeat.

    Raises:
        numpy.linalg.LinAlgError: when the matrices are not square.

    >>> det(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(-2.)
    """
    return np.linalg.det(a)


class SlogdetResult(NamedTuple):
    """What `slogdet` returns."""

    sign: Any
    logabsdet: Any


def _of_log_determinant(g: Sequence[Array], a: Array, out: Sequence[Array]) -> Array:
    of_sign, of_log = g
    if a.dtype.kind == "c":  # the sign turns with the imaginary part of the logarithm
        turn = of_sign * out[0]
        of_log = of_log + (turn - conj(turn)) / 2
    singular = value_of(out[1]) == -np.inf
    if not np.any(singular):
        return scalars(of_log) * transposed(np.linalg.inv(a))
    singular = scalars(singular)
    eye = np.eye(a.shape[-1], dtype=a.dtype)
    with np.errstate(invalid="ignore"):
        return scalars(of_log) * np.where(
            singular, _cofactors(a) * np.inf, transposed(np.linalg.inv(np.where(singular, eye, a)))
        )


@named(SlogdetResult)
@op(a=_of_log_determinant, several=True, samples=SQUARE, numpy=np.linalg.slogdet)
def slogdet(a: Array) -> SlogdetResult:
    """Return sign and logarithm of the absolute value of determinants, which may be too large or small for `det`.

    The gradient at a singular matrix is infinite, or nan, where its cofactors are 0.

    Args:
        a: (..., n, n).

    Returns:
        The named tuple (sign, logabsdet); for singular matrices (0, -inf).

    Raises:
        numpy.linalg.LinAlgError: when the matrices are not square.

    >>> slogdet(Tensor([[0.0, 1.0], [1.0, 0.0]]))
    SlogdetResult(sign=Tensor(-1.), logabsdet=Tensor(0.))
    """
    return np.linalg.slogdet(a)


# --- solutions --------------------------------------------------------------------------------------------------------


def _of_right_side(g: Array, a: Array, b_ndim: int) -> Array:
    """Return the gradient of b in solve(a, b): the transposed system's solution."""
    if b_ndim == 1:
        return np.squeeze(np.linalg.solve(transposed(a), columns(g)), -1)
    return np.linalg.solve(transposed(a), g)


def _of_matrix(g: Array, a: Array, b_shape: tuple[int, ...], out: Array) -> Array:
    of_b = _of_right_side(g, a, len(b_shape))
    if len(b_shape) == 1:
        return -(columns(of_b) * np.expand_dims(out, -2))
    return -(of_b @ transposed(out))


@op(
    a=_of_matrix,
    b=lambda g, a, b_shape: _of_right_side(g, a, len(b_shape)),
    samples=[
        sample(Separated((3, 3)), (3,)), sample(Separated((3, 3)), (3, 2)), sample(Separated((2, 2, 2)), (2,)),
        sample(Separated((2, 2, 2)), (2, 3)), sample(Separated((2, 2)), (3, 2, 1)),
    ],
    numpy=np.linalg.solve,
)  # fmt: skip
def solve(a: Array, b: Array) -> Tensor:
    """Return the solutions x of a @ x = b.

    Args:
        a: (..., n, n).
        b: (n,) for one vector, or matrices (..., n, k) of columns; it broadcasts with a.

    Returns:
        (..., n) or (..., n, k).

    Raises:
        numpy.linalg.LinAlgError: when a is singular, or not square.

    >>> solve(Tensor([[2.0, 0.0], [0.0, 4.0]]), Tensor([1.0, 1.0]))
    Tensor([0.5 , 0.25])
    """
    return np.linalg.solve(a, b)


def _pseudo_inverse(a: Array, rcond: float | None) -> Array:
    """Return the pseudo-inverse by the same measure of rank as least squares."""
    return np.linalg.pinv(a, max(a.shape) * float(np.finfo(a.dtype).eps) if rcond is None else rcond)


def _of_coefficients(g: Array, a: Array, b: Array, rcond: float | None) -> Array:
    """Return the gradient of a in pinv(a) @ b."""
    g, b = (columns(x) if x.ndim == 1 else x for x in (g, b))
    return _of_pseudo_inverse(g @ transposed(b), a, _pseudo_inverse(a, rcond), rcond)


@op(
    a=_of_coefficients,
    b=lambda g, a, rcond: transposed(_pseudo_inverse(a, rcond)) @ g,
    samples=[
        sample(Separated((3, 2)), (3,), rcond=None), sample(Separated((2, 3)), (2, 2), rcond=None),
        sample(Separated((2, 2)), (2,), rcond=1e-10), sample(Separated((3, 2)), (3, 2), rcond=0.7),
    ],
)  # fmt: skip
def _least_squares(a: Array, b: Array, rcond: float | None) -> Tensor:
    """Return the solution of `lstsq`."""
    return np.linalg.lstsq(a, b, rcond)[0]


def lstsq(a: Array, b: Array, rcond: float | None = None) -> tuple[Any, Any, int, Any]:
    """Return the x of smallest norm among those that minimise the norm of a @ x - b, and more about it.

    Args:
        a: (m, n).
        b: (m,) or (m, k).
        rcond: singular values up to this part of the largest count as 0; by default the machine's precision times
            max(m, n).

    Returns:
        The solution (n,) or (n, k); the sums of squares of what is left (k,), empty unless a has rank n < m; the rank
        of a; its singular values.

    Raises:
        numpy.linalg.LinAlgError: when the shapes do not fit.

    >>> lstsq(Tensor([[1.0], [1.0]]), Tensor([1.0, 3.0]))[0]
    Tensor([2.])
    """
    x = _least_squares(a, b, rcond)
    s = np.linalg.svdvals(a)
    m, n = np.shape(a)
    tolerance = max(m, n) * np.finfo(s.dtype).eps if rcond is None else rcond
    rank = int(np.sum(value_of(s) > tolerance * np.max(value_of(s), initial=0)))
    left = np.reshape(b - a @ x, (m, -1))
    residuals = np.sum(np.real(conj(left) * left) if left.dtype.kind == "c" else left * left, axis=0)
    return x, residuals if rank == n < m else residuals[:0], rank, s


FUNCTIONS[np.linalg.lstsq] = lstsq  # by hand: not all of its results are arrays


@composite(samples=[sample((2, 3, 6), ind=2), sample((4, 2, 2), ind=1)], numpy=np.linalg.tensorinv)
def tensorinv(a: Array, ind: int = 2) -> Tensor:
    """Return the inverse for tensordot: tensordot(tensorinv(a), tensordot(a, b, ind), ind) is b.

    Args:
        a: the product of the first `ind` sizes is that of the others.
        ind: how many axes the inverse sums over.

    Raises:
        ValueError: when ind is not positive.
        numpy.linalg.LinAlgError: when the sizes do not fit, or a is singular.

    >>> tensorinv(Tensor([[[2.0]]])).shape
    (1, 1, 1)
    """
    if ind <= 0:
        raise ValueError(f"tensorinv needs a positive ind, not {ind}")
    shape = np.shape(a)
    inverse = inv(np.reshape(a, (math.prod(shape[:ind]), -1)))
    return np.reshape(inverse, shape[ind:] + shape[:ind])


@composite(
    samples=[sample((2, 3, 6), (2, 3)), sample((2, 1, 2), (2,), axes=(1,)), sample((2, 4, 2), (4,), axes=(0,))],
    numpy=np.linalg.tensorsolve,
)
def tensorsolve(a: Array, b: Array, axes: Sequence[int] | None = None) -> Tensor:
    """Return the x for which tensordot(a, x, x.ndim) is b.

    Args:
        a: (*b.shape, *q) where the product of the sizes q is b.size.
        b: any shape.
        axes: axes of a to move to its end first.

    Raises:
        numpy.linalg.LinAlgError: when the sizes do not fit, or a is singular.

    >>> tensorsolve(Tensor([[[2.0]]]), Tensor([[4.0]])).shape
    (1,)
    """
    if axes is not None:
        kept = [axis for axis in range(np.ndim(a)) if axis not in axes]
        a = np.transpose(a, [*kept, *axes])
    shape = np.shape(a)[np.ndim(b) :]
    if np.size(a) != math.prod(shape) ** 2 or np.size(b) != math.prod(shape):
        raise np.linalg.LinAlgError(f"tensorsolve needs a (*b.shape, *q) with q of b's size, not {np.shape(a)}")
    return np.reshape(solve(np.reshape(a, (math.prod(shape), -1)), np.ravel(b)), shape)


# --- powers and rank --------------------------------------------------------------------------------------------------


@composite(
    samples=[sample(Separated((2, 2)), n=n) for n in (3, 1, -2, 0)] + [sample((2, 2, 2), n=5)],
    numpy=np.linalg.matrix_power,
)
def matrix_power(a: Array, n: int) -> Tensor:
    """Return square matrices (..., k, k) to an integer power, by repeated squaring; negative ones of the inverse.

    Raises:
        TypeError: when the exponent is not an integer.
        numpy.linalg.LinAlgError: when the matrices are not square, or are to be inverted and singular.

    >>> matrix_power(Tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    Tensor([[1., 3.],
            [0., 1.]])
    """
    shape = np.shape(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise np.linalg.LinAlgError(f"matrix_power takes square matrices (..., n, n), not shape {shape}")
    n = operator.index(n)
    if n == 0:  # the same for all a, so that its gradient is 0
        return np.where(np.ones(shape, bool), np.eye(shape[-1], dtype=a.dtype), a)
    square = a if n > 0 else inv(a)
    result = None
    for place, bit in enumerate(reversed(f"{abs(n):b}")):
        square = square @ square if place else square
        if bit == "1":
            result = square if result is None else result @ square
    return np.copy(result) if n == 1 else result


@op(A=None, samples=[sample((3, 2)), sample(Separated((2, 2, 2)), tol=0.1)], numpy=np.linalg.matrix_rank)
def matrix_rank(A: Array, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Tensor:  # noqa: N803
    """Return the number of singular values above a limit, an integer without gradient.

    Args:
        A: matrices (..., m, n).
        tol: the limit.
        hermitian: whether A is, for a faster method.
        rtol: the limit as a part of the largest singular value; by default precision times max(m, n).

    >>> matrix_rank(Tensor([[1.0, 2.0], [2.0, 4.0]]))
    Tensor(1)
    """
    return np.linalg.matrix_rank(A, tol, hermitian, rtol=rtol)
