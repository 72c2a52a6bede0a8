"""Decompositions of matrices: Cholesky, QR, eigenvalues, singular values.

Rules are written for the gradient dL/dx + i dL/dy, as in the literature, and so conjugate on their way in and out.
Where nothing depends on the vectors they go by the values alone, so that repeated values do no harm. Gradients of 0
could not tell: they are also those of functions such as (u * s) @ vh at s = 0, which depend on the vectors.
"""

from __future__ import annotations

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
    lower,
    named,
    on_diagonals,
    transposed,
)  # fmt: skip
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of

# Larger symmetric matrices cannot be samples: differences in single elements are not symmetric. The tests have some.
SYMMETRIC = [sample(Draw((1, 1), (0.5, 2.0))), sample(Draw((2, 1, 1), (0.5, 2.0)))]
SQUARE = [sample(Separated((3, 3))), sample(Separated((2, 2, 2)))]

# --- what the rules share ---------------------------------------------------------------------------------------------


def _over(x: Array, y: Array) -> Array:
    """Return x / y, but nan where y is 0: there is no derivative there, even if x is 0 as well."""
    zero = y == 0
    return x / (np.where(zero, np.nan, y) if np.any(zero) else y)


def _differences(x: Array) -> Array:
    """Return x[j] - x[i] of all pairs of (..., n): (..., n, n)."""
    return np.expand_dims(x, -2) - columns(x)


def _coupled(x: Array, y: Array) -> Array:
    """Return x / y off the diagonals of (..., n, n), where they couple two vectors, and 0 on them."""
    diagonal = np.eye(x.shape[-1], dtype=bool)
    return np.where(diagonal, 0, _over(x, np.where(diagonal, 1, y)))


def _filled(gradients: Sequence[Array | None], out: Sequence[Array]) -> list[Array]:
    """Return the gradients of all results, conjugated, with zeros for the results that nothing used."""
    return [np.zeros_like(value_of(y)) if g is None else conj(g) for g, y in zip(gradients, out, strict=True)]


def _require_gauge(turning: Array, name: str, *gradients: Array) -> None:
    """Raise unless the objective stays the same when complex vectors are multiplied by phases.

    Args:
        turning: the products of the vectors with their gradients, imaginary on the diagonal where phases matter.
        name: the operation, for the error.
        *gradients: of the vectors, whose size says what of `turning` is rounding.

    Raises:
        ValueError: saying so; then there is no derivative, because vectors are only given up to a phase.
    """
    if turning.dtype.kind != "c":
        return
    size = max(np.max(np.abs(value_of(g)), initial=0) for g in gradients)
    rounding = float(np.finfo(turning.dtype).eps) ** 0.25 * size
    if np.any(np.abs(np.imag(value_of(diagonals(turning)))) > rounding):
        raise ValueError(
            f"the vectors that {name} gives are determined up to a complex phase only, and the objective depends on "
            "it, so that it has no gradient; use absolute values, or products of a vector and its conjugate"
        )


# --- Cholesky ---------------------------------------------------------------------------------------------------------


def _of_cholesky(g: Array, out: Array, upper: bool) -> Array:
    """Return the gradient of a; Murray, Differentiation of the Cholesky decomposition, 2016, equation (10)."""
    g, factor = (transposed(g), adjoint(out)) if upper else (conj(g), out)
    inner = adjoint(factor) @ g
    inner = lower(inner) - on_diagonals(diagonals(inner)) / 2
    right = adjoint(np.linalg.solve(adjoint(factor), inner))
    whole = np.linalg.solve(adjoint(factor), right)
    return conj(whole + adjoint(whole)) / 2


@op(a=_of_cholesky, samples=[*SYMMETRIC, sample(Draw((1, 1), (0.5, 2.0)), upper=True)], numpy=np.linalg.cholesky)
def cholesky(a: Array, /, *, upper: bool = False) -> Tensor:
    """Return the lower triangular L (..., n, n) with positive diagonal for which a is L @ L.conj().mT.

    As in PyTorch the gradient is symmetric: a is taken to move among symmetric (Hermitian) matrices.

    Args:
        a: symmetric (Hermitian) positive definite matrices (..., n, n); only one triangle is read.
        upper: whether to return L.conj().mT instead.

    Raises:
        numpy.linalg.LinAlgError: when a is not positive definite, or not square.

    >>> cholesky(Tensor([[4.0, 2.0], [2.0, 2.0]]))
    Tensor([[2., 0.],
            [1., 1.]])
    """
    return np.linalg.cholesky(a, upper=upper)


