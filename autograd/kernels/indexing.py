"""Writing at indices of plain arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any

# With more elements than these it pays to look whether positions rise, and to work them out in the flattened array.
_SOME = 100
_MANY = 10_000


def scatter(values: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Return zeros of `shape` with `values` added at `index`, as often as a place is named.

    >>> scatter(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 0]), (3,))
    array([4., 0., 2.])
    """
    result = np.zeros_like(values, shape=shape)
    add_at(result, index, values, fresh=True)
    return result


def add_at(target: Array, index: Any, values: Array, fresh: bool = False) -> None:
    """Add `values` to `target` at `index`, as often as a place is named; `fresh` says that the target holds zeros."""
    if names_each_place_once(index):
        if fresh:
            target[index] = values
        else:
            target[index] += values
    elif target.ndim > 1 and np.size(values) > _MANY and target.flags.c_contiguous:
        # np.add.at is several times faster with one array of positions than with any other index
        places = positions(index, target.shape)
        np.add.at(target.reshape(-1), places.reshape(-1), np.broadcast_to(values, places.shape).reshape(-1))
    else:
        np.add.at(target, index, values)


def positions(index: Any, shape: tuple[int, ...]) -> Array:
    """Return the place in the flattened array of each element that an index of an array of `shape` names.

    >>> positions((slice(None), [0, 2]), (2, 3))
    array([[0, 2],
           [3, 5]])
    """
    place: Any = 0
    step = 1
    for axis in reversed(range(len(shape))):
        # the coordinate of every element along the axis: a view without memory of its own
        along = np.arange(0, shape[axis] * step, step).reshape((-1,) + (1,) * (len(shape) - axis - 1))
        place = place + np.broadcast_to(along, shape)[index]
        step *= shape[axis]
    return place


def names_each_place_once(index: Any) -> bool:
    """Return whether an index surely names no place twice: slices and integers, one mask, or rising positions."""
    pieces = index if isinstance(index, tuple) else (index,)
    lists = [np.asarray(piece) for piece in pieces if isinstance(piece, list | np.ndarray)]
    if not lists or (len(lists) == 1 and lists[0].dtype == bool):
        return True
    longest = max(piece.size for piece in lists)
    return (
        longest > _SOME
        and any(piece.ndim == 1 and piece.size == longest and piece.dtype != bool and _rises(piece) for piece in lists)
        and all(piece.ndim < 2 for piece in lists)
    )


def _rises(places: Array) -> bool:
    """Return whether integers rise from each to the next, and cannot meet by counting some from the end."""
    return bool((places[1:] > places[:-1]).all()) and (not places.size or places[0] >= 0 or places[-1] < 0)


def last_named(index: Any, shape: tuple[int, ...]) -> Array | None:
    """Return which elements of `value` stay in x after x[index] = value: the last of each place; None if all do.

    >>> last_named(np.array([0, 2, 0]), (3,))
    array([False,  True,  True])
    """
    if names_each_place_once(index):
        return None
    last = np.empty(shape, np.intp)  # only the places named are ever touched
    named = last[index].shape
    number = np.arange(math.prod(named)).reshape(named)
    last[index] = number
    stays = last[index] == number
    return None if stays.all() else stays
