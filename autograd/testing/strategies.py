"""Hypothesis strategies for what operations are called with: shapes, arrays, Tensors and indices.

All of them shrink: shapes to fewer and shorter axes, values to simple numbers, indices to fewer and simpler items.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from autograd.tensor import Tensor

Shape: TypeAlias = tuple[int, ...]


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 3) -> st.SearchStrategy[Shape]:
    """Return a strategy for shapes, 0-d and empty ones included.

    Args:
        min_dims: the fewest axes.
        max_dims: the most axes.
        min_side: the smallest size of an axis.
        max_side: the largest size of an axis.

    Raises:
        hypothesis.errors.InvalidArgument: when a minimum is above its maximum.

    >>> from hypothesis import find
    >>> find(shapes(max_dims=2), lambda shape: len(shape) == 2 and 0 not in shape)
    (1, 1)
    """
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def broadcastable_shapes(
    count: int, max_dims: int = 3, min_side: int = 0, max_side: int = 3
) -> st.SearchStrategy[tuple[Shape, ...]]:
    """Return a strategy for shapes that broadcast together.

    Args:
        count: how many shapes.
        max_dims: the most axes.
        min_side: the smallest size of an axis.
        max_side: the largest size of an axis.

    Raises:
        hypothesis.errors.InvalidArgument: when a minimum is above its maximum.

    >>> from hypothesis import find
    >>> find(broadcastable_shapes(2), lambda pair: len(pair[0]) < len(pair[1]))
    ((), (0,))
    """
    together = hnp.mutually_broadcastable_shapes(
        num_shapes=count, max_dims=max_dims, min_side=min_side, max_side=max_side
    )
    return together.map(lambda drawn: tuple(drawn.input_shapes))


def arrays(
    shape: Shape | st.SearchStrategy[Shape] = (),
    domain: tuple[float, float] = (-2.0, 2.0),
    kinks: Sequence[float] = (),
    dtype: DTypeLike = np.float64,
    distinct: bool = False,
) -> st.SearchStrategy[np.ndarray]:
    """Return a strategy for arrays of finite numbers on which a function has a derivative.

    Args:
        shape: the shape, or a strategy for it.
        domain: the values lie between these.
        kinks: no value comes closer to one of these than a tenth.
        dtype: a floating dtype.
        distinct: any two values differ by a margin.

    Raises:
        TypeError: when the dtype is not floating.

    >>> from hypothesis import find
    >>> find(arrays((2,), domain=(1, 3)), lambda x: True)
    array([1., 1.])
    """
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise TypeError(f"arrays() draws floating arrays, not {kind}")
    low, high = domain
    if distinct:
        return (st.just(shape) if isinstance(shape, tuple) else shape).flatmap(
            lambda s: st.permutations(range(int(np.prod(s)))).map(lambda order: _spread(order, s, domain, kind))
        )
    elements = st.floats(float(low), float(high), width=64, allow_subnormal=False).filter(
        lambda value: all(abs(value - kink) >= 0.1 for kink in kinks)
    )
    return hnp.arrays(np.float64, shape, elements=elements).map(lambda values: values.astype(kind))


def _spread(order: Sequence[int], shape: Shape, domain: tuple[float, float], dtype: np.dtype[Any]) -> np.ndarray:
    """Return values spread evenly over the domain, in a given order."""
    low, high = domain
    parts = (np.array(order, np.float64) + 0.5) / max(len(order), 1)
    return np.asarray(low + (high - low) * parts, dtype).reshape(shape)


def tensors(
    shape: Shape | st.SearchStrategy[Shape] = (),
    domain: tuple[float, float] = (-2.0, 2.0),
    kinks: Sequence[float] = (),
    dtype: DTypeLike = np.float64,
    distinct: bool = False,
    requires_grad: bool = True,
) -> st.SearchStrategy[Tensor]:
    """Return a strategy for Tensors of finite numbers on which a function has a derivative.

    Args:
        shape: as for `arrays`.
        domain: as for `arrays`.
        kinks: as for `arrays`.
        dtype: as for `arrays`.
        distinct: as for `arrays`.
        requires_grad: whether the Tensors ask for a gradient.

    Raises:
        TypeError: when the dtype is not floating.

    >>> from hypothesis import find
    >>> find(tensors((2,), kinks=[0.0]), lambda x: bool((x.data < 0).any()))
    Tensor([ 1., -1.], dtype=float64, requires_grad=True)
    """
    drawn = arrays(shape, domain, kinks, dtype, distinct)
    return drawn.map(lambda values: Tensor(values, requires_grad=requires_grad))


# --- indices ----------------------------------------------------------------------------------------------------------


def index_expressions(shape: Shape, max_new_axes: int = 1, advanced: bool = True) -> st.SearchStrategy[Any]:
    """Return a strategy for indices of every kind that NumPy takes for an array of a shape.

    Drawn are integers (negative ones and NumPy's too), slices with any step, None, Ellipsis, boolean masks over one
    axis or several, True and False, and lists and arrays of integers, which may repeat and which broadcast together;
    single ones, and tuples that mix them. `x[index]` is valid for every index drawn.

    Args:
        shape: the shape of the array to be indexed.
        max_new_axes: the most items that are None.
        advanced: whether to draw arrays, lists and masks; what is drawn without them selects views.

    Raises:
        ValueError: when `max_new_axes` is negative.

    >>> from hypothesis import find
    >>> find(index_expressions((3, 4)), lambda index: np.zeros((3, 4))[index].shape == (4,))
    0
    >>> find(index_expressions((3,)), lambda index: isinstance(index, list) and len(index) > len(set(index)))
    [0, 0]
    >>> find(index_expressions((2,)), lambda index: np.arange(2)[index].tolist() == [1, 0])
    slice(None, None, -1)
    """
    if max_new_axes < 0:
        raise ValueError(f"max_new_axes is a number of axes, not {max_new_axes}")
    return _indices(tuple(shape), max_new_axes, advanced)


@st.composite
def _indices(draw: Any, shape: Shape, max_new_axes: int, advanced: bool) -> Any:
    """Draw the items for the leading axes, or around an Ellipsis for those at both ends."""
    used = draw(st.sampled_from(range(len(shape) + 1)))
    in_tuple = draw(st.booleans())  # what is drawn always, and early, is what shrinks well
    new_axes = draw(st.lists(st.integers(0, len(shape) + 1), max_size=max_new_axes))
    before = draw(st.one_of(st.none(), st.none(), st.integers(0, len(shape))))
    split = used if before is None else min(before, used)
    axes = [*range(split), *range(len(shape) - used + split, len(shape))]
    items = _items(draw, [shape[axis] for axis in axes], advanced and draw(st.booleans()))
    if before is not None:
        items.insert(_position_of_axis(items, split), ...)
    for position in new_axes:
        items.insert(position, None)
    return items[0] if len(items) == 1 and not in_tuple else tuple(items)


def _position_of_axis(items: Sequence[Any], axis: int) -> int:
    """Return the place among items before the first that indexes an axis at or after `axis`."""
    passed = 0
    for position, item in enumerate(items):
        if passed >= axis:
            return position
        passed += item.ndim if isinstance(item, np.ndarray) and item.dtype == bool else 1
    return len(items)


def _items(draw: Any, sides: Sequence[int], advanced: bool) -> list[Any]:
    """Draw an item for each axis; a mask may take several."""
    if not advanced:
        return [draw(_basic(side)) for side in sides]
    common = draw(_common_shape(0 in sides))
    count, first = draw(_masked_axes())
    masked = range(len(sides))[first : first + count]
    mask = draw(_mask(tuple(sides[axis] for axis in masked))) if masked else None
    if mask is not None:
        common = (int(mask.sum()),)
    items: list[Any] = []
    for axis, side in enumerate(sides):
        if axis in masked:
            items += [mask] if axis == masked[0] else []
        else:
            items.append(draw(_any_item(side, common)))
    if not items:
        items += draw(st.sampled_from([[], [True], [False], []]))
    return items


# Made once: hypothesis takes longer to make a strategy than to draw from it.


@lru_cache
def _masked_axes() -> st.SearchStrategy[tuple[int, int]]:
    """Return a strategy for the number of axes that a mask takes, mostly none, and for the first of them."""
    return st.tuples(st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3]), st.integers(0, 3))


@lru_cache
def _mask(shape: Shape) -> st.SearchStrategy[np.ndarray]:
    """Return a strategy for masks of a shape."""
    return hnp.arrays(bool, shape)


@lru_cache
def _common_shape(empty: bool) -> st.SearchStrategy[Shape]:
    """Return a strategy for the shape that the integer arrays of one index broadcast to."""
    drawn = shapes(min_dims=1, max_dims=2, min_side=0 if empty else 1, max_side=3)
    return drawn.filter(lambda shape: 0 in shape) if empty else drawn


@lru_cache
def _any_item(side: int, common: Shape) -> st.SearchStrategy[Any]:
    """Return a strategy for what can index an axis, more often than not an array or a list."""
    integers = _integers(side, common)
    return st.one_of(integers, integers, _basic(side))


@lru_cache
def _basic(side: int) -> st.SearchStrategy[Any]:
    """Return a strategy for slices, and where the axis has elements integers."""
    slices = st.one_of(st.just(slice(None)), st.just(slice(None, None, -1)), st.slices(side))
    if not side:
        return slices
    integers = st.integers(-side, side - 1)
    return st.one_of(st.integers(0, side - 1), slices, integers, integers.map(np.int64))


def _integers(side: int, common: Shape) -> st.SearchStrategy[Any]:
    """Return a strategy for integer arrays and lists of a shape, or one that broadcasts to it."""
    options = dict.fromkeys([common, common[1:], (1,) * len(common)])
    fitting = [shape for shape in options if side or 0 in shape]
    if not fitting:  # an axis without elements cannot be indexed by an integer
        return st.nothing()
    elements = st.integers(-side, side - 1) if side else st.just(0)
    drawn = st.sampled_from(fitting).flatmap(lambda shape: hnp.arrays(np.intp, shape, elements=elements))
    # A list without elements would be one of floats.
    return st.one_of(drawn.filter(lambda index: index.size > 0).map(np.ndarray.tolist), drawn) if side else drawn