# --- QR ---------------------------------------------------------------------------------------------------------------


class QRResult(NamedTuple):
    """What `qr` returns."""

    Q: Any
    R: Any


def _of_tall_qr(g: Sequence[Array], out: Sequence[Array]) -> Array:
    """Return the gradient of a; Walter, Lehmann and Lamour, On evaluating higher-order derivatives of QR, 2012.

    With complex numbers the diagonal of R is real, as LAPACK makes it.
    """
    (q, r), (of_q, of_r) = out, (conj(x) for x in g)
    inner = r @ adjoint(of_r) - adjoint(of_q) @ q  # its lower triangle counts
    below = lower(inner, -1)
    diagonal = diagonals(inner)
    whole = below + adjoint(below) + on_diagonals((diagonal + conj(diagonal)) / 2)
    return conj(adjoint(np.linalg.solve(r, adjoint(of_q + q @ whole))))


@op(a=_of_tall_qr, several=True, samples=[sample(Separated((3, 2))), sample(Separated((2, 2, 2)))])
def _tall_qr(a: Array) -> tuple[Tensor, Tensor]:
    """Return Q and R of matrices (..., m, n) with m not below n."""
    return tuple(np.linalg.qr(a))


@composite(
    several=True,
    samples=[
        sample(Separated((3, 2))), sample(Separated((2, 3))), sample(Separated((2, 2, 2)), mode="complete"),
    ],
    numpy=np.linalg.qr,
)  # fmt: skip
def qr(a: Array, mode: str = "reduced") -> Any:
    """Return Q with orthonormal columns and the upper triangular R for which a is Q @ R.

    Args:
        a: (..., m, n), the first min(m, n) columns independent.
        mode: "reduced" for Q (..., m, k) and R (..., k, n) with k = min(m, n); "complete" for Q (..., m, m), which has
            gradients where m is not above n; "r" for R alone.

    Returns:
        The named tuple (Q, R), or R.

    Raises:
        ValueError: for another mode, or "complete" with m above n.
        numpy.linalg.LinAlgError: when a has fewer than two axes.

    >>> q, r = qr(Tensor([[3.0], [4.0]]))
    >>> q @ r
    Tensor([[3.],
            [4.]])
    """
    if np.ndim(a) < 2:
        raise np.linalg.LinAlgError(f"qr takes matrices (..., m, n), not shape {np.shape(a)}")
    m, n = np.shape(a)[-2:]
    if mode not in ("reduced", "complete", "r") or (mode == "complete" and m > n):
        raise ValueError(f"qr of matrices ({m}, {n}) has no gradient in mode {mode!r}: use 'reduced' or 'r'")
    factors: Any = _tall_qr(a if m >= n else a[..., :m])
    q, r = factors
    if m < n:  # the columns that do not fit only have coordinates
        r = np.concatenate([r, adjoint(q) @ a[..., m:]], axis=-1)
    return r if mode == "r" else QRResult(q, r)


# --- eigenvalues ------------------------------------------------------------------------------------------------------


