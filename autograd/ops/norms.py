"""Norms of vectors and matrices, and condition numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.axes import Axis, kept
from autograd.ops.common import Array
from autograd.ops.decompositions import svdvals
from autograd.ops.matrices import Separated, adjoint, columns, conj
from autograd.ops.systems import inv
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, value_of

INF = float("inf")
Order = Any  # a number, "fro", "nuc" or None

# --- vectors ----------------------------------------------------------------------------------------------------------


def _of_power_norm(g: Array, x: Array, out: Array, ord: float, axis: Axis) -> Array:
    """Return the gradient g * |x / out|**(ord - 1) * sign(x); 0 where x or the norm is."""
    g, out = np.reshape(g, kept(x.shape, axis)), np.reshape(out, kept(x.shape, axis))
    norm = np.where(out == 0, 1, out)
    slope = np.where(out == 0, 0, g / norm)
    if ord != 2:
        zero = x == 0
        share = np.where(zero, 1, np.abs(x)) / norm
        slope = slope * np.where(zero, 0, share ** (ord - 2))
    return conj(x) * slope


@op(
    x=_of_power_norm,
    samples=[
        sample((3,), ord=2, axis=None), sample((2, 3), ord=2, axis=(0, 1), keepdims=True),
        sample(Draw((2, 3), kinks=(0.0,)), ord=3, axis=1), sample(Draw((2, 3), kinks=(0.0,)), ord=0.5, axis=0),
        sample(Draw((3,), kinks=(0.0,)), ord=-1.5, axis=-1), sample((), ord=2, axis=None),
    ],
)  # fmt: skip
def _power_norm(x: Array, ord: float, axis: Axis, keepdims: bool = False) -> Tensor:
    """Return the sum over any axes of |x|**ord, to the power 1/ord; one op, because its root has no slope at 0."""
    if ord == 2 and (axis is None or x.ndim == 1) and not keepdims:
        return np.linalg.norm(x.ravel())
    if ord == 2:
        squares = np.square(x.real) + np.square(x.imag) if x.dtype.kind == "c" else np.square(x)
        return np.sqrt(np.sum(squares, axis=axis, keepdims=keepdims))
    with np.errstate(divide="ignore"):  # the sum is infinite where x is 0 and ord negative; the norm is 0 then
        return np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


def _of_count(g: Array, x_shape: tuple[int, ...], axis: Axis) -> Array:
    return np.where(np.zeros(x_shape, bool), np.reshape(g, kept(x_shape, axis)), 0)


@op(x=_of_count, samples=[sample(Draw((2, 3), kinks=(0.0,)), axis=1)])
def _count_of_nonzero(x: Array, axis: Axis, keepdims: bool = False) -> Tensor:
    """Return the number of elements that are not 0, in the dtype of the norms of x."""
    return np.sum((x != 0).astype(x.real.dtype), axis=axis, keepdims=keepdims)


def _norm_over(x: Array, ord: Order, axis: Axis, keepdims: bool) -> Array:
    """Return the norms of all elements over an axis, or over several."""
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order {ord!r} for vectors; it is a number")
    if ord is None or ord == 2:
        return _power_norm(x, 2, axis, keepdims)
    if ord == 0:
        return _count_of_nonzero(x, axis, keepdims)
    if ord == 1 or (ord == INF and not x.size):
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if ord in (INF, -INF):
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    return _power_norm(x, ord, axis, keepdims)


def _floating(x: Array) -> Array:
    """Return x as an array or Tensor of floating or complex dtype."""
    x = x if hasattr(x, "dtype") else np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


@composite(
    samples=[
        sample((2, 3)), sample((2, 3), axis=(0, -1), keepdims=True), sample(Draw((2, 3), kinks=(0.0,)), axis=1, ord=1),
        sample(Draw((2, 3), kinks=(0.0,), distinct=True), axis=0, ord=INF), sample(Draw((3,), kinks=(0.0,)), ord=3.5),
    ],
    numpy=np.linalg.vector_norm,
)  # fmt: skip
def vector_norm(x: Array, /, *, axis: Axis = None, keepdims: bool = False, ord: Order = 2) -> Tensor:
    """Return the norms of all elements over the given axes.

    The gradient at 0 is 0, also that to single elements that are 0. Of several largest (smallest) elements, for the
    order inf (-inf), each gets an equal share of the gradient, as in PyTorch. The second derivative is 0 where the
    first jumps.

    Args:
        x: any shape.
        axis: the axes to take together, by default all.
        keepdims: whether these axes stay, with size 1.
        ord: 2 for the Euclidean norm; inf, -inf for the largest and smallest |x|; 0 for the number of nonzero
            elements; otherwise sum(|x|**ord)**(1/ord).

    Raises:
        ValueError: for an order that is no number.

    >>> vector_norm(Tensor([[3.0, 4.0]]))
    Tensor(5.)
    """
    return _norm_over(_floating(x), ord, axis, keepdims)


# --- matrices ---------------------------------------------------------------------------------------------------------


def _of_direction(g: Array, x: Array) -> Array:
    """Return the gradient of `_direction`; as Higham, Functions of matrices, 2008, section 8.1, for its derivative."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    u, v, g = u * np.expand_dims(s > 0, -2), adjoint(vh * columns(s > 0)), conj(g)
    inner = adjoint(u) @ g @ v
    sums, s = np.expand_dims(s, -2) + columns(s), np.where(s == 0, 1, s)
    middle = (inner - adjoint(inner)) / np.where(sums == 0, 1, sums)
    result = u @ middle + (g @ v - u @ inner) / np.expand_dims(s, -2)
    return conj(result @ adjoint(v) + u @ ((adjoint(u) @ g - inner @ adjoint(v)) / columns(s)))


