"""Joining arrays, and splitting them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.typing import DTypeLike

from autograd.ops.common import Array
from autograd.ops.indexing import scatter
from autograd.ops.shaping import atleast_1d, atleast_2d, atleast_3d, copy, reshape
from autograd.primitive import composite, op
from autograd.samples import sample
from autograd.tensor import Tensor

# --- joining ----------------------------------------------------------------------------------------------------------


def _piece(g: Array, i: int, arrays_shape: tuple[tuple[int, ...], ...], axis: int | None) -> Array:
    if axis is None:
        start = sum(math.prod(shape) for shape in arrays_shape[:i])
        return np.reshape(g[start : start + math.prod(arrays_shape[i])], arrays_shape[i])
    start = sum(shape[axis] for shape in arrays_shape[:i])
    return g[(slice(None),) * (axis % g.ndim) + (slice(start, start + arrays_shape[i][axis]),)]


@op(
    arrays=_piece,
    variadic=True,
    samples=[
        sample(((2, 3), (1, 3))), sample(((2, 3), (2, 1), (2, 2)), axis=-1), sample(((2, 3), (2,)), axis=None),
        sample(((2,), (0,)), dtype=np.float64),
    ],
)  # fmt: skip
def concatenate(
    arrays: Sequence[Array], /, axis: int | None = 0, *, dtype: DTypeLike | None = None, casting: Any = "same_kind"
) -> Tensor:
    """Return the arrays joined along an existing axis; with axis None their elements in one.

    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    return np.concatenate(arrays, axis=axis, dtype=dtype, casting=casting)


concat = concatenate  # its name in the Python array API standard; np.concat is np.concatenate, too


@op(
    arrays=lambda g, i, axis: g[(slice(None),) * (axis % g.ndim) + (i,)],
    variadic=True,
    samples=[sample(((2, 3), (2, 3))), sample(((2,), (2,), (2,)), axis=-1), sample(((), ()))],
)
def stack(
    arrays: Sequence[Array], axis: int = 0, *, dtype: DTypeLike | None = None, casting: Any = "same_kind"
) -> Tensor:
    """Return the arrays, of equal shape, along a new axis.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], axis=1)
    Tensor([[1., 3.],
            [2., 4.]])
    """
    return np.stack(arrays, axis=axis, dtype=dtype, casting=casting)


@composite(samples=[sample(((2, 3), (1, 3))), sample(((3,), (3,))), sample(((), ()))])
def vstack(tup: Sequence[Array], *, dtype: DTypeLike | None = None, casting: Any = "same_kind") -> Tensor:
    """Return the arrays as rows of a matrix, or joined along the first axis.

    >>> vstack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return concatenate([atleast_2d(x) for x in tup], 0, dtype=dtype, casting=casting)


@composite(samples=[sample(((2, 3), (2, 1))), sample(((3,), (2,))), sample(((), ()))])
def hstack(tup: Sequence[Array], *, dtype: DTypeLike | None = None, casting: Any = "same_kind") -> Tensor:
    """Return the arrays joined along the second axis, vectors along their only one.

    >>> hstack([Tensor([1.0, 2.0]), Tensor([3.0])])
    Tensor([1., 2., 3.])
    """
    arrays = [atleast_1d(x) for x in tup]
    return concatenate(arrays, 0 if arrays and np.ndim(arrays[0]) == 1 else 1, dtype=dtype, casting=casting)


@composite(samples=[sample(((2, 3), (2, 3))), sample(((3,), (3,))), sample(((2, 1, 2), (2, 1, 1)))])
def dstack(tup: Sequence[Array]) -> Tensor:
    """Return the arrays joined along the third axis; (n,) counts as (1, n, 1), and (m, n) as (m, n, 1).

    >>> dstack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])])
    Tensor([[[1., 3.],
             [2., 4.]]])
    """
    return concatenate([atleast_3d(x) for x in tup], 2)


@composite(samples=[sample(((3,), (3, 2))), sample(((2,), (2,))), sample(((), ()))])
def column_stack(tup: Sequence[Array]) -> Tensor:
    """Return vectors as the columns of a matrix, and matrices beside them.

    >>> column_stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])])
    Tensor([[1., 3.],
            [2., 4.]])
    """
    return concatenate([reshape(x, (-1, 1)) if np.ndim(x) < 2 else x for x in tup], 1)


@composite(samples=[sample(((2, 3), (2, 1)))])
def block(arrays: Any) -> Tensor:
    """Return the matrix made of nested lists of blocks: the innermost lists run along the last axis.

    >>> block([[Tensor([[1.0]]), Tensor([[2.0]])], [Tensor([[3.0, 4.0]])]])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    depths = set(_depths(arrays, 0))
    if len(depths) > 1:
        raise ValueError(f"block needs lists of one depth; some arrays here lie in {min(depths)} lists, some in more")
    (depth,) = depths
    ndim = max(depth, *(np.ndim(leaf) for leaf in _leaves(arrays)), 0)
    return _joined(arrays, ndim, depth) if depth else copy(reshape(arrays, np.shape(arrays)))


def _depths(item: Any, depth: int) -> Iterator[int]:
    """Yield in how many lists each array lies."""
    if isinstance(item, tuple):
        raise TypeError("block takes nested lists of arrays, not tuples")
    if not isinstance(item, list):
        yield depth
        return
    if not item:
        raise ValueError("block cannot make anything of an empty list")
    for inner in item:
        yield from _depths(inner, depth + 1)