class EighResult(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Any
    eigenvectors: Any


class EigResult(NamedTuple):
    """What `eig` returns."""

    eigenvalues: Any
    eigenvectors: Any


def _of_eigenpairs(g: Sequence[Array | None], out: Sequence[Array]) -> Array:
    """Return the gradient of a; Giles, Collected matrix derivative results, 2008, section 3.1.

    It is made Hermitian, as a is; that also keeps small what nearly equal eigenvalues do to functions like v f(w) v'.
    """
    (w, v), (of_w, of_v) = out, _filled(g, out)
    turning = adjoint(v) @ of_v
    _require_gauge(turning, "eigh", of_v)
    middle = _coupled((turning - adjoint(turning)) / 2, _differences(w)) + on_diagonals(of_w)
    return conj(v @ middle @ adjoint(v))


def _of_eigh(g: Sequence[Array | None], out: Sequence[Array]) -> tuple[Array]:
    v = out[1]
    if g[1] is None:
        return (conj(v * np.expand_dims(g[0], -2) @ adjoint(v)),)
    return (_of_eigenpairs(g, out),)


@named(EighResult)
@op(together=(_of_eigh, "a"), several=True, samples=SYMMETRIC, numpy=np.linalg.eigh)
def eigh(a: Array, UPLO: str = "L") -> EighResult:  # noqa: N803
    """Return the eigenvalues and eigenvectors of symmetric (Hermitian) matrices.

    As in PyTorch a is taken to move among symmetric (Hermitian) matrices. Where eigenvalues repeat, the eigenvectors
    have no derivative: it is nan unless nothing depends on them.

    Args:
        a: (..., n, n).
        UPLO: "L" or "U", the triangle that is read.

    Returns:
        The named tuple of the eigenvalues (..., n), ascending, and the eigenvectors, columns (..., n, n) of length 1.

    Raises:
        ValueError: for another UPLO; in backward when the objective depends on the phase of complex vectors.
        numpy.linalg.LinAlgError: when a is not square.

    >>> eigh(Tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    Tensor([1., 2.])
    """
    return np.linalg.eigh(a, UPLO)


def _of_eigvalsh(g: Array, a: Array, UPLO: str) -> Array:  # noqa: N803
    v = np.linalg.eigh(a, UPLO)[1]
    return conj(v * np.expand_dims(g, -2) @ adjoint(v))


@op(a=_of_eigvalsh, samples=SYMMETRIC, numpy=np.linalg.eigvalsh)
def eigvalsh(a: Array, UPLO: str = "L") -> Tensor:  # noqa: N803
    """Return the eigenvalues (..., n), ascending, of symmetric (Hermitian) matrices (..., n, n).

    Where eigenvalues repeat, the second derivative is nan. Arguments and errors are those of `eigh`.

    >>> eigvalsh(Tensor([[2.0, 0.0], [0.0, 1.0]]))
    Tensor([1., 2.])
    """
    return np.linalg.eigvalsh(a, UPLO)


def _of_general_eigenpairs(g: Sequence[Array | None], out: Sequence[Array]) -> Array:
    """Return the gradient of a; Boeddeker et al., On the computation of complex-valued gradients, 2017, (4.77).

    The eigenvectors have length 1, which takes their growth off their gradient.
    """
    (w, v), (of_w, of_v) = out, _filled(g, out)
    turning = adjoint(v) @ of_v
    _require_gauge(turning, "eig", of_v)
    turning = turning - adjoint(v) @ v * np.expand_dims(diagonals(turning), -2)
    middle = _coupled(turning, conj(_differences(w))) + on_diagonals(of_w)
    return conj(np.linalg.solve(adjoint(v), middle @ adjoint(v)))


def _of_eig(g: Sequence[Array | None], out: Sequence[Array]) -> tuple[Array]:
    v = out[1]
    if g[1] is None:
        return (conj(np.linalg.solve(adjoint(v), columns(conj(g[0])) * adjoint(v))),)
    return (_of_general_eigenpairs(g, out),)


@named(EigResult)
@op(together=(_of_eig, "a"), several=True, samples=SQUARE, numpy=np.linalg.eig)
def eig(a: Array) -> EigResult:
    """Return the eigenvalues and eigenvectors of square matrices, complex unless all eigenvalues are real.

    Where eigenvalues repeat, the derivative of the eigenvectors is nan unless nothing depends on them.

    Args:
        a: (..., n, n).

    Returns:
        The named tuple of the eigenvalues (..., n), in no order, and the eigenvectors, columns (..., n, n) of length 1.

    Raises:
        ValueError: in backward, when the objective depends on the phase of complex vectors.
        numpy.linalg.LinAlgError: when a is not square, or the method does not converge.

    >>> eig(Tensor([[2.0, 1.0], [0.0, 1.0]])).eigenvalues
    Tensor([2., 1.])
    """
    return np.linalg.eig(a)


@composite(samples=SQUARE, numpy=np.linalg.eigvals)
def eigvals(a: Array) -> Tensor:
    """Return the eigenvalues (..., n), in no order, of square matrices (..., n, n); complex unless all are real.

    >>> eigvals(Tensor([[2.0, 1.0], [0.0, 1.0]]))
    Tensor([2., 1.])
    """
    return eig(a).eigenvalues  # the order may be another where no vectors are computed


# --- singular values --------------------------------------------------------------------------------------------------


class SVDResult(NamedTuple):
    """What `svd` returns."""

    U: Any
    S: Any
    Vh: Any


def _narrowed(x: Array, of_x: Array, axis: int, k: int) -> tuple[Array, Array]:
    """Return the first k vectors along an axis, and their gradients."""
    if x.shape[axis] == k:
        return x, of_x
    first, rest = ((..., slice(*ends), slice(None))[: 2 if axis == -1 else None] for ends in ((k,), (k, None)))
    if np.any(value_of(of_x)[rest]):
        raise ValueError("svd with full_matrices=True: the vectors that belong to no singular value have no gradient")
    return x[first], of_x[first]


def _of_singular_vectors(g: Sequence[Array | None], out: Sequence[Array]) -> Array:
    """Return the gradient of a; Wan and Zhang, Automatic differentiation for complex valued SVD, 2019.

    Their terms (P_ij s_j + s_i Q_ij) / (s_j**2 - s_i**2), of P and Q for the vectors on the left and right, are split
    into a part over s_j - s_i and one over s_j + s_i: the first vanishes for functions such as the nuclear norm, which
    are smooth where singular values meet.
    """
    (u, s, vh), (of_u, of_s, of_vh) = out, _filled(g, out)
    k = s.shape[-1]
    (u, of_u), (vh, of_vh) = _narrowed(u, of_u, -1, k), _narrowed(vh, of_vh, -2, k)
    left, right = adjoint(u) @ of_u, vh @ adjoint(of_vh)
    _require_gauge(left + right, "svd", of_u, of_vh)
    p, q = left - adjoint(left), right - adjoint(right)
    sums = np.expand_dims(s, -2) + columns(s)
    middle = _coupled(p + q, _differences(s)) + _coupled(p - q, sums)
    middle = middle / 2 + on_diagonals(of_s)
    if p.dtype.kind == "c":
        middle = middle + on_diagonals(_over(diagonals(p), 2 * s))
    result = u @ middle @ vh
    if u.shape[-2] > k:
        result = result + _over(of_u - u @ left, np.expand_dims(s, -2)) @ vh
    if vh.shape[-1] > k:
        result = result + u @ _over(of_vh - adjoint(right) @ vh, columns(s))
    return conj(result)


def _of_svd(g: Sequence[Array | None], out: Sequence[Array]) -> tuple[Array]:
    u, s, vh = out
    k = s.shape[-1]
    if g[0] is None and g[2] is None:
        return (conj(u[..., :k] * np.expand_dims(g[1], -2) @ vh[..., :k, :]),)
    return (_of_singular_vectors(g, out),)


@op(
    together=(_of_svd, "a"),
    several=True,
    samples=[
        sample(Separated((3, 3))), sample(Separated((2, 3, 2)), full_matrices=False),
        sample(Separated((2, 3)), full_matrices=False),
    ],
)  # fmt: skip
def _svd(a: Array, full_matrices: bool = True, hermitian: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three factors of `svd`."""
    return tuple(np.linalg.svd(a, full_matrices, hermitian=hermitian))


@composite(
    several=True,
    samples=[
        sample(Separated((3, 3))), sample(Separated((3, 2)), full_matrices=False),
        sample(Separated((2, 2, 3)), full_matrices=False), sample(Draw((1, 1), (0.5, 2.0)), hermitian=True),
    ],
    numpy=np.linalg.svd,
)  # fmt: skip
def svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Return orthonormal U and Vh and the singular values S for which a is U @ diag(S) @ Vh.

    Where singular values repeat, or are 0 in matrices that are not square, the vectors have no derivative: it is nan
    unless nothing depends on them.

    Args:
        a: (..., m, n).
        full_matrices: whether U is (..., m, m) and Vh (..., n, n), instead of (..., m, k) and (..., k, n) with
            k = min(m, n). The vectors in excess of k have no gradient.
        compute_uv: whether to return U and Vh.
        hermitian: whether a is, for a faster method.

    Returns:
        The named tuple (U, S, Vh), with S (..., k) descending; or S alone.

    Raises:
        ValueError: in backward, when the objective depends on vectors in excess of k, or on the phase of complex ones.
        numpy.linalg.LinAlgError: when the method does not converge.

    >>> svd(Tensor([[0.0, 2.0], [1.0, 0.0]])).S
    Tensor([2., 1.])
    """
    if not compute_uv:
        return svdvals(a) if not hermitian else _svd(a, False, True)[1]
    return SVDResult(*_svd(a, full_matrices, hermitian))


def _of_svdvals(g: Array, x: Array) -> Array:
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return conj(u * np.expand_dims(g, -2) @ vh)


@op(x=_of_svdvals, samples=[sample(Separated((3, 2))), sample(Separated((2, 2, 3)))], numpy=np.linalg.svdvals)
def svdvals(x: Array, /) -> Tensor:
    """Return the singular values (..., min(m, n)), descending, of matrices (..., m, n).

    Where singular values repeat, the second derivative is nan.

    >>> svdvals(Tensor([[0.0, 2.0], [1.0, 0.0]]))
    Tensor([2., 1.])
    """
    return np.linalg.svd(x, compute_uv=False)