@op(x=_of_direction, samples=[sample(Separated((3, 2))), sample(Separated((2, 2, 3)))])
def _direction(x: Array) -> Tensor:
    """Return U @ Vh of the singular value decomposition without the vectors of singular values that are 0."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return u * np.expand_dims(s > 0, -2) @ vh  # type: ignore[no-any-return]


@op(
    x=lambda g, x: np.expand_dims(g, (-2, -1)) * conj(_direction(x)),
    samples=[sample(Separated((3, 2))), sample(Separated((2, 2, 3)))],
)
def _nuclear(x: Array) -> Tensor:
    """Return the sums of singular values; by themselves these are not smooth where they meet, their sum is."""
    return np.sum(np.linalg.svd(x, compute_uv=False), axis=-1)  # type: ignore[no-any-return]


def _of_singular_values(x: Array, ord: Order, keepdims: bool) -> Array:
    if ord == "nuc":
        norms = _nuclear(x)
        return np.expand_dims(norms, -1) if keepdims else norms
    values = svdvals(x)
    s: Array = np.where(values == 0, 0, values)  # at 0 a singular value has a kink as |x| has: the gradient is 0
    if not s.shape[-1] and ord != -2:
        return np.sum(s, axis=-1, keepdims=keepdims)  # of nothing: 0
    return (np.max if ord == 2 else np.min)(s, axis=-1, keepdims=keepdims)


def _norm_of_matrices(x: Array, ord: Order, keepdims: bool) -> Array:
    """Return the norms of matrices (..., m, n)."""
    if ord in (None, "fro", "f"):
        return _power_norm(x, 2, (-2, -1), keepdims)
    if ord in ("nuc", 2, -2):
        norms = _of_singular_values(x, ord, keepdims)
        return np.expand_dims(norms, -1) if keepdims else norms
    if ord in (1, -1):
        sums = _norm_over(x, 1, -2, keepdims)
        return _norm_over(sums, ord * INF, -1, keepdims)
    if ord in (INF, -INF):
        sums = _norm_over(x, 1, -1, keepdims)
        return _norm_over(sums, ord, -2 if keepdims else -1, keepdims)
    raise ValueError(f"Invalid norm order {ord!r} for matrices; it is None, 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2")


@composite(
    samples=[
        sample((2, 3)), sample((2, 2, 3), ord=1, keepdims=True), sample(Separated((3, 2)), ord="nuc"),
        sample(Separated((2, 2, 3)), ord=-2, keepdims=True),
    ],
    numpy=np.linalg.matrix_norm,
)  # fmt: skip
def matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Order = "fro") -> Tensor:
    """Return the norms of matrices.

    The gradient of a norm at 0 is 0, and of several largest (smallest) rows, columns or singular values each gets an
    equal share of the gradient, as in PyTorch.

    Args:
        x: (..., m, n).
        keepdims: whether the result has shape (..., 1, 1) instead of (...,).
        ord: "fro" for the root of the sum of squares; "nuc" for the sum, 2 and -2 for the largest and smallest of the
            singular values; 1 and -1 for the largest and smallest sum of a column's |x|; inf and -inf for that of rows.

    Raises:
        ValueError: for another order, or fewer than two axes.

    >>> matrix_norm(Tensor([[3.0, 0.0], [0.0, 4.0]]), ord=2)
    Tensor(4.)
    """
    if np.ndim(x) < 2:
        raise ValueError(f"matrix_norm takes matrices (..., m, n), not shape {np.shape(x)}")
    return _norm_of_matrices(_floating(x), ord, keepdims)


def _norm_over_pair(x: Array, ord: Order, axes: tuple[int, int], keepdims: bool) -> Array:
    """Return the norms of matrices along any two axes."""
    rows, cols = (range(x.ndim)[a] for a in axes)
    if rows == cols:
        raise ValueError("Duplicate axes given.")
    norms = _norm_of_matrices(np.moveaxis(x, (rows, cols), (-2, -1)), ord, False)
    return np.expand_dims(norms, (rows, cols)) if keepdims else norms


@composite(
    samples=[
        sample((3,)), sample((2, 3)), sample((2, 3), axis=1, keepdims=True), sample((2, 3, 2), axis=(2, 0)),
        sample(Draw((2, 3), kinks=(0.0,)), ord=1, axis=-1), sample(Draw((3,), kinks=(0.0,)), ord=2.5),
        sample(Draw((2, 3, 2), kinks=(0.0,), distinct=True), ord=-INF, axis=(0, 1), keepdims=True),
        sample(Separated((2, 3)), ord="nuc"), sample(Draw((3,), kinks=(0.0,)), ord=0), sample(()),
    ],
    numpy=np.linalg.norm,
)  # fmt: skip
def norm(x: Array, ord: Order = None, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the norms of vectors along an axis, of matrices along two, or of everything.

    Gradients where there is a kink (at 0, or between elements of equal size) are those of `vector_norm` and
    `matrix_norm`.

    Args:
        x: any shape.
        ord: None for the root of the sum of squares; otherwise as for `vector_norm` or `matrix_norm`.
        axis: the axis of the vectors, or the two of the matrices; by default all elements are taken together where
            ord is None, and otherwise x is one vector or matrix.
        keepdims: whether these axes stay, with size 1.

    Raises:
        ValueError: for an order that vectors or matrices do not have, or when x has neither one axis nor two.

    >>> norm(Tensor([3.0, 4.0]))
    Tensor(5.)
    """
    x = _floating(x)
    if axis is None and ord is None:
        return _power_norm(x, 2, tuple(range(x.ndim)) if keepdims else None, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 1:
        return _norm_over(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _norm_over_pair(x, ord, axes, keepdims)
    raise ValueError(f"Improper number of dimensions to norm: axis is one axis or two, not {axes}")


@composite(
    samples=[
        sample(Separated((3, 2))), sample(Separated((2, 3, 3)), p=-2), sample(Separated((2, 2)), p=1),
        sample(Separated((2, 2, 2)), p="fro"),
    ],
    numpy=np.linalg.cond,
)  # fmt: skip
def cond(x: Array, p: Order = None) -> Tensor:
    """Return the condition numbers of matrices: norm(x) * norm(inv(x)), infinite for singular ones.

    Args:
        x: (..., m, n); square for other orders than None, 2 and -2.
        p: the order of the norms, as for `matrix_norm`; None is 2.

    Raises:
        numpy.linalg.LinAlgError: for empty matrices, or other than square ones where these are needed.

    >>> cond(Tensor([[3.0, 0.0], [0.0, 4.0]]))
    Tensor(1.3333334)
    """
    x = _floating(x)
    if x.ndim < 2 or 0 in x.shape[-2:]:
        raise np.linalg.LinAlgError(f"cond takes matrices (..., m, n) that are not empty, not shape {x.shape}")
    if p in (None, 2, -2):
        s = svdvals(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            numbers = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        singular = np.isnan(numbers) & ~np.isnan(np.sum(value_of(x), axis=(-2, -1)))
    else:
        singular = np.linalg.det(value_of(x)) == 0
        x = np.where(np.expand_dims(singular, (-1, -2)), np.eye(x.shape[-1], dtype=x.dtype), x)
        numbers = _norm_of_matrices(x, p, False) * _norm_of_matrices(inv(x), p, False)
    return np.where(singular, INF, numbers)[()] if np.any(singular) else numbers