def _leaves(item: Any) -> Iterator[Array]:
    if isinstance(item, list):
        for inner in item:
            yield from _leaves(inner)
    else:
        yield item


def _joined(item: Any, ndim: int, depth: int) -> Tensor:
    """Return nested lists of a depth as one array of `ndim` axes: the outermost list runs along axis -depth."""
    if not isinstance(item, list):
        return reshape(item, (1,) * (ndim - np.ndim(item)) + np.shape(item))
    return concatenate([_joined(inner, ndim, depth - 1) for inner in item], -depth)


# --- splitting --------------------------------------------------------------------------------------------------------


def _put_together(g: Sequence[Array], ary_shape: tuple[int, ...], indices_or_sections: Any, axis: int) -> Array:
    size = ary_shape[axis]
    if isinstance(indices_or_sections, int | np.integer):
        return np.concatenate(g, axis=axis)
    cuts = [0, *(slice(int(i)).indices(size)[1] for i in indices_or_sections), size]
    if all(a <= b for a, b in itertools.pairwise(cuts)):
        return np.concatenate(g, axis=axis)
    # Positions that do not rise make pieces that overlap.
    before = (slice(None),) * (axis % len(ary_shape))
    pieces = [slice(a, max(a, b)) for a, b in itertools.pairwise(cuts)]
    return sum(scatter(piece, (*before, where), ary_shape) for piece, where in zip(g, pieces, strict=True))


@op(
    ary=_put_together,
    several=True,
    samples=[
        sample((4, 3), indices_or_sections=2), sample((2, 5), indices_or_sections=[1, 3], axis=1),
        sample((5, 2), indices_or_sections=(3, 1, -1, 9)), sample((3, 4), indices_or_sections=2, axis=-1),
        sample((2, 5), indices_or_sections=(3, 1, 4), axis=-1),
    ],
)  # fmt: skip
def split(ary: Array, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """Return the pieces between the given positions along an axis, or that many equal pieces.

    >>> split(Tensor([1.0, 2.0, 3.0, 4.0]), 2)
    (Tensor([1., 2.]), Tensor([3., 4.]))
    """
    return tuple(np.split(ary, indices_or_sections, axis))  # type: ignore[return-value]


@composite(
    samples=[sample((5, 2), indices_or_sections=3), sample((2, 5), indices_or_sections=[2, 4], axis=-1)], several=True
)
def array_split(ary: Array, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """Return the pieces as `split` does; where they cannot be equal, the first ones have one element more.

    >>> array_split(Tensor([1.0, 2.0, 3.0]), 2)
    (Tensor([1., 2.]), Tensor([3.]))
    """
    if not isinstance(indices_or_sections, int | np.integer):
        return split(ary, indices_or_sections, axis)
    size, sections = np.shape(ary)[axis], int(indices_or_sections)
    if sections <= 0:
        raise ValueError(f"array_split needs at least one section, not {sections}")
    each, more = divmod(size, sections)
    return split(ary, [i * each + min(i, more) for i in range(1, sections)], axis)


def _along(axis: int, least: int, name: str) -> Any:
    """Return `split` along an axis, for arrays of at least some axes."""

    def along(ary: Array, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
        if np.ndim(ary) < least:
            raise ValueError(f"{name} needs at least {least} axes; the shape is {np.shape(ary)}")
        return split(ary, indices_or_sections, axis)

    return along


@composite(samples=[sample((4, 2), indices_or_sections=2), sample((3, 2, 1), indices_or_sections=[1])], several=True)
def vsplit(ary: Array, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Return the pieces along the first axis of a matrix or more.

    >>> vsplit(Tensor([[1.0], [2.0]]), 2)
    (Tensor([[1.]]), Tensor([[2.]]))
    """
    return _along(0, 2, "vsplit")(ary, indices_or_sections)


@composite(samples=[sample((2, 4), indices_or_sections=2), sample((3,), indices_or_sections=[1])], several=True)
def hsplit(ary: Array, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Return the pieces along the second axis, of a vector along its only one.

    >>> hsplit(Tensor([[1.0, 2.0]]), 2)
    (Tensor([[1.]]), Tensor([[2.]]))
    """
    return _along(1 if np.ndim(ary) > 1 else 0, 1, "hsplit")(ary, indices_or_sections)


@composite(samples=[sample((1, 2, 4), indices_or_sections=2), sample((1, 2, 3), indices_or_sections=[1])], several=True)
def dsplit(ary: Array, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Return the pieces along the third axis.

    >>> dsplit(Tensor([[[1.0, 2.0]]]), 2)
    (Tensor([[[1.]]]), Tensor([[[2.]]]))
    """
    return _along(2, 3, "dsplit")(ary, indices_or_sections)


@op(
    x=lambda g, axis: np.stack(g, axis=axis),
    several=True,
    samples=[sample((3, 2)), sample((2, 3), axis=-1), sample((2,)), sample((2, 1, 2), axis=1)],
)
def unstack(x: Array, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the elements along an axis, the reverse of `stack`; cheaper than x[0], x[1], ... one by one.

    >>> unstack(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    (Tensor([1., 2.]), Tensor([3., 4.]))
    """
    if not np.ndim(x):
        raise ValueError("unstack needs at least one axis; this array is 0-d")
    axis = normalize_axis_index(axis, x.ndim)
    return tuple(x[(slice(None),) * axis + (i,)] for i in range(x.shape[axis]))
