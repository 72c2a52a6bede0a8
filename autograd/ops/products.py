"""Products of vectors, matrices and tensors: sums over axes of products of elements."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.ops.common import Array
from autograd.ops.matrices import columns, conj
from autograd.primitive import composite, op
from autograd.samples import Draw, sample
from autograd.tensor import Tensor, tensor_method

Axes = tuple[tuple[int, ...], tuple[int, ...]]

# --- over any axes ----------------------------------------------------------------------------------------------------


def _paired_axes(axes: Any, first: int, second: int) -> Axes:
    """Return the axes that `tensordot` pairs, counted from 0, of arrays with `first` and `second` axes."""
    pair = axes if hasattr(axes, "__iter__") else (range(first - axes, first), range(axes))
    ours, theirs = ((a,) if np.ndim(a) == 0 else tuple(a) for a in pair)
    return tuple(int(a) % first for a in ours), tuple(int(b) % second for b in theirs)


def _rest(axes: Sequence[int], ndim: int) -> list[int]:
    return [i for i in range(ndim) if i not in axes]


def _first_of_pair(g: Array, a_ndim: int, b: Array, axes: Axes) -> Array:
    """Return the gradient of a in a tensordot: g (*rest of a, *rest of b) times b over the rest of b."""
    ours, theirs = axes
    mine, other = _rest(ours, a_ndim), _rest(theirs, b.ndim)
    product = np.tensordot(g, b, axes=(list(range(len(mine), g.ndim)), other))  # (*rest of a, *paired, as b has them)
    order = [*mine, *(ours[theirs.index(axis)] for axis in sorted(theirs))]
    return np.transpose(product, [order.index(axis) for axis in range(a_ndim)])


def _second_of_pair(g: Array, a: Array, b_ndim: int, axes: Axes) -> Array:
    """Return the gradient of b in a tensordot: a times g (*rest of a, *rest of b) over the rest of a."""
    ours, theirs = axes
    mine, other = _rest(ours, a.ndim), _rest(theirs, b_ndim)
    product = np.tensordot(a, g, axes=(mine, list(range(len(mine)))))  # (*paired, as a has them, *rest of b)
    order = [*(theirs[ours.index(axis)] for axis in sorted(ours)), *other]
    return np.transpose(product, [order.index(axis) for axis in range(b_ndim)])


@op(
    a=lambda g, a_shape, b, axes: _first_of_pair(g, len(a_shape), b, _paired_axes(axes, len(a_shape), b.ndim)),
    b=lambda g, a, b_shape, axes: _second_of_pair(g, a, len(b_shape), _paired_axes(axes, a.ndim, len(b_shape))),
    samples=[
        sample((2, 3, 2), (3, 2, 2)), sample((2, 3), (2,), axes=0), sample((2, 3, 4), (4, 5), axes=1),
        sample((2, 3, 4), (3, 5, 2), axes=([0, 1], [2, 0])), sample((3, 2), (2, 3), axes=(0, -1)),
        sample((2, 0), (0, 3), axes=1),
    ],
)  # fmt: skip
def tensordot(a: Array, b: Array, axes: Any = 2) -> Tensor:
    """Return the sum over pairs of axes of the products of all elements: shape (*rest of a, *rest of b).

    Args:
        a: any shape.
        b: any shape.
        axes: how many of a's last axes to pair with b's first ones; or two axes, or sequences of axes, to pair.

    Raises:
        ValueError: when paired axes differ in size.

    >>> tensordot(Tensor([[1.0, 2.0]]), Tensor([3.0, 4.0]), axes=1)
    Tensor([11.])
    """
    return np.tensordot(a, b, axes=axes)[()]


def _dot_axes(a_ndim: int, b_ndim: int) -> Axes:
    """Return what `dot` pairs: the last axis of a with the last but one of b; nothing with a number."""
    return _paired_axes(0 if not a_ndim or not b_ndim else (-1, -min(b_ndim, 2)), a_ndim, b_ndim)


def _first_of_dot(g: Array, a_shape: tuple[int, ...], b: Array) -> Array:
    if not a_shape or not np.ndim(b) or not np.ndim(g):
        return g * b
    return _first_of_pair(g, len(a_shape), b, _dot_axes(len(a_shape), b.ndim))


def _second_of_dot(g: Array, a: Array, b_shape: tuple[int, ...]) -> Array:
    if not b_shape or not np.ndim(a) or not np.ndim(g):
        return g * a
    return _second_of_pair(g, a, len(b_shape), _dot_axes(a.ndim, len(b_shape)))


@op(
    a=_first_of_dot,
    b=_second_of_dot,
    samples=[
        sample((3,), (3,)), sample((2, 3), (3, 4)), sample((2, 3), (3,)), sample((3,), (3, 2)), sample((), (2, 3)),
        sample((2, 3), ()), sample((), ()), sample((2, 3, 4), (4,)), sample((2, 3), (2, 3, 2)),
        sample((2, 1, 3), (2, 3, 2)), sample((0,), (0,)),
    ],
)  # fmt: skip
def dot(a: Array, b: Array) -> Tensor:
    """Return the sum over the last axis of a and the last but one (or only one) of b; with a number, the product.

    Raises:
        ValueError: when these axes differ in size.

    >>> dot(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
    Tensor(11.)
    """
    return np.dot(a, b)


@composite(samples=[sample((3,), (3,)), sample((2, 3), (4, 3)), sample((3,), (2, 2, 3)), sample((), (2,))])
def inner(a: Array, b: Array, /) -> Tensor:
    """Return the sum of products over the last axes of a and b: shape (*a.shape[:-1], *b.shape[:-1]).

    Raises:
        ValueError: when the last axes differ in size.

    >>> inner(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1.0, 1.0]))
    Tensor([3., 7.])
    """
    return dot(a, b) if np.ndim(b) < 2 or not np.ndim(a) else tensordot(a, b, axes=(-1, -1))


@composite(samples=[sample((3,), (3,)), sample((2, 3), (3, 2)), sample((), ())])
def vdot(a: Array, b: Array, /) -> Tensor:
    """Return the sum of all products of elements of a, conjugated where complex, and of b, in order.

    Raises:
        ValueError: when a and b differ in size.

    >>> vdot(Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]]))
    Tensor(11.)
    """
    a = np.ravel(a)
    return dot(conj(a), np.ravel(b))


@op(
    a=lambda g, a_shape, b: np.reshape(g @ np.ravel(b), a_shape),
    b=lambda g, a, b_shape: np.reshape(np.ravel(a) @ g, b_shape),
    samples=[sample((2,), (3,)), sample((2, 2), (1, 3)), sample((), (2,)), sample((0,), (2,))],
)
def outer(a: Array, b: Array) -> Tensor:
    """Return the products of each element of a and each of b: shape (a.size, b.size).

    >>> outer(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
    Tensor([[3., 4.],
            [6., 8.]])
    """
    return np.outer(a, b)


@composite(samples=[sample((2, 2), (3, 2)), sample((2,), (2, 1, 3)), sample((2, 3), ()), sample((2, 2, 1), (2,))])
def kron(a: Array, b: Array) -> Tensor:
    """Return the Kronecker product: a with each element replaced by its product with all of b.

    The array with fewer axes gets new ones in front; each axis has the product of the two sizes.

    >>> kron(Tensor([1.0, 10.0]), Tensor([1.0, 2.0]))
    Tensor([ 1.,  2., 10., 20.])
    """
    ndim = max(np.ndim(a), np.ndim(b))
    outside, inside = ((1,) * (ndim - np.ndim(x)) + np.shape(x) for x in (a, b))
    every_second = [n for pair in zip(outside, (1,) * ndim) for n in pair]
    others = [n for pair in zip((1,) * ndim, inside) for n in pair]
    product = np.reshape(a, every_second) * np.reshape(b, others)  # (a's, b's, a's, b's, ...)
    return np.reshape(product, tuple(m * n for m, n in zip(outside, inside)))


def _chain(sizes: Sequence[int]) -> list[list[int]]:
    """Return where to split a chain of matrices of sizes (s0, s1), (s1, s2), ... for the fewest multiplications.

    Matrices i to j are best multiplied as (i to k) times (k + 1 to j) with k = result[i][j]. Dynamic programming:
    Cormen et al., Introduction to Algorithms, section 15.2.
    """
    n = len(sizes) - 1
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            ways = [(cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
            cost[i][j], split[i][j] = min(ways)
    return split


@composite(
    samples=[
        sample(((2, 3), (3, 1))), sample(((3,), (3, 2), (2, 3), (3,))), sample(((2, 3), (3, 2), (2, 3), (3, 2))),
    ],
    numpy=np.linalg.multi_dot,
)  # fmt: skip
def multi_dot(arrays: Sequence[Array]) -> Tensor:
    """Return the matrix product of all arrays, multiplied in the order that takes the fewest multiplications.

    Args:
        arrays: two or more matrices; the first may be a row (n,) and the last a column (n,).

    Raises:
        ValueError: for fewer than two arrays, or sizes that do not fit.
        numpy.linalg.LinAlgError: for arrays with other numbers of axes.

    >>> multi_dot([Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]]), Tensor([[2.0]])])
    Tensor([[22.]])
    """
    if len(arrays) < 2:
        raise ValueError("multi_dot needs at least two arrays")
    ends = {0, len(arrays) - 1}
    for i, x in enumerate(arrays):
        if np.ndim(x) != 2 and not (np.ndim(x) == 1 and i in ends):
            raise np.linalg.LinAlgError(f"multi_dot takes matrices; array {i} has shape {np.shape(x)}")
    first, last = np.shape(arrays[0]), np.shape(arrays[-1])
    rows = (first[0] if len(first) == 2 else 1, first[-1])
    split = _chain([*rows, *(np.shape(x)[-1] for x in arrays[1:-1]), last[1] if len(last) == 2 else 1])
    return _product(arrays, split, 0, len(arrays) - 1)


def _product(arrays: Sequence[Array], split: Any, i: int, j: int) -> Any:
    """Return the product of arrays i to j; an inner function, which refers to itself, would keep the arrays alive."""
    if i == j:
        return arrays[i]
    return dot(_product(arrays, split, i, split[i][j]), _product(arrays, split, split[i][j] + 1, j))


# --- stacks of vectors and matrices -----------------------------------------------------------------------------------


@op(
    x1=lambda g, x2: conj(columns(g) * x2),
    x2=lambda g, x1: columns(g) * conj(x1),
    samples=[sample((3,), (3,)), sample((2, 3), (3,)), sample((2, 1, 3), (2, 3))],
)
def _vecdot(x1: Array, x2: Array) -> Tensor:
    """Return `vecdot` along the last axis."""
    return np.vecdot(x1, x2)


@composite(
    samples=[sample((3,), (3,)), sample((2, 3), (3,)), sample((3, 2), (2, 3, 1), axis=-2)],
    numpy=(np.vecdot, np.linalg.vecdot),
)
def vecdot(x1: Array, x2: Array, /, *, axis: int = -1) -> Tensor:
    """Return the dot products of vectors along an axis, those of x1 conjugated where complex.

    >>> vecdot(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1.0, 1.0]))
    Tensor([3., 7.])
    """
    if axis != -1:
        x1, x2 = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
    return _vecdot(x1, x2)


@composite(samples=[sample((2, 3), (3,)), sample((2, 2, 3), (2, 3)), sample((3, 1, 2, 3), (2, 3))])
def matvec(x1: Array, x2: Array, /) -> Tensor:
    """Return the products of matrices x1 (..., m, n) and vectors x2 (..., n), broadcasting: (..., m).

    >>> matvec(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([1.0, 1.0]))
    Tensor([3., 7.])
    """
    return np.squeeze(x1 @ columns(x2), -1)


@composite(samples=[sample((2,), (2, 3)), sample((2, 2), (2, 2, 3)), sample((3, 1, 2), (2, 2, 3))])
def vecmat(x1: Array, x2: Array, /) -> Tensor:
    """Return the products of vectors x1 (..., m), conjugated where complex, and matrices x2 (..., m, n): (..., n).

    >>> vecmat(Tensor([1.0, 1.0]), Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([4., 6.])
    """
    return np.squeeze(np.expand_dims(conj(x1), -2) @ x2, -2)


@composite(samples=[sample((2, 3)), sample((2, 1, 3))], numpy=(np.matrix_transpose, np.linalg.matrix_transpose))
def matrix_transpose(x: Array, /) -> Tensor:
    """Return matrices (..., m, n) transposed: (..., n, m).

    Raises:
        ValueError: when x has fewer than two axes.

    >>> matrix_transpose(Tensor([[1.0, 2.0]]))
    Tensor([[1.],
            [2.]])
    """
    if np.ndim(x) < 2:
        raise ValueError(f"matrix_transpose takes matrices (..., m, n), not shape {np.shape(x)}")
    return np.swapaxes(x, -1, -2)


tensor_method("mT")(property(lambda self: matrix_transpose(self), doc="Matrices (..., m, n) transposed."))  # type: ignore[type-var]


def _spread_trace(g: Array, a_shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Array:
    """Return zeros with g (...,) all along the diagonals whose sums `trace` gave."""
    m, n = a_shape[axis1], a_shape[axis2]
    spread = np.where(np.eye(m, n, offset, dtype=bool), np.expand_dims(g, (-1, -2)), 0)
    return np.moveaxis(spread, (-2, -1), (axis1, axis2))


@op(
    a=_spread_trace,
    samples=[
        sample((3, 3)), sample((2, 4), offset=1), sample((4, 2), offset=-2), sample((2, 3, 4), axis1=-1, axis2=0),
        sample((2, 3), offset=7),
    ],
)  # fmt: skip
def trace(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Tensor:
    """Return the sum along diagonals.

    Args:
        a: at least two axes.
        offset: which diagonal, positive above the main one.
        axis1: the axis that counts rows.
        axis2: the axis that counts columns.
        dtype: to add up in.

    >>> trace(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.)
    """
    return np.trace(a, offset, axis1, axis2, dtype)


# --- vectors of space, polynomials ------------------------------------------------------------------------------------


@op(
    a=lambda g, b: np.cross(b, g),  # the volume that three vectors span does not change when they turn round
    b=lambda g, a: np.cross(g, a),
    samples=[sample((3,), (3,)), sample((2, 1, 3), (4, 3))],
)
def _cross(a: Array, b: Array) -> Tensor:
    """Return `cross` of vectors (..., 3)."""
    return np.cross(a, b)


def _in_space(x: Array, axis: int) -> tuple[Array, bool]:
    """Return vectors as (..., 3), and whether they had only two components."""
    if not np.ndim(x):
        raise ValueError("cross takes vectors, not numbers")
    x = x if axis == -1 else np.moveaxis(x, axis, -1)
    size = np.shape(x)[-1]
    if size not in (2, 3):
        raise ValueError(f"cross takes vectors of 2 or 3 components along the axis, not {size}")
    return (np.pad(x, [(0, 0)] * (np.ndim(x) - 1) + [(0, 1)]), True) if size == 2 else (x, False)


@composite(
    samples=[
        sample((3,), (3,)), sample((2, 3), (3,)), sample((3, 2), (2, 3), axisa=0, axisc=0),
        sample((3, 2), (3, 1), axis=0), sample((2, 3), (4, 3, 1), axisb=1, axisc=-2),
    ]
)  # fmt: skip
def cross(a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Tensor:
    """Return the cross products of vectors of 3 components, or (deprecated in NumPy) of 2, whose third is then 0.

    Args:
        a: vectors along `axisa`; the other axes broadcast with those of b.
        b: vectors along `axisb`.
        axisa: the axis of a's vectors.
        axisb: the axis of b's vectors.
        axisc: the axis of the result's vectors; there is none if both a and b have 2 components.
        axis: for all three of them.

    Raises:
        ValueError: for other numbers of components.

    >>> cross(Tensor([1.0, 0.0, 0.0]), Tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    (a, flat_a), (b, flat_b) = _in_space(a, axisa), _in_space(b, axisb)
    if flat_a or flat_b:
        message = "Arrays of 2-dimensional vectors are deprecated. Use arrays of 3-dimensional vectors instead."
        warnings.warn(message, DeprecationWarning, stacklevel=2)
    product: Array = _cross(a, b)
    if flat_a and flat_b:
        return product[..., 2]
    return product if axisc == -1 else np.moveaxis(product, -1, axisc)


@composite(samples=[sample((3,), (2, 2)), sample((1,), (2,)), sample((4,), Draw(domain=(0.5, 1)))])
def polyval(p: Array, x: Array) -> Tensor:
    """Return p[0] * x**(n-1) + ... + p[n-2] * x + p[n-1], by Horner's scheme.

    Args:
        p: coefficients (n,), that of the highest power first.
        x: where to evaluate, any shape.

    >>> polyval(Tensor([1.0, 0.0, 2.0]), Tensor([1.0, 3.0]))
    Tensor([ 3., 11.])
    """
    x = x if hasattr(x, "dtype") else np.asarray(x)
    return functools.reduce(lambda y, coefficient: y * x + coefficient, p, np.zeros(x.shape, x.dtype))
