"""Rows of tables: the gradient of looking them up."""

from __future__ import annotations

from typing import Any

from autograd.kernels.choosing import kernel
from autograd.kernels.indexing import scatter

Array = Any


@kernel
def add_rows(rows: Array, indices: Array, shape: tuple[int, ...]) -> Array:
    """Return a table of zeros of a shape (V, D) to which rows (..., D) were added at their numbers (...), in order."""
    return scatter(rows, indices, shape)
