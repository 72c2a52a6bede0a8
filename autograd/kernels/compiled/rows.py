"""Rows of tables, compiled. On one thread: rows for the same place are added in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels.compiled import jit

Array = Any


def add_rows(rows: Array, indices: Array, shape: tuple[int, ...]) -> Array:
    """Return a table of zeros of a shape (V, D) to which rows (..., D) were added at their numbers (...), in order."""
    if rows.dtype.char not in "fd" or not rows.size or indices.dtype.kind not in "iu" or len(shape) != 2:
        return NotImplemented
    count, width = shape
    places = indices.reshape(-1).astype(np.int64, copy=False)
    if places.min() < 0:
        places = np.where(places < 0, places + count, places)
    if places.min() < 0 or places.max() >= count:
        return NotImplemented  # NumPy says what is wrong
    table = np.zeros(shape, rows.dtype)
    _add_rows(np.ascontiguousarray(rows).reshape(-1), np.ascontiguousarray(places), table.reshape(-1), width)
    return table


# --- compiled ---------------------------------------------------------------------------------------------------------


@jit
def _add_rows(rows, places, table, width):  # type: ignore[no-untyped-def]
    many = np.uintp(width)
    given = np.uintp(0)
    for place in places:
        to = np.uintp(place) * many
        for i in range(many):
            table[to + i] += rows[given + i]
        given += many
