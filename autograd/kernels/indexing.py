"""Writing at indices of plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def scatter(values: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Return zeros of `shape` with `values` added at `index`, as often as a place is named.

    >>> scatter(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 0]), (3,))
    array([4., 0., 2.])
    """
    result = np.zeros_like(values, shape=shape)
    if names_each_place_once(index):
        result[index] = values
    else:
        np.add.at(result, index, values)
    return result


def names_each_place_once(index: Any) -> bool:
    """Return whether an index cannot name a place twice: only slices and integers, or one mask."""
    pieces = index if isinstance(index, tuple) else (index,)
    lists = [piece for piece in pieces if isinstance(piece, list | np.ndarray)]
    return not lists or (len(lists) == 1 and np.asarray(lists[0]).dtype == bool)
